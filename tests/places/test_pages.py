"""The room's pages and operations, as the web role behind the wall."""

from __future__ import annotations

import pytest
from django.test import Client

from linli.core import clock, db, qr
from linli.core.access import SYSTEM
from linli.core.importers import Source
from linli.places import queries
from linli.places.imports.outlines import load_outlines
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import AT, District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def made() -> District:
    with db.owner():
        return make_district(communities=2, compounds=1, buildings=2, units=1, floors=2)


@pytest.fixture
def client(made: District) -> Client:
    make_account(username="office", role="office", place=made.communities[0])
    client = Client()
    assert client.login(username="office", password=PASSWORD)
    return client


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def now_extent(place_id: int) -> object:
    with db.owner():
        return queries.extent_of(place_id, clock.now())


def test_index_and_search(made: District, client: Client) -> None:
    own = page(client, "/places/")
    assert "第1社区" in own
    assert "第2社区" not in own
    found = page(client, "/places/?text=阳光")
    assert "阳光小区" in found
    assert "没有找到地点" in page(client, "/places/?text=锦绣")
    fragment = client.get("/places/?text=阳光", headers={"HX-Request": "true"}).content.decode()
    assert "阳光小区" in fragment
    assert "<html" not in fragment


def test_place_pages_from_the_city_to_the_unit(made: District, client: Client) -> None:
    for place in (made.city, made.district, made.street, made.communities[0], made.compounds[0], made.buildings[0]):
        shown = page(client, f"/places/{place.code}/")
        assert place.name in shown
        assert place.code in shown
    assert "202" in page(client, f"/places/{made.buildings[0].code}/"), "the building is drawn with its doors"
    unit = page(client, f"/places/{made.units[0].code}/")
    assert "101" in unit
    assert "添加门户" in unit
    assert "添加地点" not in page(client, f"/places/{made.street.code}/")
    page(client, f"/places/{made.communities[1].code}/", 403)
    page(client, "/places/999/", 404)


def test_outline_is_drawn(made: District, client: Client, tmp_path: object) -> None:
    import json
    from pathlib import Path

    square = [[[111.6, 40.8], [111.7, 40.8], [111.7, 40.9], [111.6, 40.8]]]
    feature = {
        "type": "Feature", "properties": {"code": made.communities[0].code},
        "geometry": {"type": "Polygon", "coordinates": square},
    }  # fmt: skip
    path = Path(str(tmp_path)) / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    source = Source(path, path.name, {"datum": "wgs84"})
    load_outlines(source, actor=SYSTEM, at=AT, watch=lambda *_: None)
    assert "<path d=" in page(client, f"/places/{made.communities[0].code}/")
    shape = client.get(f"/api/places/{made.communities[0].code}/outline").json()
    assert shape["geometry"]["coordinates"] == square


def test_adding_renaming_and_ending(made: District, client: Client) -> None:
    code = made.compounds[0].code
    assert "楼栋" in page(client, f"/places/{code}/add/")
    assert client.post(f"/places/{code}/add/", {"kind": 80, "name": "3号楼"}).status_code == 302
    assert "3号楼" in page(client, f"/places/{code}/")
    again = client.post(f"/places/{code}/add/", {"kind": 80, "name": "三号楼"})
    assert again.status_code == 409
    assert "已有名为" in again.content.decode()
    empty = client.post(f"/places/{code}/add/", {"kind": 80, "name": ""})
    assert empty.status_code == 422
    assert client.post(f"/places/{code}/rename/", {"name": "新阳光小区"}).status_code == 302
    assert "新阳光小区" in page(client, "/places/?text=新阳光")
    unit = made.units[0].code
    assert client.post(f"/places/{unit}/doors/", {"numbers": "301 302\n303"}).status_code == 302
    assert "303" in page(client, f"/places/{unit}/")
    for language, words in (("zh-hans", "已有门牌号 303"), ("en", "already a door 303")):
        twice = client.post(f"/places/{unit}/doors/", {"numbers": "303"}, headers={"accept-language": language})
        assert (twice.status_code, words in twice.content.decode()) == (409, True)
    assert client.post(f"/places/{unit}/end/", {"name": "不对"}).status_code == 422
    assert client.post(f"/places/{unit}/end/", {"name": "1单元"}).status_code == 302
    assert "撤销于" in page(client, f"/places/{unit}/")


