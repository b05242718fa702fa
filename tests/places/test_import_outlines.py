"""Outlines from GeoJSON."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import prcoords
import pytest

from linli.core.access import SYSTEM
from linli.core.importers import Outcome, Source
from linli.places import queries
from linli.places.datums import Datum, to_wgs84
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


@pytest.mark.parametrize("datum", ["", "gcj", "CGCS2000", "wgs 72"])
def test_unknown_datum(made: District, tmp_path: Path, datum: str) -> None:
    with pytest.raises(DatumWrong):
        load(tmp_path, feature(adcode=150102), datum=datum)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"type": "FeatureCollection", "features": []}', "code,name"])
def test_other_files(made: District, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(NotGeoJson):
        load_outlines(Source(path, path.name, {"datum": "wgs84"}), actor=SYSTEM, at=LATER, watch=lambda *_: None)


# What eviltransform, another implementation, makes of them: (datum, lat, lon there, lat, lon in WGS-84).
KNOWN = [
    ("GCJ-02", 31.17530398364597, 121.531541859215, 31.1774276, 121.5272106),
    ("gcj02", 22.540796131694766, 113.9171764808363, 22.543847, 113.912316),
    ("BD-09", 29.199786, 120.019809, 29.196208, 120.008729),
    ("bd09", 29.210504, 120.036455, 29.207147, 120.025273),
]


@pytest.mark.parametrize(("datum", "lat", "lon", "true_lat", "true_lon"), KNOWN)
def test_converted(
    made: District, tmp_path: Path, datum: str, lat: float, lon: float, true_lat: float, true_lon: float
) -> None:
    ring = [[[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat]]]
    outcome = load(tmp_path, feature(ring, adcode=150102), datum=datum)
    assert outcome.account.created == 1, outcome.rejections
    found = queries.find_outline(made.district.id)
    assert found is not None
    first = found["geometry"]["coordinates"][0][0]
    assert first == [pytest.approx(true_lon, abs=2e-5), pytest.approx(true_lat, abs=2e-5)]  # 2 m: its bound for BD-09
    west, south, east, north = found["box"]
    assert west <= first[0] <= east
    assert south <= first[1] <= north


def test_there_and_back() -> None:
    """The inverse fits the forward formula to a centimetre, over all of Hohhot."""
    for lon in range(1105, 1125):
        for lat in range(396, 416):
            true = prcoords.Coords(lat / 10, lon / 10)
            for datum, away in ((Datum.GCJ02, prcoords.wgs_gcj(true)), (Datum.BD09, prcoords.wgs_bd(true))):
                found = to_wgs84({"type": "Point", "coordinates": [away.lon, away.lat]}, datum)["coordinates"]
                assert found == [pytest.approx(true.lon, abs=1.5e-7), pytest.approx(true.lat, abs=1.5e-7)]


def test_outside_china(made: District, tmp_path: Path) -> None:
    ring = [[[2.3, 48.8], [2.4, 48.8], [2.4, 48.9], [2.3, 48.8]]]
    outcome = load(tmp_path, feature(ring, adcode=150102), datum="gcj02")
    assert [one.code for one in outcome.rejections] == ["outside_china"]


REAL = Path(__file__).parents[3] / "shared" / "data" / "boundaries" / "hohhot_districts.geojson"


@pytest.mark.skipif(not REAL.exists(), reason="the real outlines are not here")
def test_real_outlines(made: District, tmp_path: Path) -> None:
    """Hohhot's districts come in GCJ-02; in WGS-84 they lie some 600 m further west."""
    raw = json.loads(REAL.read_text())
    (one,) = [found for found in raw["features"] if str(found["properties"]["adcode"]) == "150102"]
    outcome = load(tmp_path, one, datum="gcj02")
    assert outcome.account.created == 1, outcome.rejections
    found = queries.find_outline(made.district.id)
    assert found is not None
    first, converted = one["geometry"]["coordinates"][0][0][0], found["geometry"]["coordinates"][0][0][0]
    east = (first[0] - converted[0]) * 111_320 * math.cos(math.radians(first[1]))
    north = (first[1] - converted[1]) * 111_320
    assert 300 < math.hypot(east, north) < 900
    assert east > 300
