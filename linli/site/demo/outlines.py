"""Made-up outlines for a demo: a town plan cut out of one plain shape, by as many doors as each place has.

No surveyed border is shipped: the official outlines of districts carry no licence that would allow it. So the whole
ground is synthetic, and says so in its source. Districts are cut into streets, those into communities, those into
compounds; a compound that several grids share is cut once more, so that grids and compounds fit each other. A compound
stands some steps back from its neighbours; a few are left without an outline, as in life.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from linli.core import db
from linli.places import bulk as places
from linli.places.terms import OVERLAYS, Kind
from linli.site.demo.ground import Ints
from linli.site.demo.load import Settled, Watch

SOURCE = "演示用虚构轮廓 · synthetic, for the demo"
MIDDLE = (111.70, 40.83)  # Hohhot lies about here; the rest is made up
METRES_PER_DEGREE = 111_320.0
AREA_PER_PERSON = 95.0  # m2 of town
WALL = 11.0  # m between a compound and the border of its ground
WITHOUT = 0.04  # share of compounds without an outline
TILT = 0.09  # how far a street may run askew

Corners = list[tuple[float, float]]
Floats = NDArray[np.float64]
Pieces = dict[int, list[shapely.Geometry]]
Rng = np.random.Generator
Layer = tuple[list[int], list[int], list[int]]  # first keys, past-the-end keys and places of spans, in key order


def cut(corners: Corners, weights: Sequence[float], rng: Rng) -> list[Corners]:
    """A convex shape cut into convex parts whose areas go as the weights, in their order: halves of halves."""
    if len(weights) == 1:
        return [corners]
    totals = np.cumsum(weights)
    at = int(np.clip(np.searchsorted(totals, totals[-1] / 2), 1, len(weights) - 1))
    first, second = _split(corners, float(totals[at - 1] / totals[-1]), rng)
    return cut(first, weights[:at], rng) + cut(second, weights[at:], rng)


def _split(corners: Corners, share: float, rng: Rng) -> tuple[Corners, Corners]:
    """Across the longer side, with `share` of the area in the first part."""
    points = np.array(corners)
    wide = np.ptp(points[:, 0]) >= np.ptp(points[:, 1])
    angle = (0.0 if wide else math.pi / 2) + float(rng.uniform(-TILT, TILT))
    normal = (math.cos(angle), math.sin(angle))
    along = points @ np.array(normal)
    low, high, whole = float(along.min()), float(along.max()), _area(corners)
    for _ in range(24):
        middle = (low + high) / 2
        if _area(_clip(corners, normal, middle, 1.0)) < share * whole:
            low = middle
        else:
            high = middle
    return _clip(corners, normal, high, 1.0), _clip(corners, normal, high, -1.0)


def _clip(corners: Corners, normal: tuple[float, float], offset: float, side: float) -> Corners:
    """The part of a convex shape on one side of a line."""
    kept: Corners = []
    for index, (x, y) in enumerate(corners):
        before = corners[index - 1]
        here = side * (offset - x * normal[0] - y * normal[1])
        there = side * (offset - before[0] * normal[0] - before[1] * normal[1])
        if here * there < 0:
            share = there / (there - here)
            kept.append((before[0] + (x - before[0]) * share, before[1] + (y - before[1]) * share))
        if here >= 0:
            kept.append((x, y))
    return kept


def _area(corners: Corners) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1], strict=True))) / 2


def draw_outlines(settled: Settled, *, at: datetime, seed: int, watch: Watch) -> int:
    """Outlines of every division, compound, area and grid; returns how many were stored."""
    watch("outlines", 0, None)
    rng = np.random.default_rng(seed + 7)
    doors = np.bincount(
        settled.ground.building_of[settled.ground.unit_of[settled.ground.door_of]],
        minlength=len(settled.ground.shapes),
    ).astype(float)
    shapes = _divisions(settled, doors, rng)
    shapes |= _compounds(settled, doors, shapes, at, rng)
    rows = []
    for place_id, shape in shapes.items():
        if shape is not None and not shape.is_empty:
            rows.append((place_id, json.dumps(shapely.geometry.mapping(_to_degrees(shape))), SOURCE))
    return places.store_outlines(rows)


def _to_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    """From metres east and north of MIDDLE."""
    stretch = METRES_PER_DEGREE * math.cos(math.radians(MIDDLE[1]))
    return shapely.transform(
        shape, lambda xy: np.column_stack([xy[:, 0] / stretch, xy[:, 1] / METRES_PER_DEGREE]).round(6) + MIDDLE
    )


def _divisions(settled: Settled, doors: Floats, rng: Rng) -> dict[int, shapely.Geometry]:
    """Place id -> shape in metres, from the widest division to the communities."""
    weight: dict[str, float] = defaultdict(lambda: 8.0)  # a community where nobody lives is still there
    for shape, count in zip(settled.ground.shapes, doors.tolist(), strict=True):
        weight[shape.community] += count
    under: dict[str, list[str]] = defaultdict(list)
    for row in settled.divisions:
        under[row.parent].append(row.code)

    def weigh(code: str) -> float:
        return sum(map(weigh, under[code])) if under.get(code) else weight[code]

    radius = math.sqrt(max(len(settled.census.name), 500) * AREA_PER_PERSON / math.pi)
    found: dict[int, shapely.Geometry] = {}

    def place(codes: list[str], ground: Corners) -> None:
        for code, part in zip(codes, cut(ground, [weigh(code) for code in codes], rng), strict=True):
            found[settled.place_ids[code]] = shapely.Polygon(part)
            if under.get(code):
                place(under[code], part)

    codes = {row.code for row in settled.divisions}
    tops = [row.code for row in settled.divisions if row.parent not in codes]
    turns = [(2 * math.pi * k / 14, radius * float(rng.uniform(0.92, 1.08))) for k in range(14)]
    hull = shapely.convex_hull(shapely.MultiPoint([(1.25 * r * math.cos(a), r * math.sin(a)) for a, r in turns]))
    place(tops, list(hull.exterior.coords)[:-1])
    return found


def _compounds(
    settled: Settled, doors: Floats, divisions: dict[int, shapely.Geometry], at: datetime, rng: Rng
) -> dict[int, shapely.Geometry]:
    """Compounds inside their communities, and the areas and grids put together from their pieces."""
    compound_ids, building_los = _stored(settled)
    homes = np.bincount(settled.ground.unit_of[settled.ground.door_of], minlength=len(building_los)).astype(float)
    holders = _holders(at)
    first = np.searchsorted(settled.ground.building_of, np.arange(len(settled.ground.shapes) + 1))
    of_community: dict[str, list[int]] = defaultdict(list)
    for number, shape in enumerate(settled.ground.shapes):
        of_community[shape.community].append(number)
    found: dict[int, shapely.Geometry] = {}
    pieces: Pieces = defaultdict(list)
    for code, numbers in of_community.items():
        ground = list(divisions[settled.place_ids[code]].exterior.coords)[:-1]
        for number, part in zip(numbers, cut(ground, (doors[numbers] + 4).tolist(), rng), strict=True):
            if rng.random() >= WITHOUT:
                found[compound_ids[number]] = shapely.Polygon(part).buffer(-WALL, join_style="mitre")
            _share_out(part, range(first[number], first[number + 1]), building_los, homes, holders, pieces, rng)
    found |= {place_id: shapely.union_all(shapely.buffer(mine, 0.05)) for place_id, mine in pieces.items()}
    return found


def _share_out(
    part: Corners, buildings: range, los: Ints, homes: Floats, holders: list[Layer], pieces: Pieces, rng: Rng
) -> None:
    """The ground of a compound to the areas and grids that hold its buildings, which follow one another."""
    runs: list[tuple[tuple[int, ...], float]] = []
    for building in buildings:
        mine = tuple(_holder_of(int(los[building]), layer) for layer in holders)
        if runs and runs[-1][0] == mine:
            runs[-1] = (mine, runs[-1][1] + homes[building])
        else:
            runs.append((mine, homes[building] + 1.0))
    for (mine, _weight), piece in zip(runs, cut(part, [weight for _mine, weight in runs], rng), strict=True):
        for place_id in filter(None, mine):
            pieces[place_id].append(shapely.Polygon(piece))


def _stored(settled: Settled) -> tuple[list[int], Ints]:
    """Ids of the compounds, and first keys of the buildings, in the ground's order."""
    rows = db.rows("SELECT id, parent_id, lo FROM place WHERE id = ANY(%s)", [settled.building_id.tolist()])
    known = {row[0]: row for row in rows}
    los = np.array([known[building][2] for building in settled.building_id.tolist()], dtype=np.int64)
    compounds = dict(
        zip(settled.ground.building_of.tolist(), (known[b][1] for b in settled.building_id.tolist()), strict=True)
    )
    return [compounds[number] for number in range(len(settled.ground.shapes))], los


def _holders(at: datetime) -> list[Layer]:
    """The layers of areas and grids."""
    layers: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for kind, lo, hi, place_id in db.rows(
        "SELECT kind, lo, hi, place_id FROM place_span WHERE kind = ANY(%s) AND since <= %s AND until > %s ORDER BY lo",
        [[Kind(kind).value for kind in OVERLAYS], at, at],
    ):
        layers[kind].append((lo, hi, place_id))
    return [([s[0] for s in spans], [s[1] for s in spans], [s[2] for s in spans]) for spans in layers.values()]


def _holder_of(key: int, layer: Layer) -> int:
    """0: nobody."""
    los, his, ids = layer
    at = bisect_right(los, key) - 1
    return ids[at] if at >= 0 and his[at] > key else 0
