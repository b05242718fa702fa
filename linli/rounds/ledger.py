"""Handing marks to the database: one statement for a batch, whatever its size (sql/mark.sql)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from operator import le
from typing import Any, TypeVar

from linli.core import access, db
from linli.core.access import Actor, Recalled
from linli.core.arrays import EPOCH
from linli.core.hot import HotStatement
from linli.rounds import policies
from linli.rounds.queries import RoundView
from linli.rounds.terms import Flag, Mark, MarkColumns, Outcome

REASON_LENGTH = 400
MICROSECOND = timedelta(microseconds=1)
T = TypeVar("T")
Said = list[tuple[Outcome, int]]
"""What became of each mark, in their order, and how many subjects it marked."""

_OUTCOMES = {int(outcome): outcome for outcome in Outcome}
_DIGITS = {mark: str(int(mark)) for mark in Mark}
_CALL = """linli_mark({}::bigint, {}::timestamptz, {}::bigint, {}::bigint, {}::int8multirange, {}::uuid[], {}::bigint[],
    {}::bigint[], {}::smallint[], {}::bigint[], {}::timestamptz[], {}::text[], {}::timestamptz[],
    {}::timestamptz[], {}::smallint[])"""
_MARK = f"SELECT ord, outcome, marks FROM {_CALL}".replace("{}", "%s")
_VALUES = _CALL.count("{}")


def write(found: RoundView, marks: MarkColumns, actor: Actor, at: datetime) -> Said:
    """Hand checked marks to the database, within a transaction of the caller's."""
    marks, order = _sort(marks)
    return _said(order, db.rows(_MARK, _values(found, marks, actor, at)))


def write_at_once(
    found: RoundView, marks: MarkColumns, actor: Actor, at: datetime, recalled: Recalled | None = None
) -> Said | None:
    """The same in one round trip, a transaction by itself, behind both walls. `recalled`: what `actor` comes from, to
    be proven by the statement first; None when it is not what it was, and nothing was done."""
    marks, order = _sort(marks)
    values = [_text(one) for one in (actor.extent, actor.account_id, *_values(found, marks, actor, at))]
    if recalled is not None:
        values += [b"\\x" + recalled.digest.hex().encode(), recalled.proof.encode()]
    rows = db.retrying_alone(lambda: _acting_statement(recalled is not None).rows(values))
    said = [(int(place or 0), int(outcome or 0), int(number or 0)) for place, outcome, number in rows]
    return _said(order, said) if said else None


def _sort(marks: MarkColumns) -> tuple[MarkColumns, Sequence[int]]:
    """By the number of the person, which is how linli_mark_people finds many of them in one go; and where each of them
    was before. As they are where other than people are named, where they are sorted already, and where one id is given
    twice, of which the first counts."""
    people: Any = marks.people
    as_they_are = range(len(marks.ids))
    if None in people or all(map(le, people, people[1:])) or len(set(marks.ids)) < len(marks.ids):
        return marks, as_they_are
    order = sorted(as_they_are, key=people.__getitem__)
    columns: list[Any] = [[column[at] for at in order] if column else () for column in marks]
    return MarkColumns(*columns), order


def _said(order: Sequence[int], rows: Sequence[tuple[int, int, int]]) -> Said:
    """Of rows (place, outcome, number), whose marks stood elsewhere before; a single one of place 0 says the same of
    all."""
    if len(rows) == 1 and rows[0][0] == 0:
        return [(_OUTCOMES[rows[0][1]], rows[0][2])] * len(order)
    said = {order[place - 1]: (_OUTCOMES[outcome], number) for place, outcome, number in rows}
    return [said[place] for place in range(len(order))]


@cache
def _acting_statement(proven: bool) -> HotStatement:
    """Tells the wall who acts, then marks, in one statement: OFFSET 0 keeps the wall's settings a row of their own,
    made before the function is called with it - and not made, nor anything marked, unless the token is proven."""
    call = _CALL.format(*(f"${number}" for number in range(3, 3 + _VALUES)))
    digest, proof = f"${3 + _VALUES}::bytea", f"${4 + _VALUES}::text"
    guard = f"WHERE {access.proof_of_token(digest, '$4::timestamptz')} = {proof}" if proven else ""
    return HotStatement(
        f"linli_mark_{'proven' if proven else 'acting'}",
        f"""
        SELECT m.ord, m.outcome, m.marks
        FROM (
            SELECT set_config('linli.extent', $1, true) AS extent, set_config('linli.account', $2, true) AS account
            {guard} OFFSET 0
        ) AS acting
        CROSS JOIN LATERAL {call.replace("$3::bigint", "CASE WHEN acting.extent <> '' THEN $3::bigint END", 1)} AS m
        """,
    )


def _text(value: Any) -> bytes | None:
    return None if value is None else str(value).encode()


def _values(found: RoundView, marks: MarkColumns, actor: Actor, at: datetime) -> list[Any]:
    """What linli_mark takes. Arrays are written as PostgreSQL's text here: a tenth of what a driver's dumper costs."""
    events, clocks, flags = _settle(found, marks, at)
    return [
        found.id, at, actor.account_id, actor.appointment_for("rounds.mark"), str(actor.extent_for("rounds.mark")),
        _array(marks.ids), _sparse(marks.people, str), _sparse(marks.households, str),
        _array([_DIGITS[kind] for kind in marks.kinds]),
        _array([str((event - EPOCH) // MICROSECOND) for event in events]), _sparse(clocks, datetime.isoformat),
        _sparse(marks.reasons, _quoted), _sparse(marks.backs, datetime.isoformat),
        _sparse(marks.untils, datetime.isoformat), _sparse(flags, _number),
    ]  # fmt: skip


def _settle(
    found: RoundView, marks: MarkColumns, at: datetime
) -> tuple[Sequence[datetime], Sequence[datetime | None], Sequence[Flag | None]]:
    """The times that the marks are ordered by; the devices' own, where they are others; and what there is to say."""
    window = policies.EventWindow(opened_at=found.opened_at or at, received_at=at)
    if window.holds(marks.events):
        return marks.events, marks.devices, marks.flags
    settled = [window.settle(event) for event in marks.events]
    devices = marks.devices or [None] * len(settled)
    clocks = [
        device or (event if event is not kept else None)
        for device, event, (kept, _) in zip(devices, marks.events, settled, strict=True)
    ]
    known = marks.flags or [None] * len(settled)
    flags = [flag or before for (_, flag), before in zip(settled, known, strict=True)]
    return [kept for kept, _ in settled], clocks, flags


def _array(texts: Iterable[str]) -> str:
    return "{" + ",".join(texts) + "}"


def _sparse(values: Sequence[T | None], write: Callable[[T], str]) -> str:
    """An array in which most are nothing; `{}` when all are: unnest() fills it up with NULLs."""
    return _array([write(value) if value else "NULL" for value in values]) if any(values) else "{}"


def _number(flag: Flag) -> str:
    return str(int(flag))


def _quoted(text: str) -> str:
    return '"' + text[:REASON_LENGTH].replace("\\", "\\\\").replace('"', '\\"') + '"'
