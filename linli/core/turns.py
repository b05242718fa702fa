"""Work that can wait gives way: so much of it at a time, and who comes in vain is told when to come again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import randint
from threading import BoundedSemaphore, Lock

from linli.core.errors import Unavailable

SPAN_SECONDS = 5.0
LATEST_SECONDS = 120


class Turns:
    """So many at a time, in this process. Those who are refused are given the coming seconds one after the other, as
    many in each as were let in within a second of late: a crowd comes back spread over the time that it takes, and does
    not spend the server's time on being refused.

    Who comes back may be refused once more, because one who is let in may have more to send; so a second is never
    empty while a crowd waits.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._free = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._since = time.monotonic()
        self._let_in = [0, 0]  # in this span of time, and in the one before
        self._second, self._given = 0, 0  # the last second that was given, and to how many

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises Unavailable, with `retry_after` in seconds."""
        if not self._free.acquire(blocking=False):
            problem = Unavailable()
            problem.retry_after = self._give_second()
            raise problem
        try:
            with self._lock:
                self._pass_time(time.monotonic())
                self._let_in[0] += 1
            yield
        finally:
            self._free.release()

    def _give_second(self) -> int:
        """In how many seconds to come again."""
        with self._lock:
            now = time.monotonic()
            self._pass_time(now)
            lasted = now - self._since + (SPAN_SECONDS if self._let_in[1] else 0)
            if self._second <= int(now):
                self._second, self._given = int(now) + 1, 0
            elif self._given >= max(self._at_once, sum(self._let_in) / max(1.0, lasted)):
                self._second, self._given = self._second + 1, 0
            wait = self._second - int(now)
            if wait > LATEST_SECONDS:  # all are full
                self._second -= 1
                return randint(1, LATEST_SECONDS)  # noqa: S311 - spreads those who come
            self._given += 1
            return wait

    def _pass_time(self, now: float) -> None:
        spans = (now - self._since) // SPAN_SECONDS
        if spans:
            self._let_in = [0, self._let_in[0] if spans == 1 else 0]
            self._since = self._since + SPAN_SECONDS if spans == 1 else now
