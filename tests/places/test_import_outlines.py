"""Outlines from GeoJSON."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linli.core.access import SYSTEM
from linli.core.importers import Outcome, Source
from linli.places import queries
from linli.places.imports.outlines import DatumWrong, NotGeoJson, load_outlines
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)
SQUARE = [[[111.6, 40.8], [111.7, 40.8], [111.7, 40.9], [111.6, 40.9], [111.6, 40.8]]]


@pytest.fixture
def made() -> District:
    return make_district(communities=1, compounds=1, buildings=1, units=1)


def feature(coordinates: Any = SQUARE, kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def load(folder: Path, *features: Any, datum: str = "WGS-84") -> Outcome:
    path = folder / "outlines.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    source = Source(path, path.name, {"datum": datum})
    return load_outlines(source, actor=SYSTEM, at=LATER, watch=lambda *_: None)


def test_by_code_and_by_name(made: District, tmp_path: Path) -> None:
    outcome = load(tmp_path, feature(adcode=150102), feature(name="阳光小区"))
    assert outcome.account.created == 2, outcome.rejections
    found = queries.find_outline(made.district.id)
    assert found is not None
    assert found["box"] == (111.6, 40.8, 111.7, 40.9)
    assert found["geometry"]["coordinates"] == SQUARE
    moved = [[[lon + 0.1, lat] for lon, lat in SQUARE[0]]]
    again = load(tmp_path, feature(moved, adcode=150102), feature(name="阳光小区"))
    assert (again.account.updated, again.account.unchanged) == (1, 1)


BOW = [[[111.6, 40.8], [111.7, 40.9], [111.7, 40.8], [111.6, 40.9], [111.6, 40.8]]]
BAD = {
    "unknown": feature(code="999999"),
    "empty": feature(),
    "swapped": feature([[[40.8, 111.6], [40.8, 111.7], [40.9, 111.7], [40.8, 111.6]]], code="1501"),
    "range": feature([[[12_411_000, 4_990_000], [12_412_000, 4_990_000], [12_412_000, 4_991_000]]], code="1501"),
    "invalid": feature(BOW, code="1501"),
    "broken": feature([[["a", "b"], [1, 2]]], code="1501"),
    "not_polygon": feature([111.6, 40.8], kind="Point", code="1501"),
    "twice": feature(code="150102"),
}


@pytest.mark.parametrize("code", BAD)
def test_bad_features(made: District, tmp_path: Path, code: str) -> None:
    outcome = load(tmp_path, feature(adcode=150102), BAD[code])
    assert (outcome.account.created, outcome.account.rejected) == (1, 1)
    assert [(one.code, one.row) for one in outcome.rejections] == [(code, 2)]
    assert outcome.rejections[0].advice


@pytest.mark.parametrize("datum", ["", "gcj02", "BD-09", "wgs 72"])
def test_only_wgs84(made: District, tmp_path: Path, datum: str) -> None:
    with pytest.raises(DatumWrong):
        load(tmp_path, feature(adcode=150102), datum=datum)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"type": "FeatureCollection", "features": []}', "code,name"])
def test_other_files(made: District, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(NotGeoJson):
        load_outlines(Source(path, path.name, {"datum": "wgs84"}), actor=SYSTEM, at=LATER, watch=lambda *_: None)
