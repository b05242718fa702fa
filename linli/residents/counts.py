"""Counts a unit, kept by counting the unit again: a unit is some thirty people, and what was ever wrong is mended."""

from __future__ import annotations

from collections.abc import Iterable

from linli.core import db
from linli.core.extents import unit_lo
from linli.residents.terms import NEED_BITS

_NEEDS = ", ".join(f"count(*) FILTER (WHERE p.needs & {1 << bit} <> 0)" for bit in range(NEED_BITS))
_ZEROS = "'{" + ",".join("0" * NEED_BITS) + "}'"

_HOUSEHOLDS = "count(DISTINCT h.key)::integer AS doors, count(*)::integer AS households"
_PEOPLE = f"""count(*)::integer AS people, count(*) FILTER (WHERE p.presence = 1)::integer AS present,
    ARRAY[{_NEEDS}]::integer[] AS needs"""

_LOCK = f"""
INSERT INTO unit_count (lo, doors, households, people, present, needs)
SELECT lo, 0, 0, 0, 0, {_ZEROS} FROM unnest(%s::bigint[]) AS u (lo) ORDER BY lo ON CONFLICT (lo) DO NOTHING
"""
_SET = f"""
UPDATE unit_count c
SET doors = h.doors, households = h.households, people = p.people, present = p.present, needs = p.needs
FROM unnest(%s::bigint[]) AS u (lo)
CROSS JOIN LATERAL (SELECT {_HOUSEHOLDS} FROM household h
                    WHERE h.key >= u.lo AND h.key < u.lo + 2048 AND h.ended_at IS NULL) h
CROSS JOIN LATERAL (SELECT {_PEOPLE} FROM person p
                    WHERE p.key >= u.lo AND p.key < u.lo + 2048 AND p.presence IN (1, 2)) p
WHERE c.lo = u.lo
"""
_ALL = f"""
INSERT INTO unit_count (lo, doors, households, people, present, needs)
SELECT h.lo, h.doors, h.households, coalesce(p.people, 0), coalesce(p.present, 0), coalesce(p.needs, {_ZEROS})
FROM (SELECT h.key >> 11 << 11 AS lo, {_HOUSEHOLDS} FROM household h WHERE h.ended_at IS NULL GROUP BY 1) h
LEFT JOIN (SELECT p.key >> 11 << 11 AS lo, {_PEOPLE} FROM person p WHERE p.presence IN (1, 2) GROUP BY 1) p USING (lo)
"""


def recount(keys: Iterable[int]) -> None:
    """Set the counts of the units of these doors, inside the transaction that changed them.

    Called after `PeopleChanged` was published: rounds lock their tallies first, and everybody in that order. Written
    even where the figures stay the same: that the row was written tells phones that somebody may have come or gone.
    """
    los = sorted({unit_lo(key) for key in keys})
    if not los:
        return
    db.execute(_LOCK, [los])
    db.rows("SELECT lo FROM unit_count WHERE lo = ANY(%s) ORDER BY lo FOR NO KEY UPDATE", [los])
    db.execute(_SET, [los])  # a later statement than the one that locked: it sees what the other writer did


def recount_all() -> int:
    """Count the whole register again, as the owner; returns the number of units somebody lives in."""
    with db.atomic():
        db.execute("LOCK TABLE unit_count IN EXCLUSIVE MODE")
        db.execute("DELETE FROM unit_count")
        return db.execute(_ALL)
