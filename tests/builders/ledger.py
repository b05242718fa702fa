"""A small block of doors and people written straight into the tables: for tests of the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import COMPOUND_BITS, UNIT_SIZE, Extent
from linli.core.ids import new_id
from linli.rounds import bulk, queries, services
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, MarkCommand, RoundKind

MORNING = datetime(2022, 10, 4, 0, 0, tzinfo=UTC)  # 08:00 in Hohhot


@dataclass
class Block:
    """One compound of one building: first keys of units, keys of doors, ids of people, household ids by door."""

    lo: int
    units: list[int] = field(default_factory=list)
    doors: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    homes: dict[int, int] = field(default_factory=dict)

    @property
    def extent(self) -> Extent:
        return Extent.of([(self.lo, self.lo + (1 << COMPOUND_BITS))])


def make_block(*, number: int = 1, units: int = 2, doors: int = 4, people: int = 3) -> Block:
    """`units` stairwells of `doors` doors with `people` people behind each, all present."""
    lo = number << COMPOUND_BITS
    block = Block(lo)
    compound = _place(70, f"c{number}", None, None, lo, COMPOUND_BITS, None)
    building = _place(80, f"c{number}-1", compound, 70, lo, 17, lo)
    for index in range(units):
        unit_lo = lo + index * UNIT_SIZE
        unit = _place(90, f"c{number}-1-{index + 1}", building, 80, unit_lo, 11, lo)
        block.units.append(unit_lo)
        for door in range(doors):
            key = unit_lo + door
            db.execute(
                "INSERT INTO door (key, unit_id, unit_kind, unit_lo, number, kind, floor, position, created_at)"
                " VALUES (%s, %s, 90, %s, %s, 1, %s, %s, %s)",
                [key, unit, unit_lo, f"{door + 1}01", door + 1, door, MORNING],
            )
            block.doors.append(key)
            block.homes[key] = make_home(key)
            for person in range(people):
                block.people.append(make_person(block.homes[key], key, f"人{number}-{index}-{door}-{person}"))
    return block


def _place(
    kind: int, code: str, parent: int | None, parent_kind: int | None, lo: int, bits: int, parent_lo: int | None
) -> int:
    place_id = int(
        db.scalar(
            "INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, lo, hi, parent_lo, doors, created_at)"
            " VALUES (%s, %s, %s, 0, %s, %s, %s, %s, %s, 0, %s) RETURNING id",
            [kind, code, code, parent, parent_kind, lo, lo + (1 << bits), parent_lo, MORNING],
        )
    )
    db.execute(
        "INSERT INTO place_span (place_id, kind, lo, hi, since, until)"
        " VALUES (%s, %s, %s, %s, '2020-01-01', '9000-01-01')",
        [place_id, kind, lo, lo + (1 << bits)],
    )
    return place_id


def make_home(key: int, label: str = "") -> int:
    return int(
        db.scalar(
            "INSERT INTO household (key, label, note, created_at, updated_at) VALUES (%s, %s, '', %s, %s) RETURNING id",
            [key, label, MORNING, MORNING],
        )
    )


def make_person(home: int, key: int, name: str, presence: int = 1) -> int:
    return int(
        db.scalar(
            "INSERT INTO person (household_id, key, name, sex, relation, id_sealed, phone_sealed, needs, presence,"
            " presence_since, note, created_at, updated_at)"
            " VALUES (%s, %s, %s, 0, '', '', '', 0, %s, '2022-01-01', '', %s, %s) RETURNING id",
            [home, key, name, presence, MORNING, MORNING],
        )
    )


def open_round(
    extent: Extent,
    *,
    count_by: CountBy = CountBy.PERSON,
    kind: RoundKind = RoundKind.VISIT,
    at: datetime = MORNING,
) -> RoundView:
    made = services.create_round(
        name="第 3 轮敲门行动", kind=kind, count_by=count_by, starts_at=at, ends_at=at + timedelta(hours=12),
        scope=extent, actor=SYSTEM, at=at,
    )  # fmt: skip
    bulk.open_round(round_id=made.pk, actor=SYSTEM, at=at)
    return queries.get_round(made.pk)


def command(
    person: int | None = None,
    kind: Mark = Mark.DONE,
    *,
    minutes: float = 10,
    household: int | None = None,
    id: UUID | None = None,
) -> MarkCommand:
    """A mark `minutes` after the morning."""
    at = MORNING + timedelta(minutes=minutes)
    return MarkCommand(id or new_id(), kind, at, person_id=person, household_id=household)


def give(round_: RoundView, commands: Sequence[MarkCommand], *, minutes: float = 600) -> list[str]:
    """Mark as the system, received `minutes` after the morning; the outcomes' names."""
    at = MORNING + timedelta(minutes=minutes)
    return [
        receipt.outcome.name for receipt in services.mark(round_id=round_.id, commands=commands, actor=SYSTEM, at=at)
    ]
