"""What an account was allowed to do in the last while: for work that arrives later than it was done.

One statement gives the appointments of a window with the spans their places held in it; which of them were in force at
which moment is then arithmetic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from linli.core.access import Grant
from linli.core.extents import EVERYWHERE, Extent
from linli.core.hot import HotStatement, Text, micros, read_array, read_moment, read_number, read_text
from linli.duty.authority import IS_WHOLE
from linli.duty.terms import PERMISSIONS, Role

HELD_COLUMNS = 10


def held_sql(account: str, at: str, since: str) -> str:
    """SQL: a row for each appointment that an account held between two moments, which `read_history` reads. The three
    are expressions of the statement that this becomes a part of."""
    return f"""
    SELECT a.id, a.role, p.id AS place_id, {IS_WHOLE} AS is_whole,
           {micros("a.since")} AS since, {micros("a.until")} AS until,
           s.los, s.his, s.sinces, s.untils
    FROM appointment a JOIN place p ON p.id = a.place_id
    LEFT JOIN LATERAL (
        SELECT array_agg(x.lo) AS los, array_agg(x.hi) AS his, array_agg({micros("x.since")}) AS sinces,
               array_agg({micros("x.until")}) AS untils
        FROM place_span x
        WHERE x.place_id = p.id AND x.since <= {at} AND x.until > {since}
          AND (p.ended_at IS NULL OR p.ended_at > {since})
    ) s ON true
    WHERE a.account_id = {account} AND a.since <= {at} AND (a.until IS NULL OR a.until > {since} AND a.until > a.since)
    ORDER BY a.id"""


_HISTORY = HotStatement("linli_history", held_sql("$1::bigint", "$2::timestamptz", "$3::timestamptz"))


@dataclass(frozen=True)
class _Span:
    lo: int
    hi: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class _Held:
    """An appointment as it was over a window."""

    appointment_id: int
    role: str
    place_id: int
    is_whole: bool
    since: datetime
    until: datetime | None
    spans: tuple[_Span, ...]

    def grant_at(self, moment: datetime) -> Grant | None:
        if moment < self.since or (self.until is not None and moment >= self.until):
            return None
        held = [(span.lo, span.hi) for span in self.spans if span.since <= moment < span.until]
        extent = EVERYWHERE if self.is_whole else Extent.of(held)
        return Grant(self.appointment_id, self.role, self.place_id, PERMISSIONS[Role(self.role)], extent)


@dataclass(frozen=True)
class History:
    """What an account held during [`since`, `at`]. `turns`: moments at which any of it changed, in order."""

    since: datetime
    at: datetime
    held: tuple[_Held, ...]
    turns: tuple[datetime, ...]

    def period_of(self, moment: datetime) -> int:
        """The number of the period, between two turns, that a moment lies in: all of it has the same grants."""
        return bisect_right(self.turns, moment)

    def grants_at(self, moment: datetime) -> tuple[Grant, ...]:
        """The grants in force at a moment. Of before the window: what is still, or was lately, held from back then."""
        found = (one.grant_at(moment) for one in self.held)
        return tuple(grant for grant in found if grant is not None)


def find_history(account_id: int, *, at: datetime, window: timedelta) -> History:
    """What an account held in the time up to `at`, also when it has been closed since."""
    since = at - window
    return read_history(
        _HISTORY.rows([str(account_id).encode(), at.isoformat().encode(), since.isoformat().encode()]), since, at
    )


def read_history(rows: Sequence[tuple[Text, ...]], since: datetime, at: datetime) -> History:
    """Of the rows of `held_sql`; none are an account without any appointment."""
    held = tuple(_read_held(row) for row in rows)
    turns = {moment for one in held for moment in (one.since, one.until) if moment is not None and moment <= at}
    turns |= {moment for one in held for span in one.spans for moment in (span.since, span.until) if moment <= at}
    return History(since, at, held, tuple(sorted(turns)))


def _read_held(row: tuple[Text, ...]) -> _Held:
    appointment, role, place, whole, began, ended, *spans = row
    los, his, sinces, untils = map(read_array, spans)
    return _Held(
        read_number(appointment), read_text(role), read_number(place), whole == b"t", read_moment(began),
        read_moment(ended) if ended else None,
        tuple(
            _Span(int(lo), int(hi), read_moment(since), read_moment(until))
            for lo, hi, since, until in zip(los, his, sinces, untils, strict=True)
        ),
    )  # fmt: skip
