"""Addresses of duty's pages."""

from __future__ import annotations

from django.urls import path

from linli.duty import views, views_chain, views_claims, views_dissolved, views_map, views_teams

app_name = "duty"
urlpatterns = [
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<int:account_id>/", views.account, name="account"),
    path("accounts/<int:account_id>/password/", views.new_password, name="password"),
    path("accounts/<int:account_id>/phone/", views.phone, name="set-phone"),
    path("accounts/<int:account_id>/close/", views.close_account, name="close"),
    path("appointments/", views.appointments, name="appointments"),
    path("appointments/<int:appointment_id>/end/", views.end_appointment, name="end"),
    path("chain/", views_chain.index, name="chain"),
    path("chain/<str:code>/", views_chain.place, name="chain-place"),
    path("chain/<str:code>/vacant/", views_chain.vacant, name="vacant"),
    path("chain/<str:code>/dissolved/", views_dissolved.index, name="dissolved"),
    path("chain/<str:code>/map/", views_map.show_map, name="map"),
    path("chain/<str:code>/map/live/", views_map.map_live, name="map-live"),
    path("chain/<str:code>/export/", views_chain.export, name="chain-export"),
    path("door/<int:key>/", views_chain.door, name="door"),
    path("appointments/<int:appointment_id>/hand-over/", views_chain.hand_over, name="hand-over"),
    path("appointments/<int:appointment_id>/move/", views_dissolved.move, name="move-post"),
    path("appointments/<int:appointment_id>/phone/", views_chain.phone, name="phone"),
    path("volunteer/", views_claims.volunteer, name="volunteer"),
    path("volunteer/join/", views_claims.join, name="join"),
    path("volunteer/claim/", views_claims.claim, name="claim"),
    path("volunteer/claims/<int:claim_id>/withdraw/", views_claims.withdraw, name="withdraw"),
    path("claims/", views_claims.list_all, name="claims"),
    path("claims/<int:claim_id>/confirm/", views_claims.confirm, name="confirm-claim"),
    path("claims/<int:claim_id>/decline/", views_claims.decline, name="decline-claim"),
    path("teams/", views_teams.index, name="teams"),
    path("teams/<int:team_id>/", views_teams.team, name="team"),
    path("teams/<int:team_id>/dissolve/", views_teams.dissolve, name="dissolve"),
    path("cadres/", views_teams.cadres, name="cadres"),
    path("me/", views.me, name="me"),
    path("me/tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke-token"),
]
