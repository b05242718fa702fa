"""Addresses of the pages of reports."""

from __future__ import annotations

from django.urls import path

from linli.notices import views, views_files

app_name = "notices"
urlpatterns = [
    path("", views.index, name="specials"),
    path("live/", views.live, name="specials-live"),
    path("<int:special_id>/settle/", views.settle, name="settle"),
    path("files/<uuid:file_id>/", views_files.show, name="file"),
]
