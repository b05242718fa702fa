"""Many writers at once: eight marking the same doors, people moving and leaving, others arriving, a round opening.

At every moment the gap list equals a count straight from the register and the marks in the same snapshot.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE, Extent
from linli.core.ids import new_id
from linli.residents import services as residents
from linli.residents.errors import SameHousehold
from linli.residents.events import PeopleChanged
from linli.residents.register import change_register
from linli.rounds import bulk, gaps, handlers, marking, queries, services
from linli.rounds.judging import Batch
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark, MarkCommand, Outcome, RoundKind
from tests.builders.ledger import MORNING, Block, command, give, make_block, make_person, open_round

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 8
KINDS = [Mark.DONE, Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT]
EVENING = MORNING + timedelta(hours=12)


class Crew:
    """Threads that each own a connection; the first error of any ends the test."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, work: Callable[[], object]) -> None:
        def run() -> None:
            try:
                with db.owner():
                    work()
            except BaseException as error:
                self.errors.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)


@contextmanager
def one_snapshot() -> Iterator[None]:
    with db.atomic():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def listed(round_: RoundView, extent: Extent) -> tuple[set[int], int, int]:
    page = gaps.list_gaps(round_=round_, extent=extent, at=EVENING, limit=100_000)
    return {gap.subject_id for gap in page.gaps}, page.total, len({gap.key for gap in page.gaps}) - page.doors


def assert_true_now(round_: RoundView, extent: Extent) -> None:
    with one_snapshot():
        found, total, doors_off = listed(round_, extent)
        assert found == gaps.count_gaps_from_marks(round_=round_, extent=extent)
        assert (total, doors_off) == (len(found), 0)


def mark_at_random(round_: RoundView, block: Block, seed: int, accepted: list[int]) -> None:
    chance = random.Random(seed)
    for step in range(12):
        at = MORNING + timedelta(minutes=chance.randrange(600))
        commands = [
            MarkCommand(new_id(), chance.choice(KINDS), at, person_id=chance.choice(block.people)) for _ in range(20)
        ]
        if step % 4 == 3:
            home = block.homes[chance.choice(block.doors)]
            commands.append(MarkCommand(new_id(), Mark.DONE, at, household_id=home))
        receipts = services.mark(round_id=round_.id, commands=commands, actor=SYSTEM, at=EVENING)
        accepted.append(sum(receipt.marks for receipt in receipts if receipt.outcome == Outcome.ACCEPTED))


def move_people(block: Block, other: Block) -> None:
    chance = random.Random(99)
    homes = {**block.homes, **other.homes}
    for person in chance.sample(block.people, 12):
        target = homes[chance.choice([*block.doors, *other.doors])]
        move = partial(residents.move_person, person_id=person, to_household_id=target, actor=SYSTEM, at=EVENING)
        with suppress(SameHousehold):
            db.retrying(move)


def arrive(block: Block, groups: int = 5, size: int = 8) -> None:
    """People arrive in sets, as an import brings them: rows first, one event for all."""
    for group in range(groups):
        with db.atomic():
            change_register()
            door = block.doors[group % len(block.doors)]
            people = [make_person(block.homes[door], door, f"新{group}-{n}") for n in range(size)]
            handlers.follow_people(PeopleChanged(tuple(people), (block.homes[door],), EVENING))


def load_a_sheet(round_: RoundView, block: Block) -> None:
    for start in (0, 10, 20):
        people = enumerate(block.people[start : start + 30])
        batch = Batch.of_rows((n, p, int(Mark.DONE), MORNING + timedelta(minutes=n), "") for n, p in people)
        marking.mark_batch(round_id=round_.id, batch=batch, actor=SYSTEM, at=EVENING)


def test_eight_writers_on_the_same_doors_while_people_move_and_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "RETRY_STATES", {"40001"})  # locks in one order: nobody is ended to let another pass
    block, other = make_block(number=1, units=3, doors=5), make_block(number=2, units=1, doors=3)
    round_ = open_round(block.extent)
    crew, accepted = Crew(), list[int]()
    for seed in range(WRITERS):
        crew.start(partial(mark_at_random, round_, block, seed, accepted))
    crew.start(lambda: move_people(block, other))
    crew.start(lambda: arrive(block))
    crew.start(lambda: load_a_sheet(round_, block))
    chance = random.Random(7)
    while crew.busy:
        lo = chance.choice([*block.units, *other.units])
        for extent in (EVERYWHERE, block.extent, Extent.of([(lo, lo + 2048)])):
            assert_true_now(round_, extent)
    crew.wait()
    assert_true_now(round_, EVERYWHERE)
    by_phones = db.scalar("SELECT count(*) FROM mark WHERE client_id IS NOT NULL")
    assert by_phones == sum(accepted)


