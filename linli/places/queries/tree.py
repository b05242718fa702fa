"""The tree: one place, its children, its path, its extent, what holds a key."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linli.core import db
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import NOWHERE, Extent, unite
from linli.places.errors import PlaceUnknown
from linli.places.terms import BLOCK_BITS, OVERLAYS, Kind, PlaceCounts, PlaceRef

COLUMNS = "p.id, p.kind, p.code, p.name, p.sort, p.parent_id, p.lo, p.hi, p.doors, p.created_at, p.ended_at"


def read_places(sql: str, params: Sequence[Any] | dict[str, Any]) -> list[PlaceRef]:
    """Places from a statement that selects COLUMNS."""
    return [PlaceRef(*row) for row in db.rows(sql, params)]


def find_place(place: int | str) -> PlaceRef | None:
    """By id (an int) or by code (a str); None when there is none."""
    column = "id" if isinstance(place, int) else "code"
    found = read_places(f"SELECT {COLUMNS} FROM place p WHERE p.{column} = %s", [place])
    return found[0] if found else None


def get_place(place: int | str) -> PlaceRef:
    """By id (an int) or by code (a str), which may be one it bore before. Raises PlaceUnknown."""
    found = find_place(place)
    if found is None and isinstance(place, str):
        found = _find_by_old_codes([place]).get(place)
    if found is None:
        raise PlaceUnknown(place=place)
    return found


def get_places(ids: Iterable[int]) -> dict[int, PlaceRef]:
    """Several at once; ids that stand for nothing are left out."""
    found = read_places(f"SELECT {COLUMNS} FROM place p WHERE p.id = ANY(%s)", [list(ids)])
    return {place.id: place for place in found}


def get_places_by_code(codes: Iterable[str], *, or_old: bool = False) -> dict[str, PlaceRef]:
    """Code → place; a code that nobody bears, or `or_old` bore before, is left out."""
    asked = list(codes)
    found = read_places(f"SELECT {COLUMNS} FROM place p WHERE p.code = ANY(%s)", [asked])
    by_code = {place.code: place for place in found}
    return (_find_by_old_codes(set(asked) - by_code.keys()) if or_old else {}) | by_code


def _find_by_old_codes(codes: Iterable[str]) -> dict[str, PlaceRef]:
    """Codes that are borne no more → the one place that bore each. Other names are for the search, which shows what it
    found; a code has to mean one place."""
    asked = [code for code in codes if is_like_code(code)]
    if not asked:
        return {}
    rows = db.rows(
        f"SELECT a.text, {COLUMNS} FROM place_alias a JOIN place p ON p.id = a.place_id WHERE a.text = ANY(%s)", [asked]
    )
    found: dict[str, set[PlaceRef]] = defaultdict(set)
    for text, *columns in rows:
        found[text].add(PlaceRef(*columns))
    return {text: next(iter(ones)) for text, ones in found.items() if len(ones) == 1}


def is_like_code(text: str) -> bool:
    """Codes begin with the digits of a city at least."""
    return re.fullmatch(r"[0-9]{4,}[-\w]*", text) is not None


def extents_of(place_ids: Iterable[int], at: datetime) -> dict[int, Extent]:
    """The doors that each place holds at `at`; a place that holds none has an empty extent."""
    ids = list(place_ids)
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place_id, lo, hi in db.rows(
        "SELECT place_id, lo, hi FROM place_span WHERE place_id = ANY(%s) AND since <= %s AND until > %s", [ids, at, at]
    ):
        spans[place_id].append((lo, hi))
    return {place_id: Extent.of(spans[place_id]) if place_id in spans else NOWHERE for place_id in ids}


def extent_of(place_id: int, at: datetime) -> Extent:
    """The doors that a place holds at `at`."""
    return extents_of([place_id], at)[place_id]


def extent_of_all(place_ids: Iterable[int], at: datetime) -> Extent:
    """The doors of several places together."""
    return unite(extents_of(place_ids, at).values())


def require_sight(place: PlaceRef, actor: Actor, at: datetime, permission: str = "places.view") -> None:
    """A place may be looked at by whoever holds `permission` on any of its doors: a grid worker sees their city's page.
    One that was dissolved is looked at by who may look at its successors.

    Raises Forbidden.
    """
    doors = extent_of(place.id, at)
    if not doors and place.ended_at is not None:
        doors = extent_of_all([heir.id for heir in list_successors(place.id)], at)
    if not actor.extent_for(permission) & doors:
        raise Forbidden(permission=permission)


# The path upwards; a compound's community is the one that holds its first key.
_UP = f"""
    WITH RECURSIVE up AS (
        SELECT p.id AS start, 0 AS depth, p.id, p.kind, p.parent_id, p.lo FROM place p WHERE p.id = ANY(%(ids)s)
        UNION ALL
        SELECT up.start, up.depth + 1, p.id, p.kind, p.parent_id, p.lo
        FROM up JOIN place p ON p.id = CASE WHEN up.kind = {Kind.COMPOUND.value} THEN (
            SELECT CASE WHEN s.hi > up.lo THEN s.place_id END FROM place_span s
            WHERE s.kind = {Kind.COMMUNITY.value} AND s.lo <= up.lo AND s.since <= %(at)s AND s.until > %(at)s
            ORDER BY s.lo DESC LIMIT 1
        ) ELSE up.parent_id END
    )
    SELECT up.start, {COLUMNS} FROM up JOIN place p ON p.id = up.id
    WHERE up.depth > 0 AND p.kind > {Kind.PROVINCE.value} ORDER BY up.start, up.depth DESC
