"""Accounts, appointments, tokens."""

from __future__ import annotations

from tests.site.access.endpoint import ALL, ANYWHERE, BEYOND, OPEN, PART, SIGNED_IN, Endpoint

CADRE = {"name": "新人", "phone": "15498765432", "organisation": "财政局"}

ACCOUNTS = [
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
    *(  # one's own needs no permission
        Endpoint(f"{method} duty:set-phone", "duty.appoint", ALL, lambda w, t: f"/duty/accounts/{t.account.pk}/phone/",
                 data, also=("duty.view",))
        for method, data in (("GET", None), ("POST", lambda w, t: {"phone": "15498761234"}))
    ),
    Endpoint(
        "PUT /api/duty/accounts/{account_id}/phone", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/accounts/{t.account.pk}/phone", lambda w, t: {"phone": "15498761234"},
    ),
    Endpoint(
        "POST duty:close", "accounts.make", ALL, lambda w, t: f"/duty/accounts/{t.account.pk}/close/",
        also=("duty.appoint",),
    ),
    Endpoint("GET duty:appointments", "duty.view", ANYWHERE, lambda w, t: "/duty/appointments/"),
    Endpoint(
        "POST duty:appointments", "duty.appoint", ALL, lambda w, t: "/duty/appointments/",
        lambda w, t: {"account": "caller-idle", "role": "information_officer", "place": t.place.code},
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
    Endpoint(
        "POST duty:revoke-token", None, BEYOND, lambda w, t: f"/duty/me/tokens/{w.others_token_id}/revoke/",
    ),
    Endpoint(
        "DELETE /api/duty/tokens/{token_id}", None, BEYOND, lambda w, t: f"/api/duty/tokens/{w.others_token_id}",
    ),
    Endpoint("GET /api/duty/me", None, SIGNED_IN, lambda w, t: "/api/duty/me"),
    Endpoint("GET /api/duty/appointments", "duty.view", ANYWHERE, lambda w, t: "/api/duty/appointments"),
    Endpoint(
        "POST /api/duty/appointments", "duty.appoint", ALL, lambda w, t: "/api/duty/appointments",
        lambda w, t: {"account": "caller-idle", "role": "information_officer", "place": t.place.code},
        also=("duty.view",),
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

CHAIN = [
    Endpoint("GET duty:chain", "duty.view", ANYWHERE, lambda w, t: "/duty/chain/"),
    Endpoint("GET duty:chain-place", "duty.view", PART, lambda w, t: f"/duty/chain/{t.place.code}/"),
    Endpoint("GET duty:vacant", "duty.view", PART, lambda w, t: f"/duty/chain/{t.place.code}/vacant/"),
    Endpoint("GET duty:map", "duty.view", PART, lambda w, t: f"/duty/chain/{t.place.code}/map/"),
    Endpoint("GET duty:map-live", "duty.view", PART, lambda w, t: f"/duty/chain/{t.place.code}/map/live/"),
    Endpoint("GET duty:chain-export", "duty.view", ALL, lambda w, t: f"/duty/chain/{t.place.code}/export/"),
    Endpoint("GET duty:door", "places.view", PART, lambda w, t: f"/duty/door/{t.door.key}/"),
    Endpoint(
        "GET duty:hand-over", "duty.appoint", ALL, lambda w, t: f"/duty/appointments/{t.appointment_id}/hand-over/",
    ),
    Endpoint(
        "POST duty:hand-over", "duty.appoint", ALL, lambda w, t: f"/duty/appointments/{t.appointment_id}/hand-over/",
        lambda w, t: {"account": "caller-idle"},
    ),
    Endpoint("GET duty:dissolved", "duty.view", PART, lambda w, t: f"/duty/chain/{t.place.code}/dissolved/"),
    Endpoint(
        "POST duty:move-post", "duty.appoint", ALL, lambda w, t: f"/duty/appointments/{t.appointment_id}/move/",
        lambda w, t: {"back": t.place.code},
    ),
    Endpoint(
        "GET /api/duty/posts/dissolved", "duty.view", PART,
        lambda w, t: f"/api/duty/posts/dissolved?place={t.place.code}",
    ),
    Endpoint(  # nothing of the world was dissolved: through the gate, it says so
        "POST /api/duty/appointments/{appointment_id}/move", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/appointments/{t.appointment_id}/move", lambda w, t: {"to": [t.place.code]},
        passes=frozenset({409}),
    ),
    Endpoint(
        "POST duty:phone", "duty.call", PART, lambda w, t: f"/duty/appointments/{t.appointment_id}/phone/",
        only_reads=True,
    ),
    Endpoint(
        "GET /api/duty/answering", "places.view", PART, lambda w, t: f"/api/duty/answering?door={t.door.key}",
    ),
    Endpoint(
        "GET /api/duty/posts/counts", "duty.view", PART, lambda w, t: f"/api/duty/posts/counts?place={t.place.code}",
    ),
    Endpoint(
        "GET /api/duty/posts/vacant", "duty.view", PART, lambda w, t: f"/api/duty/posts/vacant?place={t.place.code}",
    ),
    Endpoint(
        "POST /api/duty/appointments/{appointment_id}/hand-over", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/appointments/{t.appointment_id}/hand-over", lambda w, t: {"account": "caller-idle"},
    ),
    Endpoint(
        "POST /api/duty/appointments/{appointment_id}/phone", "duty.call", PART,
        lambda w, t: f"/api/duty/appointments/{t.appointment_id}/phone", only_reads=True,
    ),
]  # fmt: skip

VOLUNTEERS = [
    Endpoint("GET duty:join", None, OPEN, lambda w, t: "/duty/volunteer/join/"),
    Endpoint(
        "POST duty:join", None, OPEN, lambda w, t: "/duty/volunteer/join/",
        lambda w, t: {
            "name": "新人", "phone": "15498760000", "home": t.unit.code, "username": "joiner",
            "password": "correct-horse-battery",
        },
    ),
    Endpoint("GET duty:volunteer", None, SIGNED_IN, lambda w, t: "/duty/volunteer/"),
    Endpoint(
        "POST duty:volunteer", None, SIGNED_IN, lambda w, t: "/duty/volunteer/", lambda w, t: {"home": t.unit.code}
    ),
    Endpoint(
        "POST duty:claim", None, SIGNED_IN, lambda w, t: "/duty/volunteer/claim/", lambda w, t: {"place": t.unit.code},
        passes=frozenset({409}),
    ),
    Endpoint(
        "POST duty:withdraw", None, SIGNED_IN, lambda w, t: f"/duty/volunteer/claims/{t.claim_id}/withdraw/",
        passes=frozenset({404}),
    ),
    Endpoint("GET duty:claims", "duty.confirm", ANYWHERE, lambda w, t: "/duty/claims/"),
    Endpoint("POST duty:confirm-claim", "duty.confirm", PART, lambda w, t: f"/duty/claims/{t.claim_id}/confirm/"),
    Endpoint("POST duty:decline-claim", "duty.confirm", PART, lambda w, t: f"/duty/claims/{t.claim_id}/decline/"),
    Endpoint(
        "PUT /api/duty/volunteer", None, SIGNED_IN, lambda w, t: "/api/duty/volunteer",
        lambda w, t: {"home": t.unit.code},
    ),
    Endpoint(
        "GET /api/duty/volunteer/posts", None, SIGNED_IN, lambda w, t: "/api/duty/volunteer/posts",
        passes=frozenset({409}),
    ),
    Endpoint("GET /api/duty/volunteer/claims", None, SIGNED_IN, lambda w, t: "/api/duty/volunteer/claims"),
    Endpoint(
        "POST /api/duty/volunteer/claims", None, SIGNED_IN, lambda w, t: "/api/duty/volunteer/claims",
        lambda w, t: {"place": t.unit.code}, passes=frozenset({409}),
    ),
    Endpoint(
        "POST /api/duty/volunteer/claims/{claim_id}/withdraw", None, SIGNED_IN,
        lambda w, t: f"/api/duty/volunteer/claims/{t.claim_id}/withdraw", passes=frozenset({404}),
    ),
    Endpoint("GET /api/duty/claims", "duty.confirm", ANYWHERE, lambda w, t: "/api/duty/claims"),
    Endpoint(
        "POST /api/duty/claims/{claim_id}/confirm", "duty.confirm", PART,
        lambda w, t: f"/api/duty/claims/{t.claim_id}/confirm",
    ),
    Endpoint(
        "POST /api/duty/claims/{claim_id}/decline", "duty.confirm", PART,
        lambda w, t: f"/api/duty/claims/{t.claim_id}/decline", lambda w, t: {"reason": ""},
    ),
]  # fmt: skip

TEAMS = [
    Endpoint("GET duty:teams", "duty.view", ANYWHERE, lambda w, t: "/duty/teams/"),
    Endpoint(
        "POST duty:teams", "duty.appoint", ALL, lambda w, t: "/duty/teams/",
        lambda w, t: {"team": "专班", "place": t.place.code, "account": "caller-idle"},
    ),
    Endpoint("GET duty:team", "duty.view", ALL, lambda w, t: f"/duty/teams/{t.team_id}/"),
    Endpoint(
        "POST duty:team", "duty.appoint", ALL, lambda w, t: f"/duty/teams/{t.team_id}/",
        lambda w, t: {"account": "caller-idle"}, also=("duty.view",),
    ),
    Endpoint("POST duty:dissolve", "duty.appoint", ALL, lambda w, t: f"/duty/teams/{t.team_id}/dissolve/"),
    Endpoint("GET duty:cadres", "duty.view", ANYWHERE, lambda w, t: "/duty/cadres/"),
    Endpoint(
        "POST duty:cadres", "duty.appoint", ALL, lambda w, t: "/duty/cadres/",
        lambda w, t: {**CADRE, "place": t.place.code}, also=("duty.view",),
    ),
    Endpoint("GET /api/duty/teams", "duty.view", ANYWHERE, lambda w, t: "/api/duty/teams"),
    Endpoint(
        "POST /api/duty/teams", "duty.appoint", ALL, lambda w, t: "/api/duty/teams",
        lambda w, t: {"place": t.place.code, "name": "专班", "leader": {"account": "caller-idle"}},
    ),
    Endpoint("GET /api/duty/teams/{team_id}", "duty.view", ALL, lambda w, t: f"/api/duty/teams/{t.team_id}"),
    Endpoint(
        "POST /api/duty/teams/{team_id}/members", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/teams/{t.team_id}/members", lambda w, t: {"account": "caller-idle"},
    ),
    Endpoint(
        "POST /api/duty/teams/{team_id}/dissolve", "duty.appoint", ALL,
        lambda w, t: f"/api/duty/teams/{t.team_id}/dissolve",
    ),
    Endpoint("GET /api/duty/cadres", "duty.view", PART, lambda w, t: f"/api/duty/cadres?place={t.place.code}"),
    Endpoint(
        "POST /api/duty/cadres", "duty.appoint", ALL, lambda w, t: "/api/duty/cadres",
        lambda w, t: {**CADRE, "place": t.place.code},
    ),
]  # fmt: skip

ENDPOINTS = [*ACCOUNTS, *CHAIN, *VOLUNTEERS, *TEAMS]
