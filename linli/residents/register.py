"""The lock of the register of who lives where.

Whoever changes it (arrive, move, leave) holds the lock shared, from before the first row is written until commit;
whoever has to see all of it at one instant (opening or closing a round) holds it alone. Otherwise somebody who arrives
in the same second is in neither the round's count nor its follow-up: the round did not see the person, and the arrival
did not see the round.
"""

from __future__ import annotations

from collections.abc import Collection

from linli.core import db

LOCK = 771001


def change_register() -> None:
    """Call before writing who lives where. Held to the end of the transaction; such changes run side by side."""
    db.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def hold_register() -> None:
    """Wait for changes under way, and keep new ones waiting to the end of the transaction."""
    db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def hold_people(person_ids: Collection[int], household_ids: Collection[int]) -> None:
    """Lock people, those of households, and their households, to the end of the transaction: before any unit's tally is
    locked, as whoever changes the register does. Else a mark that takes people off it and a move would wait for each
    other.
    """
    there = {"people": sorted(person_ids), "households": sorted(household_ids)}
    db.rows(
        "SELECT id FROM person WHERE id = ANY(%(people)s::bigint[]) OR household_id = ANY(%(households)s::bigint[])"
        " ORDER BY id FOR UPDATE",
        there,
    )
    # One array of them all: said as "one of these, or the household of one of those" all households would be read.
    db.rows(
        "SELECT id FROM household WHERE id = ANY(ARRAY(SELECT unnest(%(households)s::bigint[])"
        " UNION SELECT household_id FROM person WHERE id = ANY(%(people)s::bigint[]))) ORDER BY id FOR UPDATE",
        there,
    )
