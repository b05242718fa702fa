"""Those who are refused are given the coming seconds one after the other."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from linli.core import turns
from linli.core.errors import Unavailable


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(turns, "time", found)
    return found


def refused(room: turns.Turns) -> int:
    with pytest.raises(Unavailable) as caught, room.one():
        pass
    assert caught.value.retry_after is not None
    return caught.value.retry_after


def let_in(room: turns.Turns, count: int) -> None:
    for _ in range(count):
        with room.one():
            pass


def test_each_second_is_given_to_as_many_as_were_let_in_within_one(clock: Clock) -> None:
    room = turns.Turns(1)
    for _ in range(200):
        clock.now += 0.05
        let_in(room, 1)
    with room.one():
        told = Counter(refused(room) for _ in range(100))
    assert sorted(told) == list(range(1, len(told) + 1)), "one after the other, from the next on"
    full = [told[second] for second in range(1, len(told))]
    assert set(full) <= {20, 21}
    assert told[len(told)] <= 21


def test_who_comes_later_is_told_to_come_after_those_who_wait(clock: Clock) -> None:
    room = turns.Turns(1)
    with room.one():
        assert [refused(room) for _ in range(4)] == [1, 2, 3, 4]
        clock.now += 2
        assert refused(room) == 3
        clock.now += 60
        assert refused(room) == 1, "nobody waits any more"


def test_nobody_is_sent_away_for_longer_than_two_minutes(clock: Clock) -> None:
    room = turns.Turns(1)
    with room.one():
        told = [refused(room) for _ in range(1_000)]
    assert told[: turns.LATEST_SECONDS] == list(range(1, turns.LATEST_SECONDS + 1))
    assert set(told[turns.LATEST_SECONDS :]) <= set(range(1, turns.LATEST_SECONDS + 1))
    assert len(set(told[turns.LATEST_SECONDS :])) > 60, "spread, not all at the last moment"


def test_how_many_were_let_in_long_ago_is_forgotten(clock: Clock) -> None:
    room = turns.Turns(1)
    let_in(room, 1_000)
    clock.now += 11
    with room.one():
        assert [refused(room) for _ in range(3)] == [1, 2, 3]


def test_so_many_at_a_time(clock: Clock) -> None:
    room = turns.Turns(3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(room.one())
        assert refused(room) >= 1
    let_in(room, 1)
