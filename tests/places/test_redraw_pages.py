"""The page on which boundaries are redrawn, its API and its command; suggestions of the search box."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.places import queries, services
from linli.places.terms import Kind, PlaceRef
from linli.site import cli
from tests.builders.duty import make_account
from tests.builders.places import AT, District, make_district, make_grids

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> District:
    return make_district()


@pytest.fixture
def grids(made: District) -> list[PlaceRef]:
    return make_grids(made)


@pytest.fixture
def page(made: District, client: Client) -> Client:
    client.force_login(make_account(role="office", place=made.communities[0], username="office"))
    return client


def test_split_from_the_page_and_back(page: Client, made: District, grids: list[PlaceRef]) -> None:
    url = reverse("places:redraw", args=[grids[0].code])
    body = page.get(url).content.decode()
    assert "1号楼" in body
    assert "第2网格" in body
    form = {"how": "new", "name": "第3网格", "piece": [made.buildings[0].id, made.units[2].id]}
    shown = page.post(url, form | {"preview": "1"})
    body = shown.content.decode()
    assert shown.status_code == 200, body
    assert body.count("<svg") >= 3
    assert 'name="token"' in body
    assert queries.find_place("150102001001-G03") is None
    token = body.split('name="token" value="')[1].split('"')[0]
    stale = page.post(url, form | {"confirm": "1", "token": "0" * 16})
    assert stale.status_code == 409
    done = page.post(url, form | {"confirm": "1", "token": token})
    assert done.status_code == 302, done.content.decode()
    new = queries.get_place("150102001001-G03")
    now = clock.now()
    assert queries.extent_of(new.id, now) == made.buildings[0].block | made.units[2].block
    assert "第3网格" in page.get(done["Location"]).content.decode()
    number = done["Location"].rstrip("/").split("/")[-1]
    page.post(reverse("places:undo-redrawing", args=[number]))
    assert queries.extent_of(grids[0].id, clock.now()) == made.compounds[0].block
    assert "已撤销" in page.get(url).content.decode()


def test_merge_and_move_from_the_page(page: Client, made: District, grids: list[PlaceRef]) -> None:
    url = reverse("places:redraw", args=[grids[0].code])
    later = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form: dict[str, Any] = {"how": "move", "to": grids[1].id, "piece": made.units[0].id, "since": later, "preview": "1"}
    moved = page.post(url, form)
    assert moved.status_code == 200, moved.content.decode()
    taken: dict[str, Any] = {"how": "new", "name": "第2网格", "piece": made.units[0].id}
    for form, status in (({"how": "new"}, 422), ({"how": "move"}, 422), ({"how": "merge"}, 422), (taken, 409)):
        assert page.post(url, form).status_code == status, form
    merged = page.post(url, {"how": "merge", "merge": grids[1].id, "preview": "1"}).content.decode()
    token = merged.split('name="token" value="')[1].split('"')[0]
    assert page.post(url, {"how": "merge", "merge": grids[1].id, "confirm": "1", "token": token}).status_code == 302
    gone = page.get(reverse("places:place", args=[grids[1].code])).content.decode()
    assert "已并入" in gone
    assert grids[1].code in page.get(reverse("places:place", args=[grids[0].code])).content.decode()


def test_suggestions(page: Client, made: District) -> None:
    url = reverse("places:suggest")
    body = page.get(url, {"text": "ygxq"}).content.decode()
    assert 'role="option"' in body
    assert "阳光小区" in body
    assert "阳光小区 2号楼 1单元 302" in page.get(url, {"text": "阳光 2-1-302"}).content.decode()
    assert "团结小区" not in page.get(url, {"text": "tjxq"}).content.decode()  # of the other community
    assert page.get(url).content.decode().strip() == ""
    assert "阳光小区 2号楼 1单元 302" in page.get(reverse("places:index"), {"text": "2-1-302"}).content.decode()


def test_api(page: Client, made: District, grids: list[PlaceRef]) -> None:
    data = {"kind": "grid", "takes": [{"pieces": [made.buildings[0].code], "name": "新"}], "dry_run": True}
    tried = page.post("/api/places/redrawings/new", data, content_type="application/json")
    assert tried.status_code == 200, tried.content
    assert tried.json()["number"] is None
    done = page.post("/api/places/redrawings/new", data | {"dry_run": False}, content_type="application/json").json()
    assert {one["name"]: one["doors_after"] for one in done["places"]} == {"第1网格": 12, "新": 12}
    assert [queries.get_place(one["code"]).name for one in done["places"]] == [one["name"] for one in done["places"]]
    undone = page.post(f"/api/places/redrawings/{done['number']}/undo", content_type="application/json")
    assert undone.status_code == 204
    assert page.post("/api/places/redrawings/99/undo", content_type="application/json").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    made = make_district(communities=1)
    one, two = (
        services.add_overlay(
            kind=Kind.GRID, parent_id=made.communities[0].id, name=name, place_ids=[compound.id], actor=SYSTEM, at=AT
        )
        for name, compound in zip("甲乙", made.compounds, strict=True)
    )
    make_account(role="command", place=made.city, username="boss")

    def run(*words: str) -> str:
        assert cli.run_command(["--as", "boss", "places", *words]) == 0
        return capsys.readouterr().out

    tried = json.loads(run("regrid", made.buildings[0].code, "--to", two.code, "--dry-run", "--json"))
    assert tried["number"] is None
    done = json.loads(run("regrid", made.buildings[0].code, "--to", two.code, "--json"))
    assert [place["doors_after"] for place in done["places"]] == [12, 36]
    assert json.loads(run("regrids", one.code, "--json"))[0]["number"] == done["number"]
    assert "恢复原样" in run("undo-regrid", str(done["number"]))
    made_new = json.loads(run("regrid", made.buildings[0].code, "--new", "丙", "--json"))["places"]
    assert {place["name"] for place in made_new} == {"甲", "丙"}
    assert [queries.get_place(place["code"]).name for place in made_new] == [place["name"] for place in made_new]
    run("undo-regrid", str(json.loads(run("regrids", one.code, "--json"))[0]["number"]))
    assert not db.rows("SELECT 1 FROM place_regrid WHERE undone_at IS NULL")
    assert run("index").strip() == "0"
