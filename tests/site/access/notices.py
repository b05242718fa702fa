"""Special situations and photos at doors: one of each at every place."""

from __future__ import annotations

from tests.site.access.endpoint import ANYWHERE, PART, Endpoint

NONE = frozenset({404})
NO_FILE = "01930000-0000-7000-8000-000000000001"

ENDPOINTS = [
    Endpoint("GET notices:specials", "residents.view", ANYWHERE, lambda w, t: "/specials/"),
    Endpoint("GET notices:specials", "residents.view", ANYWHERE, lambda w, t: "/specials/?all=1"),
    Endpoint("GET notices:specials-live", "residents.view", ANYWHERE, lambda w, t: "/specials/live/"),
    Endpoint(
        "POST notices:settle", "notices.settle", PART, lambda w, t: f"/specials/{t.special_id}/settle/",
        lambda w, t: {"outcome": "好了"},
    ),
    Endpoint("GET /api/notices/specials", "residents.view", ANYWHERE, lambda w, t: "/api/notices/specials"),
    Endpoint(
        "POST /api/notices/specials/{special_id}/settle", "notices.settle", PART,
        lambda w, t: f"/api/notices/specials/{t.special_id}/settle", lambda w, t: {"outcome": "好了"},
    ),
    Endpoint("GET notices:file", "residents.view", PART, lambda w, t: f"/specials/files/{t.file_id}/"),
    Endpoint("GET notices:file", "residents.view", ANYWHERE, lambda w, t: f"/specials/files/{NO_FILE}/", passes=NONE),
    Endpoint(
        "GET /api/notices/files", "residents.view", PART, lambda w, t: f"/api/notices/files?door={t.door.key}",
        empty_outside=True,
    ),
    Endpoint(
        "GET /api/notices/files/{file_id}", "residents.view", PART, lambda w, t: f"/api/notices/files/{t.file_id}",
    ),
]  # fmt: skip