def test_moving_needs_both_sides(made: District, client: Client) -> None:
    url = f"/places/{made.compounds[0].code}/move/"
    assert client.post(url, {"to": made.communities[1].code}).status_code == 403
    assert client.post(url, {"to": "nowhere"}).status_code == 404
    make_account(username="chief", role="command", place=made.city)
    chief = Client()
    assert chief.login(username="chief", password=PASSWORD)
    assert chief.post(url, {"to": made.communities[1].code}).status_code == 302
    assert made.compounds[0].block <= now_extent(made.communities[1].id)  # type: ignore[operator]


def test_grid_from_the_page(made: District, client: Client) -> None:
    community = made.communities[0]
    sent = client.post(f"/places/{community.code}/add/", {"kind": 61, "name": "1网格", "holds": made.buildings[0].code})
    assert sent.status_code == 302
    assert "1网格" in page(client, f"/places/{made.buildings[0].code}/")


def test_api(made: District, client: Client) -> None:
    community, compound = made.communities[0], made.compounds[0]
    assert [one["code"] for one in client.get("/api/places").json()] == ["1501"]
    shown = client.get(f"/api/places/{compound.code}").json()
    assert shown["kind"] == "compound"
    assert shown["counts"] == {"compounds": 1, "buildings": 2, "units": 2, "doors": 8}
    assert shown["spans"] == [[compound.lo, compound.hi]]
    assert [one["name"] for one in shown["path"]][-1] == "第1社区"
    children = client.get(f"/api/places/{community.code}/children").json()
    assert [one["name"] for one in children] == ["阳光小区"]
    assert [one["name"] for one in client.get("/api/places/search?text=阳光").json()] == ["阳光小区"]
    found = client.get("/api/places/search/doors?text=yg 1-1-202").json()
    assert [(door["label"], door["unit"]) for door in found] == [("阳光小区 1号楼 1单元 202", made.units[0].code)]
    doors = client.get(f"/api/places/{made.units[0].code}/doors").json()
    assert [door["number"] for door in doors] == ["101", "102", "201", "202"]
    refused = client.get(f"/api/places/{made.compounds[1].code}")
    assert (refused.status_code, refused.json()["code"]) == (403, "core.forbidden")
    assert client.get("/api/places/999").json()["code"] == "places.unknown"


def test_api_writes(made: District, client: Client) -> None:
    sent = client.post(
        "/api/places",
        {"kind": "building", "name": "9", "under": made.compounds[0].code},
        content_type="application/json",
    )
    assert sent.status_code == 201, sent.content
    code = sent.json()["code"]
    renamed = client.patch(f"/api/places/{code}", {"name": "九号楼"}, content_type="application/json")
    assert renamed.json()["name"] == "九号楼"
    wrong = client.post("/api/places", {"kind": "planet", "name": "9"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "places.kind")
    added = client.post(
        f"/api/places/{made.units[0].code}/doors", {"numbers": ["501"]}, content_type="application/json"
    )
    assert [door["floor"] for door in added.json()] == [5]
    moved = client.post(
        f"/api/places/{made.compounds[0].code}/move", {"to": made.communities[1].code}, content_type="application/json"
    )
    assert moved.status_code == 403


def test_door_codes_of_a_building_and_a_unit(made: District, client: Client) -> None:
    """One a door in walking order, a sheet a unit; an address of the app by the door's key, and nobody's name."""
    shown = page(client, f"/places/{made.buildings[0].code}/codes/")
    unit = made.units[0]
    doors = [door for door in made.doors if door.unit_id == unit.id]
    assert shown.count('pl-code"') == len(doors) + 1
    places = [shown.index(f"<b>{door.number}</b>") for door in doors]
    assert places == sorted(places)
    assert "门码" in page(client, f"/places/{unit.code}/")
    assert f"<b>{doors[0].number}</b>" in page(client, f"/places/{unit.code}/codes/")
    page(client, f"/places/{made.communities[0].code}/codes/", 404)
    page(client, f"/places/{made.communities[1].code}/codes/", 403)


def test_what_a_door_code_holds(made: District, client: Client) -> None:
    unit, other = made.units[0], "https://x.example"
    door = next(door for door in made.doors if door.unit_id == unit.id)
    shown = page(client, f"/places/{unit.code}/codes/")
    assert str(qr.draw_svg(f"http://testserver/field/#/d/{door.key}")) in shown
    assert str(qr.draw_svg(f"http://testserver/field/#/u/{unit.code}")) in shown
    assert str(qr.draw_svg(f"{other}/field/#/d/{door.key}")) not in shown
