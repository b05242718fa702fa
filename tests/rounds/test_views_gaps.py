"""The gap list as a page: filters, pages, one-click marks, export."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.places import queries as places
from linli.places.terms import PlaceRef
from linli.residents import services as residents
from linli.rounds import bulk, queries, views_gaps
from linli.rounds.terms import Mark
from tests.builders.duty import make_account
from tests.builders.residents import people_of
from tests.builders.rounds import NOON, Walk, make_walk, mark_homes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role, pytest.mark.usefixtures("noon")]


@pytest.fixture
def walk() -> Walk:
    with db.owner():
        return make_walk(communities=1, compounds=1, buildings=1, units=2, floors=2, a_floor=2)


def sign_in(place: PlaceRef, role: str = "office") -> Client:
    with db.owner():
        account = make_account(role=role, place=place)
    client = Client()
    client.force_login(account)
    return client


def names_of(page: object) -> list[int]:
    return [gap.subject_id for unit in page.context["units"] for home in unit.homes for gap in home.gaps]  # type: ignore[attr-defined]


def press(client: Client, walk: Walk, index: int, kind: str, **more: object) -> Any:
    key = walk.district.keys[index]
    posted = {"kind": kind, "key": key, "household": walk.homes[key], "id": str(new_id()), "from": "list"}
    return client.post(f"/rounds/{walk.code}/mark/", posted | more)


def states(walk: Walk, index: int) -> list[int]:
    from linli.rounds.stairwell import list_homes

    with db.owner():
        homes = list_homes(walk.round, [walk.district.keys[index]], NOON)
    return [int(one.state) for home in homes for one in home.subjects]


def test_list_is_in_walking_order_under_its_units(walk: Walk) -> None:
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/gaps/")
    assert [unit.count for unit in page.context["units"]] == [8, 8]
    assert [home.number for home in page.context["units"][0].homes] == ["101", "102", "201", "202"]


def test_the_figures_above_the_list_follow_a_mark(walk: Walk) -> None:
    client, address = sign_in(walk.district.district), f"/rounds/{walk.code}/gaps/"
    assert client.get(address).context["found"].total == 16
    assert press(client, walk, 0, "done")["HX-Trigger"] == "linli:marked"
    head = client.get(address, headers={"HX-Target": "gaps-head"})
    assert "HX-Target" in head["Vary"]  # going back, a browser shows the page and not this part of it
    assert head.context["found"].total == 14
    assert [chip["count"] for chip in head.context["chips"]["reasons"]] == [14, 14, 0, 0]
    assert "data-gaps" not in head.content.decode()


def test_from_the_list_to_the_door_and_to_who_lives_there(walk: Walk) -> None:
    key = walk.district.keys[0]
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/gaps/").content.decode()
    assert f'href="/rounds/{walk.code}/door/{key}/"' in page
    door = f"/rounds/{walk.code}/door/{key}/"
    assert f'href="/residents/door/{key}/"' in sign_in(walk.district.district).get(door).content.decode()


def test_pages_follow_each_other_without_a_gap(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_gaps, "PAGE", 5)
    client, url, found = sign_in(walk.district.district), f"/rounds/{walk.code}/gaps/", []
    while url:
        page = client.get(url)
        found += names_of(page)
        url = page.context["pager"].next_url
    assert len(found) == len(set(found)) == 16
    assert page.context["pager"].last == 16


@pytest.mark.parametrize("address", ["gaps/?after=-1.0.0", f"gaps/?after={2**80}.0.0", f"door/{2**80}/"])
def test_numbers_beyond_all_doors_are_refused(walk: Walk, address: str) -> None:
    client = sign_in(walk.district.district)
    assert client.get(f"/rounds/{walk.code}/{address}").status_code == 422
    if address.startswith("gaps"):
        assert client.get(f"/api/rounds/{walk.code}/{address}".replace("/?", "?")).status_code == 422


def test_filters_by_reason_and_need(walk: Walk) -> None:
    with db.owner():
        mark_homes(walk, walk.district.keys[:1], Mark.REFUSED)
    client = sign_in(walk.district.district)
    assert len(names_of(client.get(f"/rounds/{walk.code}/gaps/?reason=refused"))) == 2
    assert len(names_of(client.get(f"/rounds/{walk.code}/gaps/?reason=absent"))) == 0
    needing = client.get(f"/rounds/{walk.code}/gaps/?need=alone")
    assert 0 < len(names_of(needing)) < 16
    for wrong in ("reason=nonsense", "need=nonsense", "after=nonsense"):
        assert client.get(f"/rounds/{walk.code}/gaps/?{wrong}").status_code == 422


def test_one_press_marks_all_who_are_open_and_nobody_else(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    key = walk.district.keys[0]
    with db.owner():
        first, second = people_of(walk.homes[key])
    press(client, walk, 0, "exempt", subject=first, reason="住院")
    answer = press(client, walk, 0, "done")
    assert answer.status_code == 200
    assert states(walk, 0) == [Mark.EXEMPT, Mark.DONE]
    # Pressed wrong: the right one is pressed for the one person, and the later counts.
    with clock.stopped(NOON.replace(minute=30)):
        press(client, walk, 0, "absent", subject=second)
    assert states(walk, 0) == [Mark.EXEMPT, Mark.ABSENT]


def test_later_press_counts(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    press(client, walk, 0, "done")
    with clock.stopped(NOON.replace(minute=30)):
        with db.owner():
            first = people_of(walk.homes[walk.district.keys[0]])[0]
        press(client, walk, 0, "absent", subject=first, back="18:30")
    assert sorted(states(walk, 0)) == [Mark.ABSENT, Mark.DONE]
    page = client.get(f"/rounds/{walk.code}/gaps/?reason=absent")
    gap = page.context["units"][0].homes[0].gaps[0]
    assert gap.back_at is not None
    assert (gap.back_at.hour, gap.back_at.minute) in {(18, 30), (10, 30)}


def test_second_press_of_one_page_changes_nothing(walk: Walk) -> None:
    client, command = sign_in(walk.district.district), str(new_id())
    subject = walk.homes[walk.district.keys[0]]
    assert subject
    for _ in range(2):
        press(client, walk, 0, "absent", id=command)
    with db.owner():
        assert db.scalar("SELECT count(*) FROM mark") == 2


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("nonsense", {}, "rounds.bad_mark"),
        ("exempt", {}, "rounds.field_wrong"),
        ("absent", {"back": "half past"}, "rounds.field_wrong"),
        ("exempt", {"reason": "住院", "until": "2022-10-01"}, "rounds.field_wrong"),
        ("done", {"id": "1"}, "rounds.field_wrong"),
        ("done", {"subject": "999999"}, "rounds.not_in_round"),
        ("done", {"household": "999999"}, "rounds.not_in_round"),
    ],
)
def test_bad_mark_is_refused_with_advice(walk: Walk, kind: str, more: dict[str, object], code: str) -> None:
    client = sign_in(walk.district.district)
    key = walk.district.keys[0]
    posted = {"kind": kind, "key": key, "household": walk.homes[key], "id": str(new_id())} | more
    answer = client.post(f"/rounds/{walk.code}/mark/", posted, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.content.decode()
    assert states(walk, 0) == [Mark.NOT_REACHED] * 2


def test_moved_out_corrects_the_register(walk: Walk) -> None:
    lead = sign_in(walk.district.units[0], "unit_lead")
    assert press(lead, walk, 0, "done").status_code == 200
    assert press(lead, walk, 1, "moved_out").status_code == 200
    assert states(walk, 1) == []
    with db.owner():
        figures = queries.get_figures(round_id=walk.round.id, extent=queries.scope_of(walk.round.id), at=NOON)
    assert (figures.due, figures.done) == (14, 2)


def test_foreign_door_is_not_marked(walk: Walk) -> None:
    client = sign_in(walk.district.units[0], "unit_lead")
    assert press(client, walk, 7, "done").status_code == 403
    assert states(walk, 7) == [Mark.NOT_REACHED] * 2


def test_print_carries_all_names_and_room_to_write(walk: Walk) -> None:
    page = sign_in(walk.district.district).get(f"/rounds/{walk.code}/gaps/?print=1")
    assert page.templates[0].name == "rounds/gaps_print.html"
    assert len(names_of(page)) == 16


def test_export_asks_what_for_and_leaves_an_entry(walk: Walk) -> None:
    client = sign_in(walk.district.district)
    assert client.get(f"/rounds/{walk.code}/gaps/export/").status_code == 200
    assert client.post(f"/rounds/{walk.code}/gaps/export/", {"format": "xlsx"}).status_code == 422
    answer = client.post(f"/rounds/{walk.code}/gaps/export/", {"format": "xlsx", "purpose": "contact"})
    book = load_workbook(io.BytesIO(b"".join(answer)))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    header = next(index for index, row in enumerate(rows) if "编号" in row)
    assert len(rows) - header - 1 == 16
    assert str(rows[header + 1][0]).startswith("P")
    with db.owner():
        detail = db.scalar("SELECT detail::text FROM journal_entry WHERE verb = 'rounds.export_gaps'")
    assert '"purpose": "contact"' in detail
    csv = client.post(f"/rounds/{walk.code}/gaps/export/", {"format": "csv", "purpose": "contact"})
    assert "阳光小区" in b"".join(csv).decode("utf-8-sig")


def test_the_list_of_a_closed_round_keeps_who_moved_beyond_the_readers_places() -> None:
    with db.owner():
        walk = make_walk(communities=2, compounds=1, buildings=1, units=1, floors=1, a_floor=2)
        here, far = walk.district.keys[0], walk.district.keys[-1]
        gone = people_of(walk.homes[here])
        bulk.close_round(round_id=walk.round.id, actor=SYSTEM, at=NOON)
        residents.move_person(person_id=gone[0], to_key=far, new_household=True, actor=SYSTEM, at=NOON)
        residents.move_household(household_id=walk.homes[walk.district.keys[1]], to_key=far, actor=SYSTEM, at=NOON)
        community = places.places_of_key(here, NOON)[-4]
    client = sign_in(community)
    answer = client.get(f"/api/rounds/{walk.code}/gaps").json()
    assert (answer["open"], len(answer["items"]), answer["place"]["code"]) == (4, 4, community.code)
    assert [item["name"] for item in answer["items"]].count("现居他处") == 3
    paper = client.get(f"/rounds/{walk.code}/gaps/?print=1").content.decode()
    assert paper.count("现居他处") == 3
    door = client.get(f"/rounds/{walk.code}/door/{here}/").content.decode()
    assert door.count("现居他处") == 1
