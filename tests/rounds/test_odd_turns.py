"""What a round meets seldom: people who had left and are back, exemptions that are over, marks that arrive late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.residents import services as residents
from linli.residents.terms import PersonInput, Presence
from linli.rounds import bulk, gaps, queries, services, undo
from linli.rounds.errors import OthersLiveThere
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark, MarkCommand
from tests.builders.ledger import MORNING, command, give, make_block, open_round

pytestmark = pytest.mark.django_db
NOON = MORNING + timedelta(hours=4)
SOON = NOON + timedelta(minutes=1)
OFFICE = replace(SYSTEM, account_id=SYSTEM.account_id + 1)  # whoever keeps the register, not whoever marks


def figures(round_: RoundView) -> Figures:
    return queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=SOON)


def listed(round_: RoundView) -> set[int]:
    return {g.subject_id for g in gaps.list_gaps(round_=round_, extent=EVERYWHERE, at=SOON, limit=gaps.ALL).gaps}


def agree(round_: RoundView, *, at: object = SOON) -> bool:
    """Whether the list says what the register and the marks say."""
    return gaps.count_gaps_from_marks(round_=round_, extent=EVERYWHERE, at=at) == listed(round_)  # type: ignore[arg-type]


def living() -> int:
    return int(db.scalar("SELECT count(*) FROM person WHERE presence IN (1, 2)"))


def minutes(count: float) -> datetime:
    return MORNING + timedelta(minutes=count)


def exempt(person: int, *, until: datetime) -> MarkCommand:
    return command(person, Mark.EXEMPT)._replace(until_at=until, reason="住院")


def test_the_check_knows_of_exemptions_that_are_over() -> None:
    block = make_block(units=1, doors=1, people=2)
    round_ = open_round(block.extent)
    give(round_, [exempt(block.people[0], until=NOON)], minutes=20)
    assert agree(round_, at=minutes(30))
    bulk.lapse_exemptions(at=SOON)
    assert listed(round_) == set(block.people)
    assert agree(round_)


def test_what_is_over_at_the_closing_is_not_exempt_on_the_certificate() -> None:
    block = make_block(units=1, doors=1, people=2)
    round_ = open_round(block.extent)
    give(round_, [exempt(block.people[0], until=NOON), exempt(block.people[1], until=SOON)], minutes=20)
    certificate = bulk.close_round(round_id=round_.id, actor=SYSTEM, at=NOON)
    assert (certificate["exempt"], certificate["open"]) == (1, 1)
    closed = queries.get_round(round_.id)
    assert bulk.lapse_exemptions(at=minutes(900)) == 0
    assert gaps.count_gaps_from_marks(round_=closed, extent=EVERYWHERE, at=NOON) == listed(closed) == {block.people[0]}


def test_the_check_of_a_closed_round_does_not_follow_the_register() -> None:
    block = make_block(units=1, doors=2, people=2)
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0])])
    bulk.close_round(round_id=round_.id, actor=SYSTEM, at=NOON)
    residents.record_moved_out(person_ids=block.people[:2], actor=SYSTEM, at=SOON)
    residents.move_person(person_id=block.people[2], to_key=block.doors[0], new_household=True, actor=SYSTEM, at=SOON)
    closed = queries.get_round(round_.id)
    assert agree(closed)
    assert listed(closed) == set(block.people[1:])


@pytest.mark.parametrize("came_back", [True, False])
def test_undo_leaves_open_who_has_to_be_reached(came_back: bool) -> None:
    """What counted before said that somebody was gone, who is there again; or an exemption that is over."""
    block = make_block(units=1, doors=1, people=2)
    round_ = open_round(block.extent)
    person = block.people[0]
    if came_back:
        give(round_, [command(person, Mark.MOVED_OUT, minutes=10)], minutes=10)
        residents.record_presence(person_id=person, presence=Presence.PRESENT, actor=SYSTEM, at=minutes(30))
    else:
        give(round_, [exempt(person, until=minutes(60))], minutes=20)
    mistake = command(person, Mark.DONE, minutes=240)
    services.mark(round_id=round_.id, commands=[mistake], actor=SYSTEM, at=NOON)
    taken = undo.take_back(round_id=round_.id, subject_ids=[person], mark_ids=[mistake.id], actor=SYSTEM, at=SOON)
    assert taken == 1
    assert listed(round_) == set(block.people)
    assert figures(round_).exempt == 0
    assert agree(round_)


def test_one_who_left_does_not_take_the_household_along() -> None:
    block = make_block(units=1, doors=2, people=3)
    round_ = open_round(block.extent, count_by=CountBy.HOUSEHOLD)
    with pytest.raises(OthersLiveThere):
        give(round_, [command(block.people[0], Mark.MOVED_OUT)])
    assert (living(), figures(round_).due) == (6, 2)
    assert give(round_, [command(person, Mark.MOVED_OUT) for person in block.people[:3]])[0] == "ACCEPTED"
    assert (living(), figures(round_).due) == (3, 1)
    household = block.homes[block.doors[1]]
    assert give(round_, [command(household=household, kind=Mark.MOVED_OUT)]) == ["ACCEPTED"]
    assert (living(), figures(round_).due) == (0, 0)


@pytest.mark.parametrize("kind", [Mark.MOVED_OUT, Mark.VACANT])
@pytest.mark.parametrize("moved", ["the person", "the household", "nobody: they were away and are back"])
def test_who_came_after_a_mark_that_arrives_late_stays(moved: str, kind: Mark) -> None:
    """A phone saw at 08:10 that they were gone from their door; the office learnt later where they are."""
    block = make_block(units=1, doors=3, people=1)
    round_ = open_round(block.extent)
    person, home = block.people[0], block.homes[block.doors[0]]
    if moved == "the person":
        to = block.doors[1]
        residents.move_person(person_id=person, to_key=to, new_household=True, actor=OFFICE, at=minutes(60))
    elif moved == "the household":
        residents.move_household(household_id=home, to_key=block.doors[1], actor=OFFICE, at=minutes(60))
    else:
        residents.record_presence(person_id=person, presence=Presence.MOVED_OUT, actor=OFFICE, at=minutes(30))
        residents.record_presence(person_id=person, presence=Presence.PRESENT, actor=OFFICE, at=minutes(60))
    assert give(round_, [command(person, kind, minutes=10)], minutes=90) == ["ACCEPTED"]
    assert living() == 3
    assert listed(round_) == set(block.people)
    assert agree(round_)
    assert give(round_, [command(person, kind, minutes=100)], minutes=110) == ["ACCEPTED"]  # seen after it
    assert living() == 2
    assert agree(round_)


def test_a_correction_of_what_is_known_does_not_keep_who_left() -> None:
    block = make_block(units=1, doors=1, people=1)
    round_ = open_round(block.extent)
    person = residents.add_person(
        household_id=block.homes[block.doors[0]], person=PersonInput(name="王小明"), actor=OFFICE, at=MORNING
    )
    changes = {"note": "二楼左手"}
    residents.edit_person(person_id=person, changes=changes, seen_at=MORNING, actor=OFFICE, at=minutes(60))
    assert give(round_, [command(person, Mark.MOVED_OUT, minutes=10)], minutes=90) == ["ACCEPTED"]
    assert listed(round_) == set(block.people)


def test_who_registered_somebody_may_say_later_that_they_left() -> None:
    """A phone's register goes in at the time it arrives, its marks at the time they were made."""
    block = make_block(units=1, doors=1, people=1)
    round_ = open_round(block.extent)
    made = residents.add_person(
        household_id=block.homes[block.doors[0]], person=PersonInput(name="新来的人"), actor=SYSTEM, at=minutes(90)
    )
    assert give(round_, [command(made, Mark.MOVED_OUT, minutes=10)], minutes=90) == ["ACCEPTED"]
    assert living() == 1
