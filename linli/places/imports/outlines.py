"""Outlines of places from GeoJSON: a FeatureCollection of polygons, matched by code or name.

Coordinates are kept in WGS-84. Chinese maps mostly give GCJ-02 or BD-09, which lie some hundred metres off, and
nothing in a file says which it is: whoever sends it has to, and they are converted here (`datums`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

import orjson
import shapely
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from shapely.errors import ShapelyError
from shapely.geometry import shape

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Invalid, Text
from linli.core.import_rows import Progress
from linli.core.importers import Outcome, Source
from linli.core.jobs import Run
from linli.core.sheets import Account, Rejection, write_rejected
from linli.core.spoken import filled
from linli.places.datums import Datum, is_defined, read_datum, to_wgs84
from linli.places.queries.search import find_by_name
from linli.places.queries.shapes import outlines_of
from linli.places.queries.tree import extents_of, get_places_by_code
from linli.places.terms import PlaceRef

KIND = "places.import_outlines"
PERMISSION = "places.import"
CODES = ("adcode", "code", "代码", "行政区划代码")
NAMES = ("name", "名称", "小区")


class NotGeoJson(Invalid):
    code = "places.not_geojson"
    title = _("This is not a GeoJSON file with a collection of features.")
    advice_text = _("Export the shapes as GeoJSON (FeatureCollection) and send that file.")


class DatumWrong(Invalid):
    code = "places.datum"
    title = _("“%(datum)s” is no datum that is known here.")
    advice_text = _(
        "Answer wgs84 (GPS, OpenStreetMap), gcj02 (Amap, Tencent) or bd09 (Baidu). Ask whoever made the file if in"
        " doubt: the wrong answer puts every outline some hundred metres off."
    )


@dataclass
class Feature:
    """One feature: its number in the file from 1, what it says, the place and shape it stands for."""

    number: int
    raw: Any
    code: str = ""
    name: str = ""
    place: PlaceRef | None = None
    geometry: dict[str, Any] = field(default_factory=dict)
    box: tuple[float, float, float, float] = (0, 0, 0, 0)


class Refused(Exception):
    def __init__(self, where: str, code: str, message: Text, advice: Text) -> None:
        self.where, self.code, self.message, self.advice = where, code, message, advice


def import_outlines(run: Run, source: Source) -> Outcome:
    """The work of the job; one transaction, one journal entry."""
    return load_outlines(source, actor=run.actor, at=run.at, watch=run.progress)


def load_outlines(source: Source, *, actor: Actor, at: datetime, watch: Progress) -> Outcome:
    """Raises NotGeoJson, DatumWrong."""
    datum = read_datum(source.answers.get("datum", ""))
    if datum is None:
        raise DatumWrong(datum=source.answers.get("datum", "") or "-")
    features = _read(source)
    faults: dict[int, Rejection] = {}
    taken: dict[int, Feature] = {}
    with db.owner(), db.atomic():
        for done, feature in enumerate(features):
            watch(gettext("Reading"), done, len(features))
            try:
                _check(feature, taken, datum, actor, at)
                taken[feature.place.id if feature.place else 0] = feature
            except Refused as refused:
                faults[feature.number] = Rejection(
                    feature.number, str(feature.number), refused.where, refused.code, refused.message, refused.advice
                )
        created, updated = _write(taken, source)
        unchanged = len(taken) - created - updated
        journal.record(
            actor=actor, at=at, verb=KIND, permission=PERMISSION, key=journal.first_key(actor, PERMISSION),
            subject=source.name[:80], created=created,
            updated=updated, unchanged=unchanged, rejected=len(faults), datum=datum.value,
        )  # fmt: skip
    account = Account(len(features), created, updated, unchanged, len(faults))
    return Outcome(account, list(faults.values()), _writer(features, faults) if faults else None)


def _read(source: Source) -> list[Feature]:
    try:
        data = orjson.loads(source.path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        found = data["features"]
        if data["type"] != "FeatureCollection" or not isinstance(found, list) or not found:
            raise NotGeoJson
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise NotGeoJson from None
    features = []
    for number, raw in enumerate(found, 1):
        properties = raw.get("properties") if isinstance(raw, dict) else None
        texts = {key: str(value).strip() for key, value in (properties or {}).items() if value is not None}
        code = next((texts[key] for key in CODES if texts.get(key)), "")
        features.append(Feature(number, raw, code, next((texts[key] for key in NAMES if texts.get(key)), "")))
    return features


def _check(feature: Feature, taken: dict[int, Feature], datum: Datum, actor: Actor, at: datetime) -> None:
    """Find the place and the shape. Raises Refused."""
    feature.place = place = _match(feature, actor, at)
    if place.id in taken:
        raise Refused(
            "code", "twice", filled(_("Feature %(number)s is of the same place."), number=taken[place.id].number),
            _("Join the two into one MultiPolygon, or leave one out."),
        )  # fmt: skip
    if not actor.may(PERMISSION, extents_of([place.id], at)[place.id]):
        raise Refused(
            "code", "forbidden", _("You are not appointed to import places here."),
            _("Ask the office that answers for this place."),
        )  # fmt: skip
    feature.geometry = feature.raw.get("geometry") or {}
    feature.box = check_geometry(feature.geometry)
    if datum != Datum.WGS84:
        _convert(feature, datum)


def _convert(feature: Feature, datum: Datum) -> None:
    if not is_defined(datum, *feature.box):
        raise Refused(
            "geometry", "outside_china",
            filled(_("The shape lies outside of China, where %(datum)s is not defined."), datum=datum.label),
            _("Check which datum the file is in; shapes elsewhere are in WGS-84."),
        )  # fmt: skip
    feature.geometry = to_wgs84(feature.geometry, datum)
    feature.box = check_geometry(feature.geometry)


def _match(feature: Feature, actor: Actor, at: datetime) -> PlaceRef:
    if feature.code:
        found = list(get_places_by_code([feature.code], or_old=True).values())
    elif feature.name:
        found = find_by_name(feature.name, within=actor.extent_for(PERMISSION), at=at)
    else:
        raise Refused("code", "empty", _("The feature has neither a code nor a name."), _("Give it a property “code”."))
    if len(found) != 1 or found[0].ended_at is not None:
        raise Refused(
            "code" if feature.code else "name", "unknown",
            _("Several places have this name.") if len(found) > 1 else _("No place has this code or name."),
            _("Give the place's code in the property “code”."),
        )  # fmt: skip
    return found[0]


def check_geometry(geometry: dict[str, Any]) -> tuple[float, float, float, float]:
    """The box (west, south, east, north) of a polygon in degrees. Raises Refused."""
    advice = _("Repair the shape in a map program and send it again.")
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise Refused("geometry", "not_polygon", _("An outline is a Polygon or MultiPolygon."), advice)
    try:
        form = shape(geometry)
        if form.is_empty:
            raise Refused("geometry", "empty", _("The shape is empty."), advice)
        west, south, east, north = form.bounds
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise Refused("geometry", "broken", _("The coordinates cannot be read."), advice) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        swapped = -90 <= west <= east <= 90 and -180 <= south <= north <= 180
        raise Refused(
            "geometry", "swapped" if swapped else "range",
            _("Longitude and latitude are swapped.") if swapped else _("The coordinates are not degrees."),
            _("GeoJSON gives the longitude first, then the latitude, in degrees."),
        )  # fmt: skip
    if not form.is_valid:
        raise Refused(
            "geometry",
            "invalid",
            filled(_("The shape crosses itself: %(why)s."), why=shapely.is_valid_reason(form)),
            advice,
        )
    return west, south, east, north


def _write(taken: dict[int, Feature], source: Source) -> tuple[int, int]:
    """(created, updated); what is the same stays as it is."""
    present = outlines_of(taken)
    changed = {
        place_id: feature
        for place_id, feature in taken.items()
        if place_id not in present or present[place_id]["geometry"] != feature.geometry
    }
    for place_id, feature in changed.items():
        west, south, east, north = feature.box
        db.execute(
            """
            INSERT INTO place_outline (place_id, geometry, west, south, east, north, source)
            VALUES (%s, %s::jsonb, %s, %s, %s, %s, %s)
            ON CONFLICT (place_id) DO UPDATE SET geometry = excluded.geometry, west = excluded.west,
                south = excluded.south, east = excluded.east, north = excluded.north, source = excluded.source
            """,
            [place_id, orjson.dumps(feature.geometry).decode(), west, south, east, north, source.name[:120]],
        )
    updated = sum(place_id in present for place_id in changed)
    return len(changed) - updated, updated


def _writer(features: list[Feature], faults: dict[int, Rejection]) -> Any:
    def write(target: IO[bytes]) -> int:
        rows = ((one.number, (one.code, one.name), [faults[one.number]]) for one in features if one.number in faults)
        return write_rejected(
            target, (gettext("Place code"), gettext("Place name")), rows, sheet=gettext("Outlines not taken in")
        )

    return write


LABEL = _("Outlines")
ABOUT = _(
    "Shapes of places as GeoJSON (FeatureCollection of polygons), each with the property code or name. Say which"
    " datum the coordinates are in; GCJ-02 and BD-09 are converted to WGS-84."
)
