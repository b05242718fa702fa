"""Where phones find the app; their API is below /api/field/."""

from __future__ import annotations

from django.urls import path

from linli.field import views

app_name = "field"
urlpatterns = [
    path("", views.show_app, name="app"),
    path("sw.js", views.send_worker, name="worker"),
]
