"""Those who are refused are given the coming seconds one after the other."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from threading import Thread
from time import sleep

import pytest

from linli.core import turns
from linli.core.errors import Unavailable
from tests.core.conftest import Clock


def refused(room: turns.Turns) -> int:
    with pytest.raises(Unavailable) as caught, room.one():
        pass
    assert caught.value.retry_after is not None
    return caught.value.retry_after


def take_turns(room: turns.Turns, clock: Clock, seconds: float) -> None:
    """As many as it takes until the room knows how long each lasts."""
    for _ in range(20 * turns.REMEMBERED):
        with room.one():
            clock.now += seconds


@pytest.mark.parametrize(("at_once", "seconds", "a_second"), [(1, 0.125, 16), (2, 0.125, 32), (1, 8.0, 1)])
def test_each_second_is_given_to_twice_as_many_as_there_is_time_for(
    clock: Clock, at_once: int, seconds: float, a_second: int
) -> None:
    room = turns.Turns(at_once)
    take_turns(room, clock, seconds)
    with ExitStack() as stack:
        for _ in range(at_once):
            stack.enter_context(room.one())
        told = Counter(refused(room) for _ in range(100))
    assert sorted(told) == list(range(1, len(told) + 1)), "one after the other, from the next on"
    assert [told[second] for second in range(1, len(told))] == [a_second] * (len(told) - 1)


def test_who_comes_later_is_told_to_come_after_those_who_wait(clock: Clock) -> None:
    room = turns.Turns(1)
    take_turns(room, clock, 5.0)
    clock.now = float(int(clock.now) + 10)
    with room.one():
        assert [refused(room) for _ in range(4)] == [1, 2, 3, 4]
        clock.now += 2
        assert refused(room) == 3
        clock.now += 60
        assert refused(room) == 1, "nobody waits any more"


def test_nobody_is_sent_away_for_longer_than_two_minutes(clock: Clock) -> None:
    room = turns.Turns(1)
    take_turns(room, clock, 0.125)
    full = 16 * turns.LATEST_SECONDS
    with room.one():
        told = [refused(room) for _ in range(full + 1_200)]
    assert Counter(told[:full]) == dict.fromkeys(range(1, turns.LATEST_SECONDS + 1), 16)
    beyond = Counter(told[full:])
    assert set(beyond) <= set(range(1, turns.LATEST_SECONDS + 1))
    assert len(beyond) > 100, "over all of the two minutes"
    assert max(beyond.values()) < 40, "and not all at the last moment"


def test_so_many_at_a_time() -> None:
    room = turns.Turns(3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(room.one())
        assert refused(room) >= 1
    with room.one():
        pass


def test_who_stands_in_line_has_the_next_turn() -> None:
    room = turns.Turns(1, in_line=1)
    order: list[str] = []

    def wait() -> None:
        with room.one():
            order.append("second")

    with room.one():
        second = Thread(target=wait)
        second.start()
        while room._in_line._value:
            sleep(0.001)
        assert refused(room) >= 1, "the line is full"
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_who_takes_four_turns_each_comes_a_quarter_as_often(clock: Clock) -> None:
    """A phone that has had its turn sends its next batch at once: there is time for fewer phones than turns."""
    room = turns.Turns(1)
    for number in range(20 * turns.REMEMBERED):
        with room.line(number // 4), room.turn():
            clock.now += 0.125
    with room.one():
        told = Counter(refused(room) for _ in range(100))
    assert {told[second] for second in range(1, len(told))} <= {3, 4, 5}, "of eight turns a second, twice over"


def test_pages_go_first() -> None:
    room = turns.Turns(1)
    order: list[str] = []

    def work() -> None:
        with room.one():
            order.append("work")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "LET_PASS_SECONDS", 60)
        with turns.PAGES.under_way():
            waiting = Thread(target=work)
            waiting.start()
            while room._free._value:
                sleep(0.001)
            sleep(0.05)
            order.append("page")
        waiting.join(30)
    assert order == ["page", "work"]


def test_work_does_not_wait_for_pages_without_end() -> None:
    with turns.PAGES.under_way(), turns.Turns(1).one():
        pass