"""


def paths_of(place_ids: Iterable[int], at: datetime) -> dict[int, list[PlaceRef]]:
    """For each place what it lies in at `at`, city first, itself left out."""
    ids = list(place_ids)
    paths: dict[int, list[PlaceRef]] = {place_id: [] for place_id in ids}
    for start, *columns in db.rows(_UP, {"ids": ids, "at": at}):
        paths[start].append(PlaceRef(*columns))
    return paths


def path_of(place_id: int, at: datetime) -> list[PlaceRef]:
    """What a place lies in at `at`, city first, itself left out."""
    return paths_of([place_id], at)[place_id]


_LIVING = "(p.ended_at IS NULL OR p.ended_at > %(at)s)"
_ORDER = "ORDER BY p.kind, p.sort, p.name, p.id"


def list_roots(at: datetime) -> list[PlaceRef]:
    """The widest places: provinces and cities that stand under nothing."""
    return read_places(
        f"SELECT {COLUMNS} FROM place p WHERE p.parent_id IS NULL AND p.kind <= %(city)s AND {_LIVING} {_ORDER}",
        {"at": at, "city": Kind.CITY.value},
    )


def list_children(place_id: int, at: datetime) -> list[PlaceRef]:
    """What stands directly under a place: by parent, and the compounds of a community, area or grid by their keys.

    An area or grid may cut across a compound, which then stands under both: `counts_of(..., within=...)`.
    """
    children = read_places(
        f"SELECT {COLUMNS} FROM place p WHERE p.parent_id = %(id)s AND {_LIVING} {_ORDER}",
        {"id": place_id, "at": at},
    )
    place = get_place(place_id)
    if place.kind == Kind.COMMUNITY or place.kind in OVERLAYS:
        return children + list_overlapping(extent_of(place_id, at), Kind.COMPOUND, at)
    return children


def list_inside(
    extent: Extent, kind: Kind, at: datetime, *, after_lo: int = -1, limit: int | None = None
) -> list[PlaceRef]:
    """Compounds, buildings or units whose first key lies in an extent, in key order; `after_lo` pages on."""
    return read_places(
        f"""
        SELECT {COLUMNS} FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS s (lo, hi)
        JOIN place p ON p.kind = %(kind)s AND p.lo >= s.lo AND p.lo < s.hi
        WHERE {_LIVING} AND p.lo > %(after)s ORDER BY p.lo LIMIT %(limit)s
        """,
        {"los": extent.los, "his": extent.his, "kind": kind.value, "at": at, "after": after_lo, "limit": limit},
    )


def list_units_under(place: PlaceRef, at: datetime) -> list[PlaceRef]:
    """The units of a compound, a building or a unit, building by building, in the order of `list_children`."""
    if place.kind == Kind.UNIT:
        return [place]
    return read_places(
        f"""
        SELECT {COLUMNS} FROM place p JOIN place b ON b.id = p.parent_id
        WHERE p.kind = {Kind.UNIT.value} AND p.lo >= %(lo)s AND p.lo < %(hi)s AND {_LIVING}
          AND (b.ended_at IS NULL OR b.ended_at > %(at)s)
        ORDER BY b.sort, b.name, b.id, p.sort, p.name, p.id
        """,
        {"lo": place.lo, "hi": place.hi, "at": at},
    )


def list_overlapping(extent: Extent, kind: Kind, at: datetime, *, limit: int | None = None) -> list[PlaceRef]:
    """Compounds, buildings or units that have a door in an extent, in key order."""
    return read_places(
        f"""
        SELECT {COLUMNS} FROM place p WHERE {_LIVING} AND p.id IN (
            SELECT p.id FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS s (lo, hi)
            JOIN place p ON p.kind = %(kind)s AND p.lo > s.lo - %(size)s AND p.lo < s.hi AND p.hi > s.lo)
        ORDER BY p.lo LIMIT %(limit)s
        """,
        {
            "los": extent.los, "his": extent.his, "kind": kind.value, "at": at, "size": 1 << BLOCK_BITS[kind],
            "limit": limit,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Alias:
    """Another code or name of a place; `former_code` of the dissolved place that bore it, "" when it is its own."""

    text: str
    former_code: str
    since: datetime | None
    until: datetime | None


def list_aliases(place_id: int) -> list[Alias]:
    """The other names and codes of a place, in the order in which they were given."""
    return [
        Alias(*row)
        for row in db.rows(
            "SELECT a.text, coalesce(f.code, ''), a.since, a.until FROM place_alias a"
            " LEFT JOIN place f ON f.id = a.former_id WHERE a.place_id = %s ORDER BY a.id",
            [place_id],
        )
    ]


def aliases_of(place_ids: Iterable[int]) -> list[tuple[int, str]]:
    """(id, another name or code) of several places at once."""
    return db.rows("SELECT place_id, text FROM place_alias WHERE place_id = ANY(%s) ORDER BY id", [list(place_ids)])


def list_successors(place_id: int) -> list[PlaceRef]:
    """Who took over from a place that was dissolved."""
    return read_places(
        f"SELECT {COLUMNS} FROM place p WHERE p.id IN (SELECT place_id FROM place_alias WHERE former_id = %s)"
        " ORDER BY p.kind, p.sort, p.code",
        [place_id],
    )


def list_divisions(extent: Extent, kind: Kind, at: datetime) -> list[PlaceRef]:
    """Divisions or overlays of one kind that hold a door of an extent, in key order."""
    return read_places(
        f"""
        SELECT {COLUMNS} FROM place p JOIN (
            SELECT s.place_id, min(s.lo) AS first FROM place_span s
            JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi) ON s.lo < e.hi AND s.hi > e.lo
            WHERE s.kind = %(kind)s AND s.since <= %(at)s AND s.until > %(at)s GROUP BY 1
        ) AS held ON held.place_id = p.id ORDER BY held.first
        """,
        {"los": extent.los, "his": extent.his, "kind": kind.value, "at": at},
    )


_HOLDERS = f"""
    SELECT {COLUMNS} FROM place p WHERE p.id IN (
        SELECT s.place_id FROM place_span s WHERE s.kind < 70 AND s.lo <= %(key)s AND s.hi > %(key)s
            AND s.since <= %(at)s AND s.until > %(at)s)
    UNION ALL
    SELECT {COLUMNS} FROM place p WHERE (p.kind, p.lo) IN (
        (70, (%(key)s::bigint >> 28) << 28), (80, (%(key)s::bigint >> 17) << 17), (90, (%(key)s::bigint >> 11) << 11))
    ORDER BY kind
