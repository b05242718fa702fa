"""Pages and API of residents, as the web role, behind the wall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.models import JournalEntry
from linli.residents.models import Person
from linli.residents.terms import Need, Presence
from linli.site.cli import run_command
from tests.builders.duty import make_account
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person, people_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)
NUMBER = make_id_number(number=7)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def town() -> Iterator[District]:
    with db.owner():
        made = make_district(communities=2, compounds=1, buildings=1)
    with clock.stopped(AT):
        yield made


@pytest.fixture
def home(town: District) -> int:
    people = [make_person("张三", id_number=NUMBER, phone="15400000001", needs=Need.ALONE), make_person("李四")]
    with db.owner():
        return make_household(town.keys[0], people=people)


def first(home: int) -> Person:
    with db.owner():
        return Person.objects.get(pk=people_of(home)[0])


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_search_finds_by_number_and_masks_it(home: int, clerk: Client, stranger: Client) -> None:
    for wanted in (NUMBER, "154 0000 0001", "张三"):
        page = text(clerk.post("/residents/", {"text": wanted}))
        assert "张三" in page
        assert "154****0001" in page
        assert NUMBER[6:14] not in page.replace(f'value="{NUMBER}"', "")
        assert "154****0001" not in text(stranger.post("/residents/", {"text": wanted}, headers=HTMX))
    assert clerk.get("/residents/").status_code == 200


def test_household_page(home: int, clerk: Client, stranger: Client) -> None:
    page = text(clerk.get(f"/residents/household/{home}/"))
    assert "阳光小区 1号楼 1单元 101" in page
    assert "李四" in page
    assert "是的，以上各人均已搬走" in page, "it asks by name before all of them leave the register"
    assert NUMBER not in page
    assert stranger.get(f"/residents/household/{home}/").status_code == 404


def test_the_page_of_a_building_leads_to_who_lives_behind_its_doors(
    home: int, town: District, clerk: Client, client: Client
) -> None:
    page = clerk.get(f"/places/{town.buildings[0].code}/")
    tiles = {
        tile.number: tile for well in page.context["stairwells"][:1] for floor in well.floors for tile in floor.doors
    }
    assert (tiles["101"].people, tiles["101"].needs) == (2, ["独居"])
    assert (tiles["102"].people, tiles["102"].label) == (0, "无登记")
    assert f'href="/residents/door/{town.keys[0]}/"' in text(page)
    household = clerk.get(f"/residents/door/{town.keys[0]}/", follow=True)
    assert f"/residents/door/{town.keys[0]}/new/" in text(household), "a second household may be entered"
    gate = Client()
    gate.force_login(make_account(role="gate", place=town.communities[0]))
    assert "/residents/door/" not in text(gate.get(f"/places/{town.buildings[0].code}/")), (
        "who may not look behind doors"
    )


def test_edit_in_place_and_its_conflict(home: int, clerk: Client) -> None:
    person = first(home)
    path, prefix = f"/residents/person/{person.pk}/edit/", f"p{person.pk}-"
    assert "seen_at" in text(clerk.get(path, headers=HTMX))
    sent = {f"{prefix}name": "张三丰", f"{prefix}sex": int(person.sex), "seen_at": person.updated_at.isoformat()}
    page = text(clerk.post(path, sent, headers=HTMX))
    assert "张三丰" in page
    assert "<form method" not in page
    assert first(home).id_hash == person.id_hash, "what is left empty stays"
    page = text(clerk.post(path, {**sent, f"{prefix}name": "张四丰"}, headers=HTMX))
    assert "张三丰" in page
    assert "张四丰" in page
    assert first(home).name == "张三丰"


def test_new_household_add_move_and_leave(town: District, clerk: Client) -> None:
    key = town.keys[1]
    assert clerk.get(f"/residents/door/{key}/").status_code == 200
    bad = clerk.post(f"/residents/door/{key}/new/", {"first-name": "王五5", "first-sex": 0})
    assert bad.status_code == 422
    made = clerk.post(f"/residents/door/{key}/new/", {"first-name": "王五", "first-sex": 0, "label": "租户"})
    assert made.status_code == 302
    home = int(made["Location"].split("/")[3])
    assert clerk.get(f"/residents/door/{key}/").status_code == 302
    clerk.post(f"/residents/household/{home}/add/", {"name": "王六", "sex": 2})
    with db.owner():
        one, two = people_of(home)
    moved = clerk.post(f"/residents/person/{two}/move/", {"door": "阳光小区 1号楼 2单元 302"})
    assert moved.status_code == 302
    wrong = clerk.post(f"/residents/person/{one}/move/", {"door": "阳光小区 1号楼 2单元 999"})
    assert wrong.status_code == 422
    clerk.post(f"/residents/person/{one}/presence/", {"presence": 2, "back_on": "2022-10-20"})
    assert Person.objects.using("owner").get(pk=one).presence == Presence.AWAY
    assert clerk.post(f"/residents/household/{home}/vacant/").status_code == 302
    assert Person.objects.using("owner").get(pk=one).presence == Presence.MOVED_OUT
    assert clerk.post(f"/residents/person/{one}/presence/", {"presence": 1}).status_code == 302
    assert Person.objects.using("owner").get(pk=one).presence == Presence.PRESENT


def test_move_household_page(home: int, town: District, clerk: Client) -> None:
    assert clerk.get(f"/residents/household/{home}/move/").status_code == 200
    sent = clerk.post(f"/residents/household/{home}/move/", {"door": "阳光小区 1号楼 2单元 101"})
    assert sent.status_code == 302
    assert first(home).key == next(door.key for door in town.doors if door.unit_id == town.units[1].id)


def test_a_door_is_named_as_in_the_search(home: int, town: District, clerk: Client) -> None:
    """阳光 1-2-101 is enough; where several doors fit, they are named, and nothing is guessed."""
    move = f"/residents/household/{home}/move/"
    several = clerk.post(move, {"door": "1-101"})
    assert several.status_code == 422
    assert "阳光小区 1号楼 1单元 101; 阳光小区 1号楼 2单元 101" in text(several)
    none = clerk.post(move, {"door": "1-2-999"})
    assert "没有符合“1-2-999”的门户" in text(none)
    assert clerk.post(move, {"door": "1-2-101"}).status_code == 302
    assert "阳光小区 1号楼 2单元 101" in text(clerk.get(f"/residents/household/{home}/"))


def test_unmask_asks_what_for(home: int, clerk: Client) -> None:
    person = first(home)
    path = f"/residents/person/{person.pk}/unmask/"
    assert NUMBER not in text(clerk.get(f"/residents/person/{person.pk}/"))
    assert NUMBER not in text(clerk.post(path, {"secret": "id_number"}))
    shown = clerk.post(path, {"secret": "id_number", "purpose": "transfer"}, headers=HTMX)
    assert NUMBER in text(shown)
    assert "no-store" in shown["Cache-Control"]
    assert JournalEntry.objects.using("owner").filter(verb="residents.unmask").count() == 1


def test_api_from_household_to_count(home: int, town: District, clerk: Client, stranger: Client) -> None:
    api = "/api/residents"
    found = clerk.get(f"{api}/households/{home}").json()
    person = found["people"][0]
    assert (person["name"], person["needs"], person["id_number"][3:-4]) == ("张三", ["alone"], "*" * 11)
    assert stranger.get(f"{api}/households/{home}").status_code == 404
    json: dict[str, Any] = {"content_type": "application/json"}
    assert clerk.post(f"{api}/people/search", {"text": NUMBER}, **json).json()["by"] == "id_number"
    sent = {"phone": "15400000009", "seen_at": person["updated_at"]}
    changed = clerk.patch(f"{api}/people/{person['id']}", sent, **json)
    assert changed.json()["phone"] == "154****0009"
    again = clerk.patch(f"{api}/people/{person['id']}", {**sent, "phone": "15400000008"}, **json)
    assert (again.status_code, again.json()["code"]) == (409, "residents.changed_meanwhile")
    body: dict[str, Any] = {"key": town.keys[3], "people": [{"name": "赵六", "needs": ["pregnant"], "sex": "female"}]}
    assert clerk.post(f"{api}/households", body, **json).status_code == 200
    body["people"][0]["needs"] = ["tall"]
    assert clerk.post(f"{api}/households", body, **json).json()["code"] == "residents.word_unknown"
    counts = clerk.get(f"{api}/count", {"place": town.communities[0].code}).json()
    assert (counts["people"], counts["households"], counts["needs"]["pregnant"]) == (3, 2, 1)
    asked: dict[str, Any] = {"place": town.communities[0].code, "limit": 2}
    page = clerk.get(f"{api}/people", asked).json()
    rest = clerk.get(f"{api}/people", {**asked, "after": page["next"]}).json()
    assert [one["name"] for one in page["people"] + rest["people"]] == ["张三", "李四", "赵六"]
    assert (
        clerk.post(f"{api}/people/{person['id']}/unmask", {"field": "phone", "purpose": "x"}, **json).status_code == 422
    )
    gone = clerk.post(f"{api}/people/{person['id']}/presence", {"presence": "moved_out"}, **json)
    assert gone.json()["presence"] == "moved_out"


def test_a_place_out_of_sight_is_refused_and_never_said_to_be_empty(
    home: int, town: District, clerk: Client, stranger: Client, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Whoever sees a part of a place is told that it is a part: at the terminal too."""
    place, api = town.communities[0].code, "/api/residents"
    addresses = [f"{api}/count?place={place}", f"{api}/people?place={place}", f"{api}/doors/{town.keys[0]}/households"]
    for address in addresses:
        assert clerk.get(address).status_code == 200
        refused = stranger.get(address)
        assert (refused.status_code, refused.json()["code"], bool(refused.json()["advice"])) == (
            403, "core.forbidden", True,
        )  # fmt: skip
    assert clerk.get(f"{api}/doors/1/households").status_code == 404
    assert [clerk.get(address).json()["narrowed"] for address in addresses[:2]] == [False, False]

    make_account(role="grid_worker", place=town.units[0], username="walker")
    monkeypatch.setenv("LINLI_AS", "walker")
    capsys.readouterr()
    assert run_command(["residents", "count", place, "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert (counted["narrowed"], counted["people"]) == (True, 2)
    assert run_command(["residents", "count", town.communities[1].code]) == 4
