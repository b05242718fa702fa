"""Work of somebody who answers for one side of a move or a merger: what they cannot see counts all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core import db
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.extents import Extent
from linli.residents import services as residents
from linli.residents.duplicates.households import undo_merger
from linli.residents.duplicates.people import merge_people
from linli.residents.errors import UndoLaterFirst
from linli.rounds import marking, partitions, queries, services, undo, withdrawing
from linli.rounds.judging import Batch
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark
from tests.builders.duty import as_web
from tests.builders.ledger import MORNING, Block, command, give, make_block, open_round

pytestmark = [pytest.mark.django_db(transaction=True)]
NOON = MORNING + timedelta(hours=4)
MAY = frozenset({"rounds.mark", "rounds.gaps", "residents.view", "residents.edit", "residents.register"})


def worker(*blocks: Block, number: int = 7) -> Actor:
    reach = Extent.of([span for block in blocks for span in block.extent.spans])
    return Actor(number, "x", (Grant(1, "grid_worker", 1, MAY, reach),))


def state_of(round_: RoundView, person: int) -> tuple[int, bool, int]:
    (row,) = db.rows(
        "SELECT state, due, key FROM round_state WHERE round_id = %s AND subject_id = %s", [round_.id, person]
    )
    return row[0], row[1], row[2]


def take_back_absent(round_: RoundView, person: int, actor: Actor) -> int:
    """A mark “absent” given by mistake, and taken back at the desk."""
    mistake = command(person, Mark.ABSENT, minutes=239)
    with as_web(actor):
        services.mark(round_id=round_.id, commands=[mistake], actor=actor, at=NOON)
    with as_web(actor):
        return undo.take_back(
            round_id=round_.id, subject_ids=[person], mark_ids=[mistake.id], actor=actor, at=NOON + timedelta(minutes=1)
        )


def test_taking_back_a_mark_finds_what_was_done_before_somebody_moved_here() -> None:
    one, two = make_block(number=1), make_block(number=2)
    taken = open_round(Extent.of([*one.extent.spans, *two.extent.spans]))
    person = one.people[0]
    give(taken, [command(person, Mark.DONE, minutes=10)])
    residents.move_person(person_id=person, to_key=two.doors[0], actor=SYSTEM, at=MORNING + timedelta(minutes=60))
    assert take_back_absent(taken, person, worker(two)) == 1
    assert state_of(taken, person) == (Mark.DONE, True, two.doors[0])


def test_taking_back_a_mark_finds_what_a_large_load_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its marks lie in a partition of their own."""
    block = make_block()
    taken = open_round(block.extent)
    person = block.people[0]
    monkeypatch.setattr(partitions, "CITY_SIZE", 1)
    load = Batch.of_rows([(1, person, Mark.DONE, MORNING + timedelta(minutes=10), "")])
    marking.mark_batch(round_id=taken.id, batch=load, actor=SYSTEM, at=MORNING + timedelta(minutes=20))
    assert state_of(taken, person)[0] == Mark.DONE
    assert take_back_absent(taken, person, worker(block)) == 1
    assert state_of(taken, person)[0] == Mark.DONE


def test_taking_back_a_mark_finds_what_was_done_under_a_merged_entry() -> None:
    block = make_block()
    taken = open_round(block.extent)
    person, other = block.people[0], block.people[4]
    give(taken, [command(other, Mark.DONE, minutes=10)])
    merge_people(survivor_id=person, merged_id=other, actor=SYSTEM, at=MORNING + timedelta(minutes=60))
    assert take_back_absent(taken, person, worker(block)) == 1
    assert state_of(taken, person)[0] == Mark.DONE


