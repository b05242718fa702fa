"""Addresses of the desk's own pages."""

from __future__ import annotations

from django.urls import path

from linli.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("password/", views.change_password, name="password"),
    path("language/", views.set_language, name="language"),
    path("size/", views.set_size, name="size"),
]
