"""A building as it stands in a round: floors, doors, who is due behind them and how they stand.

One statement a building, one a door; both read states by their present key and people from the register.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import db
from linli.core.extents import Extent
from linli.core.shapes import DoorState, Floor, Stairwell, Tile
from linli.core.templatetags.linli import local
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef
from linli.residents.terms import Need, need_labels, needs_on
from linli.rounds.policies import door_state, is_open
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark

LOOKS: dict[int, DoorState] = {
    Mark.NOT_REACHED: DoorState.NOT_REACHED,
    Mark.ABSENT: DoorState.ABSENT,
    Mark.REFUSED: DoorState.REFUSED,
    Mark.DONE: DoorState.DONE,
    Mark.EXEMPT: DoorState.EXEMPT,
    Mark.MOVED_OUT: DoorState.VACANT,
    Mark.VACANT: DoorState.VACANT,
}


@dataclass(frozen=True)
class UnitPicture:
    """One stairwell of a building, with its figures from the doors drawn (people, or households)."""

    unit: PlaceRef
    stairwell: Stairwell
    figures: Figures


@dataclass(frozen=True)
class _Door:
    key: int
    unit_id: int
    number: str
    floor: int | None
    vacant: bool
    lived_in: bool
    states: tuple[int, ...]
    people: int
    needs: tuple[str, ...]
    back_at: datetime | None


_DOORS = """
    SELECT d.key, d.unit_id, d.number, d.floor, d.vacant_since IS NOT NULL,
           EXISTS (SELECT 1 FROM household h WHERE h.key = d.key AND h.ended_at IS NULL),
           s.states, coalesce(p.people, 0), coalesce(p.needs, 0), p.oldest, p.youngest, s.back_at
    FROM door d
    LEFT JOIN LATERAL (
        SELECT array_agg(s.state ORDER BY s.subject_id) AS states, min(s.back_at) FILTER (WHERE s.state = 1) AS back_at
        FROM round_state s WHERE s.part = %(part)s AND s.round_id = %(round)s AND s.key = d.key AND s.due
    ) AS s ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS people, bit_or(p.needs) AS needs, min(p.born_on) AS oldest, max(p.born_on) AS youngest
        FROM person p WHERE p.key = d.key AND p.presence = 1
    ) AS p ON true
    WHERE {inside} AND d.ended_at IS NULL ORDER BY d.unit_lo, d.position, d.key
