"""So many at work, a line no longer than there is time for, and a word at once for everybody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from threading import Lock, Thread
from time import sleep

import pytest

from linli.core import admission
from linli.core.admission import API, FORM, LIVE, PAGE, Crowded, Line
from tests.core.conftest import Clock


def learn(line: Line, clock: Clock, seconds: float) -> None:
    """Turns that last so long, one after the other, until the line knows it."""
    for _ in range(10 * admission.REMEMBERED):
        began = line.enter(PAGE)
        clock.now += seconds
        line.leave(began)


class Waiting:
    """Threads that stand in line, and the order in which they had their turns."""

    def __init__(self, line: Line) -> None:
        self.line, self.order, self.refused = line, list[int](), list[int]()
        self.threads: list[Thread] = []

    def add(self, number: int) -> None:
        def wait() -> None:
            try:
                began = self.line.enter(PAGE)
            except Crowded as problem:
                self.refused.append(problem.retry_after or 0)
                return
            self.order.append(number)
            self.line.leave(began)

        before = len(self.line._waiting)
        thread = Thread(target=wait)
        thread.start()
        self.threads.append(thread)
        while len(self.line._waiting) == before:
            sleep(0.001)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)


def test_turns_come_in_the_order_of_those_who_came() -> None:
    line = Line(1, most=5, wait=60)
    began = line.enter(PAGE)
    waiting = Waiting(line)
    for number in range(5):
        waiting.add(number)
    with pytest.raises(Crowded):
        line.enter(FORM)
    line.leave(began)
    waiting.join()
    assert waiting.order == list(range(5))
    assert (line._at_work, len(line._waiting)) == (0, 0)


def fill(line: Line, share: float) -> Iterator[int]:
    """Let people come who will never get a turn, until there is no room for the next; tells how many wait."""
    stood = Lock()
    while line._has_room(share, line._moved):
        line._waiting.append(stood)
    yield len(line._waiting)
    line._waiting.clear()


@pytest.mark.parametrize(("seconds", "waiting"), [(0.05, 29), (0.02, 79), (0.001, 240)])
def test_the_line_is_as_long_as_there_is_time_for(clock: Clock, seconds: float, waiting: int) -> None:
    """Three seconds at most, of which a page may take 1.65."""
    line = Line(4)
    learn(line, clock, seconds)
    for _ in range(4):
        line.enter(PAGE)
    assert next(fill(line, PAGE)) == pytest.approx(waiting, abs=2)


def test_a_few_may_always_wait_however_long_it_takes(clock: Clock) -> None:
    line = Line(4)
    learn(line, clock, 30.0)
    for _ in range(4):
        line.enter(PAGE)
    assert next(fill(line, PAGE)) == 4 * admission.LEAST_LINE


def test_what_somebody_filled_in_is_sent_away_last(clock: Clock) -> None:
    line = Line(2)
    learn(line, clock, 0.02)
    for _ in range(2):
        line.enter(PAGE)
    found = []
    for share in (LIVE, API, PAGE, FORM):
        for count in fill(line, share):
            found.append(count)
    assert found == sorted(found)
    assert len(set(found)) == 4


def test_where_nothing_moves_nobody_is_kept_waiting(clock: Clock) -> None:
    """Not even the few: the database is away, say."""
    line = Line(1)
    line.enter(PAGE)
    line._waiting.append(Lock())
    line._moved = clock.now
    assert line._has_room(PAGE, clock.now)
    clock.now += 2.0
    with pytest.raises(Crowded):
        line.enter(PAGE)


def test_who_waited_too_long_is_told_to_come_again() -> None:
    line = Line(1, wait=0.05)
    began = line.enter(PAGE)
    waiting = Waiting(line)
    waiting.add(1)
    waiting.join()
    assert (waiting.order, len(waiting.refused)) == ([], 1)
    assert waiting.refused[0] >= 1
    line.leave(began)
    line.leave(line.enter(PAGE))
    assert line._at_work == 0, "the turn was given back"


def test_they_are_told_to_come_again_one_after_the_other(clock: Clock) -> None:
    line = Line(1, most=0)
    learn(line, clock, 0.1)
    line.enter(PAGE)
    told = Counter[int | None]()
    for _ in range(55):
        with pytest.raises(Crowded) as caught:
            line.enter(PAGE)
        told[caught.value.retry_after] += 1
    assert told == {1: 10, 2: 10, 3: 10, 4: 10, 5: 10, 6: 5}, "as many a second as get their turn"


def test_one_slow_answer_does_not_shorten_the_line(clock: Clock) -> None:
    line = Line(4)
    learn(line, clock, 0.02)
    before = line._each
    began = line.enter(PAGE)
    clock.now += 60
    line.leave(began)
    assert line._each < 2 * before
