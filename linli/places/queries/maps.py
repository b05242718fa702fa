"""What a map of places is drawn from: the levels there are, the places of one level, their outlines made coarse.

Outlines are no secret and change rarely: they are sent apart from figures, by their version.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import shapely
from django.utils.translation import gettext_lazy as _

from linli.core import db
from linli.core.errors import Problem
from linli.core.extents import Extent
from linli.places.queries.tree import count_inside, extents_of, list_divisions, list_inside, list_overlapping, paths_of
from linli.places.terms import OVERLAYS, Kind, PlaceRef

MOST = 3000  # places on one map
LEVELS = (Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY, *sorted(OVERLAYS), Kind.COMPOUND)
TILE_PX = 512
MIN_ZOOM, MAX_ZOOM = 3, 18


class TooManyPlaces(Problem):
    code = "places.too_many_for_map"
    status = 422
    title = _("There are %(count)s places of this kind: too many for one map.")
    advice_text = _("Choose a wider kind of place, or look at one district, street or community.")


@dataclass(frozen=True)
class Level:
    """A kind of place that a map can show, and how many there are."""

    kind: Kind
    count: int

    @property
    def fits(self) -> bool:
        return self.count <= MOST


def list_levels(extent: Extent, at: datetime, *, above: int = 0) -> list[Level]:
    """The kinds of place that hold doors of an extent, widest first, narrower than the kind `above`."""
    counts = dict(
        db.rows(
            """
            SELECT s.kind, count(DISTINCT s.place_id) FROM place_span s
            JOIN unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi) ON s.lo < e.hi AND s.hi > e.lo
            WHERE s.kind >= %s AND s.kind < %s AND s.since <= %s AND s.until > %s GROUP BY 1
            """,
            [extent.los, extent.his, Kind.DISTRICT.value, Kind.COMPOUND.value, at, at],
        )
    )
    counts[Kind.COMPOUND.value] = count_inside(extent).compounds
    return [Level(kind, counts[kind]) for kind in LEVELS if counts.get(kind) and kind > above]


def choose_level(levels: Sequence[Level], kind: int | None) -> Level | None:
    """The level asked for, where there is one; else the widest with several places; else the narrowest."""
    asked = [level for level in levels if level.kind == kind]
    fitting = [level for level in levels if level.count > 1 and level.fits]
    return next(iter(asked or fitting or levels[-1:]), None)


def level_name(kind: int) -> str:
    """As addresses name it: `compound`."""
    return Kind(kind).name.lower()


def list_wheres(found: Sequence[PlaceRef], at: datetime, *, inside: PlaceRef | None) -> dict[int, str]:
    """The community (or street) of grids and compounds, by place id: every community has a first grid.

    Left out where that is the place `inside` which all of them lie in.
    """
    if not found or found[0].kind <= Kind.COMMUNITY:
        return {}
    paths = paths_of([place.id for place in found], at)
    above = {place_id: [one for one in path if one.kind <= Kind.COMMUNITY] for place_id, path in paths.items()}
    return {place_id: path[-1].name for place_id, path in above.items() if path and path[-1] != inside}


def list_of_level(extent: Extent, kind: Kind, at: datetime) -> list[PlaceRef]:
    """The places of one kind that hold doors of an extent, in key order. Raises TooManyPlaces."""
    of_blocks = kind == Kind.COMPOUND
    found = list_overlapping(extent, kind, at, limit=MOST + 1) if of_blocks else list_divisions(extent, kind, at)
    if len(found) > MOST:
        count = count_inside(extent).compounds if of_blocks else len(found)
        raise TooManyPlaces(count=count)
    return found


def tolerance_at(zoom: int) -> float:
    """Degrees that are half a pixel on a map of this zoom level."""
    zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
    return 180.0 / (TILE_PX * 2.0**zoom)


def version_of(place_ids: Sequence[int]) -> str:
    """Changes when one of these outlines does."""
    found: str = db.scalar(
        "SELECT coalesce(md5(string_agg(md5(geometry::text) || place_id, '' ORDER BY place_id)), '')"
        " FROM place_outline WHERE place_id = ANY(%s)",
        [list(place_ids)],
    )
    return hashlib.sha256(f"{found}{sorted(place_ids)}".encode()).hexdigest()[:24]


def version_of_compounds(extent: Extent, at: datetime) -> str:
    """The same for all compounds of an extent: what derived shapes are drawn from."""
    return version_of([place.id for place in list_inside(extent, Kind.COMPOUND, at)])


def read_shapes(place_ids: Sequence[int]) -> tuple[list[int], Any]:
    """Ids of those places that have an outline (n), and their shapes in WGS-84, an array (n,) of shapely's."""
    rows = db.rows(
        "SELECT place_id, geometry::text FROM place_outline WHERE place_id = ANY(%s) ORDER BY place_id",
        [list(place_ids)],
    )
    return [place_id for place_id, _text in rows], shapely.from_geojson([text for _id, text in rows])


