"""Addresses of the desk's own pages."""

from __future__ import annotations

from django.urls import path

from linli.desk.views import frame, imports, journal

app_name = "desk"
urlpatterns = [
    path("", frame.home, name="home"),
    path("favicon.ico", frame.favicon, name="favicon"),
    path("sign-in/", frame.SignIn.as_view(), name="sign-in"),
    path("sign-out/", frame.sign_out, name="sign-out"),
    path("password/", frame.change_password, name="password"),
    path("language/", frame.set_language, name="language"),
    path("size/", frame.set_size, name="size"),
    path("imports/", imports.index, name="imports"),
    path("imports/template/<str:kind>/", imports.template, name="import-template"),
    path("imports/<uuid:job_id>/", imports.show_job, name="job"),
    path("imports/<uuid:job_id>/rejected/", imports.rejected, name="rejected"),
    path("journal/", journal.index, name="journal"),
]
