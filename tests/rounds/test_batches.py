"""Batches of marks: the short way of the commonest ones and the long way of all others say and write the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE, Extent
from linli.rounds import ledger
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark, MarkColumns, MarkCommand
from tests.builders.ledger import MORNING, Block, command, give, make_block, make_person, open_round

pytestmark = pytest.mark.django_db
KINDS = (Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT)
RECEIVED = MORNING + timedelta(hours=10)
LONG_WAY = (
    "ALTER FUNCTION linli_mark_people(integer, bigint, timestamptz, bigint, bigint, int8multirange, uuid[], bigint[],"
    " smallint[], bigint[], timestamptz[], text[], timestamptz[], timestamptz[], smallint[])"
    " RENAME TO linli_mark_people_kept;"
    "CREATE FUNCTION linli_mark_people(integer, bigint, timestamptz, bigint, bigint, int8multirange, uuid[], bigint[],"
    " smallint[], bigint[], timestamptz[], text[], timestamptz[], timestamptz[], smallint[])"
    " RETURNS boolean LANGUAGE sql AS 'SELECT false'"
)


def goes_short(round_: RoundView, commands: Sequence[MarkCommand], extent: Extent = EVERYWHERE) -> bool:
    """Whether the short way takes the batch; it is carried out then."""
    marks, _ = ledger._sort(MarkColumns.of(commands))
    values = ledger._values(round_, marks, SYSTEM, RECEIVED)
    found, at, account, appointment, _, ids, people, _, *rest = values
    return bool(
        db.scalar(
            "SELECT linli_mark_people(%s, %s, %s, %s, %s, %s::int8multirange, %s::uuid[], %s::bigint[], %s::smallint[],"
            " %s::bigint[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::smallint[])",
            [round_.part, found, at, account, appointment, str(extent), ids, people, *rest],
        )
    )


def written(round_: RoundView) -> list[list[tuple[Any, ...]]]:
    """All that marks leave, without the numbers that differ from round to round."""
    return [
        db.rows(sql, [round_.id])
        for sql in (
            "SELECT subject_id, key, state, due, event_at, until_at, back_at, client_id FROM round_state"
            " WHERE round_id = %s ORDER BY subject_id",
            "SELECT client_id, nth, subject_id, key, kind, flags, event_at, device_at, received_at, back_at, until_at,"
            " account_id, appointment_id, reason FROM mark WHERE round_id = %s ORDER BY client_id, nth",
            "SELECT lo, due, done, exempt, absent, refused, doors_due, doors_open, buckets, counts FROM round_tally"
            " WHERE round_id = %s ORDER BY lo",
        )
    ]


@pytest.fixture
def block() -> Block:
    return make_block(units=3, doors=4, people=2)


def test_the_commonest_batch_goes_the_short_way_in_any_order(block: Block) -> None:
    round_ = open_round(block.extent)
    people = random.Random(1).sample(block.people, 20)
    assert goes_short(round_, [command(person, KINDS[n % 4]) for n, person in enumerate(people)])
    assert goes_short(round_, [command(person, minutes=11) for person in people])


def test_what_is_not_the_commonest_goes_the_long_way_and_leaves_nothing_on_the_short(block: Block) -> None:
    round_ = open_round(block.extent)
    known = command(block.people[0])
    give(round_, [known, command(block.people[1], minutes=60)])
    before = written(round_)
    new = command(block.people[2])
    for batch in (
        [new, known],
        [new, new],
        [new, command(block.people[2], Mark.ABSENT, minutes=20)],
        [new, command(block.people[1], minutes=5)],  # late: another counts
        [new, command(10**12)],
    ):
        assert not goes_short(round_, batch)
        assert written(round_) == before
    assert not goes_short(round_, [new, command(block.people[-1])], Extent.of([(block.doors[0], block.doors[0] + 1)]))
    assert written(round_) == before


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_say_and_write_the_same(seed: int, block: Block) -> None:
    """The same batches into two rounds over the same doors; the second knows only the long way."""
    chance = random.Random(seed)
    first, second = open_round(block.extent), open_round(block.extent)
    sent: list[MarkCommand] = []
    batches = []
    for _ in range(12):
        size = chance.randrange(2, 14)
        whom = chance.sample(block.people, size) if chance.random() < 0.7 else chance.choices(block.people, k=size)
        batch = [command(one, chance.choice(KINDS), minutes=chance.randrange(300)) for one in whom]
        batch += chance.sample(sent, min(len(sent), chance.choice([0, 0, 0, 2])))
        batches.append(batch)
        sent += batch
    said = [give(first, batch) for batch in batches]
    other = {one.id: UUID(int=one.id.int ^ 1) for one in sent}  # an id counts once, whatever the round
    with db.owner():
        db.execute(LONG_WAY)
    assert [give(second, [one._replace(id=other[one.id]) for one in batch]) for batch in batches] == said
    states, marks, tallies = written(first)
    renamed = [(*state[:-1], other.get(state[-1])) for state in states]
    assert [renamed, sorted((other[mark[0]], *mark[1:]) for mark in marks), tallies] == written(second)


def test_a_mark_is_the_receipt_of_its_command(block: Block) -> None:
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0])])
    with pytest.raises(IntegrityError, match="client_id_nth_part"), db.atomic():
        db.execute(
            "INSERT INTO mark (part, round_id, subject_id, key, kind, event_at, received_at, account_id, client_id)"
            " SELECT part, round_id, %s, key, kind, event_at, received_at, account_id, client_id FROM mark",
            [block.people[1]],
        )


def test_a_household_marked_once_is_known_and_who_came_since_is_not_reached(block: Block) -> None:
    round_ = open_round(block.extent)
    home = block.homes[block.doors[0]]
    whole = command(household=home)
    assert give(round_, [whole]) == ["ACCEPTED"]
    assert db.rows("SELECT nth FROM mark WHERE client_id = %s ORDER BY nth", [whole.id]) == [(0,), (1,)]
    newcomer = make_person(home, block.doors[0], "后来的")
    with db.owner():
        db.rows("SELECT linli_follow(%s, %s)", [round_.id, [newcomer]])
    assert give(round_, [whole]) == ["KNOWN"]
    assert db.scalar("SELECT state FROM round_state WHERE subject_id = %s", [newcomer]) == Mark.NOT_REACHED
    assert db.rows("SELECT marks FROM linli_carried_out(%s)", [[whole.id]]) == [(2,)]
