"""Marks follow who is merged: after every step the figures equal a count made beside, from the marks given alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.residents import services as residents
from linli.residents.duplicates.households import merge_households, undo_merger
from linli.residents.duplicates.people import merge_people
from linli.residents.terms import Presence
from linli.rounds import bulk, gaps, queries
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, MarkCommand
from tests.builders.ledger import MORNING, Block, command, give, make_block, make_home, make_person, open_round

pytestmark = pytest.mark.django_db
KINDS = [Mark.DONE, Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT, Mark.MOVED_OUT]


@dataclass
class Ledger:
    """What a patient clerk would write down: every mark as it was given, who stands for whom, who is there."""

    block: Block
    round: RoundView
    marks: dict[int, list[tuple[datetime, UUID, Mark]]] = field(default_factory=dict)
    above: dict[int, int] = field(default_factory=dict)  # merged -> what it was merged into
    there: dict[int, bool] = field(default_factory=dict)
    mergers: list[tuple[int, int, int, bool]] = field(default_factory=list)  # number, survivor, merged, was there

    def root(self, person: int) -> int:
        while person in self.above:
            person = self.above[person]
        return person

    def standing(self, person: int) -> Mark | None:
        decides = self.deciding(person)
        return decides[2] if decides else None

    def deciding(self, person: int) -> tuple[datetime, UUID, Mark] | None:
        """The mark that decides, None for nobody's."""
        given = list(self.marks.get(person, []))
        for other in self.block.people:
            if other != person and self.root(other) == person:
                given += [mark for mark in self.marks.get(other, []) if mark[2] < Mark.MOVED_OUT]
        return max(given, default=None)

    def count(self) -> tuple[int, int, int, int, int]:
        """due, done, exempt, absent, refused."""
        due = [person for person in self.block.people if self.there[person] and person not in self.above]
        states = [self.standing(person) for person in due]
        kinds = (Mark.DONE, Mark.EXEMPT, Mark.ABSENT, Mark.REFUSED)
        return (len(due), *(states.count(kind) for kind in kinds))  # type: ignore[return-value]

    def open(self) -> set[int]:
        closed = (Mark.DONE, Mark.EXEMPT)
        due = [person for person in self.block.people if self.there[person] and person not in self.above]
        return {person for person in due if self.standing(person) not in closed}


def check(ledger: Ledger, note: str) -> None:
    taken, block = ledger.round, ledger.block
    found = queries.get_figures(round_id=taken.id, extent=block.extent, at=MORNING)
    assert (found.due, found.done, found.exempt, found.absent, found.refused) == ledger.count(), note
    page = gaps.list_gaps(round_=taken, extent=block.extent, at=MORNING, limit=gaps.ALL)
    assert {gap.subject_id for gap in page.gaps} == ledger.open(), note
    assert gaps.count_gaps_from_marks(round_=taken, extent=block.extent) == ledger.open(), note


def step(ledger: Ledger, dice: Random, number: int) -> str:
    block, at = ledger.block, MORNING + timedelta(hours=10, seconds=number)
    person = dice.choice(block.people)
    act = dice.choice(["mark", "mark", "mark", "merge", "merge", "undo", "presence", "move"])
    if act == "mark":
        kind, minutes = dice.choice(KINDS), dice.randrange(500)
        mark = command(person, kind, minutes=minutes)
        assert give(ledger.round, [mark]) == ["ACCEPTED"]
        subject = ledger.root(person)
        was_due = ledger.there[subject]
        ledger.marks.setdefault(subject, []).append((mark.event_at, mark.id, kind))
        if kind == Mark.MOVED_OUT and was_due and ledger.deciding(subject) == (mark.event_at, mark.id, kind):
            ledger.there[subject] = False
    elif act == "merge":
        other = dice.choice(block.people)
        if person != other and not {person, other} & set(ledger.above) and ledger.there[person]:
            merger = merge_people(survivor_id=person, merged_id=other, actor=SYSTEM, at=at)
            ledger.above[other] = person
            ledger.mergers.append((merger, person, other, ledger.there[other]))
    elif act == "undo" and ledger.mergers:
        merger, _, merged, was_there = ledger.mergers.pop()
        undo_merger(merger_id=merger, actor=SYSTEM, at=at)
        del ledger.above[merged]
        ledger.there[merged] = was_there
    elif act == "presence" and person not in ledger.above:
        state = Presence.AWAY if ledger.there[person] else Presence.PRESENT
        residents.record_presence(person_id=person, presence=state, actor=SYSTEM, at=at)
        ledger.there[person] = not ledger.there[person]
    elif act == "move" and person not in ledger.above and ledger.there[person]:
        residents.move_person(
            person_id=person, to_key=dice.choice(block.doors), new_household=True, actor=SYSTEM, at=at
        )
    return f"step {number}: {act} {person}"


