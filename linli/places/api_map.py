"""HTTP API of maps: outlines of a level, and which compounds lie in a drawn area."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from linli.core.api import ApiRequest, etag_of, permission, unless_known
from linli.core.errors import Invalid
from linli.core.extents import Extent
from linli.places import queries
from linli.places.drawing import read_area
from linli.places.queries import inside, maps
from linli.places.terms import Kind, PlaceRef

router = Router(tags=["places"])
GEOJSON = "application/geo+json"


class LevelUnknown(Invalid):
    code = "places.level_unknown"
    title = _("There is no kind of place called %(level)s on maps.")
    advice_text = _("Choose one of: district, street, community, area, grid_large, grid, grid_small, compound.")


class ShapesQuery(Schema):
    level: str = Field(
        "compound", description="district, street, community, area, grid_large, grid, grid_small, compound"
    )
    under: str = Field("", description="Code of a place: only what holds doors of it. Empty: all that one may see.")
    zoom: int = Field(14, ge=0, le=22, description="Zoom level of the map: outlines are coarse by half a pixel of it.")
    at: AwareDatetime | None = Field(None, description="As places stood then; empty: now.")
    self_: bool = Field(False, alias="self", description="The place `under` itself, instead of what lies in it.")


class AreaIn(Schema):
    area: str = Field(
        min_length=1, max_length=200_000,
        description="A GeoJSON Polygon or MultiPolygon as text, or one corner a line: longitude, latitude (WGS-84).",
    )  # fmt: skip
    under: str = Field("", description="Code of a place: only compounds of it.")


class PieceOut(Schema):
    code: str
    name: str
    where: str
    share: float = Field(description="Share of its outline that lies in the area.")


class SelectionOut(Schema):
    """`partly` and `unknown` are for a person to decide; `unknown` lists the first 500 of `unknown_count`."""

    inside: list[PieceOut]
    partly: list[PieceOut]
    unknown: list[PieceOut]
    unknown_count: int


def read_level(text: str) -> Kind:
    """Raises LevelUnknown."""
    kind = Kind.__members__.get(text.upper())
    if kind not in maps.LEVELS:
        raise LevelUnknown(level=text[:40])
    return Kind(kind)


def _reach(request: ApiRequest, under: str, at: datetime) -> tuple[PlaceRef | None, Extent]:
    """Outlines are shown of a whole place, as its page does, to whoever may see a part of it."""
    if not under:
        return None, request.actor.extent_for("places.view")
    place = queries.get_place(under)
    queries.require_sight(place, request.actor, request.at)
    return place, queries.extent_of(place.id, at)


@router.get("/shapes", summary="Outlines of one kind of place, as GeoJSON; kept by ETag")
@permission("places.view")
def list_shapes(request: ApiRequest, query: Annotated[ShapesQuery, Query()]) -> HttpResponse:
    at = query.at or request.at
    place, extent = _reach(request, query.under, at)
    level = read_level(query.level)
    found = [place] if query.self_ and place else maps.list_of_level(extent, level, at)
    version = maps.version_of([one.id for one in found])
    # Areas and grids are drawn from their compounds: their picture follows those, and the spans.
    drawn = [] if level == Kind.COMPOUND else [str(extent), maps.version_of_compounds(extent, at)]
    etag = etag_of(version, drawn, [(one.code, one.name) for one in found], query.zoom)

    def answer() -> HttpResponse:
        return HttpResponse(maps.write_features(found, at, zoom=query.zoom), content_type=GEOJSON)

    return unless_known(request, etag, answer)


@router.post("/select", response=SelectionOut, summary="Which compounds lie in an area: wholly, in part, or unknown")
@permission("places.view")
def select_inside(request: ApiRequest, data: AreaIn) -> HttpResponse:
    _place, extent = _reach(request, data.under, request.at)
    found = inside.select_inside(read_area(data.area), extent & request.actor.extent_for("places.view"), request.at)
    return HttpResponse(orjson.dumps(selection_as_json(found)), content_type="application/json")


def selection_as_json(found: inside.Selection) -> dict[str, object]:
    def lines(pieces: list[inside.Piece]) -> list[dict[str, object]]:
        return [
            {"code": one.place.code, "name": one.place.name, "where": one.where, "share": round(one.share, 4)}
            for one in pieces
        ]

    return {
        "inside": lines(found.inside), "partly": lines(found.partly), "unknown": lines(found.unknown),
        "unknown_count": found.unknown_count,
    }  # fmt: skip
