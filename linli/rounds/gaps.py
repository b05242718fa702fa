"""The gap list: who of a round is not covered yet, where, and why, in walking order.

Read from states by their *present* key, never from marks by where they happened: somebody who moved would be lost.
Pages are cut along the tallies: the next units in which anybody is open, then their people; so a page of a district
costs what a page of a stairwell costs. A filter by need has no tally to go by and reads the whole extent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext

from linli.core import db
from linli.core.extents import MAX_KEY, UNIT_SIZE, Extent
from linli.residents.terms import INFANT_YEARS, OVER_80_YEARS, Need, needs_on
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark

PAGE = 100
NO_NEED = Need(0)
ALL = 1_000_000
NEAR_UNITS = 4  # so many closed units between two open ones are read along, to read one span instead of two


class Cursor(NamedTuple):
    """Where the last page ended: unit, walking position, subject."""

    unit_lo: int
    position: int
    subject_id: int

    def __str__(self) -> str:
        return f"{self.unit_lo}.{self.position}.{self.subject_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """None for an empty text. Raises ValueError for one that no page gave out."""
        if not text:
            return None
        unit_lo, position, subject_id = (int(part) for part in text.split("."))
        return cls(unit_lo, position, subject_id)


class Gap(NamedTuple):
    """Somebody still open: a person, or a household in a round per household (then `name` is its first person's).

    A tuple as it comes from the database: a list of thousands is made of them.
    """

    subject_id: int
    household_id: int
    key: int
    door: str
    unit_id: int
    unit_lo: int
    position: int
    name: str
    born_on: date | None
    stored_needs: int
    people: int
    mark: int
    event_at: datetime | None
    back_at: datetime | None
    day: date  # on which the age is reckoned

    @property
    def needs(self) -> Need:
        return needs_on(self.stored_needs, self.born_on, self.day)

    @property
    def state(self) -> Mark:
        return Mark(self.mark)


@dataclass(frozen=True)
class GapPage:
    gaps: list[Gap]
    total: int  # open subjects in the extent, before filters
    doors: int  # doors with anybody open, before filters
    next: Cursor | None = field(default=None)


@dataclass(frozen=True)
class Filters:
    """`state`: only this reason. `needs`: only people with any of these marks of need."""

    state: Mark | None = None
    needs: Need = NO_NEED


EVERYBODY = Filters()

_PEOPLE = """
    SELECT s.subject_id, s.household_id, s.key, d.number, d.unit_id, d.unit_lo, d.position, p.name, p.born_on,
    p.needs, 1,
           s.state, s.event_at, s.back_at
    FROM round_state s JOIN door d ON d.key = s.key JOIN person p ON p.id = s.subject_id
"""
# A closed round keeps its list. Who has since moved beyond the reader's places is out of sight, and on the list without
# a name: whoever counts it finds as many as the certificate says.
_PEOPLE_THEN = """
    SELECT s.subject_id, s.household_id, s.key, d.number, d.unit_id, d.unit_lo, d.position, coalesce(p.name, ''),
    p.born_on, coalesce(p.needs, 0), 1,
           s.state, s.event_at, s.back_at
    FROM round_state s JOIN door d ON d.key = s.key LEFT JOIN person p ON p.id = s.subject_id
"""
_HOUSEHOLDS = """
    SELECT s.subject_id, s.household_id, s.key, d.number, d.unit_id, d.unit_lo, d.position, coalesce(p.name, ''),
    p.born_on,
           coalesce(p.needs, 0), coalesce(p.people, 0), s.state, s.event_at, s.back_at
    FROM round_state s JOIN door d ON d.key = s.key
    LEFT JOIN LATERAL (
        SELECT (array_agg(p.name ORDER BY p.relation <> '户主', p.id))[1] AS name, min(p.born_on) AS born_on,
               bit_or(p.needs) AS needs, count(*) AS people
        FROM person p WHERE p.household_id = s.household_id AND p.presence = 1
    ) AS p ON true
"""
# Every open one of one span. Written apart, so that the server keeps it parsed and the answer comes in binary: of a
# stairwell's list, reading the text of the statement and of the answer was a third.
_SPAN = """
    WHERE s.part = %(part)s AND s.round_id = %(round)s AND s.key >= %(lo)s AND s.key < %(hi)s AND s.due AND s.state < 10
    ORDER BY d.unit_lo, d.position, s.subject_id
"""
_OPEN = """
    WHERE s.part = %(part)s AND s.round_id = %(round)s AND {reach} AND s.due AND s.state < 10
      AND (%(state)s::smallint IS NULL OR s.state = %(state)s)
      AND (NOT %(by_need)s OR p.needs & %(needs)s <> 0
           OR %(over_80)s AND p.born_on <= %(old)s OR %(infant)s AND p.born_on > %(young)s)
      AND (%(c_unit)s::bigint IS NULL OR (d.unit_lo, d.position, s.subject_id) > (%(c_unit)s, %(c_position)s,
      %(c_subject)s))
    ORDER BY d.unit_lo, d.position, s.subject_id LIMIT %(limit)s
"""

# How many of a unit's tally a reason leaves open; None: any reason.
_MISSING: dict[Mark | None, str] = {
    None: "t.due - t.done - t.exempt",
    Mark.NOT_REACHED: "t.due - t.done - t.exempt - t.absent - t.refused",
    Mark.ABSENT: "t.absent",
    Mark.REFUSED: "t.refused",
}


def list_gaps(
    *,
    round_: RoundView,
    extent: Extent,
    at: datetime,
    filters: Filters = EVERYBODY,
    after: Cursor | None = None,
    limit: int = PAGE,
    counted: Figures | None = None,
) -> GapPage:
    """One page of the gap list over `extent` (already narrowed to what the caller may see), in walking order.

    `counted`: the figures of just this extent, for a caller who has them; they are not counted again.
    """
    if round_.part is None:
        return GapPage([], 0, 0)
    if limit >= ALL and after is None and filters == EVERYBODY:
        # The whole list counts itself: one statement instead of three, which is most of the time of a stairwell.
        gaps = (
            _read_whole(round_, extent, at)
            if len(extent.spans) == 1
            else _read(round_, extent, at, filters, after, ALL)
        )
        return GapPage(gaps, len(gaps), len({gap.key for gap in gaps}))
    total, doors = (counted.open, counted.doors_open) if counted else _count(round_, extent)
    if not total:
        return GapPage([], total, doors)
    reach = extent if filters.needs else _next_units(round_, extent, filters, after, limit + 1)
    found = _read(round_, reach, at, filters, after, limit + 1)
    gaps = found[:limit]
    last = gaps[-1] if len(found) > limit else None
    return GapPage(gaps, total, doors, Cursor(last.unit_lo, last.position, last.subject_id) if last else None)


def _read_whole(round_: RoundView, extent: Extent, at: datetime) -> list[Gap]:
    """All of one span, however many."""
    found = db.prepared(
        _subjects_of(round_) + _SPAN,
        {"part": round_.part, "round": round_.id, "lo": extent.spans[0].lo, "hi": extent.spans[0].hi},
        binary=True,
    )
    return _gaps(found, round_, at)


def _read(
    round_: RoundView, reach: Extent, at: datetime, filters: Filters, after: Cursor | None, limit: int
) -> list[Gap]:
    rows = db.rows(
        _subjects_of(round_) + _OPEN.format(reach=reach.where("s.key")),
        _parameters(round_, at, filters, after, limit),
    )
    return _gaps(rows, round_, at)


def _subjects_of(round_: RoundView) -> str:
    if round_.count_by != CountBy.PERSON:
        return _HOUSEHOLDS
    return _PEOPLE if round_.is_open else _PEOPLE_THEN


def _gaps(rows: Iterable[tuple[Any, ...]], round_: RoundView, at: datetime) -> list[Gap]:
    day = (timezone.localtime(at).date(),)
    found = [Gap._make(row + day) for row in rows]
    if round_.is_open or round_.count_by != CountBy.PERSON:
        return found
    return [gap if gap.name else gap._replace(name=gettext("lives elsewhere now")) for gap in found]


def _count(round_: RoundView, extent: Extent) -> tuple[int, int]:
    row = db.rows(
        "SELECT coalesce(sum(t.due - t.done - t.exempt), 0), coalesce(sum(t.doors_open), 0)"
        f" FROM round_tally t WHERE t.round_id = %s AND {extent.where('t.lo')}",
        [round_.id],
    )[0]
    return int(row[0]), int(row[1])


def _next_units(round_: RoundView, extent: Extent, filters: Filters, after: Cursor | None, wanted: int) -> Extent:
    """The units, from the cursor on, that hold the next `wanted` open subjects: each has at least one, so at most as
    many.
    """
    missing = _MISSING[filters.state]
    rest = extent & Extent.of([(after.unit_lo if after else 0, MAX_KEY)])
    rows = db.rows(
        f"SELECT t.lo, {missing} FROM round_tally t WHERE t.round_id = %s AND {rest.where('t.lo')} AND {missing} > 0"
        " ORDER BY t.lo LIMIT %s",
        [round_.id, min(wanted, ALL) + 1],
    )
    units: list[tuple[int, int]] = []
    found = 0
    for lo, open_here in rows:
        near = units and lo - units[-1][1] <= NEAR_UNITS * UNIT_SIZE
        units.append((units[-1][1] if near else lo, lo + UNIT_SIZE))
        # The cursor's own unit may be half listed already, so it does not count.
        found += 0 if after and lo == after.unit_lo else open_here
        if found >= wanted:
            break
    return Extent.of(units) & extent


def _parameters(round_: RoundView, at: datetime, filters: Filters, after: Cursor | None, limit: int) -> dict[str, Any]:
    day = timezone.localtime(at).date()
    return {
        "part": round_.part,
        "round": round_.id,
        "state": filters.state,
        "by_need": bool(filters.needs),
        "needs": int(filters.needs & Need(255)),
        "over_80": Need.OVER_80 in filters.needs,
        "infant": Need.INFANT in filters.needs,
        "old": _years_before(day, OVER_80_YEARS),
        "young": _years_before(day, INFANT_YEARS),
        "c_unit": after.unit_lo if after else None,
        "c_position": after.position if after else None,
        "c_subject": after.subject_id if after else None,
        "limit": limit,
    }


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


# Which entries stood for which when a round was closed, whatever was merged or taken apart later. Who was due to the
# end in their own right was merged only after it.
_MERGED_THEN = """
    SELECT DISTINCT ON (merged_id) merged_id, into_id FROM (
        WITH RECURSIVE link AS (
            SELECT merged_id, survivor_id AS into_id FROM merger m
            WHERE kind = %(by)s AND at <= %(closed_at)s AND (undone_at IS NULL OR undone_at > %(closed_at)s)
              AND NOT EXISTS (SELECT 1 FROM due AS d WHERE d.subject_id = m.merged_id)
        ), up AS (
            SELECT merged_id, into_id, 1 AS steps FROM link
            UNION ALL
            SELECT u.merged_id, l.into_id, u.steps + 1 FROM up AS u JOIN link AS l ON l.merged_id = u.into_id
            WHERE u.steps < 100
        ) SELECT * FROM up
    ) AS found ORDER BY merged_id, steps DESC
"""


def count_gaps_from_marks(*, round_: RoundView, extent: Extent, at: datetime | None = None) -> set[int]:
    """The open subjects found the slow way, from the register and the marks alone: for tests and `linli rounds check`.

    Who is due comes from the register as it stands; of a closed round, which no longer follows it, from the list at its
    closing. What closed them comes from the latest mark by event time, theirs and those of entries merged into theirs
    (but not that these were gone from their own door), and none that was withdrawn. `at`: exemptions that are over by
    then close nobody. Needs an owner's sight of all marks, wherever they happened.
    """
    if not round_.is_open:
        due = "SELECT subject_id, key FROM round_state WHERE part = %(part)s AND round_id = %(round)s AND due"
    elif round_.count_by == CountBy.PERSON:
        due = "SELECT id AS subject_id, key FROM person WHERE presence = 1"
    else:
        due = """SELECT h.id AS subject_id, h.key FROM household h WHERE h.ended_at IS NULL
                 AND (EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id AND p.presence = 1)
                      OR NOT EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id))"""
    merged = "SELECT merged_id, into_id FROM merged_into WHERE kind = %(by)s" if round_.is_open else _MERGED_THEN
    rows = db.rows(
        f"""
        WITH RECURSIVE due AS ({due}), merged AS ({merged}), latest AS (
            SELECT DISTINCT ON (coalesce(a.into_id, m.subject_id))
                   coalesce(a.into_id, m.subject_id) AS subject_id, m.kind, m.until_at
            FROM mark m LEFT JOIN merged a ON a.merged_id = m.subject_id
            WHERE m.round_id = %(round)s AND (a.into_id IS NULL OR m.kind < 20)
              AND NOT EXISTS (SELECT 1 FROM mark_withdrawn w WHERE w.client_id = m.client_id)
            ORDER BY 1, event_at DESC, client_id DESC NULLS LAST, m.kind DESC
        )
        SELECT DISTINCT d.subject_id FROM due AS d
        JOIN round_span r ON r.round_id = %(round)s AND d.key >= r.lo AND d.key < r.hi
        LEFT JOIN latest m USING (subject_id)
        WHERE {extent.where("d.key")}
          AND (m.kind IS NULL OR m.kind < 10 OR m.kind >= 20 OR m.kind = 11 AND m.until_at <= %(at)s)
        """,
        {"round": round_.id, "part": round_.part, "by": round_.count_by, "at": at, "closed_at": round_.closed_at},
    )
    return {row[0] for row in rows}
