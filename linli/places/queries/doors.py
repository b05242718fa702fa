"""Doors: one, those of a unit, and how a door is called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from linli.core import db
from linli.core.extents import Extent
from linli.places.errors import PlaceUnknown
from linli.places.terms import DoorRef

_COLUMNS = "d.key, d.unit_id, d.number, d.kind, d.floor, d.position, d.ended_at"


class DoorLabel(NamedTuple):
    """How a door is called; `str` of it is one line."""

    compound: str
    building: str
    unit: str
    number: str

    def __str__(self) -> str:
        return f"{self.compound} {self.building} {self.unit} {self.number}"

    @property
    def short(self) -> str:
        """Without the compound: for lists that stand under its name."""
        return f"{self.building} {self.unit} {self.number}"


class UnitLine(NamedTuple):
    """A unit with the names of everything it stands in, to be matched with a sheet. Names are as written."""

    unit_id: int
    lo: int
    unit: str
    building_id: int
    building: str
    compound_id: int
    compound: str
    community_id: int
    community: str


def find_door(key: int) -> DoorRef | None:
    found = db.rows(f"SELECT {_COLUMNS} FROM door d WHERE d.key = %s", [key])
    return DoorRef(*found[0]) if found else None


def get_door(key: int) -> DoorRef:
    """Raises PlaceUnknown."""
    found = find_door(key)
    if found is None:
        raise PlaceUnknown(place=key)
    return found


def list_doors(unit_id: int, *, with_ended: bool = False) -> list[DoorRef]:
    """The doors of a unit in walking order."""
    return [
        DoorRef(*row)
        for row in db.rows(
            f"SELECT {_COLUMNS} FROM door d WHERE d.unit_id = %s AND (%s OR d.ended_at IS NULL)"
            " ORDER BY d.position, d.key",
            [unit_id, with_ended],
        )
    ]


def list_doors_inside(extent: Extent, *, limit: int | None = None) -> list[DoorRef]:
    """The doors in use of an extent in walking order: unit by unit, then floor by floor."""
    return [
        DoorRef(*row)
        for row in db.rows(
            f"""
            SELECT {_COLUMNS} FROM unnest(%s::bigint[], %s::bigint[]) AS s (lo, hi)
            JOIN door d ON d.key >= s.lo AND d.key < s.hi WHERE d.ended_at IS NULL
            ORDER BY d.unit_lo, d.position, d.key LIMIT %s
            """,
            [extent.los, extent.his, limit],
        )
    ]


def door_labels(keys: Iterable[int]) -> dict[int, DoorLabel]:
    """How each door is called; keys without a door are left out."""
    return {
        key: DoorLabel(*names)
        for key, *names in db.rows(
            """
            SELECT d.key, c.name, b.name, u.name, d.number FROM door d
            JOIN place u ON u.id = d.unit_id JOIN place b ON b.id = u.parent_id JOIN place c ON c.id = b.parent_id
            WHERE d.key = ANY(%s)
            """,
            [list(keys)],
        )
    }


def door_label(key: int) -> str:
    """小区 3号楼 2单元 1203. Raises PlaceUnknown."""
    found = door_labels([key])
    if key not in found:
        raise PlaceUnknown(place=key)
    return str(found[key])


def list_units(extent: Extent, at: datetime) -> list[UnitLine]:
    """All units of an extent with their names, in key order. 120,000 units take about a second."""
    return [
        UnitLine(*row)
        for row in db.rows(
            """
            SELECT u.id, u.lo, u.name, b.id, b.name, c.id, c.name, m.id, m.name
            FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)
            JOIN place u ON u.kind = 90 AND u.lo >= e.lo AND u.lo < e.hi
            JOIN place b ON b.id = u.parent_id JOIN place c ON c.id = b.parent_id
            JOIN LATERAL (
                SELECT s.place_id, s.hi FROM place_span s
                WHERE s.kind = 40 AND s.lo <= c.lo AND s.since <= %(at)s AND s.until > %(at)s
                ORDER BY s.lo DESC LIMIT 1
            ) AS h ON h.hi > c.lo
            JOIN place m ON m.id = h.place_id
            WHERE u.ended_at IS NULL ORDER BY u.lo
            """,
            {"los": extent.los, "his": extent.his, "at": at},
        )
    ]
