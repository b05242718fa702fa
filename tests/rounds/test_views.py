"""The desk's pages of rounds, asked for as somebody appointed, behind the wall."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from linli.core import clock, db, jobs
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.core.models import Job
from linli.places import services as places
from linli.places.terms import PlaceRef
from linli.residents.terms import Presence
from linli.rounds import queries
from linli.rounds.terms import CountBy, Mark, RoundState
from tests.builders.duty import make_account
from tests.builders.residents import make_person
from tests.builders.rounds import Walk, make_walk, mark_homes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role, pytest.mark.usefixtures("noon")]
SMALL: dict[str, Any] = {"communities": 2, "compounds": 1, "buildings": 1, "units": 2, "floors": 2, "a_floor": 2}


@pytest.fixture
def walk() -> Walk:
    """Two communities of eight homes of two people."""
    with db.owner():
        return make_walk(**SMALL)


def sign_in(place: PlaceRef, role: str = "office") -> Client:
    with db.owner():
        account = make_account(role=role, place=place)
    client = Client()
    client.force_login(account)
    return client


def work(client: Client, response: object) -> Job:
    """Carry out the job that a page sent its reader to wait for."""
    found = re.search(r"work/([0-9a-f-]+)/", str(response["Location"]))  # type: ignore[index]
    assert found
    return jobs.carry_out(found[1])  # type: ignore[arg-type]


def test_board_leads_with_what_is_missing_and_goes_down_to_where_there_is_a_choice(walk: Walk) -> None:
    with db.owner():
        mark_homes(walk, walk.district.keys[:3])
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/")
    board = page.context["board"]
    assert board.figures.open == 32 - 6
    # One street says no more than the district: the communities are listed, the one that misses most first.
    assert page.context["place"].code == walk.district.street.code
    assert [line.figures.open for line in board.lines] == [16, 10]
    assert board.figures.recent == 6
    assert board.expected_end is not None


def test_list_says_how_each_round_stands(walk: Walk) -> None:
    page = sign_in(walk.district.district).get("/rounds/")
    assert [line.figures.open for line in page.context["open"]] == [32]
    assert walk.round.name in page.content.decode()


def test_figures_are_narrowed_to_own_places_and_the_page_says_so(walk: Walk) -> None:
    client = sign_in(walk.district.communities[0])
    page = client.get(f"/rounds/{walk.code}/?place={walk.district.street.code}")
    assert page.context["board"].figures.due == 16
    assert page.context["reach"].narrowed
    own = client.get(f"/rounds/{walk.code}/?place={walk.district.communities[0].code}")
    assert not own.context["reach"].narrowed


def test_foreign_place_is_refused(walk: Walk) -> None:
    client = sign_in(walk.district.communities[0])
    foreign = walk.district.communities[1].code
    for address in (f"?place={foreign}", f"live/?place={foreign}", f"aside/?place={foreign}", f"gaps/?place={foreign}"):
        assert client.get(f"/rounds/{walk.code}/{address}").status_code == 403
    assert client.get(f"/rounds/{walk.code}/building/{walk.district.buildings[1].code}/").status_code == 403
    assert client.get(f"/rounds/{walk.code}/door/{walk.district.keys[-1]}/").status_code == 403


def test_live_board_answers_304_until_a_figure_changes(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    first = client.get(f"/rounds/{walk.code}/live/")
    tag = first["ETag"]
    assert client.get(f"/rounds/{walk.code}/live/", headers={"If-None-Match": tag}).status_code == 304
    with db.owner():
        mark_homes(walk, walk.district.keys[:1])
    later = client.get(f"/rounds/{walk.code}/live/", headers={"If-None-Match": tag})
    assert later.status_code == 200
    assert later["ETag"] != tag


def test_building_is_drawn_floor_by_floor(walk: Walk) -> None:
    keys = walk.district.keys
    with db.owner():
        mark_homes(walk, keys[:1])
        mark_homes(walk, keys[1:2], Mark.REFUSED)
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/building/{walk.district.buildings[0].code}/")
    first = page.context["pictures"][0]
    assert [floor.label for floor in first.stairwell.floors] == ["2F", "1F"]
    assert [tile.state for tile in first.stairwell.floors[1].doors] == ["done", "refused"]
    assert first.figures.open == 6


def test_door_panel_and_marks_of_one_person(walk: Walk) -> None:
    key = walk.district.keys[0]
    with db.owner():
        mark_homes(walk, [key], Mark.ABSENT)
    client = sign_in(walk.district.district)
    page = client.get(f"/rounds/{walk.code}/door/{key}/")
    subjects = page.context["homes"][0].subjects
    assert [one.state for one in subjects] == [Mark.ABSENT, Mark.ABSENT]
    marks = client.get(f"/rounds/{walk.code}/marks/{subjects[0].subject_id}/")
    assert [mark["kind"] for mark in marks.context["marks"]] == [Mark.ABSENT]


def test_unit_lead_sees_no_export_and_no_import(walk: Walk) -> None:
    client = sign_in(walk.district.units[0], "unit_lead")
    page = client.get(f"/rounds/{walk.code}/")
    assert page.status_code == 200
    assert not page.context["may"]["export"]
    assert client.get(f"/rounds/{walk.code}/gaps/export/").status_code == 403
    assert client.get("/rounds/new/").status_code == 403
    assert client.get(f"/rounds/{walk.code}/close/").status_code == 403


def form_of(walk: Walk, **change: object) -> dict[str, object]:
    return {
        "name": "第 4 轮",
        "kind": "visit",
        "count_by": int(CountBy.PERSON),
        "starts_at": "2022-10-05T08:00",
        "ends_at": "2022-10-05T20:00",
        "include": [walk.district.communities[0].code],
        "then": "open",
    } | change


def test_new_round_is_counted_made_opened_and_reached(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    asked = form_of(walk, exclude=[walk.district.units[0].code])
    count = client.post("/rounds/new/count/", asked)
    assert count.context["counts"].present == 8
    made = client.post("/rounds/new/", asked)
    assert work(client, made).state == Job.State.DONE
    after = client.get(made["Location"])
    assert after.status_code == 302
    board = client.get(after["Location"])
    assert board.context["board"].figures.due == 8
    # Behind the wall an account waits for its own work alone.
    assert sign_in(walk.district.district).get(made["Location"]).status_code == 404


def test_codes_may_be_pasted_and_unknown_ones_are_named(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    with db.owner():  # a code of before is understood, and is not another place
        places.add_alias(place_id=walk.district.units[0].id, text="190001-1", actor=SYSTEM, at=clock.now())
    codes = f"{walk.district.units[0].code}，{walk.district.units[1].code}，190001-1"
    made = client.post("/rounds/new/", form_of(walk, include=[], include_codes=codes, then="keep"))
    assert made.status_code == 302
    code = made["Location"].rstrip("/").rsplit("/", 1)[1]
    assert client.get(made["Location"]).context["counts"].present == 16
    with db.owner():
        assert queries.get_round_by_code(code).state == RoundState.DRAFT
    wrong = client.post("/rounds/new/", form_of(walk, include_codes="NOWHERE-7"))
    assert wrong.status_code == 422
    assert "NOWHERE-7" in wrong.content.decode()


def test_sheets_of_codes_that_were_not_read_are_named_before_the_round_opens(walk: Walk) -> None:
    """Of a workbook the first sheet with codes is read. What else it holds is not in the scope, and that is said."""
    one, other = walk.district.units[:2]
    book = Workbook()
    book.worksheets[0].title = "甲"
    for sheet, unit in ((book.worksheets[0], one), (book.create_sheet("乙"), other), (book.create_sheet("丙"), other)):
        sheet.append(["编码"])
        sheet.append([unit.code])
    book["丙"].sheet_state = "hidden"
    file = BytesIO()
    book.save(file)
    sent = SimpleUploadedFile("范围.xlsx", file.getvalue())
    client = sign_in(walk.district.district)
    made = client.post("/rounds/new/", form_of(walk, include=[], include_sheet=sent, then="open"))
    page = client.get(made["Location"], follow=True)
    said = page.content.decode()
    assert page.context["counts"].present == 8
    assert "范围.xlsx: 只读取了工作表“甲”，以下工作表未读取：乙。" in said
    assert "丙" in said
    with db.owner():
        code = made["Location"].rstrip("/").rsplit("/", 1)[1]
        assert queries.get_round_by_code(code).state == RoundState.DRAFT


def test_new_round_beyond_own_places_is_refused(walk: Walk) -> None:
    client = sign_in(walk.district.communities[0])
    wrong = client.post("/rounds/new/", form_of(walk, include=[walk.district.district.code]))
    assert wrong.status_code == 422
    assert walk.district.district.name in wrong.content.decode()


def test_tree_offers_what_the_actor_may_choose(walk: Walk) -> None:
    client = sign_in(walk.district.communities[0])
    page = client.get("/rounds/new/")
    assert [node["place"].code for node in page.context["roots"]] == [walk.district.communities[0].code]
    under = client.get(f"/rounds/new/places/?under={walk.district.communities[0].code}")
    assert [node["people"] for node in under.context["nodes"]] == [16]
    hits = client.get("/rounds/new/places/?q=单元")
    assert {node["place"].kind for node in hits.context["nodes"]} == {90}


def test_closing_asks_by_name_and_leaves_a_certificate(walk: Walk) -> None:
    with db.owner():
        mark_homes(walk, walk.district.keys[:2])
    client = sign_in(walk.district.district)
    assert client.post(f"/rounds/{walk.code}/close/", {"name": "something"}).status_code == 422
    closing = client.post(f"/rounds/{walk.code}/close/", {"name": walk.code})
    assert work(client, closing).state == Job.State.DONE
    page = client.get(f"/rounds/{walk.code}/certificate/")
    assert (page.context["figures"].open, page.context["figures"].done) == (28, 4)
    assert sign_in(walk.district.communities[0]).get(f"/rounds/{walk.code}/certificate/").status_code == 403
    assert client.get(f"/rounds/{walk.code}/").context["board"].figures.open == 28
    reopened = client.post(f"/rounds/{walk.code}/reopen/", {"name": walk.code})
    assert work(client, reopened).state == Job.State.DONE
    assert client.get(f"/rounds/{walk.code}/live/").status_code == 200


def test_home_card_shows_where_it_is_worst(walk: Walk) -> None:
    with db.owner():
        mark_homes(walk, walk.district.keys[:8])
    page = sign_in(walk.district.district).get("/")
    assert page.status_code == 200
    assert walk.district.communities[1].name in page.content.decode()


def test_household_round_counts_households() -> None:
    with db.owner():
        walk = make_walk(count_by=CountBy.HOUSEHOLD, **SMALL)
    client = sign_in(walk.district.district)
    assert client.get(f"/rounds/{walk.code}/").context["board"].figures.open == 16
    door = client.get(f"/rounds/{walk.code}/door/{walk.district.keys[0]}/")
    assert [one.people for one in door.context["homes"][0].subjects] == [2]
    posted = {"kind": "done", "household": walk.homes[walk.district.keys[0]], "id": str(new_id())}
    client.post(f"/rounds/{walk.code}/mark/", posted | {"key": walk.district.keys[0]})
    assert client.get(f"/rounds/{walk.code}/").context["board"].figures.open == 15


def test_nobody_due_is_said() -> None:
    with db.owner():
        walk = make_walk(empty=range(8, 16), **SMALL)
        away = make_person("外出的人", presence=Presence.AWAY)
    assert away.presence == Presence.AWAY
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/?place={walk.district.communities[1].code}")
    assert page.context["board"].figures.due == 0
    assert page.status_code == 200