def test_a_mark_given_to_an_entry_that_was_merged_since_is_taken_back() -> None:
    block = make_block()
    taken = open_round(block.extent)
    actor, person, other = worker(block), block.people[0], block.people[4]
    mistake = command(other, Mark.DONE, minutes=239)
    services.mark(round_id=taken.id, commands=[mistake], actor=actor, at=NOON)
    merge_people(survivor_id=person, merged_id=other, actor=SYSTEM, at=NOON)
    assert state_of(taken, person)[0] == Mark.DONE
    subjects = undo.find_subjects(round_=taken, people=[other], actor=actor)
    with as_web(actor):
        assert undo.take_back(round_id=taken.id, subject_ids=subjects, mark_ids=[mistake.id], actor=actor, at=NOON) == 1
    assert state_of(taken, person)[0] == Mark.NOT_REACHED


def test_a_phone_withdraws_a_mark_it_gave_to_an_entry_that_was_merged_since() -> None:
    block = make_block()
    taken = open_round(block.extent)
    actor, person, other = worker(block), block.people[0], block.people[4]
    mistake = command(other, Mark.DONE, minutes=239)
    services.mark(round_id=taken.id, commands=[mistake], actor=actor, at=NOON)
    merge_people(survivor_id=person, merged_id=other, actor=SYSTEM, at=NOON)
    with as_web(actor):
        subjects = undo.find_subjects(round_=taken, people=[other], actor=actor)
        withdrawing.withdraw_marks(
            round_=queries.get_round(taken.id), subject_ids=subjects, mark_ids=[mistake.id], done_at=NOON, actor=actor,
            at=NOON,
        )  # fmt: skip
    assert state_of(taken, person)[0] == Mark.NOT_REACHED


def test_somebody_comes_back_into_a_round_at_other_doors_than_they_left_it_from() -> None:
    """Their state lies where they left, out of sight of whoever registers their coming."""
    left, between, came = make_block(number=1), make_block(number=2), make_block(number=3)
    taken = open_round(Extent.of([*left.extent.spans, *came.extent.spans]))
    person = left.people[0]
    give(taken, [command(person, Mark.ABSENT, minutes=10)])
    residents.move_person(person_id=person, to_key=between.doors[0], actor=SYSTEM, at=NOON)
    assert state_of(taken, person) == (Mark.ABSENT, False, left.doors[0])
    with as_web(worker(between, came)) as actor:
        residents.move_person(person_id=person, to_key=came.doors[0], actor=actor, at=NOON + timedelta(hours=1))
    assert state_of(taken, person) == (Mark.ABSENT, True, came.doors[0])
    figures = queries.get_figures(round_id=taken.id, extent=came.extent, at=NOON)
    assert (figures.due, figures.absent) == (len(came.people) + 1, 1)


MERGE = Actor(
    9, "x", (Grant(1, "office", 1, frozenset({"residents.merge"}), Extent.of([(1 << 28, 3 << 28)])),)
)  # of the first two blocks


def test_what_was_merged_at_a_third_door_stays_with_whom_it_was_merged_into() -> None:
    """The wall hides that merger from whoever takes the other apart."""
    one, two, three = (make_block(number=number) for number in (1, 2, 3))
    taken = open_round(Extent.of([span for block in (one, two, three) for span in block.extent.spans]))
    stays, goes, third = one.people[0], two.people[0], three.people[0]
    give(taken, [command(third, Mark.DONE, minutes=10)])
    merge_people(survivor_id=goes, merged_id=third, actor=SYSTEM, at=MORNING)
    merger = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=MORNING)
    assert state_of(taken, stays)[0] == Mark.DONE
    with as_web(MERGE):
        undo_merger(merger_id=merger, actor=MERGE, at=MORNING)
    assert state_of(taken, stays)[0] == Mark.NOT_REACHED
    assert state_of(taken, goes)[0] == Mark.DONE


def test_a_later_merging_with_a_third_door_is_undone_first() -> None:
    one, two, three = (make_block(number=number) for number in (1, 2, 3))
    first = merge_people(survivor_id=one.people[0], merged_id=two.people[0], actor=SYSTEM, at=MORNING)
    second = merge_people(survivor_id=three.people[0], merged_id=one.people[0], actor=SYSTEM, at=MORNING)
    with as_web(MERGE), pytest.raises(UndoLaterFirst) as refused:
        undo_merger(merger_id=first, actor=MERGE, at=MORNING)
    assert refused.value.params["merger"] == second
