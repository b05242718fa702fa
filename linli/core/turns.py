"""Work that can wait gives way: so much of it at a time, and who comes in vain is told when to come again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import randint
from threading import BoundedSemaphore, Lock

from linli.core.errors import Unavailable

SPAN_SECONDS = 5.0
SOON_SECONDS, LATEST_SECONDS = 3, 60


class Turns:
    """So many at a time, in this process. The more were refused of late for each one who was not, the later the next is
    told to come again, so that a crowd is spread and does not spend the server's time on being refused."""

    def __init__(self, at_once: int) -> None:
        self._free = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._since = time.monotonic()
        self._taken, self._refused = [0, 0], [0, 0]  # in this span of time, and in the one before

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises Unavailable, with `retry_after` in seconds."""
        entered = self._free.acquire(blocking=False)
        latest = self._note(entered)
        if not entered:
            problem = Unavailable()
            problem.retry_after = randint(1, int(min(latest, LATEST_SECONDS)))  # noqa: S311 - spreads those who come
            raise problem
        try:
            yield
        finally:
            self._free.release()

    def _note(self, entered: bool) -> float:
        """Seconds within which those who were refused had better come again."""
        with self._lock:
            now = time.monotonic()
            if now - self._since > SPAN_SECONDS:
                self._taken, self._refused = [0, self._taken[0]], [0, self._refused[0]]
                self._since = now
            (self._taken if entered else self._refused)[0] += 1
            return SOON_SECONDS + SPAN_SECONDS * sum(self._refused) / max(1, sum(self._taken))