"""


def places_of_key(key: int, at: datetime) -> list[PlaceRef]:
    """Everything that holds a key at `at`, widest first: city to community, areas and grids, compound, building,
    unit.
    """
    return read_places(_HOLDERS, {"key": key, "at": at})


# Counted from the index place_counts alone; its condition is repeated word for word. The first unit begins where its
# building does, and the compound: what is wider than a place itself does not stand in it.
_COUNT = """
    SELECT e.id, p.kind, count(*), sum(p.doors)
    FROM unnest(%(ids)s::bigint[], %(los)s::bigint[], %(his)s::bigint[]) AS e (id, lo, hi)
    LEFT JOIN place own ON own.id = e.id AND own.kind >= 70
    JOIN place p ON p.lo >= e.lo AND p.lo < e.hi AND p.kind >= 70 AND p.ended_at IS NULL
    WHERE own.id IS NULL OR p.kind >= own.kind
    GROUP BY 1, 2
"""


def _count(extents: dict[int, Extent]) -> dict[int, PlaceCounts]:
    spans = [(number, lo, hi) for number, extent in extents.items() for lo, hi in extent]
    found: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for number, kind, count, doors in db.rows(
        _COUNT, {"ids": [n for n, _, _ in spans], "los": [lo for _, lo, _ in spans], "his": [hi for _, _, hi in spans]}
    ):
        found[number][kind] = (count, doors)
    return {
        number: PlaceCounts(
            compounds=found[number].get(Kind.COMPOUND, (0, 0))[0],
            buildings=found[number].get(Kind.BUILDING, (0, 0))[0],
            units=found[number].get(Kind.UNIT, (0, 0))[0],
            doors=found[number].get(Kind.UNIT, (0, 0))[1],
        )
        for number in extents
    }


def count_inside(extent: Extent) -> PlaceCounts:
    """What stands in an extent now (ended ones left out). Doors are counted at their units."""
    return _count({0: extent})[0]


def counts_of(place_ids: Iterable[int], at: datetime, *, within: Extent | None = None) -> dict[int, PlaceCounts]:
    """`count_inside` for the doors that each of many places holds at `at` (and that lie `within`), in one statement."""
    held = extents_of(place_ids, at)
    return _count(held if within is None else {place_id: extent & within for place_id, extent in held.items()})
