"""Marks given by mistake are taken back: what counted before counts again, and everything stays on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from linli.core import db
from linli.core.access import SYSTEM, Actor
from linli.core.extents import EVERYWHERE
from linli.rounds import bulk, gaps, queries, services, undo
from linli.rounds.errors import RoundClosed
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark
from tests.builders.ledger import MORNING, command, make_block, open_round

pytestmark = pytest.mark.django_db
NOON = MORNING + timedelta(hours=4)
SOON = NOON + timedelta(minutes=1)


def figures(round_: RoundView) -> Figures:
    return queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=SOON)


def kinds_of(round_: RoundView, subject: int) -> list[int]:
    marks = queries.list_marks_of(round_id=round_.id, subject_id=subject, actor=SYSTEM)
    return [mark["kind"] for mark in marks]


def test_first_mark_taken_back_leaves_nobody_reached() -> None:
    block = make_block(units=1, doors=1, people=2)
    round_ = open_round(block.extent)
    mistake = command(block.people[0], Mark.DONE, minutes=240)
    services.mark(round_id=round_.id, commands=[mistake], actor=SYSTEM, at=NOON)
    assert figures(round_).done == 1
    taken: dict[str, Any] = {
        "round_id": round_.id,
        "subject_ids": block.people,
        "mark_ids": [mistake.id],
        "actor": SYSTEM,
    }
    assert undo.take_back(**taken, at=SOON) == 1
    assert (figures(round_).done, figures(round_).not_reached) == (0, 2)
    assert kinds_of(round_, block.people[0]) == [Mark.NOT_REACHED, Mark.DONE]
    page = gaps.list_gaps(round_=round_, extent=EVERYWHERE, at=SOON, limit=10)
    assert {gap.subject_id for gap in page.gaps} == set(block.people)
    assert gaps.count_gaps_from_marks(round_=round_, extent=EVERYWHERE) == set(block.people)
    assert undo.take_back(**taken, at=SOON + timedelta(seconds=1)) == 0  # pressed twice


def test_what_counted_before_counts_again_with_its_times() -> None:
    block = make_block(units=1, doors=1, people=1)
    round_ = open_round(block.extent)
    back = NOON + timedelta(hours=6)
    first = command(block.people[0], Mark.ABSENT, minutes=180)._replace(back_at=back, reason="上班")
    mistake = command(block.people[0], Mark.REFUSED, minutes=240)
    services.mark(round_id=round_.id, commands=[first, mistake], actor=SYSTEM, at=NOON)
    undo.take_back(round_id=round_.id, subject_ids=block.people, mark_ids=[mistake.id], actor=SYSTEM, at=SOON)
    assert (figures(round_).absent, figures(round_).refused) == (1, 0)
    newest = queries.list_marks_of(round_id=round_.id, subject_id=block.people[0], actor=SYSTEM)[0]
    assert (newest["kind"], newest["back_at"], newest["reason"]) == (Mark.ABSENT, back, "上班")


def test_only_what_still_counts_is_ones_own_and_fresh() -> None:
    block = make_block(units=1, doors=1, people=3)
    round_ = open_round(block.extent)
    given = [command(person, Mark.DONE, minutes=240) for person in block.people]
    services.mark(round_id=round_.id, commands=given, actor=SYSTEM, at=NOON)
    overruled = command(block.people[0], Mark.REFUSED, minutes=240.2)
    services.mark(round_id=round_.id, commands=[overruled], actor=SYSTEM, at=NOON + timedelta(seconds=20))

    def take(person: int, at: object = SOON, actor: Actor = SYSTEM) -> int:
        ids = [one.id for one in given]
        return undo.take_back(round_id=round_.id, subject_ids=[person], mark_ids=ids, actor=actor, at=at)  # type: ignore[arg-type]

    assert take(block.people[0]) == 0  # somebody marked after it
    assert take(block.people[1], at=NOON + undo.WINDOW) == 0  # too late
    assert take(block.people[1], actor=Actor(99, "another", is_system=True)) == 0
    assert take(block.people[1]) == 1


def test_households_and_closed_rounds() -> None:
    block = make_block(units=1, doors=2, people=2)
    round_ = open_round(block.extent, count_by=CountBy.HOUSEHOLD)
    home = block.homes[block.doors[0]]
    mistake = command(None, Mark.EXEMPT, minutes=240, household=home)
    services.mark(round_id=round_.id, commands=[mistake], actor=SYSTEM, at=NOON)
    taken: dict[str, Any] = {"round_id": round_.id, "subject_ids": [home], "mark_ids": [mistake.id], "actor": SYSTEM}
    assert undo.take_back(**taken, at=SOON) == 1
    assert figures(round_) == Figures(due=2, doors_due=2, doors_open=2)
    bulk.close_round(round_id=round_.id, actor=SYSTEM, at=SOON)
    with pytest.raises(RoundClosed):
        undo.take_back(**taken, at=SOON)


def test_no_mark_says_anything_else() -> None:
    block = make_block(units=1, doors=1, people=1)
    round_ = open_round(block.extent)
    given = command(block.people[0], Mark.DONE, minutes=240)
    services.mark(round_id=round_.id, commands=[given], actor=SYSTEM, at=NOON)
    with pytest.raises(IntegrityError, match="mark_kind_check"), db.atomic():
        db.execute("UPDATE mark SET kind = 3 WHERE round_id = %s", [round_.id])
