"""Residents: search, households, people, and what changes them. All of it lies at a door, and the door decides."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders.ledger import MORNING
from tests.site.access.endpoint import ANYWHERE, PART, Endpoint
from tests.site.access.world import Target, World

VIEW, EDIT, UNMASK = "residents.view", "residents.edit", "residents.unmask"
REGISTER = "residents.register"
MERGE = "residents.merge"
SEEN = MORNING.isoformat()  # when the world's households were last changed
# Through the gate, and refused for what it says.
THROUGH = frozenset({200, 201, 302, 409, 422})
Url = Callable[[World, Target], str]


def household(part: str = "") -> Url:
    return lambda w, t: f"/residents/household/{t.household_id}/{part}"


def person(part: str = "") -> Url:
    return lambda w, t: f"/residents/person/{t.person_id}/{part}"


def api_household(part: str = "") -> Url:
    return lambda w, t: f"/api/residents/households/{t.household_id}{part}"


def api_person(part: str = "") -> Url:
    return lambda w, t: f"/api/residents/people/{t.person_id}{part}"


def move_form(world: World, target: Target) -> dict[str, object]:
    return {"door": "阳光小区 1号楼 1单元 102"}


PAGES = [
    Endpoint("GET residents:duplicates", MERGE, ANYWHERE, lambda w, t: "/residents/duplicates/"),
    Endpoint("POST residents:find-duplicates", MERGE, PART, lambda w, t: "/residents/duplicates/find/",
             lambda w, t: {"place": t.place.code}),
    Endpoint("GET residents:duplicate", MERGE, PART, lambda w, t: f"/residents/duplicates/{t.duplicate_id}/"),
    Endpoint("POST residents:duplicate", MERGE, PART, lambda w, t: f"/residents/duplicates/{t.duplicate_id}/",
             lambda w, t: {"stays": "left"}),
    Endpoint("POST residents:decide-duplicate", MERGE, PART,
             lambda w, t: f"/residents/duplicates/{t.duplicate_id}/decide/", lambda w, t: {"verdict": "different"}),
    Endpoint("GET residents:mergers", MERGE, ANYWHERE, lambda w, t: "/residents/mergers/"),
    Endpoint("POST residents:undo-merger", MERGE, PART, lambda w, t: f"/residents/mergers/{t.merger_id}/undo/",
             passes=THROUGH),
    Endpoint("GET residents:search", VIEW, ANYWHERE, lambda w, t: "/residents/"),
    Endpoint("POST residents:search", VIEW, ANYWHERE, lambda w, t: "/residents/", lambda w, t: {"text": t.secret}),
    Endpoint("GET residents:door", VIEW, PART, lambda w, t: f"/residents/door/{t.door.key}/"),
    Endpoint("GET residents:new-household", REGISTER, PART, lambda w, t: f"/residents/door/{t.door.key}/new/"),
    Endpoint(
        "POST residents:new-household", REGISTER, PART, lambda w, t: f"/residents/door/{t.door.key}/new/",
        lambda w, t: {"name": "新人", "label": "第二户", "sex": "0"}, passes=THROUGH,
    ),
    Endpoint("GET residents:household", VIEW, PART, household()),
    Endpoint("GET residents:edit-household", EDIT, PART, household("edit/")),
    Endpoint(
        "POST residents:edit-household", EDIT, PART, household("edit/"),
        lambda w, t: {"label": "", "note": "二楼", "seen_at": SEEN},
    ),
    Endpoint("GET residents:add-person", REGISTER, PART, household("add/")),
    Endpoint("POST residents:add-person", REGISTER, PART, household("add/"), lambda w, t: {"name": "新人", "sex": "0"}),
    Endpoint("GET residents:move-household", EDIT, PART, household("move/")),
    Endpoint("POST residents:move-household", EDIT, PART, household("move/"), move_form),
    Endpoint("POST residents:vacant", REGISTER, PART, household("vacant/")),
    Endpoint("GET residents:person", VIEW, PART, person()),
    Endpoint("GET residents:person-row", VIEW, PART, person("row/")),
    Endpoint("GET residents:edit-person", EDIT, PART, person("edit/")),
    Endpoint(
        "POST residents:edit-person", EDIT, PART, person("edit/"),
        lambda w, t: {f"p{t.person_id}-name": "新名字", f"p{t.person_id}-sex": "0", "seen_at": SEEN},
    ),
    Endpoint("POST residents:presence", REGISTER, PART, person("presence/"), lambda w, t: {"presence": "2"}),
    Endpoint("GET residents:move-person", EDIT, PART, person("move/")),
    Endpoint("POST residents:move-person", EDIT, PART, person("move/"), move_form),
    Endpoint(
        "POST residents:unmask", UNMASK, PART, person("unmask/"),
        lambda w, t: {"secret": "id_number", "purpose": "contact"},
    ),
]  # fmt: skip

OPERATIONS = [
    Endpoint("GET /api/residents/duplicates", MERGE, ANYWHERE, lambda w, t: "/api/residents/duplicates"),
    Endpoint("GET /api/residents/duplicates/{pair_id}", MERGE, PART,
             lambda w, t: f"/api/residents/duplicates/{t.duplicate_id}"),
    Endpoint("POST /api/residents/duplicates/{pair_id}/verdict", MERGE, PART,
             lambda w, t: f"/api/residents/duplicates/{t.duplicate_id}/verdict", lambda w, t: {"verdict": "later"}),
    Endpoint("POST /api/residents/duplicates/find", MERGE, PART, lambda w, t: "/api/residents/duplicates/find",
             lambda w, t: {"place": t.place.code}),
    Endpoint("POST /api/residents/duplicates/people", MERGE, PART, lambda w, t: "/api/residents/duplicates/people",
             lambda w, t: {"survivor_id": t.person_id, "merged_id": t.twin_id}),
    Endpoint("POST /api/residents/duplicates/households", MERGE, PART,
             lambda w, t: "/api/residents/duplicates/households",
             lambda w, t: {"survivor_id": t.household_id, "merged_id": t.second_id}),
    Endpoint("POST /api/residents/duplicates/mergers/{merger_id}/undo", MERGE, PART,
             lambda w, t: f"/api/residents/duplicates/mergers/{t.merger_id}/undo", passes=THROUGH),
    Endpoint("GET /api/residents/households/{household_id}", VIEW, PART, api_household()),
    Endpoint(
        "GET /api/residents/doors/{key}/households", VIEW, PART,
        lambda w, t: f"/api/residents/doors/{t.door.key}/households",
    ),
    Endpoint(
        "POST /api/residents/households", REGISTER, PART, lambda w, t: "/api/residents/households",
        lambda w, t: {"key": t.door.key, "label": "第二户", "people": [{"name": "新人"}]},
    ),
    Endpoint(
        "PATCH /api/residents/households/{household_id}", EDIT, PART, api_household(),
        lambda w, t: {"seen_at": SEEN, "note": "二楼"},
    ),
    Endpoint(
        "POST /api/residents/households/{household_id}/people", REGISTER, PART, api_household("/people"),
        lambda w, t: {"name": "新人"},
    ),
    Endpoint(
        "POST /api/residents/households/{household_id}/move", EDIT, PART,
        lambda w, t: f"/api/residents/households/{t.household_id}/move?to_key={t.door.key + 1}",
    ),
    Endpoint(
        "POST /api/residents/households/{household_id}/split", EDIT, PART, api_household("/split"),
        lambda w, t: {"person_ids": [t.person_id], "label": "分户"}, passes=THROUGH,
    ),
    Endpoint(
        "POST /api/residents/doors/{key}/vacant", REGISTER, PART,
        lambda w, t: f"/api/residents/doors/{t.door.key}/vacant",
    ),
    Endpoint(
        "GET /api/residents/people", VIEW, PART, lambda w, t: f"/api/residents/people?place={t.place.code}"
    ),
    Endpoint(
        "GET /api/residents/count", VIEW, PART, lambda w, t: f"/api/residents/count?place={t.place.code}"
    ),
    Endpoint(
        "POST /api/residents/people/search", VIEW, PART, lambda w, t: "/api/residents/people/search",
        lambda w, t: {"text": t.secret}, empty_outside=True,
    ),
    Endpoint("GET /api/residents/people/{person_id}", VIEW, PART, api_person()),
    Endpoint(
        "PATCH /api/residents/people/{person_id}", EDIT, PART, api_person(),
        lambda w, t: {"seen_at": SEEN, "name": "新名字"},
    ),
    Endpoint(
        "POST /api/residents/people/{person_id}/move", EDIT, PART, api_person("/move"),
        lambda w, t: {"to_key": t.door.key + 1},
    ),
    Endpoint(
        "POST /api/residents/people/{person_id}/presence", REGISTER, PART, api_person("/presence"),
        lambda w, t: {"presence": "away"},
    ),
    Endpoint(
        "POST /api/residents/people/{person_id}/unmask", UNMASK, PART, api_person("/unmask"),
        lambda w, t: {"field": "id_number", "purpose": "contact"},
    ),
]  # fmt: skip

ENDPOINTS = [*PAGES, *OPERATIONS]