@pytest.mark.parametrize("seed", range(10))
def test_figures_equal_a_count_beside_after_every_step(seed: int) -> None:
    block = make_block(units=2, doors=3, people=2)
    ledger = Ledger(block, open_round(block.extent), there=dict.fromkeys(block.people, True))
    dice = Random(seed)
    check(ledger, "opening")
    for number in range(45):
        check(ledger, step(ledger, dice, number))


def test_the_later_mark_of_the_two_decides_and_undoing_gives_each_its_own() -> None:
    block = make_block()
    taken = open_round(block.extent)
    one, other = block.people[0], block.people[4]
    give(taken, [command(one, Mark.DONE, minutes=20), command(other, Mark.REFUSED, minutes=30)])
    merger = merge_people(survivor_id=one, merged_id=other, actor=SYSTEM, at=MORNING)
    assert states(taken) == {one: (2, True), other: (2, False)}
    marks = queries.list_marks_of(round_id=taken.id, subject_id=one, actor=SYSTEM)
    assert [mark["kind"] for mark in marks] == [Mark.REFUSED, Mark.DONE]
    undo_merger(merger_id=merger, actor=SYSTEM, at=MORNING)
    assert states(taken) == {one: (10, True), other: (2, True)}


def test_a_phone_that_knows_the_old_entry_marks_the_one_that_stands_for_it() -> None:
    block = make_block()
    taken = open_round(block.extent)
    one, other = block.people[0], block.people[4]
    merger = merge_people(survivor_id=one, merged_id=other, actor=SYSTEM, at=MORNING)
    mark = command(other, minutes=40)
    assert give(taken, [mark, command(block.people[8], minutes=40)]) == ["ACCEPTED", "ACCEPTED"]
    assert give(taken, [mark]) == ["KNOWN"]
    assert states(taken)[one] == (10, True)
    undo_merger(merger_id=merger, actor=SYSTEM, at=MORNING)
    assert states(taken) == {**states(taken), one: (10, True), other: (0, True)}


def states(taken: RoundView) -> dict[int, tuple[int, bool]]:
    rows = db.rows(
        "SELECT subject_id, state, due FROM round_state WHERE round_id = %s AND (state > 0 OR NOT due"
        " OR subject_id IN (SELECT merged_id FROM merger))",
        [taken.id],
    )
    return {subject: (state, due) for subject, state, due in rows}


def test_a_closed_round_keeps_its_figures_and_follows_when_it_is_reopened() -> None:
    block = make_block()
    taken = open_round(block.extent)
    one, other = block.people[0], block.people[4]
    give(taken, [command(other, Mark.DONE, minutes=20)])
    bulk.close_round(round_id=taken.id, actor=SYSTEM, at=MORNING + timedelta(hours=11))
    before = queries.get_figures(round_id=taken.id, extent=block.extent, at=MORNING)
    merge_people(survivor_id=one, merged_id=other, actor=SYSTEM, at=MORNING + timedelta(hours=12))
    assert queries.get_figures(round_id=taken.id, extent=block.extent, at=MORNING) == before
    closed = queries.get_round(taken.id)
    assert len(gaps.list_gaps(round_=closed, extent=block.extent, at=MORNING, limit=gaps.ALL).gaps) == before.open
    bulk.reopen_round(round_id=taken.id, actor=SYSTEM, at=MORNING + timedelta(hours=13))
    after = queries.get_figures(round_id=taken.id, extent=block.extent, at=MORNING)
    assert (after.due, after.done, after.open) == (before.due - 1, 1, before.open - 1)


