"""Accounts, appointments, tokens."""

from __future__ import annotations

from tests.site.access.endpoint import ALL, ANYWHERE, SIGNED_IN, Endpoint

ENDPOINTS = [
    Endpoint("GET duty:accounts", "duty.view", ANYWHERE, lambda w, t: "/duty/accounts/"),
    Endpoint(
        "POST duty:accounts", "accounts.make", ANYWHERE, lambda w, t: "/duty/accounts/",
        lambda w, t: {"username": "new.account", "name": "新人"}, also=("duty.view",),
    ),
    Endpoint("GET duty:account", "duty.view", ALL, lambda w, t: f"/duty/accounts/{t.account.pk}/"),
    Endpoint(
        "POST duty:password", "accounts.make", ALL, lambda w, t: f"/duty/accounts/{t.account.pk}/password/",
        also=("duty.appoint",),
    ),
    Endpoint(
        "POST duty:close", "accounts.make", ALL, lambda w, t: f"/duty/accounts/{t.account.pk}/close/",
        also=("duty.appoint",),
    ),
    Endpoint("GET duty:appointments", "duty.view", ANYWHERE, lambda w, t: "/duty/appointments/"),
    Endpoint(
        "POST duty:appointments", "duty.appoint", ALL, lambda w, t: "/duty/appointments/",
        lambda w, t: {"account": "caller-idle", "role": "unit_lead", "place": t.place.code},
    ),
    Endpoint("POST duty:end", "duty.appoint", ALL, lambda w, t: f"/duty/appointments/{t.appointment_id}/end/"),
    Endpoint("GET duty:me", None, SIGNED_IN, lambda w, t: "/duty/me/"),
    Endpoint(
        "POST duty:me", "tokens.make", ANYWHERE, lambda w, t: "/duty/me/",
        lambda w, t: {"name": "token", "days": "7", "scopes": ["rounds.view"]},
    ),
    Endpoint(
        "POST duty:revoke-token", None, SIGNED_IN, lambda w, t: "/duty/me/tokens/999/revoke/", passes=frozenset({404}),
    ),
    Endpoint("GET /api/duty/me", None, SIGNED_IN, lambda w, t: "/api/duty/me"),
    Endpoint("GET /api/duty/appointments", "duty.view", ANYWHERE, lambda w, t: "/api/duty/appointments"),
    Endpoint(
        "POST /api/duty/appointments", "duty.appoint", ALL, lambda w, t: "/api/duty/appointments",
        lambda w, t: {"account": "caller-idle", "role": "unit_lead", "place": t.place.code}, also=("duty.view",),
    ),
    Endpoint(
        "POST /api/duty/appointments/{appointment_id}/end", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/appointments/{t.appointment_id}/end", lambda w, t: {},
    ),
    Endpoint("GET /api/duty/accounts", "duty.view", ANYWHERE, lambda w, t: "/api/duty/accounts"),
    Endpoint(
        "POST /api/duty/accounts", "accounts.make", ANYWHERE, lambda w, t: "/api/duty/accounts",
        lambda w, t: {"username": "new.account", "name": "新人"},
    ),
    Endpoint(
        "POST /api/duty/accounts/{account_id}/deactivate", "accounts.make", ALL,
        lambda w, t: f"/api/duty/accounts/{t.account.pk}/deactivate", also=("duty.appoint",),
    ),
    Endpoint("GET /api/duty/tokens", "tokens.make", ANYWHERE, lambda w, t: "/api/duty/tokens"),
    Endpoint(
        "POST /api/duty/tokens", "tokens.make", ANYWHERE, lambda w, t: "/api/duty/tokens",
        lambda w, t: {"name": "token", "scopes": ["rounds.view"], "days": 7},
    ),
    Endpoint(
        "DELETE /api/duty/tokens/{token_id}", "tokens.make", ANYWHERE, lambda w, t: "/api/duty/tokens/999",
        passes=frozenset({404}),
    ),
]  # fmt: skip
