"""What maps are drawn from: levels, outlines, and the compounds of a drawn area."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely
from django.test import Client

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import NOWHERE
from linli.places import services
from linli.places.drawing import read_area
from linli.places.queries import inside, maps
from linli.places.terms import Kind
from tests.builders.duty import make_account
from tests.builders.outlines import corners, draw, draw_compounds, square
from tests.builders.places import AT, District, make_district

SMALL: dict[str, Any] = {"communities": 2, "compounds": 2, "buildings": 2, "units": 1, "floors": 1, "a_floor": 1}


@pytest.fixture
def made() -> District:
    """Four compounds in a row, the last without an outline."""
    district = make_district(**SMALL)
    draw_compounds(district, without=[3])
    return district


def features(found: bytes) -> dict[str, dict[str, Any]]:
    return {one["properties"]["name"]: one for one in json.loads(found)["features"]}


@pytest.mark.django_db
def test_levels_are_those_that_hold_doors(made: District) -> None:
    levels = maps.list_levels(made.extent(made.district), AT, above=Kind.DISTRICT)
    assert [(level.kind, level.count) for level in levels] == [
        (Kind.STREET, 1), (Kind.COMMUNITY, 2), (Kind.COMPOUND, 4),
    ]  # fmt: skip
    assert maps.list_levels(NOWHERE, AT) == []


@pytest.mark.django_db
def test_outlines_are_coarse_by_half_a_pixel(made: District) -> None:
    ring = square(0)
    wavy = [[ring[0][0] + n / 10_000, ring[0][1] - (n % 2) / 100_000] for n in range(100)] + [
        ring[1],
        ring[2],
        ring[3],
    ]
    with db.cursor() as cursor:
        cursor.execute(
            "UPDATE place_outline SET geometry = %s::jsonb WHERE place_id = %s",
            [json.dumps({"type": "Polygon", "coordinates": [[*wavy, wavy[0]]]}), made.compounds[0].id],
        )
    found = [made.compounds[0]]
    near, far = (features(maps.write_features(found, AT, zoom=zoom)) for zoom in (18, 10))
    name = made.compounds[0].name
    assert len(far[name]["geometry"]["coordinates"][0]) <= 6 < len(near[name]["geometry"]["coordinates"][0])
    assert near[name]["properties"]["derived"] is False


@pytest.mark.django_db
def test_grids_without_an_outline_are_put_together_from_their_compounds(made: District) -> None:
    grid = services.add_overlay(
        kind=Kind.GRID, parent_id=made.communities[0].id, name="第1网格", actor=SYSTEM, at=AT,
        place_ids=[made.buildings[0].id, made.buildings[1].id, made.buildings[2].id],
    )  # fmt: skip
    rest = services.add_overlay(
        kind=Kind.GRID, parent_id=made.communities[0].id, name="第2网格", actor=SYSTEM, at=AT,
        place_ids=[made.buildings[3].id],
    )  # fmt: skip
    found = features(maps.write_features([grid, rest], AT, zoom=14))
    assert found["第1网格"]["properties"]["derived"] is True
    # The second compound is cut in two halves of one unit each: it is drawn once, not twice.
    first, second = (shapely.from_geojson(json.dumps(found[name]["geometry"])) for name in ("第1网格", "第2网格"))
    assert first.area == pytest.approx(second.area, rel=0.01)
    assert first.intersection(second).area < first.area / 100


@pytest.mark.django_db
def test_an_area_says_what_lies_in_it_what_it_cuts_and_what_nobody_knows(made: District) -> None:
    everywhere = made.extent(made.district)
    found = inside.select_inside(read_area(corners(-0.1, 1.4)), everywhere, AT)
    assert [piece.place.name for piece in found.inside] == [made.compounds[0].name]
    assert [(piece.place.name, round(piece.share, 2)) for piece in found.partly] == [(made.compounds[1].name, 0.4)]
    assert [piece.place.name for piece in found.unknown] == [made.compounds[3].name]
    assert found.unknown_count == 1
    # Once its community is known to lie elsewhere, so does the compound.
    draw(made.communities[1], 2, 2)
    assert inside.select_inside(read_area(corners(-0.1, 1.4)), everywhere, AT).unknown == []
    within = made.extent(made.communities[1])
    assert inside.select_inside(read_area(corners(-0.1, 1.4)), within, AT) == inside.Selection()


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_outlines_are_kept_by_their_version_and_an_area_is_asked_of_the_api() -> None:
    with db.owner():
        made = make_district(**SMALL)
        draw_compounds(made, without=[3])
        account = make_account(role="office", place=made.district)
    client = Client()
    client.force_login(account)
    address = f"/api/places/map/shapes?level=compound&under={made.street.code}"
    first = client.get(address)
    assert first.status_code == 200
    assert len(json.loads(first.content)["features"]) == 3
    known = {"HTTP_IF_NONE_MATCH": first["ETag"]}
    assert client.get(address, **known).status_code == 304  # type: ignore[arg-type]
    with db.owner():
        draw(made.compounds[3], 3)
    assert client.get(address, **known).status_code == 200  # type: ignore[arg-type]
    itself = client.get(f"/api/places/map/shapes?level=street&under={made.street.code}&self=true")
    assert json.loads(itself.content)["features"][0]["properties"]["derived"] is True
    answer = client.post(
        "/api/places/map/select", json.dumps({"area": corners(-0.1, 1.4)}), content_type="application/json"
    ).json()
    assert [one["name"] for one in answer["inside"]] == [made.compounds[0].name]
    assert client.get("/api/places/map/shapes?level=planet").json()["code"] == "places.level_unknown"
    wrong = client.post("/api/places/map/select", json.dumps({"area": "1, 2"}), content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "places.area_unclear")
