"""The API of rounds: making, opening and closing them, figures, roll-ups, who is missing, history."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock, db, jobs
from linli.core.access import SYSTEM
from linli.rounds import bulk
from tests.rounds.test_api_marks import Town, long, make_token, mark, town

__all__ = ["town"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def call(town: Town, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
    given: dict[str, Any] = {"data": body, "content_type": "application/json"} if body is not None else {}
    return getattr(Client(raise_request_exception=False), method)(
        f"/api/rounds{path}", **given, headers={"Authorization": f"Bearer {token or town.token}", **headers}
    )


def get(town: Town, path: str, **more: Any) -> Any:
    answer = call(town, "get", path, **more)
    assert answer.status_code == 200, answer.content
    return answer.json()


def everything(town: Town) -> str:
    return make_token(
        "office", town.district.district,
        scopes=("rounds.view", "rounds.open", "rounds.close", "rounds.gaps", "rounds.mark"),
    )  # fmt: skip


def test_list_and_one(town: Town) -> None:
    listed = get(town, "")
    assert listed["next"] is None
    assert [item["code"] for item in listed["items"]] == [town.round.code]
    assert listed["items"][0]["figures"]["open"] == len(town.people)
    assert get(town, f"/{town.round.code}") == listed["items"][0]
    assert get(town, "?state=closed")["items"] == []


def test_the_list_is_paged(town: Town) -> None:
    token = everything(town)
    for _ in range(3):
        assert make_round(town, token).status_code == 201
    whole = [item["code"] for item in get(town, "")["items"]]
    assert len(whole) == 4
    assert whole[0] == town.round.code
    paged, after = [], ""
    while after is not None:
        page = get(town, f"?limit=1&after={after}")
        paged += [item["code"] for item in page["items"]]
        after = page["next"]
    assert paged == whole
    assert call(town, "get", "?after=x").json()["code"] == "core.cursor"


def make_round(town: Town, token: str, **changes: Any) -> Any:
    at = clock.now()
    body = {
        "name": "第 3 轮", "kind": "test", "count_by": "household", "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=8)).isoformat(), "places": [town.district.street.code],
        "exclude": [town.district.communities[1].code],
    }  # fmt: skip
    return call(town, "post", "", body | changes, token=token)


def test_make_open_close_reopen(town: Town) -> None:
    token = everything(town)
    made = make_round(town, token)
    assert made.status_code == 201, made.content
    code = made.json()["code"]
    assert (made.json()["state"], made.json()["figures"]) == ("draft", None)
    for step, state in [("open", "open"), ("close", "closed"), ("reopen", "open")]:
        asked = call(town, "post", f"/{code}/{step}", token=token)
        assert asked.status_code == 202, asked.content
        job = asked.json()
        jobs.carry_out(job["id"])
        watched = Client().get(job["url"], headers={"Authorization": f"Bearer {token}"}).json()
        assert watched["state"] == "done", watched
        assert get(town, f"/{code}")["state"] == state
        if step == "close":
            certificate = get(town, f"/{code}/certificate")
            assert certificate["certificate"]["due"] == len(town.homes) // 2
    again = call(town, "post", f"/{code}/open", token=token)
    assert (again.status_code, again.json()["code"]) == (409, "rounds.wrong_state")


def test_what_a_round_cannot_be(town: Town) -> None:
    token = everything(town)
    at = clock.now()
    refused: list[tuple[dict[str, Any], int, str]] = [
        ({"places": ["nowhere"]}, 404, "places.unknown"),
        ({"places": []}, 422, "core.fields"),
        ({"kind": "party"}, 422, "core.fields"),
        ({"ends_at": (at - timedelta(days=1)).isoformat()}, 422, "rounds.bad_times"),
        ({"exclude": [town.district.street.code]}, 422, "rounds.empty_scope"),
        ({"places": [town.district.city.code], "exclude": []}, 403, "core.forbidden"),
    ]
    for changes, status, code in refused:
        answer = make_round(town, token, **changes)
        if code == "core.forbidden" and answer.status_code == 201:
            continue  # the only district is all of the city's doors
        assert answer.status_code == status, answer.content
        assert answer.json()["code"] == code
        assert answer.json()["advice"]
    assert make_round(town, town.token).status_code == 403  # the token's scopes do not reach so far


def test_figures_and_what_lies_under(town: Town) -> None:
    long(town, {"marks": [mark(town.people[0]), mark(town.people[1], "absent")]})
    place = town.district.communities[0].code
    answer = call(town, "get", f"/{town.round.code}/figures?place={place}")
    body = answer.json()
    assert body["place"] == {"code": place, "name": "第1社区", "kind": "community"}
    assert (body["figures"]["done"], body["figures"]["absent"], body["narrowed"]) == (1, 1, False)
    assert body["figures"]["open"] == body["figures"]["due"] - 1
    same = call(town, "get", f"/{town.round.code}/figures?place={place}", **{"If-None-Match": answer["ETag"]})
    assert same.status_code == 304
    long(town, mark(town.people[2]))
    changed = call(town, "get", f"/{town.round.code}/figures?place={place}", **{"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200
    under = get(town, f"/{town.round.code}/under?place={town.district.street.code}")
    assert {line["place"]["code"] for line in under["under"]} == {c.code for c in town.district.communities}
    assert sum(line["figures"]["due"] for line in under["under"]) == under["figures"]["due"]
    curve = get(town, f"/{town.round.code}/curve")
    assert sum(point["done"] for point in curve["points"]) == 2


def test_places_that_are_not_there_or_not_yours(town: Town) -> None:
    token = make_token("office", town.district.communities[0])
    for path in ("figures", "under", "curve", "rollup", "gaps"):
        unknown = call(town, "get", f"/{town.round.code}/{path}?place=nowhere")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "places.unknown")
        other = f"/{town.round.code}/{path}?place={town.district.communities[1].code}"
        assert call(town, "get", other, token=token).status_code == 403
        assert call(town, "get", f"/nothing/{path}").status_code == 404
        narrowed = call(town, "get", f"/{town.round.code}/{path}?place={town.district.street.code}", token=token)
        assert narrowed.status_code == 200


def test_the_roll_up_of_all_levels(town: Town) -> None:
    long(town, mark(town.people[0]))
    lines = get(town, f"/{town.round.code}/rollup?place={town.district.street.code}")
    by_code = {line["place"]["code"]: line["figures"] for line in lines}
    district = town.district
    expected = [district.street, *district.communities, *district.compounds, *district.buildings, *district.units]
    assert set(by_code) == {place.code for place in expected}
    assert lines[0]["place"]["code"] == district.street.code
    assert by_code[district.street.code]["due"] == len(town.people)
    assert sum(by_code[unit.code]["done"] for unit in district.units) == 1
    units = get(town, f"/{town.round.code}/rollup?level=unit")
    assert {line["place"]["kind"] for line in units} == {"unit"}
    for answer in (
        call(town, "get", f"/{town.round.code}/rollup?format=csv"),
        call(town, "get", f"/{town.round.code}/rollup", Accept="text/csv"),
    ):
        assert answer["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert {row["code"] for row in rows} >= {place.code for place in expected}
    wrong = call(town, "get", f"/{town.round.code}/rollup?level=galaxy")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "rounds.kind_unknown")


def test_the_gap_list(town: Town) -> None:
    later = clock.now() + timedelta(hours=5)
    long(town, {"marks": [mark(town.people[0]), mark(town.people[1], "absent", back_at=later.isoformat())]})
    page = get(town, f"/{town.round.code}/gaps")
    assert (page["open"], page["next"]) == (len(town.people) - 1, None)
    assert [gap["person"] for gap in page["items"]] == town.people[1:]
    assert page["items"][0]["reason"] == "absent"
    assert page["items"][0]["back_at"]
    assert page["items"][0]["door"].startswith("阳光小区 1号楼 1单元 ")
    assert not {"id_number", "phone", "id_sealed"} & page["items"][0].keys()
    paged, after = [], ""
    while after is not None:
        part = get(town, f"/{town.round.code}/gaps?limit=5&after={after}")
        paged += [gap["person"] for gap in part["items"]]
        after = part["next"]
    assert paged == town.people[1:]
    assert [gap["person"] for gap in get(town, f"/{town.round.code}/gaps?reason=absent")["items"]] == [town.people[1]]
    assert get(town, f"/{town.round.code}/gaps?need=alone&need=over_80")["items"] == []
    for query, code in [
        ("need=tired", "rounds.need_unknown"), ("after=x", "core.cursor"), ("limit=1001", "core.fields"),
        ("reason=done", "core.fields"), ("needs=alone", "core.parameter_unknown"),
    ]:  # fmt: skip
        assert call(town, "get", f"/{town.round.code}/gaps?{query}").json()["code"] == code


def test_every_mark_a_person_was_given(town: Town) -> None:
    now = clock.now()
    long(town, mark(town.people[0], "absent", at=(now - timedelta(minutes=30)).isoformat()))
    long(town, mark(town.people[0], "done", at=(now - timedelta(minutes=10)).isoformat()))
    history = get(town, f"/{town.round.code}/people/{town.people[0]}/marks")
    assert [line["mark"] for line in history] == ["done", "absent"]
    assert get(town, f"/{town.round.code}/people/{town.people[1]}/marks") == []
    stranger = call(town, "get", f"/{town.round.code}/people/999999999/marks")
    assert (stranger.status_code, stranger.json()["code"]) == (422, "rounds.not_in_round")
    household = call(town, "get", f"/{town.round.code}/households/{town.homes[0]}/marks")
    assert household.status_code == 422
    token = make_token("office", town.district.communities[1])
    other = call(town, "get", f"/{town.round.code}/people/{town.people[0]}/marks", token=token)
    assert other.status_code == 422


def test_the_certificate(town: Town) -> None:
    answer = call(town, "get", f"/{town.round.code}/certificate")
    assert (answer.status_code, answer.json()["code"]) == (404, "rounds.no_certificate")
    with db.owner():
        bulk.close_round(round_id=town.round.id, actor=SYSTEM, at=clock.now())
    assert get(town, f"/{town.round.code}/certificate")["certificate"]["due"] == len(town.people)
    token = make_token("office", town.district.communities[0])
    assert call(town, "get", f"/{town.round.code}/certificate", token=token).status_code == 403


def test_nobody_without_a_token(town: Town) -> None:
    for path in ("", f"/{town.round.code}", f"/{town.round.code}/gaps"):
        answer = call(town, "get", path, token="linli_nobody")
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_a_job_of_somebody_else_is_not_there(town: Town) -> None:
    token = everything(town)
    code = make_round(town, token).json()["code"]
    job = call(town, "post", f"/{code}/open", token=token).json()
    other = Client().get(job["url"], headers={"Authorization": f"Bearer {town.token}"})
    assert other.status_code == 404


def test_a_body_that_is_not_json_says_what_to_send(town: Town) -> None:
    answer = call(town, "post", "", "{", token=everything(town))
    assert (answer.status_code, answer.json()["code"]) == (400, "core.not_json")
    assert "/api/docs" in answer.json()["advice"]


def test_a_round_needs_a_name(town: Town) -> None:
    times = {"starts_at": "2022-10-05T08:00:00+08:00", "ends_at": "2022-10-05T20:00:00+08:00"}
    body = {"name": "  ", "places": [town.district.district.code], **times}
    answer = call(town, "post", "", body, token=everything(town))
    assert (answer.status_code, answer.json()["code"]) == (422, "rounds.name_wrong")
