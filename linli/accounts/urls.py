"""Addresses of accounts' pages."""

from __future__ import annotations

from django.urls import path

from linli.accounts import views, views_admin

app_name = "accounts"
urlpatterns = [
    path("", views.index, name="index"),
    path("confirm/", views.confirm, name="confirm"),
    path("app/start/", views.start_app, name="app-start"),
    path("app/", views.app, name="app"),
    path("app/remove/", views.remove_app, name="app-remove"),
    path("recovery-codes/", views.renew_codes, name="codes"),
    path("passkeys/add/", views.add_passkey, name="passkey-add"),
    path("passkeys/options/", views.passkey_options, name="passkey-options"),
    path("passkeys/<int:passkey_id>/remove/", views.remove_passkey, name="passkey-remove"),
    path("sessions/<int:session_id>/end/", views.end_session, name="session-end"),
    path("sessions/end-others/", views.end_others, name="sessions-end-others"),
    path("invitations/", views_admin.invitations, name="invitations"),
    path("invitations/<int:invitation_id>/revoke/", views_admin.revoke, name="revoke"),
    path("invitation/<str:raw>/", views_admin.accept, name="accept"),
    path("of/<int:account_id>/", views_admin.access, name="access"),
    path("of/<int:account_id>/invite/", views_admin.invite, name="invite"),
    path("of/<int:account_id>/unlock/", views_admin.unlock, name="unlock"),
    path("of/<int:account_id>/sessions/end/", views_admin.end_sessions, name="sessions-end"),
    path("of/<int:account_id>/factors/reset/", views_admin.reset_factors, name="factors-reset"),
]
