"""Rounds: the list, the board, the gap list, marks, the building, opening and closing."""

from __future__ import annotations

from collections.abc import Callable

from tests.site.access.endpoint import ALL, ANYWHERE, PART, Endpoint
from tests.site.access.world import Target, World

FORM_ERROR = frozenset({403, 404, 422})


def about(part: str) -> Callable[[World, Target], str]:
    return lambda w, t: f"/api/rounds/{w.round_code}/{part}?place={t.place.code}"


def new_form(world: World, target: Target) -> dict[str, object]:
    return {
        "name": "新一轮", "kind": "visit", "count_by": "1", "starts_at": "2030-01-01T08:00",
        "ends_at": "2030-01-01T20:00", "include": [target.place.code],
    }  # fmt: skip


def mark_form(world: World, target: Target) -> dict[str, object]:
    return {
        "key": target.door.key, "kind": "done", "person": target.person_id, "subject": target.person_id,
        "household": target.household_id, "from": "list", "id": "01930000-0000-7000-8000-000000000001",
    }  # fmt: skip


SQUARE = "111.6, 40.8\n111.7, 40.8\n111.7, 40.9"
NO_JOB = "01930000-0000-7000-8000-000000000001"


def new_json(world: World, target: Target) -> dict[str, object]:
    return {
        "name": "新一轮", "starts_at": "2030-01-01T08:00:00+08:00", "ends_at": "2030-01-01T20:00:00+08:00",
        "places": [target.place.code],
    }  # fmt: skip


def mark_json(world: World, target: Target) -> dict[str, object]:
    return {"id": NO_JOB, "person": target.person_id, "mark": "done", "at": "2030-01-01T08:00:00+08:00"}


