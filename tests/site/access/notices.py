"""Special situations. The world has none: what may be settled is looked for in vain."""

from __future__ import annotations

from tests.site.access.endpoint import ANYWHERE, Endpoint

NONE = frozenset({404})
NO_FILE = "01930000-0000-7000-8000-000000000001"

ENDPOINTS = [
    Endpoint("GET notices:specials", "residents.view", ANYWHERE, lambda w, t: "/specials/"),
    Endpoint("GET notices:specials", "residents.view", ANYWHERE, lambda w, t: "/specials/?all=1"),
    Endpoint("GET notices:specials-live", "residents.view", ANYWHERE, lambda w, t: "/specials/live/"),
    Endpoint(
        "POST notices:settle", "notices.settle", ANYWHERE, lambda w, t: "/specials/1/settle/",
        lambda w, t: {"outcome": "好了"}, passes=NONE,
    ),
    Endpoint("GET /api/notices/specials", "residents.view", ANYWHERE, lambda w, t: "/api/notices/specials"),
    Endpoint(
        "POST /api/notices/specials/{special_id}/settle", "notices.settle", ANYWHERE,
        lambda w, t: "/api/notices/specials/1/settle", lambda w, t: {"outcome": "好了"}, passes=NONE,
    ),
    Endpoint(
        "GET notices:file", "residents.view", ANYWHERE, lambda w, t: f"/specials/files/{NO_FILE}/", passes=NONE,
    ),
    Endpoint("GET /api/notices/files", "residents.view", ANYWHERE, lambda w, t: "/api/notices/files?door=1"),
    Endpoint(
        "GET /api/notices/files/{file_id}", "residents.view", ANYWHERE, lambda w, t: f"/api/notices/files/{NO_FILE}",
        passes=NONE,
    ),
]  # fmt: skip
