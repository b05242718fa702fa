"""Phones: signing in, the key, the work pack, work that is sent."""

from __future__ import annotations

from tests.site.access.endpoint import ANYWHERE, OPEN, PART, SIGNED_IN, Endpoint

NO_PHONE = frozenset({403})  # a page's session is no phone's
NOBODY = frozenset({401})
NO_FILE = "01930000-0000-7000-8000-000000000001"

ENDPOINTS = [
    Endpoint("GET field:app", None, OPEN, lambda w, t: "/field/"),
    Endpoint("GET field:worker", None, OPEN, lambda w, t: "/field/sw.js"),
    Endpoint(
        "POST /api/field/session", None, OPEN, lambda w, t: "/api/field/session",
        lambda w, t: {"username": "nobody", "password": "wrong"}, passes=NOBODY,
    ),
    Endpoint("GET /api/field/session", None, SIGNED_IN, lambda w, t: "/api/field/session", passes=NO_PHONE),
    Endpoint("DELETE /api/field/session", None, SIGNED_IN, lambda w, t: "/api/field/session", passes=NO_PHONE),
    Endpoint(
        "POST /api/field/session/end", None, OPEN, lambda w, t: "/api/field/session/end",
        lambda w, t: {"session": "01930000-0000-7000-8000-000000000001", "proof": ""}, passes=frozenset({204}),
    ),
    Endpoint(
        "POST /api/field/session/key", None, SIGNED_IN, lambda w, t: "/api/field/session/key",
        lambda w, t: {"session": "01930000-0000-7000-8000-000000000001", "key_id": "1", "sealed": ""},
        passes=NO_PHONE,
    ),
    Endpoint(
        "POST /api/field/sync", None, SIGNED_IN, lambda w, t: "/api/field/sync", lambda w, t: {"commands": []}
    ),
    Endpoint(
        "POST /api/field/handed", None, SIGNED_IN, lambda w, t: "/api/field/handed",
        lambda w, t: {"session": "01930000-0000-7000-8000-000000000001", "sealed": []}, passes=frozenset({404}),
    ),
    Endpoint(
        "GET /api/field/files/{file_id}", None, SIGNED_IN, lambda w, t: f"/api/field/files/{NO_FILE}",
        passes=frozenset({404}),
    ),
    Endpoint(
        "POST /api/field/files/{file_id}", None, SIGNED_IN, lambda w, t: f"/api/field/files/{NO_FILE}",
        lambda w, t: {}, passes=frozenset({404}),
    ),
    Endpoint(
        "GET /api/field/pack", "residents.view", PART, lambda w, t: f"/api/field/pack?place={t.place.code}"
    ),
    Endpoint("GET /api/field/pack", "residents.view", ANYWHERE, lambda w, t: "/api/field/pack"),
    Endpoint("GET /api/field/receipts", None, SIGNED_IN, lambda w, t: "/api/field/receipts?ids="),
    Endpoint(
        "POST /api/field/receipts", None, SIGNED_IN, lambda w, t: "/api/field/receipts", lambda w, t: {"ids": []},
        only_reads=True,
    ),
]  # fmt: skip
