"""What a phone carries of places."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from linli.core import db
from linli.core.extents import Extent
from linli.core.field import PackCall
from linli.places.terms import Kind

_OVER = (Kind.COMMUNITY, Kind.AREA, Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL)


class DoorLine(NamedTuple):
    """A door with the names it is called by."""

    key: int
    unit_id: int
    number: str
    floor: int | None
    position: int
    kind: int
    is_vacant: bool
    is_ended: bool


class Around(NamedTuple):
    """A place at or around a phone's doors. `lo`, `hi`: of what is built alone."""

    id: int
    kind: int
    code: str
    name: str
    sort: int
    parent_id: int | None
    lo: int | None
    hi: int | None


class AroundState(NamedTuple):
    """What stands around, without reading it: `ids`; `version` is another when anything of `Around` is, `names` when a
    name in a door's label is."""

    ids: list[int]
    version: str
    names: str


def _around(extent: Extent, at: datetime) -> tuple[str, dict[str, object]]:
    """SQL and its values: the rows of `Around`, the wide first, then by key."""
    sql = f"""
        WITH unit AS (
            SELECT p.id, p.parent_id FROM place p
            WHERE p.kind = {Kind.UNIT.value} AND {extent.where("p.lo")} AND p.ended_at IS NULL
        ), building AS (
            SELECT p.id, p.parent_id FROM place p WHERE p.id IN (SELECT parent_id FROM unit)
        )
        SELECT p.id, p.kind, p.code, p.name, p.sort, p.parent_id,
               CASE WHEN p.kind >= {Kind.COMPOUND.value} THEN p.lo END AS lo,
               CASE WHEN p.kind >= {Kind.COMPOUND.value} THEN p.hi END AS hi
        FROM place p WHERE p.id IN (
            SELECT id FROM unit UNION ALL SELECT id FROM building UNION ALL SELECT parent_id FROM building
            UNION ALL SELECT s.place_id FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)
            JOIN place_span s ON s.kind = ANY(%(kinds)s) AND s.lo < e.hi AND s.hi > e.lo
            WHERE s.since <= %(at)s AND s.until > %(at)s
        ) ORDER BY p.kind, CASE WHEN p.kind < {Kind.COMPOUND.value} THEN p.sort ELSE p.lo END, p.id
    """
    return sql, {"los": extent.los, "his": extent.his, "at": at, "kinds": [kind.value for kind in _OVER]}


def list_around(extent: Extent, at: datetime) -> list[Around]:
    """The units of an extent with the buildings and compounds they stand in, and the communities, areas and grids that
    hold any of its doors; the wide first, then by key."""
    return [Around(*row) for row in db.rows(*_around(extent, at))]


def find_around_state(extent: Extent, at: datetime) -> AroundState:
    """Of `list_around`, what tells whether it is still the same: a third of the time, one row."""
    sql, values = _around(extent, at)
    ((ids, version, names),) = db.rows(
        "SELECT coalesce(array_agg(a.id), '{}'), hashtextextended(coalesce(string_agg(a::text, ''), ''), 0)::text,"
        " hashtextextended(coalesce(string_agg(ROW(a.id, a.name, a.parent_id)::text, '')"
        f" FILTER (WHERE a.lo IS NOT NULL), ''), 0)::text FROM ({sql}) AS a",
        values,
    )
    return AroundState(ids, version, names)


def list_changed_doors(call: PackCall, within: Extent) -> list[DoorLine]:
    """The doors to be sent to a phone, ended ones too where an increment is asked for; in walking order."""
    living = " AND d.ended_at IS NULL" if call.is_whole else ""
    return [
        DoorLine(*row)
        for row in db.rows(
            "SELECT d.key, d.unit_id, d.number, d.floor, d.position, d.kind, d.vacant_since IS NOT NULL,"
            f" d.ended_at IS NOT NULL FROM door d WHERE {call.where('d', within)}{living}"
            " ORDER BY d.unit_lo, d.position, d.key"
        )
    ]
