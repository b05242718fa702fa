"""Addresses of duty's pages."""

from __future__ import annotations

from django.urls import path

from linli.duty import views

app_name = "duty"
urlpatterns = [
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<int:account_id>/", views.account, name="account"),
    path("accounts/<int:account_id>/password/", views.new_password, name="password"),
    path("accounts/<int:account_id>/close/", views.close_account, name="close"),
    path("appointments/", views.appointments, name="appointments"),
    path("appointments/<int:appointment_id>/end/", views.end_appointment, name="end"),
    path("me/", views.me, name="me"),
    path("me/tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke-token"),
]
