"""Work that can wait gives way: so much of it at a time, pages go first, and who comes in vain is told when to come
again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from random import randint
from threading import BoundedSemaphore, Condition, Lock

from linli.core.errors import Unavailable

LATEST_SECONDS = 120
FIRST_GUESS_SECONDS = 0.05  # of how long a turn lasts
REMEMBERED = 50  # turns, over which that is averaged
MORE = 2.0  # so many times as many as there is time for are told to come
LATELY = 64  # who had their turns last: they go on, and are no newcomers
LET_PASS_SECONDS = 0.1  # so long a turn waits for pages that are under way


class Pages:
    """Pages that somebody waits for, under way in this process."""

    def __init__(self) -> None:
        self._count, self._changed = 0, Condition()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def let_pass(self, seconds: float) -> None:
        """Wait until none is under way, but no longer than that: the work goes on in the end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, seconds)


PAGES = Pages()


class Seconds:
    """The coming seconds, given one after the other to so many callers each: a crowd comes back spread over time.

    Whoever calls it lets one thread in at a time.
    """

    def __init__(self) -> None:
        self._second, self._given = 0, 0  # the last second that was given, and to how many

    def give(self, a_second: float) -> int:
        """In how many seconds to come again, where `a_second` may come in each."""
        now = int(time.monotonic())
        if self._second <= now:
            self._second, self._given = now + 1, 0
        elif self._given >= max(1, round(a_second)):
            if self._second - now >= LATEST_SECONDS:  # all are full
                return randint(1, LATEST_SECONDS)  # noqa: S311 - spreads those who come
            self._second, self._given = self._second + 1, 0
        self._given += 1
        return self._second - now


class Turns:
    """So many at a time, in this process, and so many who wait in line for them. Those who are refused are given the
    coming seconds one after the other, twice as many in each as there is time for: a crowd comes back spread over the
    time that it takes, and does not spend the server's time on being refused. Some are refused once more, so that
    hardly a moment is without work while a crowd waits.

    How many there is time for follows from how long a turn lasts, and from how many turns each of them takes one after
    the other; who is refused came while none was free.
    """

    def __init__(self, at_once: int, in_line: int = 0) -> None:
        self._at_once = at_once
        self._free = BoundedSemaphore(at_once)
        self._in_line = BoundedSemaphore(at_once + in_line)
        self._lock = Lock()
        self._lasts = FIRST_GUESS_SECONDS
        self._newcomers = 1.0  # the share of turns whose takers had none lately
        self._lately: OrderedDict[Hashable, None] = OrderedDict()
        self._seconds = Seconds()

    @contextmanager
    def line(self, who: Hashable = None) -> Iterator[None]:
        """A place in line; None: somebody else each time. Raises Unavailable, with `retry_after` in seconds."""
        if not self._in_line.acquire(blocking=False):
            problem = Unavailable()
            problem.retry_after = self._give_second()
            raise problem
        self._note(who)
        try:
            yield
        finally:
            self._in_line.release()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for it, and lets pages pass. For whoever stands in line."""
        with self._free:
            PAGES.let_pass(LET_PASS_SECONDS)
            began = time.monotonic()
            try:
                yield
            finally:
                with self._lock:
                    self._lasts += (time.monotonic() - began - self._lasts) / REMEMBERED

    @contextmanager
    def one(self) -> Iterator[None]:
        """Both. Raises Unavailable, with `retry_after` in seconds."""
        with self.line(), self.turn():
            yield

    def _note(self, who: Hashable) -> None:
        with self._lock:
            is_new = who is None or who not in self._lately
            self._newcomers += (is_new - self._newcomers) / REMEMBERED
            self._lately[who] = None
            self._lately.move_to_end(who)
            if len(self._lately) > LATELY:
                self._lately.popitem(last=False)

    def _give_second(self) -> int:
        """In how many seconds to come again."""
        with self._lock:
            return self._seconds.give(MORE * self._at_once / max(self._lasts, 0.001) * self._newcomers)