ENDPOINTS = [
    Endpoint("GET rounds:index", "rounds.view", ANYWHERE, lambda w, t: "/rounds/"),
    Endpoint("GET rounds:new", "rounds.open", ANYWHERE, lambda w, t: "/rounds/new/"),
    Endpoint("POST rounds:new", "rounds.open", ALL, lambda w, t: "/rounds/new/", new_form, refusals=FORM_ERROR),
    Endpoint(
        "GET rounds:new-places", "rounds.open", ANYWHERE, lambda w, t: f"/rounds/new/places/?under={t.place.code}"
    ),
    Endpoint(
        "POST rounds:new-count", "rounds.open", ANYWHERE, lambda w, t: "/rounds/new/count/",
        lambda w, t: {"include": [t.place.code]},
    ),
    # The whole city's round, looked at for a place; and a round that is the place's own.
    Endpoint("GET rounds:board", "rounds.view", PART, lambda w, t: f"/rounds/{w.round_code}/?place={t.place.code}"),
    Endpoint("GET rounds:board", "rounds.view", PART, lambda w, t: f"/rounds/{t.round_code}/?place={t.place.code}"),
    Endpoint(
        "GET rounds:board-live", "rounds.view", PART,
        lambda w, t: f"/rounds/{w.round_code}/live/?place={t.place.code}",
    ),
    Endpoint(
        "GET rounds:board-aside", "rounds.view", PART,
        lambda w, t: f"/rounds/{w.round_code}/aside/?place={t.place.code}",
    ),
    Endpoint("GET rounds:map", "rounds.view", PART, lambda w, t: f"/rounds/{w.round_code}/map/?place={t.place.code}"),
    Endpoint(
        "GET rounds:map-live", "rounds.view", PART,
        lambda w, t: f"/rounds/{w.round_code}/map/live/?place={t.place.code}",
    ),
    Endpoint(
        "POST rounds:new-drawn", "rounds.open", ANYWHERE, lambda w, t: "/rounds/new/drawn/",
        lambda w, t: {"area": SQUARE},
    ),
    Endpoint("POST rounds:open", "rounds.open", ALL, lambda w, t: f"/rounds/{t.draft_code}/open/"),
    Endpoint("GET rounds:close", "rounds.close", ALL, lambda w, t: f"/rounds/{t.round_code}/close/"),
    Endpoint(
        "POST rounds:close", "rounds.close", ALL, lambda w, t: f"/rounds/{t.round_code}/close/",
        lambda w, t: {"name": t.round_code},
    ),
    Endpoint(
        "POST rounds:reopen", "rounds.close", ALL, lambda w, t: f"/rounds/{t.closed_code}/reopen/",
        lambda w, t: {"name": t.closed_code},
    ),
    Endpoint("GET rounds:certificate", "rounds.view", ALL, lambda w, t: f"/rounds/{t.closed_code}/certificate/"),
    Endpoint(
        "GET rounds:work", "rounds.view", ANYWHERE,
        lambda w, t: f"/rounds/{t.round_code}/work/01930000-0000-7000-8000-000000000001/", passes=frozenset({404}),
    ),
    Endpoint(
        "GET rounds:gaps", "rounds.gaps", PART, lambda w, t: f"/rounds/{w.round_code}/gaps/?place={t.place.code}"
    ),
    Endpoint(
        "GET rounds:gaps", "rounds.gaps", PART,
        lambda w, t: f"/rounds/{w.round_code}/gaps/?print=1&place={t.place.code}",
    ),
    Endpoint(
        "GET rounds:export", "rounds.export", PART,
        lambda w, t: f"/rounds/{w.round_code}/gaps/export/?place={t.place.code}",
    ),
    Endpoint(
        "POST rounds:export", "rounds.export", PART, lambda w, t: f"/rounds/{w.round_code}/gaps/export/",
        lambda w, t: {"place": t.place.code, "purpose": "contact", "format": "csv"}, only_reads=True,
    ),
    Endpoint("POST rounds:mark", "rounds.mark", PART, lambda w, t: f"/rounds/{w.round_code}/mark/", mark_form),
    Endpoint(
        "POST rounds:take-back", "rounds.mark", PART, lambda w, t: f"/rounds/{w.round_code}/mark/undo/", mark_form
    ),
    Endpoint(
        "GET rounds:marks", "rounds.gaps", PART, lambda w, t: f"/rounds/{w.round_code}/marks/{t.person_id}/",
        refusals=FORM_ERROR,
    ),
    Endpoint("GET rounds:door", "rounds.gaps", PART, lambda w, t: f"/rounds/{w.round_code}/door/{t.door.key}/"),
    Endpoint(
        "GET rounds:building", "rounds.gaps", PART,
        lambda w, t: f"/rounds/{w.round_code}/building/{t.building.code}/",
    ),
    Endpoint("GET /api/rounds", "rounds.view", ANYWHERE, lambda w, t: "/api/rounds"),
    Endpoint("POST /api/rounds", "rounds.open", ALL, lambda w, t: "/api/rounds", new_json),
    Endpoint("GET /api/rounds/{code}", "rounds.view", PART, lambda w, t: f"/api/rounds/{t.round_code}"),
    Endpoint("POST /api/rounds/{code}/open", "rounds.open", ALL, lambda w, t: f"/api/rounds/{t.draft_code}/open"),
    Endpoint("POST /api/rounds/{code}/close", "rounds.close", ALL, lambda w, t: f"/api/rounds/{t.round_code}/close"),
    Endpoint(
        "POST /api/rounds/{code}/reopen", "rounds.close", ALL, lambda w, t: f"/api/rounds/{t.closed_code}/reopen"
    ),
    Endpoint(
        "GET /api/rounds/{code}/certificate", "rounds.view", ALL,
        lambda w, t: f"/api/rounds/{t.closed_code}/certificate",
    ),
    *(
        Endpoint(
            f"GET /api/rounds/{{code}}/{part}", "rounds.gaps" if part == "gaps" else "rounds.view", PART,
            about(part),
        )
        for part in ("figures", "under", "curve", "rollup", "gaps")
    ),
    Endpoint(
        "GET /api/rounds/{code}/people/{subject_id}/marks", "rounds.gaps", PART,
        lambda w, t: f"/api/rounds/{w.round_code}/people/{t.person_id}/marks", refusals=FORM_ERROR,
    ),
    Endpoint(
        "GET /api/rounds/{code}/households/{subject_id}/marks", "rounds.gaps", PART,
        lambda w, t: f"/api/rounds/{w.house_round_code}/households/{t.household_id}/marks", refusals=FORM_ERROR,
    ),
    Endpoint(
        "POST /api/rounds/{code}/marks", "rounds.mark", PART, lambda w, t: f"/api/rounds/{w.round_code}/marks",
        mark_json, empty_outside=True,  # each mark is answered by itself: not in this round, seen from here
    ),
    Endpoint(
        "POST /api/rounds/{code}/marks/undo", "rounds.mark", PART,
        lambda w, t: f"/api/rounds/{w.round_code}/marks/undo",
        lambda w, t: {"marks": [{"id": "01930000-0000-7000-8000-000000000001", "person": t.person_id}]},
        empty_outside=True,  # nothing of theirs there: nothing is taken back
    ),
]  # fmt: skip
