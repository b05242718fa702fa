"""Addresses of the desk's own pages."""

from __future__ import annotations

from django.urls import path

from linli.desk.views import checks, frame, imports, journal, sign_in

app_name = "desk"
urlpatterns = [
    path("", frame.home, name="home"),
    path("favicon.ico", frame.favicon, name="favicon"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.second_step, name="second-step"),
    path("sign-in/passkey/options/", sign_in.passkey_options, name="passkey-options"),
    path("sign-in/passkey/", sign_in.passkey, name="passkey"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("password/", sign_in.change_password, name="password"),
    path("language/", frame.set_language, name="language"),
    path("size/", frame.set_size, name="size"),
    path("imports/", imports.index, name="imports"),
    path("imports/template/<str:kind>/", imports.template, name="import-template"),
    path("imports/<uuid:job_id>/", imports.show_job, name="job"),
    path("imports/<uuid:job_id>/rejected/", imports.rejected, name="rejected"),
    path("imports/<uuid:job_id>/columns/", checks.columns, name="import-columns"),
    path("imports/<uuid:job_id>/take/", checks.take, name="import-take"),
    path("imports/<uuid:job_id>/discard/", checks.discard, name="import-discard"),
    path("journal/", journal.index, name="journal"),
    path("journal/export/", journal.export, name="journal-export"),
]
