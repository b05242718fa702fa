"""The staged roster into the register, as sets: doubles, doors, who is who, households, people, empty homes.

Each step is one or a few statements over all rows; they stand in `statements`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from linli.core import db
from linli.core.extents import Extent
from linli.places import bulk as places
from linli.residents.changes import Change, end_empty_households
from linli.residents.imports import survivors
from linli.residents.imports.statements import (
    DOORS,
    DOUBLES,
    FILLED_DOORS,
    FIT,
    HOUSEHOLDS,
    INSERT,
    LEFT,
    MATCH,
    UNCLEAR,
    UPDATE,
    VACANT_DOORS,
    VACATE,
    WANT,
)

MANY = 2_000  # rows after which statistics are taken anew


@dataclass(frozen=True)
class Bad:
    """A staged row that cannot be used: in which field and why; `other` is the row it disagrees with."""

    n: int
    field: str
    code: str
    other: int | None


@dataclass
class Merged:
    """What came of the staged rows: row counts, and doors that were new."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    doors: int = 0
    households: int = 0
    moved: int = 0
    unknown_gone: int = 0  # rows of people who have left and were never registered: nothing to do
    survivors: int = 0  # rows that name an entry which was merged into another: they speak of that one
    bad: tuple[Bad, ...] = ()


def merge(change: Change, *, held: Extent, day: date) -> Merged:
    """Bring the staged rows into the register. `held`: the doors the importer may write; `day`: today.

    Runs as the owner, inside `changes.changing`, which tells the rooms above and counts the units.
    """
    merged = Merged()
    # Only of what is asked about: figures of sealed values and remarks take time and help nobody.
    db.execute("ANALYZE roster (n, unit_id, lo, number, name, born_on, id_hash, presence, vacant)")
    for statement in DOUBLES:
        db.execute(statement)
    db.execute(DOORS)
    merged.doors = places.ensure_doors("roster_wanted_door", at=change.at)
    if merged.doors > MANY:
        db.execute("ANALYZE door")
    _identify(held)
    merged.households = _house(change.at)
    _settle_people(merged, change, day)
    _empty_homes(merged, change, day)
    _count(merged)
    return merged


def _identify(held: Extent) -> None:
    """Who of the register each row is; those that cannot be told leave `roster_fit`."""
    mine = {"los": held.los, "his": held.his}
    db.execute(FIT)
    db.execute("ANALYZE roster_fit")
    db.execute(survivors.TABLES)
    for statement in MATCH:
        db.execute(statement)
    for statement in survivors.SETTLE:
        db.execute(statement, mine if "%(los)s" in statement else None)
    db.execute(LEFT)
    db.execute("ANALYZE roster_fit")
    # From here on nobody else changes them; what they are now is read in later statements.
    db.execute(
        "SELECT count(*) FROM (SELECT id FROM person WHERE id IN (SELECT person_id FROM roster_fit)"
        " ORDER BY id FOR NO KEY UPDATE) AS held"
    )
    for statement in UNCLEAR:
        db.execute(statement, mine)
    db.execute("DELETE FROM roster_fit f WHERE EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = f.n)")


def _house(at: datetime) -> int:
    """Which household each row belongs to; returns how many were begun."""
    db.execute(
        "SELECT count(*) FROM (SELECT id FROM household WHERE key IN (SELECT key FROM roster_fit) AND ended_at IS NULL"
        " ORDER BY id FOR NO KEY UPDATE) AS held"
    )
    begun = 0
    for statement in HOUSEHOLDS:
        done = db.execute(statement, {"at": at} if "%(at)s" in statement else None)
        if statement.lstrip().startswith("INSERT INTO household"):
            begun += done
            if done > MANY:
                db.execute("ANALYZE household")
    return begun


def _settle_people(merged: Merged, change: Change, day: date) -> None:
    params = {"at": change.at, "day": day}
    db.execute(WANT, params)
    db.execute("ANALYZE roster_want (n, person_id, key, fresh, moved, other)")
    merged.updated = db.execute(UPDATE, params)
    merged.created = db.execute(INSERT, params)
    if merged.created > MANY:
        # Whoever reads next (rounds that follow, the counts of units) plans by figures from before all these rows.
        db.execute("ANALYZE person")
    rows = db.rows("SELECT person_id, household_id, key, left_household, left_key, fresh FROM roster_want WHERE moved")
    merged.moved = sum(1 for row in rows if not row[5])
    for person, household, key, left, left_key, _fresh in rows:
        change.people.add(person)
        change.households.add(household)
        change.keys.add(key)
        if left is not None:
            change.households.add(left)
            change.keys.add(left_key)
    change.touch(keys=(key for (key,) in db.rows("SELECT DISTINCT key FROM roster_want WHERE other")))
    end_empty_households((row[3] for row in rows if row[3] is not None), change.at)
    db.execute(FILLED_DOORS)


def _empty_homes(merged: Merged, change: Change, day: date) -> None:
    params = {"at": change.at, "day": day}
    gone = db.rows(VACATE, params)
    keys = [key for (key,) in db.rows("SELECT DISTINCT key FROM roster_fit WHERE vacant")]
    if not keys:
        return
    ended = db.rows("SELECT id FROM household WHERE key = ANY(%s) AND ended_at IS NULL", [keys])
    households = end_empty_households((household for (household,) in ended), change.at)
    emptied = {n for (n,) in db.rows(VACANT_DOORS, params)} | {row[0] for row in gone}
    merged.updated += len(emptied)
    change.touch(people=(row[1] for row in gone), households=households, keys=keys)


def _count(merged: Merged) -> None:
    """Rows that changed nothing, counted on their own and not as what is left over: the account has to balance."""
    same, idle, gone, vacant = (
        db.scalar("SELECT count(*) FROM roster_same"),
        db.scalar("SELECT count(*) FROM roster_want WHERE NOT fresh AND NOT moved AND NOT other"),
        db.scalar(
            "SELECT count(*) FROM roster_fit f WHERE NOT vacant AND NOT EXISTS"
            " (SELECT 1 FROM roster_want w WHERE w.n = f.n)"
        ),
        db.scalar("SELECT count(*) FROM roster_fit WHERE vacant"),
    )
    vacant_done = merged.updated - db.scalar("SELECT count(*) FROM roster_want WHERE NOT fresh AND (moved OR other)")
    merged.unknown_gone = gone
    merged.survivors = db.scalar("SELECT count(*) FROM roster_said")
    merged.unchanged = same + idle + gone + vacant - vacant_done
    merged.bad = tuple(
        Bad(*row) for row in db.rows("SELECT n, field, code, other FROM roster_bad ORDER BY n, field, code, other")
    )