def test_what_is_taken_apart_after_the_closing_stood_together_at_it() -> None:
    block = make_block()
    taken = open_round(block.extent)
    one, other, third = block.people[0], block.people[4], block.people[8]
    give(taken, [command(third, Mark.DONE, minutes=20)])
    first = merge_people(survivor_id=other, merged_id=third, actor=SYSTEM, at=MORNING + timedelta(hours=1))
    second = merge_people(survivor_id=one, merged_id=other, actor=SYSTEM, at=MORNING + timedelta(hours=2))
    bulk.close_round(round_id=taken.id, actor=SYSTEM, at=MORNING + timedelta(hours=11))
    for hour, merger in ((12, second), (13, first)):
        undo_merger(merger_id=merger, actor=SYSTEM, at=MORNING + timedelta(hours=hour))
        closed = queries.get_round(taken.id)
        listed = gaps.list_gaps(round_=closed, extent=block.extent, at=MORNING, limit=gaps.ALL).gaps
        assert {gap.subject_id for gap in listed} == gaps.count_gaps_from_marks(round_=closed, extent=block.extent)
        assert one not in {gap.subject_id for gap in listed}


def test_households_merged_in_a_round_per_household() -> None:
    block = make_block()
    key = block.doors[0]
    other = make_home(key, "二")
    taken = open_round(block.extent, count_by=CountBy.HOUSEHOLD)
    assert give(taken, [command(household=other, kind=Mark.DONE)]) == ["ACCEPTED"]
    merger = merge_households(survivor_id=block.homes[key], merged_id=other, actor=SYSTEM, at=MORNING)
    homes = len(block.homes)
    assert figures(taken, block) == (homes, 1)
    late = MarkCommand(new_id(), Mark.REFUSED, MORNING + timedelta(minutes=50), household_id=other)
    assert give(taken, [late]) == ["ACCEPTED"]
    assert figures(taken, block) == (homes, 0)
    undo_merger(merger_id=merger, actor=SYSTEM, at=MORNING)
    assert figures(taken, block) == (homes + 1, 1)


@pytest.mark.parametrize("moved", [False, True])
def test_who_comes_back_to_a_household_that_was_merged_is_with_the_one_that_stands_for_it(moved: bool) -> None:
    """Were the merged one to live again, its marks would go to the other, and it could never be done."""
    block = make_block()
    key = block.doors[0]
    other = make_home(key, "二")
    gone, stays = make_person(other, key, "走了的"), make_person(other, key, "在家的")
    residents.record_presence(person_id=gone, presence=Presence.MOVED_OUT, actor=SYSTEM, at=MORNING)
    taken = open_round(block.extent, count_by=CountBy.HOUSEHOLD)
    merger = merge_households(survivor_id=block.homes[key], merged_id=other, actor=SYSTEM, at=MORNING)
    if moved:
        residents.move_household(household_id=block.homes[key], to_key=block.doors[5], actor=SYSTEM, at=MORNING)
    residents.record_presence(person_id=gone, presence=Presence.PRESENT, actor=SYSTEM, at=MORNING)
    ((home,),) = db.rows("SELECT household_id FROM person WHERE id = %s", [gone])
    assert home != other
    assert moved or home == block.homes[key]
    homes = len(block.homes) + moved
    assert figures(taken, block) == (homes, 0)
    assert give(taken, [command(household=home, kind=Mark.DONE)]) == ["ACCEPTED"]
    assert figures(taken, block) == (homes, 1)
    undo_merger(merger_id=merger, actor=SYSTEM, at=MORNING)
    assert db.rows("SELECT household_id FROM person WHERE id = ANY(%s) ORDER BY id", [[gone, stays]]) == [
        (home,), (other,),
    ]  # fmt: skip
    assert figures(taken, block) == (homes + 1, 1)


def figures(taken: RoundView, block: Block) -> tuple[int, int]:
    found = queries.get_figures(round_id=taken.id, extent=block.extent, at=MORNING)
    return found.due, found.done
