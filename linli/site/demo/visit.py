"""A door-knocking round over the demo, opened in the morning and half done: marks as they would have come in by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from linli.core.arrays import microseconds
from linli.core.extents import UNIT_BITS
from linli.rounds.judging import Batch
from linli.rounds.terms import Mark
from linli.site.demo.ground import Ints

OPENS_AT_HOUR = 8
LEAST_HOURS = 3  # a round younger than this has no curve worth seeing: yesterday's is shown
# How busy each hour of the day is, by local time: mornings, a pause at noon, evenings when people are home.
BUSY = np.array([0] * 8 + [0.5, 1.0, 1.3, 1.0, 0.4, 0.6, 1.1, 1.2, 1.1, 0.9, 1.0, 1.3, 0.8, 0.2, 0, 0], dtype=float)
COVERAGE, COVERAGE_SPREAD = 0.60, 0.20  # of a community's units visited by now
NOBODY_HOME, REFUSES, EXEMPT = 0.085, 0.011, 0.010  # of households
MEMBER_OUT = 0.025  # of people where the door was opened
CAUGHT_LATER = 0.42  # of households where nobody was home: done on a second visit
REASONS = {Mark.EXEMPT: ("住院治疗", "集中隔离", "外出务工已报备"), Mark.REFUSED: ("不愿开门", "要求改日再来")}


@dataclass(frozen=True)
class Window:
    """When the round was opened, up to when marks came in, and by when everyone should be reached."""

    opened_at: datetime
    now: datetime
    ends_at: datetime


def choose_window(at: datetime, zone: str) -> Window:
    """Opened at eight this morning, or yesterday's while the morning is young."""
    local = at.astimezone(ZoneInfo(zone))
    opened = local.replace(hour=OPENS_AT_HOUR, minute=0, second=0, microsecond=0)
    if local - opened < timedelta(hours=LEAST_HOURS):
        opened -= timedelta(days=1)
    return Window(opened, at, opened.replace(hour=22) + timedelta(days=1))


@dataclass(frozen=True, eq=False)
class Marks:
    """Columns of marks: index of the person, kind, seconds after opening, index of the reason (-1: none)."""

    person: Ints
    kind: Ints
    second: Ints
    reason: Ints


def knock(key: Ints, household: Ints, community: Ints, window: Window, zone: str, rng: np.random.Generator) -> Marks:
    """Walk every community unit by unit, as far as it has come by now.

    `key`, `household`, `community` have one entry a person who is due, in key order.
    """
    if not len(key):
        empty = np.zeros(0, dtype=np.int64)
        return Marks(empty, empty, empty, empty)
    house, house_first, person_house = np.unique(household, return_index=True, return_inverse=True)
    house_key = key[house_first]
    moment, seen = _walk(house_key >> UNIT_BITS, community[house_first], rng)
    when = _spread(moment, window, zone)
    lot = rng.random(len(house))
    outcome = np.select(
        [lot < NOBODY_HOME, lot < NOBODY_HOME + REFUSES, lot < NOBODY_HOME + REFUSES + EXEMPT],
        [int(Mark.ABSENT), int(Mark.REFUSED), int(Mark.EXEMPT)],
        default=int(Mark.DONE),
    )
    kind = outcome[person_house]
    out = (kind == Mark.DONE) & (rng.random(len(kind)) < MEMBER_OUT)
    kind = np.where(out, int(Mark.ABSENT), kind)
    people = np.flatnonzero(seen[person_house])
    first = Marks(people, kind[people], when[person_house][people], _reasons(kind[people], rng))
    again = seen & (outcome == Mark.ABSENT) & (rng.random(len(house)) < CAUGHT_LATER)
    later = _spread(moment + (0.999 - moment) * rng.uniform(0.15, 1.0, len(house)), window, zone)
    back = np.flatnonzero(again[person_house])
    second = Marks(
        back, np.full(len(back), int(Mark.DONE)), later[person_house][back], np.full(len(back), -1, dtype=np.int64)
    )
    return Marks(*(np.r_[one, two] for one, two in zip(_columns(first), _columns(second), strict=True)))


def _columns(marks: Marks) -> tuple[Ints, Ints, Ints, Ints]:
    return marks.person, marks.kind, marks.second, marks.reason


def _walk(unit: Ints, community: Ints, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When each household's door was knocked on, as a share of the work done by now, and whether it was yet."""
    places, index = np.unique(community, return_inverse=True)
    reach = np.clip(rng.normal(COVERAGE, COVERAGE_SPREAD, len(places)), 0.12, 0.97)
    reach[rng.permutation(len(places))[: len(places) // 25]] = 0.02  # some have hardly begun
    units, unit_of = np.unique(unit, return_inverse=True)
    unit_community = np.zeros(len(units), dtype=np.int64)
    unit_community[unit_of] = index
    starts = np.searchsorted(unit_community, np.arange(len(places)))
    sizes = np.maximum(1, np.bincount(unit_community, minlength=len(places)))
    rank = (np.arange(len(units)) - starts[unit_community]) / sizes[unit_community]
    rank = rank + rng.normal(0, 0.06, len(units))  # teams start at several ends and skip stairwells
    progress = (rank / reach[unit_community])[unit_of]
    seen = (progress < 1) & (rng.random(len(unit)) < 0.99)
    moment = np.clip(progress, 0, 0.999) + rng.normal(0, 0.01, len(unit))
    return np.clip(moment, 0, 0.999), seen


def _spread(share: NDArray[np.float64], window: Window, zone: str) -> Ints:
    """Where in the window a share of its work is done, by the busyness of the hours."""
    start = window.opened_at.astimezone(ZoneInfo(zone))
    minutes = np.arange(int((window.now - window.opened_at).total_seconds() // 60))
    busy = BUSY[(start.hour + minutes // 60) % 24] + 1e-6
    done = np.r_[0.0, np.cumsum(busy)] / busy.sum()
    return (np.interp(share, done, np.arange(len(done))) * 60).astype(np.int64)


def _reasons(kind: Ints, rng: np.random.Generator) -> Ints:
    found = np.full(len(kind), -1, dtype=np.int64)
    for mark, texts in REASONS.items():
        mine = np.flatnonzero(kind == mark)
        found[mine] = rng.integers(0, len(texts), len(mine))
    return found


def as_batch(marks: Marks, subject: Ints, opened_at: datetime) -> Batch:
    """The marks as a load for `rounds.marking`; `subject` has the ids of the people by their index."""
    reasons = np.full(len(marks.person), "", dtype=object)
    for mark, texts in REASONS.items():
        for number, text in enumerate(texts):
            reasons[(marks.kind == int(mark)) & (marks.reason == number)] = text
    return Batch.of(
        np.arange(1, len(marks.person) + 1),
        subject[marks.person].astype(np.int64),
        marks.kind.astype(np.int64),
        microseconds(opened_at) + marks.second.astype(np.int64) * 1_000_000,
        reasons,
    )
