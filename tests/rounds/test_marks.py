"""Marks: what they close, in which order they count, and that each counts once."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.core.ids import new_id
from linli.rounds import bulk, gaps, marking, partitions, queries, services
from linli.rounds.errors import BadMark, RoundClosed, RoundNotOpen, TooMany
from linli.rounds.judging import Batch
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark, RoundKind
from tests.builders.ledger import MORNING, command, give, make_block, make_home, make_person, open_round

pytestmark = pytest.mark.django_db
EVENING = MORNING + timedelta(hours=12)


def figures(round_: RoundView) -> Figures:
    return queries.get_figures(round_id=round_.id, extent=EVERYWHERE, at=EVENING)


def open_people(round_: RoundView) -> set[int]:
    page = gaps.list_gaps(round_=round_, extent=EVERYWHERE, at=EVENING, limit=10_000)
    assert page.total == len(page.gaps)
    assert {gap.subject_id for gap in page.gaps} == gaps.count_gaps_from_marks(round_=round_, extent=EVERYWHERE)
    return {gap.subject_id for gap in page.gaps}


def test_opening_counts_everyone_present() -> None:
    block = make_block(units=2, doors=4, people=3)
    make_person(block.homes[block.doors[0]], block.doors[0], "外出", presence=2)
    round_ = open_round(block.extent)
    assert figures(round_) == Figures(due=24, doors_due=8, doors_open=8)
    assert open_people(round_) == set(block.people)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Mark.DONE, Figures(due=3, done=1, doors_due=1, doors_open=1)),
        (Mark.EXEMPT, Figures(due=3, exempt=1, doors_due=1, doors_open=1)),
        (Mark.ABSENT, Figures(due=3, absent=1, doors_due=1, doors_open=1)),
        (Mark.REFUSED, Figures(due=3, refused=1, doors_due=1, doors_open=1)),
        (Mark.MOVED_OUT, Figures(due=2, doors_due=1, doors_open=1)),
        (Mark.VACANT, Figures(due=0)),
    ],
)
def test_what_each_mark_closes(kind: Mark, expected: Figures) -> None:
    block = make_block(units=1, doors=1, people=3)
    round_ = open_round(block.extent)
    assert give(round_, [command(block.people[0], kind)]) == ["ACCEPTED"]
    assert figures(round_) == expected
    assert figures(round_).open == len(open_people(round_))


def test_a_door_is_open_while_anyone_behind_it_is() -> None:
    block = make_block(units=1, doors=1, people=2)
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0])])
    assert figures(round_).doors_open == 1
    give(round_, [command(block.people[1], Mark.EXEMPT)])
    assert figures(round_).doors_open == 0


def test_a_command_counts_once() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    once = command(block.people[0])
    assert give(round_, [once, once]) == ["ACCEPTED", "KNOWN"]
    assert give(round_, [once]) == ["KNOWN"]
    assert db.scalar("SELECT count(*) FROM mark") == 1
    assert figures(round_).done == 1


def test_the_later_by_event_time_wins_whatever_comes_first() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0], Mark.DONE, minutes=30)])
    give(round_, [command(block.people[0], Mark.ABSENT, minutes=20)])
    assert figures(round_).done == 1
    assert db.scalar("SELECT count(*) FROM mark") == 2


def test_equal_times_are_decided_by_id() -> None:
    block = make_block()
    first, second = sorted([new_id(), new_id()])
    for order in ([0, 1], [1, 0]):
        round_ = open_round(block.extent)
        marks = [
            command(block.people[0], Mark.ABSENT, id=first),
            command(block.people[0], Mark.REFUSED, id=second),
        ]
        for index in order:
            give(round_, [marks[index]])
        assert (figures(round_).absent, figures(round_).refused) == (0, 1)
        first, second = sorted([new_id(), new_id()])


def test_a_household_command_marks_everyone_due_behind_the_door() -> None:
    block = make_block(units=1, doors=2, people=3)
    round_ = open_round(block.extent)
    assert give(round_, [command(household=block.homes[block.doors[0]])]) == ["ACCEPTED"]
    assert figures(round_) == Figures(due=6, done=3, doors_due=2, doors_open=1)


def test_a_round_per_household() -> None:
    block = make_block(units=1, doors=3, people=2)
    empty = make_home(block.doors[0], "二户")  # nobody registered yet: has to be visited
    round_ = open_round(block.extent, count_by=CountBy.HOUSEHOLD)
    assert figures(round_) == Figures(due=4, doors_due=3, doors_open=3)
    give(round_, [command(block.people[0]), command(household=empty)])
    assert figures(round_) == Figures(due=4, done=2, doors_due=3, doors_open=2)
    give(round_, [command(household=block.homes[block.doors[1]], kind=Mark.VACANT)])
    assert figures(round_).due == 3
    open_people(round_)


def test_outside_the_round_and_closed_round() -> None:
    block, other = make_block(number=1), make_block(number=2)
    round_ = open_round(block.extent)
    assert give(round_, [command(other.people[0]), command(10**12)]) == ["NOT_IN_ROUND", "NOT_IN_ROUND"]
    bulk.close_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
    assert give(round_, [command(block.people[0])]) == ["ROUND_CLOSED"]
    with pytest.raises(RoundClosed):
        marking.mark_batch(round_id=round_.id, batch=Batch.of_rows([]), actor=SYSTEM, at=EVENING)
    bulk.reopen_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
    assert give(round_, [command(block.people[0])]) == ["ACCEPTED"]


def test_a_mark_known_before_closing_is_still_known_after() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    mark = command(block.people[0])
    give(round_, [mark])
    bulk.close_round(round_id=round_.id, actor=SYSTEM, at=EVENING)
    assert give(round_, [mark]) == ["KNOWN"]


def test_a_draft_takes_no_marks_and_too_many_are_refused() -> None:
    block = make_block()
    draft = services.create_round(
        name="草稿",
        kind=RoundKind.TEST,
        starts_at=MORNING,
        ends_at=EVENING,
        scope=block.extent,
        actor=SYSTEM,
        at=MORNING,
    )
    with pytest.raises(RoundNotOpen):
        services.mark(round_id=draft.pk, commands=[command(block.people[0])], actor=SYSTEM, at=MORNING)
    round_ = open_round(block.extent)
    with pytest.raises(TooMany):
        give(round_, [command(block.people[0])] * 1001)
    with pytest.raises(BadMark):
        give(round_, [command(block.people[0], Mark.NOT_REACHED)])


def test_an_event_time_beyond_any_clock_error_is_kept_clamped_and_flagged() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    give(
        round_, [command(block.people[0], minutes=60 * 24 * 365), command(block.people[1], minutes=-60 * 24 * 365 * 52)]
    )
    rows = db.rows("SELECT event_at, flags FROM mark ORDER BY id")
    assert rows == [(MORNING + timedelta(minutes=600), 1), (MORNING, 1)]


def test_someone_marked_as_gone_who_is_back_has_to_be_reached_anew() -> None:
    from linli.residents import services as residents
    from linli.residents.terms import Presence

    block = make_block()
    round_ = open_round(block.extent)
    person = block.people[0]
    give(round_, [command(person, Mark.MOVED_OUT)])
    assert person not in open_people(round_)
    residents.record_presence(person_id=person, presence=Presence.PRESENT, actor=SYSTEM, at=EVENING)
    assert db.scalar("SELECT state FROM round_state WHERE subject_id = %s", [person]) == 0
    assert figures(round_).due == 24


def test_a_lapsed_exemption_is_open_again() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    exempt = command(block.people[0], Mark.EXEMPT)
    until = MORNING + timedelta(hours=2)
    give(round_, [exempt._replace(until_at=until)])
    assert bulk.lapse_exemptions(at=until - timedelta(seconds=1)) == 0
    assert bulk.lapse_exemptions(at=until) == 1
    assert figures(round_).exempt == 0


def test_buckets_follow_the_winning_mark() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0], minutes=5), command(block.people[1], minutes=6)])
    give(round_, [command(block.people[0], minutes=25)])
    curve = queries.get_curve(round_id=round_.id, extent=EVERYWHERE, since=MORNING)
    assert curve == [(MORNING, 1), (MORNING + timedelta(minutes=20), 1)]


def _rows(people: list[int], kinds: list[Mark] = [Mark.DONE]) -> list[tuple[int, int, int, datetime, str]]:  # noqa: B006
    return [
        (n, p, int(kinds[n % len(kinds)]), MORNING + timedelta(minutes=n), "发烧" if n % 3 else "")
        for n, p in enumerate(people)
    ]


def _load(round_: RoundView, rows: list[tuple[int, int, int, datetime, str]]) -> marking.Load:
    return marking.mark_batch(round_id=round_.id, batch=Batch.of_rows(rows), actor=SYSTEM, at=EVENING)


def test_a_load_of_marks_equals_the_same_marks_one_by_one() -> None:
    block = make_block(units=3, doors=5, people=3)
    one, two = open_round(block.extent), open_round(block.extent)
    rows = _rows(block.people[:30], [Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT])
    give(one, [command(p, Mark(kind), minutes=n) for n, p, kind, _, _ in rows])
    load = _load(two, [*rows, rows[0], rows[0], (99, 999_999, 10, MORNING, "")])
    assert (load.rows, load.accepted, load.known, load.strangers, load.stranger_rows) == (33, 30, 2, 1, (99,))
    assert figures(one) == figures(two)
    assert open_people(one) == open_people(two)
    again = _load(two, rows)
    assert (again.accepted, again.known) == (0, 30)
    assert db.scalar("SELECT count(*) FROM mark WHERE round_id = %s AND reason = '发烧'", [two.id]) == 20


def test_a_load_respects_what_phones_said_later() -> None:
    block = make_block(units=1, doors=2)
    round_ = open_round(block.extent)
    give(round_, [command(block.people[0], Mark.DONE, minutes=30), command(block.people[1], Mark.DONE, minutes=1)])
    rows = [(n, p, int(Mark.ABSENT), MORNING + timedelta(minutes=20), "") for n, p in enumerate(block.people[:2])]
    assert _load(round_, rows).accepted == 2
    assert (figures(round_).done, figures(round_).absent) == (1, 1)
    tie = [(1, block.people[1], int(Mark.REFUSED), MORNING + timedelta(minutes=20), "")]
    _load(round_, tie)
    assert (figures(round_).absent, figures(round_).refused) == (0, 1)
    open_people(round_)


def test_a_round_before_breakfast_bears_the_date_of_its_own_calendar() -> None:
    block = make_block()
    seven = datetime(2022, 10, 3, 23, 0, tzinfo=UTC)  # 07:00 on the fourth in Hohhot
    assert open_round(block.extent, at=seven).code == "20221004-1"


def test_what_corrects_the_register_does_not_come_as_a_load() -> None:
    with pytest.raises(BadMark):
        Batch.of_rows([(1, 1, int(Mark.MOVED_OUT), MORNING, "")])


def test_a_large_load_takes_the_other_road_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    block = make_block(units=3, doors=5, people=3)
    small = open_round(block.extent)
    monkeypatch.setattr(partitions, "CITY_SIZE", 10)
    large = open_round(block.extent)
    for round_ in (small, large):
        give(round_, [command(block.people[3], Mark.EXEMPT, minutes=300)])
    for chunk in (block.people[:20], block.people[10:35]):
        rows = [*_rows(chunk, [Mark.DONE, Mark.DONE, Mark.ABSENT]), (99, 999_999, 10, MORNING, "")]
        monkeypatch.setattr(partitions, "CITY_SIZE", 10)
        taken = _load(large, rows)
        monkeypatch.setattr(partitions, "CITY_SIZE", 10_000)
        assert taken == _load(small, rows)
    assert figures(large) == figures(small)
    assert open_people(large) == open_people(small)
    tally = "SELECT lo, due, done, absent, doors_open, buckets, counts FROM round_tally WHERE round_id = %s ORDER BY lo"
    assert db.rows(tally, [large.id]) == db.rows(tally, [small.id])
    give(large, [command(block.people[40])])
    assert figures(large).done == figures(small).done + 1


def test_the_tally_cannot_say_more_done_than_due() -> None:
    block = make_block()
    round_ = open_round(block.extent)
    with pytest.raises(IntegrityError, match="round_tally_adds_up"):
        db.execute("UPDATE round_tally SET done = due + 1 WHERE round_id = %s", [round_.id])


_numbers = itertools.count(100)  # every example has a block of its own
_marks = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.sampled_from([Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT]),
        st.integers(0, 5),
        st.integers(0, 20),
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None)
@given(marks=_marks, order=st.randoms(use_true_random=False))
def test_any_order_any_repetition_gives_one_state(marks: list[tuple[int, Mark, int, int]], order: object) -> None:
    """A simple model: of each person the mark with the greatest (event time, id) decides."""
    block = make_block(number=next(_numbers), units=2, doors=2, people=2)
    round_ = open_round(block.extent)
    commands = [command(block.people[person], kind, minutes=minute) for person, kind, minute, _ in marks]
    sent = commands + commands[: len(commands) // 2]
    order.shuffle(sent)  # type: ignore[attr-defined]
    for start in range(0, len(sent), 4):
        give(round_, sent[start : start + 4])
    model: dict[int, Mark] = {}
    for mark in sorted(commands, key=lambda c: (c.event_at, c.id)):
        model[mark.person_id or 0] = mark.kind
    states = dict(db.rows("SELECT subject_id, state FROM round_state WHERE round_id = %s AND state > 0", [round_.id]))
    assert states == {person: int(kind) for person, kind in model.items()}
    assert figures(round_).open == 8 - sum(kind >= 10 for kind in model.values())


@pytest.mark.parametrize("seed", range(4))
def test_a_mark_by_itself_moves_the_tally_as_counting_anew_would(seed: int) -> None:
    chance = random.Random(seed)
    block = make_block()
    round_ = open_round(block.extent)
    kinds = (Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT)
    for _ in range(60):
        give(round_, [command(chance.choice(block.people[:7]), chance.choice(kinds), minutes=chance.randrange(90))])
    moved = db.rows("SELECT * FROM round_tally ORDER BY lo")
    with db.owner(), db.atomic():
        db.rows("SELECT linli_retally(%s, %s, array_agg(lo)) FROM round_tally", [round_.id, round_.part])
        assert db.rows("SELECT * FROM round_tally ORDER BY lo") == moved