"""


def list_pictures(
    round_: RoundView,
    building: PlaceRef,
    reach: Extent,
    at: datetime,
    *,
    url_of_door: Callable[[int], str],
    selected: int | None = None,
) -> list[UnitPicture]:
    """The stairwells of a building (or the one of a unit). Doors outside of `reach` are drawn, but say nothing."""
    units = {unit.id: unit for unit in places.list_inside(building.block, Kind.UNIT, at)}
    doors = _read_doors(round_, building.block, at)
    pictures = []
    for unit in units.values():
        inside = doors.get(unit.id, [])
        if not inside:
            continue
        seen = [door for door in inside if door.key in reach]
        tiles = {
            door.key: _tile(door, door.key in reach, url_of_door(door.key), door.key == selected) for door in inside
        }
        pictures.append(UnitPicture(unit, Stairwell(unit.name, _floors(inside, tiles)), _count(seen)))
    return pictures


def _read_doors(round_: RoundView, extent: Extent, at: datetime) -> dict[int, list[_Door]]:
    rows = db.rows(_DOORS.format(inside=extent.where("d.key")), {"part": round_.part, "round": round_.id})
    doors: dict[int, list[_Door]] = defaultdict(list)
    for key, unit_id, number, floor, vacant, lived_in, states, people, needs, oldest, youngest, back_at in rows:
        labels = need_labels(_needs(needs, oldest, youngest, timezone.localtime(at).date()))
        doors[unit_id].append(
            _Door(key, unit_id, number, floor, vacant, lived_in, tuple(states or ()), people, tuple(labels), back_at)
        )
    return doors


def _needs(stored: int, oldest: date | None, youngest: date | None, day: date) -> Need:
    return needs_on(stored, oldest, day) | needs_on(0, youngest, day)


def _floors(doors: Sequence[_Door], tiles: dict[int, Tile]) -> list[Floor]:
    """Floors from the top; all doors as one list where any floor is unknown, so that nothing stands where it is not."""
    if any(door.floor is None for door in doors):
        return [Floor("", [tiles[door.key] for door in doors])]
    ordered = sorted(doors, key=lambda door: -(door.floor or 0))
    return [
        Floor(f"{floor}F", [tiles[door.key] for door in group])
        for floor, group in groupby(ordered, key=lambda door: door.floor)
    ]


def _tile(door: _Door, in_reach: bool, url: str, selected: bool) -> Tile:
    state = door_state(door.states)
    if not in_reach:
        return Tile(door.number, DoorState.OUTSIDE)
    if state is None:
        empty = DoorState.VACANT if door.vacant or not door.lived_in else DoorState.OUTSIDE
        label = "" if door.vacant or door.lived_in else _("nobody registered")
        return Tile(door.number, empty, label=label, url=url, selected=selected, hx_target="#door")
    label = ""
    if state == Mark.ABSENT and door.back_at:
        label = _("Absent, back %(time)s") % {"time": local(door.back_at)}
    return Tile(door.number, LOOKS[state], door.people, door.needs, url, label, selected, "#door")


def _count(doors: Sequence[_Door]) -> Figures:
    states = [state for door in doors for state in door.states]
    drawn = [door for door in doors if door.states]
    return Figures(
        due=len(states),
        done=states.count(Mark.DONE),
        exempt=sum(state == Mark.EXEMPT or state >= Mark.MOVED_OUT for state in states),
        absent=states.count(Mark.ABSENT),
        refused=states.count(Mark.REFUSED),
        doors_due=len(drawn),
        doors_open=sum(any(is_open(state) for state in door.states) for door in drawn),
    )


@dataclass(frozen=True)
class Subject:
    """Somebody due behind a door (a household in a round per household), and how they stand."""

    subject_id: int
    household_id: int
    key: int
    name: str
    relation: str
    needs: tuple[str, ...]
    age: int | None
    state: Mark
    event_at: datetime | None
    back_at: datetime | None
    until_at: datetime | None
    people: int

    @property
    def look(self) -> DoorState:
        return LOOKS[self.state]

    @property
    def is_open(self) -> bool:
        return is_open(self.state)


@dataclass(frozen=True)
class Home:
    """A household behind a door, with those of it who are due."""

    household_id: int
    key: int
    label: str
    subjects: tuple[Subject, ...]

    @property
    def open(self) -> list[Subject]:
        return [subject for subject in self.subjects if subject.is_open]


_SUBJECTS = {
    CountBy.PERSON: """
        SELECT s.subject_id, s.household_id, s.key, p.name, p.relation, p.needs, p.born_on, p.born_on, s.state,
               s.event_at, s.back_at, s.until_at, 1, h.label
        FROM round_state s {kept} JOIN person p ON p.id = s.subject_id {kept} JOIN household h ON h.id = s.household_id
        WHERE s.part = %(part)s AND s.round_id = %(round)s AND s.key = ANY(%(keys)s) AND s.due
        ORDER BY s.key, h.label, s.household_id, p.relation <> '户主', p.born_on NULLS LAST, p.id""",
    CountBy.HOUSEHOLD: """
        SELECT s.subject_id, s.household_id, s.key, coalesce(p.name, ''), '', coalesce(p.needs, 0), p.oldest,
               p.youngest, s.state, s.event_at, s.back_at, s.until_at, coalesce(p.people, 0), h.label
        FROM round_state s {kept} JOIN household h ON h.id = s.household_id
        LEFT JOIN LATERAL (
            SELECT string_agg(p.name, '、' ORDER BY p.relation <> '户主', p.id) AS name, bit_or(p.needs) AS needs,
                   min(p.born_on) AS oldest, max(p.born_on) AS youngest, count(*) AS people
            FROM person p WHERE p.household_id = h.id AND p.presence = 1
        ) AS p ON true
        WHERE s.part = %(part)s AND s.round_id = %(round)s AND s.key = ANY(%(keys)s) AND s.due
        ORDER BY s.key, h.label, s.household_id""",
}


def list_homes(round_: RoundView, keys: Sequence[int], at: datetime) -> list[Home]:
    """The households behind some doors, with everyone due, reached or not, in the order of a register."""
    # A closed round keeps its list: who has since moved beyond the reader's places is on it without a name.
    statement = _SUBJECTS[CountBy(round_.count_by)].format(kept="" if round_.is_open else "LEFT")
    rows = db.rows(statement, {"part": round_.part, "round": round_.id, "keys": list(keys)})
    homes = []
    for (household, key, label), group in groupby(rows, key=lambda row: (row[1], row[2], row[13])):
        homes.append(Home(household, key, label or "", tuple(_subject(row, at) for row in group)))
    return homes


def _subject(row: tuple[Any, ...], at: datetime) -> Subject:
    (
        subject_id,
        household,
        key,
        name,
        relation,
        needs,
        oldest,
        youngest,
        state,
        event_at,
        back_at,
        until_at,
        people,
        _label,
    ) = row
    day = timezone.localtime(at).date()
    age = None
    if oldest is not None and oldest == youngest:
        age = day.year - oldest.year - ((day.month, day.day) < (oldest.month, oldest.day))
    labels = need_labels(_needs(needs or 0, oldest, youngest, day))
    if name is None:
        name, relation = _("lives elsewhere now"), ""
    return Subject(
        subject_id, household, key, name, relation, tuple(labels), age, Mark(state), event_at, back_at, until_at, people
    )
