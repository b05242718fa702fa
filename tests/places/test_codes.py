"""Codes of doors on the command line and in the API: the same as on the page."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.core import clock, db
from linli.places.codes import list_code_sheets
from linli.site import cli
from tests.builders import duty
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
SITE = "https://linli.example.cn"
Run = Callable[..., str]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> District:
    monkeypatch.setenv("LINLI_AS", "")  # and take back what a command sets
    monkeypatch.setenv("COLUMNS", "200")
    with db.owner():
        district = make_district(communities=2, compounds=1, buildings=2, units=2)
    duty.make_account(role="office", place=district.communities[0], username="a")
    return district


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, code: int = 0) -> str:
        assert cli.run_command(["--as", "a", "places", "codes", *arguments]) == code, capsys.readouterr().err
        return capsys.readouterr().out

    return run


def test_a_compound_to_print(made: District, run: Run, tmp_path: Path) -> None:
    """A sheet a stairwell; each door once, in walking order; nothing that is fetched from elsewhere."""
    file = tmp_path / "codes.html"
    said = run(made.compounds[0].code, "--out", str(file), "--url", SITE)
    inside = {unit.id for unit in made.units[:4]}
    doors = [door for door in made.doors if door.unit_id in inside]
    assert f"{len(doors)} " in said
    page = file.read_text()
    assert page.count("<section>") == 4
    assert page.count("<svg") == len(doors) + 4
    assert "src=" not in page
    assert "href=" not in page
    places = [page.index(f"<b>{door.number}</b>") for door in doors if door.unit_id == made.units[0].id]
    assert places == sorted(places)


def test_a_table_for_a_printing_house(made: District, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    run(made.buildings[0].code, "--out", str(file), "--url", SITE + "/")
    titles, *rows = csv.reader(file.read_text("utf-8-sig").splitlines())
    assert len(titles) == 5
    stairs, doors = [row for row in rows if not row[2]], [row for row in rows if row[2]]
    assert [row[4] for row in stairs] == [f"{SITE}/field/#/u/{unit.code}" for unit in made.units[:2]]
    first = made.doors[0]
    assert doors[0][2:] == [first.number, str(first.key), f"{SITE}/field/#/d/{first.key}"]


def test_json_and_the_api_say_the_same(made: District, run: Run) -> None:
    unit = made.units[0]
    told = json.loads(run(unit.code, "--json", "--url", "http://testserver"))
    client = Client()
    client.login(username="a", password=duty.PASSWORD)
    answer = client.get(f"/api/places/{unit.code}/codes")
    assert answer.json() == told
    assert [each["key"] for each in told[0]["doors"]] == [door.key for door in made.doors if door.unit_id == unit.id]


def test_a_compound_takes_as_many_queries_as_a_stairwell(made: District) -> None:
    asked = []
    with db.owner():
        for place in (made.units[0], made.buildings[0], made.compounds[0]):
            with CaptureQueriesContext(connections[db.using()]) as queries:
                sheets = list_code_sheets(place, site=SITE, at=clock.now())
            asked.append(len(queries))
            inside = [unit.id for unit in made.units if unit.block & place.block]
            assert [sheet.unit.id for sheet in sheets] == inside
    assert asked[1] == asked[2] == 3
    assert asked[0] == 2


def test_only_where_one_may_look_and_only_of_what_has_doors(made: District) -> None:
    client = Client()
    client.login(username="a", password=duty.PASSWORD)
    assert client.get(f"/api/places/{made.compounds[1].code}/codes").status_code == 403
    wrong = client.get(f"/api/places/{made.communities[0].code}/codes")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "places.unknown")


def test_a_file_of_another_kind_is_refused(made: District, run: Run, tmp_path: Path) -> None:
    run(made.units[0].code, "--out", str(tmp_path / "codes.pdf"), code=2)
    run(made.units[0].code)
    assert not list(tmp_path.iterdir())