def test_a_load_and_a_phone_do_not_wait_for_each_other_when_somebody_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody of a sheet moves to an earlier unit while the sheet waits for theirs, and a phone waits for both."""
    monkeypatch.setattr(db, "RETRIES", 1)  # what meets head on is not tried again
    block = make_block(units=2, doors=2, people=2)
    round_ = open_round(block.extent)
    moves, stays = block.people[-1], block.people[0]
    home = block.homes[block.doors[0]]
    moved, crew = threading.Event(), Crew()

    def move() -> None:
        with db.atomic():
            residents.move_person(person_id=moves, to_household_id=home, actor=SYSTEM, at=EVENING)
            moved.set()
            wait_for_waiting(2)

    crew.start(move)
    assert moved.wait(60)
    batch = Batch.of_rows([(1, moves, int(Mark.DONE), MORNING, "")])
    crew.start(partial(marking.mark_batch, round_id=round_.id, batch=batch, actor=SYSTEM, at=EVENING))
    wait_for_waiting(1)
    crew.start(partial(give, round_, [command(stays), command(block.people[-2])]))
    crew.wait()
    assert_true_now(round_, block.extent)
    assert db.scalar("SELECT count(*) FROM mark") == 3


def test_a_mark_that_somebody_left_and_a_move_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The move holds the household and wants the unit; the mark, that came meanwhile, wants both."""
    monkeypatch.setattr(db, "RETRIES", 1)
    block = make_block(units=2, doors=2, people=2)
    round_ = open_round(block.extent)
    leaves, moves = block.people[:2]  # of one household
    held, crew = threading.Event(), Crew()

    def move() -> None:
        with db.atomic():
            change_register()
            db.rows("SELECT id FROM household WHERE id = %s FOR UPDATE", [block.homes[block.doors[0]]])
            held.set()
            wait_for_waiting(1)
            target = block.homes[block.doors[-1]]
            residents.move_person(person_id=moves, to_household_id=target, actor=SYSTEM, at=EVENING)

    crew.start(move)
    assert held.wait(60)
    crew.start(partial(give, round_, [command(leaves, Mark.MOVED_OUT)]))
    crew.wait()
    assert_true_now(round_, EVERYWHERE)
    assert db.scalar("SELECT presence FROM person WHERE id = %s", [leaves]) == 3


def wait_for_waiting(count: int) -> None:
    """Until so many others wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 60
    while db.scalar(waiting) < count:
        assert time.monotonic() < until
        db.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.02)


@pytest.mark.parametrize("batch", [2, 5])
def test_one_command_sent_for_two_units_at_once_is_carried_out_once(batch: int) -> None:
    """Two phones may not make one id, but a fault might: the second waits for the first, and knows it then."""
    block = make_block(units=2, doors=3, people=2)
    round_ = open_round(block.extent)
    half = len(block.people) // 2
    shared = new_id()
    sent, answers = threading.Event(), {}

    def send(first: int, name: str) -> None:
        commands = [command(person) for person in block.people[first : first + batch - 1]]
        with db.atomic():
            answers[name] = give(round_, [command(block.people[first + batch], id=shared), *commands])
            if name == "first":
                sent.set()
                time.sleep(0.3)

    crew = Crew()
    crew.start(partial(send, 0, "first"))
    assert sent.wait(60)
    crew.start(partial(send, half, "second"))
    crew.wait()
    assert answers == {"first": ["ACCEPTED"] * batch, "second": ["KNOWN"] + ["ACCEPTED"] * (batch - 1)}
    assert_true_now(round_, block.extent)


def test_nobody_who_arrives_while_a_round_opens_is_missed() -> None:
    block = make_block(units=2, doors=4)
    for _ in range(6):
        draft = services.create_round(
            name="开轮",
            kind=RoundKind.TEST,
            starts_at=MORNING,
            ends_at=EVENING,
            scope=block.extent,
            actor=SYSTEM,
            at=MORNING,
        )
        crew = Crew()
        crew.start(lambda: arrive(block, groups=4, size=3))
        crew.start(partial(bulk.open_round, round_id=draft.pk, actor=SYSTEM, at=MORNING))
        crew.start(lambda: arrive(block, groups=4, size=3))
        crew.wait()
        assert_true_now(queries.get_round(draft.pk), EVERYWHERE)
        due = queries.get_figures(round_id=draft.pk, extent=EVERYWHERE, at=EVENING).due
        assert due == db.scalar("SELECT count(*) FROM person WHERE presence = 1")


def test_no_mark_slips_in_after_closing() -> None:
    block = make_block(units=2, doors=4)
    for seed in range(4):
        round_ = open_round(block.extent)
        crew, accepted = Crew(), list[int]()
        for writer in range(4):
            crew.start(partial(mark_at_random, round_, block, seed * 10 + writer, accepted))
        certificate = bulk.close_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
        crew.wait()
        assert certificate["marks"] == db.scalar("SELECT count(*) FROM mark WHERE round_id = %s", [round_.id])
        now = queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=EVENING)
        assert (certificate["open"], certificate["done"]) == (now.open, now.done)


def test_a_round_reopened_follows_what_happened_meanwhile() -> None:
    block, other = make_block(number=1), make_block(number=2)
    round_ = open_round(block.extent)
    bulk.close_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
    frozen = queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=EVENING)
    move_people(block, other)
    arrive(block)
    assert queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=EVENING) == frozen
    bulk.reopen_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
    assert_true_now(round_, EVERYWHERE)
