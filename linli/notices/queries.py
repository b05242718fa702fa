"""Reads of special situations. All of them narrow by `residents.view`: names stand in the reports."""

from __future__ import annotations

from typing import Any

from linli.core import crypto, db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.core.field import DOORS, PackCall, behind
from linli.notices.errors import SpecialNotFound
from linli.notices.terms import SpecialLine
from linli.places import queries as places

VIEW = "residents.view"
LIMIT = 100
_LINES = """
    SELECT s.id, s.key, s.place_id, s.person_id, s.what, s.text, a.name, s.happened_at, s.received_at,
           coalesce(b.name, ''), s.settled_at, s.outcome
    FROM {special} JOIN account a ON a.id = s.account_id LEFT JOIN account b ON b.id = s.settled_by
    WHERE {where} ORDER BY s.settled_at IS NOT NULL, s.received_at DESC, s.id DESC LIMIT {limit}
"""
_OPEN = f"SELECT * FROM special s WHERE {behind('s.key')} AND s.settled_at IS NULL ORDER BY s.key"
_OPEN_INSIDE = _LINES.format(special=f"{DOORS} CROSS JOIN LATERAL ({_OPEN}) AS s", where="true", limit=LIMIT)


def list_specials(*, actor: Actor, everything: bool = False, limit: int = LIMIT) -> list[SpecialLine]:
    """Those that are not settled, the newest first; `everything`: then the settled ones."""
    open_only = "" if everything else " AND s.settled_at IS NULL"
    return _read(f"{actor.extent_for(VIEW).where('s.key')}{open_only}", limit)


def get_special(special_id: int, *, actor: Actor) -> SpecialLine:
    """Raises SpecialNotFound, also for one outside of the actor's places."""
    found = _read(f"{actor.extent_for(VIEW).where('s.key')} AND s.id = {int(special_id)}", 1)
    if not found:
        raise SpecialNotFound
    return found[0]


def list_open_inside(call: PackCall) -> list[SpecialLine]:
    """Those not settled at a phone's doors."""
    return _lines(db.prepared(_OPEN_INSIDE, call.asked))


def count_open(extent: Extent) -> int:
    """Special situations at these doors that nobody has settled."""
    return int(db.scalar(f"SELECT count(*) FROM special s WHERE {extent.where('s.key')} AND s.settled_at IS NULL"))


def get_version(*, actor: Actor) -> tuple[Any, ...]:
    """Changes with every report and every settling at the actor's doors."""
    return db.rows(
        "SELECT count(*), max(s.id), max(s.settled_at), count(s.settled_at) FROM special s"
        f" WHERE {actor.extent_for(VIEW).where('s.key')}"
    )[0]


def _read(where: str, limit: int) -> list[SpecialLine]:
    return _lines(db.rows(_LINES.format(special="special s", where=where, limit=int(limit))))


def _lines(rows: list[tuple[Any, ...]]) -> list[SpecialLine]:
    if not rows:
        return []
    doors = places.door_labels([row[1] for row in rows if row[2] is None])
    named = places.get_places([row[2] for row in rows if row[2] is not None])
    return [_line(row, str(named.get(row[2]) or doors.get(row[1], row[1]))) for row in rows]


def _line(row: tuple[Any, ...], where: str) -> SpecialLine:
    number, key, place, person, what, text, reporter, happened_at, received_at, settler, settled_at, outcome = row
    return SpecialLine(
        number, key, place, person, where, what, crypto.unseal(text), reporter, happened_at, received_at, settler,
        settled_at, outcome,
    )  # fmt: skip
