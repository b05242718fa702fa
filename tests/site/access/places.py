"""Addresses of places."""

from __future__ import annotations

from tests.site.access.endpoint import ALL, ANYWHERE, PART, Endpoint

FORM = frozenset({200, 302})
REFUSED = frozenset({403, 404, 422})

ENDPOINTS = [
    Endpoint("GET places:index", "places.view", ANYWHERE, lambda w, t: "/places/?text=阳光"),
    Endpoint("GET places:place", "places.view", PART, lambda w, t: f"/places/{t.place.code}/"),
    Endpoint("GET places:add", "places.edit", ALL, lambda w, t: f"/places/{t.compound.code}/add/"),
    Endpoint(
        "POST places:add", "places.edit", ALL, lambda w, t: f"/places/{t.building.code}/add/",
        lambda w, t: {"kind": "90", "name": "9单元"},
    ),
    Endpoint("GET places:rename", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/rename/"),
    Endpoint(
        "POST places:rename", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/rename/",
        lambda w, t: {"name": "新名字"},
    ),
    Endpoint("GET places:move", "places.edit", ALL, lambda w, t: f"/places/{t.compound.code}/move/"),
    Endpoint("GET places:doors", "places.edit", ALL, lambda w, t: f"/places/{t.unit.code}/doors/"),
    Endpoint(
        "POST places:doors", "places.edit", ALL, lambda w, t: f"/places/{t.unit.code}/doors/",
        lambda w, t: {"numbers": "9901 9902"},
    ),
    Endpoint("GET places:end", "places.edit", ALL, lambda w, t: f"/places/{t.unit.code}/end/"),
    Endpoint("GET /api/places", "places.view", ANYWHERE, lambda w, t: "/api/places"),
    Endpoint(
        "GET /api/places/search", "places.view", PART, lambda w, t: f"/api/places/search?text=1&under={t.place.code}"
    ),
    Endpoint("GET /api/places/{code}", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}"),
    Endpoint(
        "GET /api/places/{code}/children", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/children"
    ),
    Endpoint("GET /api/places/{code}/doors", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/doors"),
    Endpoint(
        "GET /api/places/{code}/outline", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/outline"
    ),
    Endpoint(
        "POST /api/places", "places.edit", ALL, lambda w, t: "/api/places",
        lambda w, t: {"kind": "unit", "name": "8单元", "under": t.building.code},
    ),
    Endpoint(
        "PATCH /api/places/{code}", "places.edit", ALL, lambda w, t: f"/api/places/{t.place.code}",
        lambda w, t: {"name": "另一个名字"},
    ),
    Endpoint(
        "POST /api/places/{code}/doors", "places.edit", ALL, lambda w, t: f"/api/places/{t.unit.code}/doors",
        lambda w, t: {"numbers": ["8801"]},
    ),
]  # fmt: skip
