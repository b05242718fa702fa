"""What a phone carries of places."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from linli.core import db
from linli.core.extents import Extent
from linli.core.field import DOORS, PackCall, behind
from linli.places.terms import Kind

_OVER = (Kind.COMMUNITY, Kind.AREA, Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL)
_KINDS = [kind.value for kind in _OVER]


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
    """What stands around, without reading it: `ids`, as PostgreSQL writes an array; `version` is another when anything
    of `Around` is, `names` when a name in a door's label is."""

    ids: str
    version: str
    names: str


_BUILT = "p.id, p.kind, p.code, p.name, p.sort, p.parent_id, p.lo, p.hi FROM place p"
# The rows of `Around`. What lies over doors is found by the index that keeps it apart: by its bounds alone it would be
# half of all there is.
_AROUND = f"""
    WITH unit AS MATERIALIZED (
        SELECT u.* FROM {DOORS} CROSS JOIN LATERAL (
            SELECT {_BUILT} WHERE p.kind = {Kind.UNIT.value} AND {behind("p.lo")} AND p.ended_at IS NULL ORDER BY p.lo
        ) AS u
    ), building AS MATERIALIZED (
        SELECT {_BUILT} WHERE p.id = ANY(ARRAY(SELECT DISTINCT parent_id FROM unit))
    )
    SELECT p.id, p.kind, p.code, p.name, p.sort, p.parent_id, p.lo, p.hi FROM (
        SELECT * FROM unit UNION ALL SELECT * FROM building
        UNION ALL SELECT {_BUILT} WHERE p.id = ANY(ARRAY(SELECT DISTINCT parent_id FROM building))
        UNION ALL SELECT p.id, p.kind, p.code, p.name, p.sort, p.parent_id, NULL, NULL FROM place p
        WHERE p.id = ANY(ARRAY(SELECT DISTINCT o.place_id FROM {DOORS} CROSS JOIN LATERAL (
            SELECT s.place_id FROM place_span s
            WHERE s.kind < {Kind.COMPOUND.value} AND s.kind IN ({", ".join(map(str, _KINDS))})
              AND int8range(s.kind, s.kind, '[]') && int8range({min(_KINDS)}, {max(_KINDS)}, '[]')
              AND int8range(s.lo, s.hi) && int8range(e.lo, e.hi)
              AND s.since <= %(at)s AND s.until > %(at)s ORDER BY s.place_id
        ) AS o))
    ) AS p ORDER BY p.kind, CASE WHEN p.kind < {Kind.COMPOUND.value} THEN p.sort ELSE p.lo END, p.id
"""
_STATE = f"""
    SELECT coalesce(array_agg(a.id), '{{}}')::text, hashtextextended(coalesce(string_agg(a::text, ''), ''), 0)::text,
           hashtextextended(coalesce(string_agg(ROW(a.id, a.name, a.parent_id)::text, '')
               FILTER (WHERE a.lo IS NOT NULL), ''), 0)::text
    FROM ({_AROUND}) AS a
"""


def list_around(extent: Extent, at: datetime) -> list[Around]:
    """The units of an extent with the buildings and compounds they stand in, and the communities, areas and grids that
    hold any of its doors; the wide first, then by key."""
    return [Around(*row) for row in db.prepared(_AROUND, extent.asked | {"at": at})]


def find_around_state(extent: Extent, at: datetime) -> AroundState:
    """Of `list_around`, what tells whether it is still the same: a third of the time, one row."""
    ((ids, version, names),) = db.prepared(_STATE, extent.asked | {"at": at})
    return AroundState(ids, version, names)


def list_changed_doors(call: PackCall, within: Extent) -> list[DoorLine]:
    """The doors to be sent to a phone, ended ones too where an increment is asked for; in walking order."""
    living = " AND d.ended_at IS NULL" if call.is_whole else ""
    sql = (
        "SELECT d.key, d.unit_id, d.number, d.floor, d.position, d.kind, d.vacant_since IS NOT NULL,"
        f" d.ended_at IS NOT NULL FROM door d WHERE {{where}}{living} ORDER BY d.unit_lo, d.position, d.key"
    )
    return [DoorLine(*row) for row in call.rows(sql, "d", within)]
