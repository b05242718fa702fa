"""Every write of a round, small and in one transaction. The same for a million rows is in `bulk`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from linli.core import db, jobs, journal
from linli.core.access import Actor, Recalled
from linli.core.extents import NOWHERE, Extent
from linli.residents import services as residents
from linli.residents import whereabouts
from linli.residents.register import change_register, hold_people
from linli.rounds import ledger, queries
from linli.rounds.errors import (
    BadMark,
    BadTimes,
    CodeTaken,
    EmptyScope,
    NameWrong,
    OthersLiveThere,
    RoundNotOpen,
    TooMany,
    WrongState,
)
from linli.rounds.models import Round, RoundSpan
from linli.rounds.terms import (
    GIVEN,
    LEAVING,
    CountBy,
    Mark,
    MarkColumns,
    MarkCommand,
    Outcome,
    Receipt,
    RoundKind,
    RoundState,
)

MARKS_AT_ONCE = 1_000
NAME_LENGTH = 120


def create_round(
    *,
    name: str,
    kind: RoundKind,
    starts_at: datetime,
    ends_at: datetime,
    scope: Extent,
    actor: Actor,
    at: datetime,
    count_by: CountBy = CountBy.PERSON,
    exclude: Extent = NOWHERE,
    code: str = "",
) -> Round:
    """A round in draft: its scope is fixed, nobody is due yet.

    Raises NameWrong, BadTimes, EmptyScope, CodeTaken, Forbidden (scope beyond the actor's places).
    """
    name, left = name.strip(), scope - exclude
    if not name or len(name) > NAME_LENGTH:
        raise NameWrong(most=NAME_LENGTH)
    if ends_at <= starts_at:
        raise BadTimes()
    if not left:
        raise EmptyScope()
    actor.require("rounds.open", left)
    with db.atomic():
        if code and Round.objects.filter(code=code).exists():
            raise CodeTaken(round=code)
        made = Round.objects.create(
            code=code or _next_code(at),
            name=name,
            kind=kind,
            count_by=count_by,
            starts_at=starts_at,
            ends_at=ends_at,
            created_at=at,
            created_by=actor.account_id,
        )
        RoundSpan.objects.bulk_create([RoundSpan(round=made, lo=lo, hi=hi) for lo, hi in left])
        journal.record(
            actor=actor,
            at=at,
            verb="rounds.create_round",
            permission="rounds.open",
            key=left.spans[0].lo,
            subject=f"round:{made.code}",
            name=name,
            spans=len(left.spans),
        )
    return made


def _next_code(at: datetime) -> str:
    """`20221004-3`: the day, as the jurisdiction's calendar has it, and the number of the round on it."""
    db.execute("SELECT pg_advisory_xact_lock(771004)")  # two creators would take one number
    day = timezone.localtime(at).strftime("%Y%m%d")
    last = db.scalar(
        r"SELECT max(substring(code FROM '-(\d+)$')::integer) FROM round WHERE code ~ ('^' || %s || '-\d+$')", [day]
    )
    return f"{day}-{(last or 0) + 1}"


def request_open(*, round_id: int, actor: Actor, at: datetime) -> jobs.Job:
    """Ask for the round to be opened: a job, because everybody due is put on record. Raises WrongState, Forbidden."""
    return _request("rounds.open", round_id, RoundState.DRAFT, "rounds.open", actor, at)


def request_close(*, round_id: int, actor: Actor, at: datetime) -> jobs.Job:
    """Ask for the round to be closed. Raises WrongState, Forbidden."""
    return _request("rounds.close", round_id, RoundState.OPEN, "rounds.close", actor, at)


def request_reopen(*, round_id: int, actor: Actor, at: datetime) -> jobs.Job:
    """Ask for a closed round to be opened again. Raises WrongState, Forbidden."""
    return _request("rounds.reopen", round_id, RoundState.CLOSED, "rounds.close", actor, at)


def _request(kind: str, round_id: int, state: RoundState, permission: str, actor: Actor, at: datetime) -> jobs.Job:
    found = queries.get_round(round_id)
    actor.require(permission, queries.scope_of(round_id))
    if found.state != state:
        raise WrongState(round=found.code, state=found.state_label)
    return jobs.enqueue(kind=kind, params={"round_id": round_id}, actor=actor, at=at)


def mark(*, round_id: int, commands: Sequence[MarkCommand], actor: Actor, at: datetime) -> list[Receipt]:
    """Carry out marking commands: all stay on record, each once by its id; the later by event time wins.

    At most MARKS_AT_ONCE. A command of a person outside the round, outside the actor's doors, or of a closed round is
    not carried out and says so in its receipt. Moved out and vacant correct the register, but for those of whom it
    learnt only later that they live there: they stay open. Raises RoundNotOpen, BadMark, TooMany, OthersLiveThere.
    """
    found = queries.get_round(round_id)
    _check(found, [command.kind for command in commands], actor)
    leaving = any(command.kind in LEAVING for command in commands)

    def carry_out() -> list[Receipt]:
        if leaving:
            change_register()  # before the units are locked: the order that arrivals and moves take
            _hold_leaving(commands)
            _refuse_part_of_a_household(found, commands)
        receipts = write_marks(found, commands, actor, at)
        if leaving:
            _correct_register(found, commands, receipts, actor, at)
        return receipts

    return db.retrying(carry_out)


def mark_at_once(
    *, round_: queries.RoundView, commands: Sequence[MarkCommand], actor: Actor, at: datetime
) -> list[Receipt]:
    """The same in one round trip, for the API: a transaction of its own, behind both walls. Not inside of another.

    Not for marks that correct the register. Raises as `mark` does, and ValueError for moved out and vacant.
    """
    if not commands:
        return []
    marks = MarkColumns.of(commands)
    return _receipts(commands, mark_columns_at_once(round_=round_, marks=marks, actor=actor, at=at))


def mark_columns_at_once(*, round_: queries.RoundView, marks: MarkColumns, actor: Actor, at: datetime) -> ledger.Said:
    """The same for marks that are side by side already."""
    _check_apart(round_, marks, actor)
    return ledger.write_at_once(round_, marks, actor, at) or []


def mark_by_recalled(
    *, round_: queries.RoundView, marks: MarkColumns, recalled: Recalled, at: datetime
) -> ledger.Said | None:
    """The same for what a token stood for a moment ago, which the statement proves first. None when it no longer does:
    nothing was done. Raises as `mark_at_once` does."""
    _check_apart(round_, marks, recalled.actor)
    return ledger.write_at_once(round_, marks, recalled.actor, at, recalled)


def _receipts(commands: Sequence[MarkCommand], said: ledger.Said) -> list[Receipt]:
    return [Receipt(command.id, *what) for command, what in zip(commands, said, strict=True)]


def _check_apart(found: queries.RoundView, marks: MarkColumns, actor: Actor) -> None:
    _check(found, marks.kinds, actor)
    if marks.corrects_register:
        raise ValueError("marks that correct the register need more than one statement")


def _check(found: queries.RoundView, kinds: Sequence[int], actor: Actor) -> None:
    if found.state == RoundState.DRAFT or found.opened_at is None:
        raise RoundNotOpen(round=found.code)
    if len(kinds) > MARKS_AT_ONCE:
        raise TooMany(count=len(kinds), limit=MARKS_AT_ONCE)
    for kind in set(kinds):
        if kind not in GIVEN:
            raise BadMark(value=kind)
    actor.require("rounds.mark")


def write_marks(found: queries.RoundView, commands: Sequence[MarkCommand], actor: Actor, at: datetime) -> list[Receipt]:
    """Hand checked commands to the database, within a transaction of the caller's; answers as `mark` does."""
    if not commands:
        return []
    return _receipts(commands, ledger.write(found, MarkColumns.of(commands), actor, at))


def _hold_leaving(commands: Sequence[MarkCommand]) -> None:
    gone = [one for one in commands if one.kind in LEAVING]
    hold_people(
        {one.person_id for one in gone if one.person_id is not None},
        {one.household_id for one in gone if one.household_id is not None},
    )


def _correct_register(
    found: queries.RoundView, commands: Sequence[MarkCommand], receipts: Sequence[Receipt], actor: Actor, at: datetime
) -> None:
    """Who was just found to have moved out, or whose door is vacant, leaves the register, unless a later mark won."""
    ids = [
        command.id
        for command, receipt in zip(commands, receipts, strict=True)
        if command.kind in LEAVING and receipt.outcome == Outcome.ACCEPTED
    ]
    if not ids:
        return
    rows = db.rows(
        "SELECT s.subject_id, s.household_id, s.state, s.event_at FROM round_state s"
        " WHERE s.part = %s AND s.round_id = %s AND s.due AND s.client_id = ANY(%s)",
        [found.part, found.id, ids],
    )
    late = _entered_since(found, rows, actor)
    if late:
        # As of anybody marked as gone who is there again: to be reached anew.
        db.rows("SELECT linli_rejoin(%s, %s::bigint[], %s)", [found.id, sorted(late), at])
    rows = [row for row in rows if row[0] not in late]
    gone = [subject for subject, _, state, _ in rows if state == Mark.MOVED_OUT]
    vacant = sorted({household for _, household, state, _ in rows if state == Mark.VACANT})
    if found.count_by == CountBy.HOUSEHOLD:
        vacant, gone = sorted({household for _, household, _, _ in rows}), []
    if gone:
        seen = {subject: event_at for subject, _, _, event_at in rows}
        residents.record_moved_out(person_ids=gone, seen_at=seen, actor=actor, at=at, permission="rounds.mark")
    if vacant:
        seen = {household: event_at for _, household, _, event_at in sorted(rows, key=lambda row: row[3])}  # the latest
        residents.record_vacant(household_ids=vacant, seen_at=seen, actor=actor, at=at, permission="rounds.mark")


def _entered_since(found: queries.RoundView, rows: Sequence[tuple[Any, ...]], actor: Actor) -> set[int]:
    """Of subjects just marked as gone: those who came after it. A phone sends what it saw hours later; meanwhile
    somebody may have been registered there, or may have moved to where they are now.
    """
    homes = whereabouts.list_living_in({household for _, household, state, _ in rows if _leaves_whole(found, state)})
    behind = {
        subject: homes.get(household, []) if _leaves_whole(found, state) else [subject]
        for subject, household, state, _ in rows
    }
    seen = {person: event_at for subject, _, _, event_at in rows for person in behind[subject]}
    later = whereabouts.list_entered_after(seen, account_id=actor.account_id)
    return {subject for subject, people in behind.items() if later.intersection(people)}


def _leaves_whole(found: queries.RoundView, state: int) -> bool:
    return not found.per_person or state == Mark.VACANT


def _refuse_part_of_a_household(found: queries.RoundView, commands: Sequence[MarkCommand]) -> None:
    """Where households are counted, one of them who left does not take the others along. Raises OthersLiveThere."""
    people = {one.person_id for one in commands if one.kind == Mark.MOVED_OUT and one.person_id is not None}
    if found.per_person or not people:
        return
    for living in whereabouts.list_living_in(whereabouts.list_households_of(people)).values():
        if people.intersection(living) and not people.issuperset(living):
            raise OthersLiveThere
