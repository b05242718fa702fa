"""Addresses of the room's pages."""

from __future__ import annotations

from django.urls import path

from linli.places import views

app_name = "places"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:code>/", views.place, name="place"),
    path("<str:code>/add/", views.add, name="add"),
    path("<str:code>/rename/", views.rename, name="rename"),
    path("<str:code>/move/", views.move, name="move"),
    path("<str:code>/doors/", views.doors, name="doors"),
    path("<str:code>/end/", views.end, name="end"),
]