def derive_shapes(extents: Mapping[int, Extent], at: datetime) -> dict[int, Any]:
    """Shapes for places that have none of their own: the outlines of the compounds they hold, joined.

    A compound that is cut goes to whichever holds most of its units. Places without such compounds are left out.
    """
    spans = [(number, lo, hi) for number, extent in extents.items() for lo, hi in extent]
    if not spans:
        return {}
    rows = db.rows(
        """
        SELECT c.id, e.id, count(*) FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS e (id, lo, hi)
        JOIN place u ON u.kind = 90 AND u.lo >= e.lo AND u.lo < e.hi
        JOIN place c ON c.kind = 70 AND c.lo = (u.lo >> 28) << 28
        WHERE c.ended_at IS NULL OR c.ended_at > %s GROUP BY 1, 2 ORDER BY 1, 3, 2
        """,
        [[n for n, _, _ in spans], [lo for _, lo, _ in spans], [hi for _, _, hi in spans], at],
    )
    holder = {compound: place for compound, place, _units in rows}  # the last of a compound holds most of it
    ids, shapes = read_shapes(list(holder))
    parts: dict[int, list[Any]] = defaultdict(list)
    for compound, shape in zip(ids, shapes, strict=True):
        parts[holder[compound]].append(shape)
    return {place: shapely.union_all(np.array(mine, dtype=object)) for place, mine in parts.items()}


def write_features(found: Sequence[PlaceRef], at: datetime, *, zoom: int) -> bytes:
    """A GeoJSON FeatureCollection in WGS-84, coarse by half a pixel of `zoom`.

    Properties: code, name, kind, `label` (a point inside, for the figure), `derived` (drawn from its compounds).
    Places without an outline are left out.
    """
    ids, shapes = read_shapes([place.id for place in found])
    own = dict(zip(ids, shapes, strict=True))
    bare = [place.id for place in found if place.id not in own and not place.is_physical]
    derived = derive_shapes(extents_of(bare, at), at) if bare else {}
    shown = [place for place in found if place.id in own or place.id in derived]
    if not shown:
        return b'{"type":"FeatureCollection","features":[]}'
    whole = np.array([own.get(place.id) or derived[place.id] for place in shown], dtype=object)
    coarse = shapely.simplify(whole, tolerance_at(zoom), preserve_topology=True)
    digits = int(min(7, max(3, np.ceil(-np.log10(tolerance_at(zoom))) + 1)))
    labels = shapely.get_coordinates(shapely.point_on_surface(whole)).round(6)
    texts = shapely.to_geojson(shapely.transform(coarse, lambda points: points.round(digits)))
    features = []
    for place, text, label in zip(shown, texts, labels, strict=True):
        words = {
            "code": place.code, "name": place.name, "kind": place.kind, "label": label.tolist(),
            "derived": place.id in derived,
        }  # fmt: skip
        features.append(b'{"type":"Feature","properties":%b,"geometry":%b}' % (orjson.dumps(words), text.encode()))
    return b'{"type":"FeatureCollection","features":[%b]}' % b",".join(features)
