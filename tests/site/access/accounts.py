"""Ways into an account: one's own, and those of accounts one answers for."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders.duty import PASSWORD
from tests.site.access.endpoint import ALL, ANYWHERE, OPEN, SIGNED_IN, Endpoint
from tests.site.access.world import Target, World

OVER = frozenset({404})


def of(part: str = "") -> Callable[[World, Target], str]:
    return lambda w, t: f"/account/of/{t.account.pk}/{part}"


def new_person(world: World, target: Target) -> dict[str, object]:
    return {"username": "new.person", "name": "新人", "role": "grid_worker", "place": target.place.code, "days": "3"}


OWN = [
    Endpoint("GET accounts:index", None, SIGNED_IN, lambda w, t: "/account/"),
    Endpoint("GET accounts:confirm", None, SIGNED_IN, lambda w, t: "/account/confirm/"),
    Endpoint(
        "POST accounts:confirm", None, SIGNED_IN, lambda w, t: "/account/confirm/",
        lambda w, t: {"password": PASSWORD, "next": "/account/"},
    ),
    # The password was not given lately: these ask for it.
    Endpoint("POST accounts:app-start", None, SIGNED_IN, lambda w, t: "/account/app/start/"),
    Endpoint("GET accounts:app", None, SIGNED_IN, lambda w, t: "/account/app/"),
    Endpoint("POST accounts:app-remove", None, SIGNED_IN, lambda w, t: "/account/app/remove/"),
    Endpoint("POST accounts:codes", None, SIGNED_IN, lambda w, t: "/account/recovery-codes/"),
    Endpoint("GET accounts:passkey-add", None, SIGNED_IN, lambda w, t: "/account/passkeys/add/"),
    Endpoint("POST accounts:passkey-options", None, SIGNED_IN, lambda w, t: "/account/passkeys/options/"),
    Endpoint("POST accounts:passkey-remove", None, SIGNED_IN, lambda w, t: "/account/passkeys/999/remove/"),
    Endpoint(
        "POST accounts:session-end", None, SIGNED_IN, lambda w, t: "/account/sessions/999/end/", passes=frozenset({404})
    ),
    Endpoint("POST accounts:sessions-end-others", None, SIGNED_IN, lambda w, t: "/account/sessions/end-others/"),
    Endpoint("GET accounts:accept", None, OPEN, lambda w, t: "/account/invitation/nothing-known/", passes=OVER),
    Endpoint("GET /api/accounts/sessions", None, SIGNED_IN, lambda w, t: "/api/accounts/sessions"),
    Endpoint(
        "DELETE /api/accounts/sessions/{session_id}", None, SIGNED_IN, lambda w, t: "/api/accounts/sessions/999",
        passes=OVER,
    ),
]  # fmt: skip

OTHERS = [
    Endpoint("GET accounts:invitations", "accounts.make", ANYWHERE, lambda w, t: "/account/invitations/"),
    Endpoint(
        "POST accounts:invitations", "accounts.make", ALL, lambda w, t: "/account/invitations/", new_person,
        also=("duty.appoint",),
    ),
    Endpoint(
        "POST accounts:revoke", "accounts.make", ANYWHERE, lambda w, t: "/account/invitations/999/revoke/",
        passes=OVER, refusals=frozenset({403}),
    ),
    Endpoint("GET accounts:access", "accounts.make", ALL, of(), also=("duty.appoint", "duty.view")),
    Endpoint(
        "POST accounts:invite", "accounts.make", ALL, of("invite/"), lambda w, t: {"days": "3"},
        also=("duty.appoint",),
    ),
    Endpoint("POST accounts:unlock", "accounts.make", ALL, of("unlock/"), also=("duty.appoint",)),
    Endpoint("POST accounts:sessions-end", "accounts.make", ALL, of("sessions/end/"), also=("duty.appoint",)),
    Endpoint("POST accounts:factors-reset", "accounts.make", ALL, of("factors/reset/"), also=("duty.appoint",)),
    Endpoint("GET /api/accounts/invitations", "accounts.make", ANYWHERE, lambda w, t: "/api/accounts/invitations"),
    Endpoint(
        "POST /api/accounts/invitations", "accounts.make", ALL, lambda w, t: "/api/accounts/invitations",
        lambda w, t: {**new_person(w, t), "days": 3}, also=("duty.appoint",),
    ),
    Endpoint(
        "DELETE /api/accounts/invitations/{invitation_id}", "accounts.make", ANYWHERE,
        lambda w, t: "/api/accounts/invitations/999", passes=OVER, refusals=frozenset({403}),
    ),
    Endpoint(
        "GET /api/accounts/{account_id}/access", "accounts.make", ALL,
        lambda w, t: f"/api/accounts/{t.account.pk}/access", also=("duty.appoint", "duty.view"),
    ),
    Endpoint(
        "POST /api/accounts/{account_id}/invitation", "accounts.make", ALL,
        lambda w, t: f"/api/accounts/{t.account.pk}/invitation", lambda w, t: {"days": 3}, also=("duty.appoint",),
    ),
    Endpoint(
        "POST /api/accounts/{account_id}/unlock", "accounts.make", ALL,
        lambda w, t: f"/api/accounts/{t.account.pk}/unlock", also=("duty.appoint",),
    ),
    Endpoint(
        "POST /api/accounts/{account_id}/end-sessions", "accounts.make", ALL,
        lambda w, t: f"/api/accounts/{t.account.pk}/end-sessions", also=("duty.appoint",),
    ),
    Endpoint(
        "POST /api/accounts/{account_id}/reset-factors", "accounts.make", ALL,
        lambda w, t: f"/api/accounts/{t.account.pk}/reset-factors", also=("duty.appoint",),
    ),
]  # fmt: skip

ENDPOINTS = [*OWN, *OTHERS]
