"""Which compounds lie in an area that somebody drew: wholly, in part, or nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely

from linli.core import db
from linli.core.extents import Extent
from linli.places.queries.maps import read_shapes
from linli.places.queries.tree import list_inside, paths_of
from linli.places.terms import Kind, PlaceRef

# Outlines are surveyed, areas are drawn by hand: a thousandth of a compound on the wrong side of the line is the line.
WHOLE, NONE = 0.999, 0.001
MOST_UNKNOWN = 500


@dataclass(frozen=True)
class Piece:
    """A compound with the share of its outline that lies in the area; `path`: what it lies in, city first."""

    place: PlaceRef
    share: float
    path: list[PlaceRef]

    @property
    def where(self) -> str:
        return " ".join(place.name for place in self.path[-2:])


@dataclass(frozen=True)
class Selection:
    """The compounds of an area in key order. `unknown`: without an outline, where the area may reach; the first
    MOST_UNKNOWN of `unknown_count`."""

    inside: list[Piece] = field(default_factory=list)
    partly: list[Piece] = field(default_factory=list)
    unknown: list[Piece] = field(default_factory=list)
    unknown_count: int = 0


def select_inside(area: Any, within: Extent, at: datetime) -> Selection:
    """The compounds inside of a shapely polygon (WGS-84), of those whose first door lies in `within`.

    Nothing is guessed: what the line cuts is told apart, and so is what has no outline but stands in a community,
    street or district that the area touches or that has no outline either.
    """
    candidates = {place.id: place for place in list_inside(within, Kind.COMPOUND, at)}
    west, south, east, north = area.bounds
    with_outline = {row[0] for row in db.rows("SELECT place_id FROM place_outline")}
    boxed = {
        row[0]
        for row in db.rows(
            "SELECT place_id FROM place_outline WHERE west <= %s AND east >= %s AND south <= %s AND north >= %s",
            [east, west, north, south],
        )
    }
    shares = _share(area, [place_id for place_id in candidates if place_id in boxed])
    unknown = _may_lie_in(area, [one for one in candidates.values() if one.id not in with_outline], at, boxed)
    shown = [*shares, *(place.id for place in unknown[:MOST_UNKNOWN])]
    paths = paths_of(shown, at)
    found = [Piece(candidates[place_id], share, paths[place_id]) for place_id, share in shares.items()]
    found.sort(key=lambda piece: piece.place.lo or 0)
    return Selection(
        inside=[piece for piece in found if piece.share >= WHOLE],
        partly=[piece for piece in found if NONE <= piece.share < WHOLE],
        unknown=[Piece(place, 0.0, paths[place.id]) for place in unknown[:MOST_UNKNOWN]],
        unknown_count=len(unknown),
    )


def _share(area: Any, place_ids: list[int]) -> dict[int, float]:
    """Place id -> share of its outline in the area, of those that touch it."""
    ids, shapes = read_shapes(place_ids)
    if not ids:
        return {}
    shapely.prepare(area)
    hits = shapely.STRtree(shapes).query(area, predicate="intersects")
    parts = shapely.area(shapely.intersection(shapes[hits], area)) / shapely.area(shapes[hits])
    return {ids[hit]: float(part) for hit, part in zip(hits, parts, strict=True)}


def _may_lie_in(area: Any, bare: list[PlaceRef], at: datetime, boxed: set[int]) -> list[PlaceRef]:
    """Of compounds without an outline: those whose nearest place with one meets the area, or that have none above."""
    paths = paths_of([place.id for place in bare], at)
    above = {one.id for path in paths.values() for one in path}
    ids, shapes = read_shapes(sorted(above))
    outlines = dict(zip(ids, shapes, strict=True))
    meets = {place_id: place_id in boxed and bool(shapely.intersects(area, outlines[place_id])) for place_id in ids}
    found = []
    for place in bare:
        nearest = next((one.id for one in reversed(paths[place.id]) if one.id in outlines), None)
        if nearest is None or meets[nearest]:
            found.append(place)
    return found
