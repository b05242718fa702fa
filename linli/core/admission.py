"""Ordinary requests, pages and calls of the API: so many at work at a time, and a line as long as there is time for.
Whoever would stand in it too long is told at once when to come again.

How long that would be follows from how quickly the line has been moving; so a line of quick calls may be long, and one
of slow pages is short. Times are seconds of a clock that only goes on.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from threading import Lock

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Unavailable
from linli.core.turns import Seconds

AT_ONCE = 8
MOST_IN_LINE = 240
"""Each stands there with a thread of the web server's, and no connection to the database."""
LEAST_LINE = 1.5
"""So many times as many as are at work may always wait, unless nothing moves: what a few people's browsers and programs
ask for together is no flood, however slow the machine."""
WAIT_SECONDS = 3.0
"""Nobody waits longer for a turn (LINLI_WAIT_SECONDS)."""
LIVE, API, PAGE, FORM = 0.2, 0.35, 0.55, 0.7
"""The part of that in which a request that comes has to be answered, as far as can be foreseen: parts of pages that are
fetched again and again give way first, then programs, then readers; what somebody has filled in is sent away last."""
FIRST_GUESS_SECONDS = 0.02  # between two that leave
LONGEST_GUESS_SECONDS = 0.25  # one that took long says little of those after it
REMEMBERED = 16
LEAST_SECONDS = 1
SAY_EVERY_SECONDS = 10.0
_log = logging.getLogger("linli.overload")


class Crowded(Unavailable):
    """More came than there is time for. Nothing of the request was looked at."""

    advice_text = _("Nothing was done, and nothing was lost. Send it again in %(retry_after)s s.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


class Line:
    """So many at work, the others in the order in which they came. One a web process.

    While somebody waits, as many are at work as may be: who is done hands the turn to the first in line.
    """

    def __init__(self, at_once: int = AT_ONCE, most: int = MOST_IN_LINE, wait: float = WAIT_SECONDS) -> None:
        self.at_once, self.most, self.wait = at_once, most, wait
        self._lock = Lock()
        self._at_work = 0
        self._waiting: deque[Lock] = deque()
        self._each = FIRST_GUESS_SECONDS  # between two that leave, when there is always a next one
        self._moved = 0.0  # when the first in line last changed
        self._seconds = Seconds()
        self._refused, self._said = 0, 0.0

    def enter(self, share: float) -> float:
        """Waits for a turn; returns when it began, for `leave`. Raises Crowded."""
        with self._lock:
            now = time.monotonic()
            if self._at_work < self.at_once:
                self._at_work += 1
                return now
            if not self._has_room(share, now):
                raise self._refuse(now)
            if not self._waiting:
                self._moved = now
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if not turn.acquire(timeout=self.wait):
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise self._refuse(time.monotonic())
                # It was given in this very moment.
        return time.monotonic()

    def leave(self, began: float) -> None:
        with self._lock:
            now = time.monotonic()
            if self._waiting:
                self._note(now - self._moved)
                self._moved = now
                self._waiting.popleft().release()
            else:
                self._note(min(now - began, LONGEST_GUESS_SECONDS) / self._at_work)
                self._at_work -= 1

    def _note(self, between: float) -> None:
        self._each += (min(between, LONGEST_GUESS_SECONDS) - self._each) / REMEMBERED

    def _has_room(self, share: float, now: float) -> bool:
        before, longest = len(self._waiting), self.wait * share
        if before >= self.most or (before and now - self._moved > longest):
            return False  # nothing moves when the database is away, or its tables are locked
        return before < self.at_once * LEAST_LINE or (before + self.at_once) * self._each <= longest

    def _refuse(self, now: float) -> Crowded:
        self._refused += 1
        if now - self._said > SAY_EVERY_SECONDS:
            _log.warning(
                "more requests than there is time for: %d told to come again, %d in line, %.0f a second get their turn",
                self._refused, len(self._waiting), 1 / self._each,
            )  # fmt: skip
            self._refused, self._said = 0, now
        return Crowded(max(LEAST_SECONDS, self._seconds.give(1 / self._each)))


ORDINARY = Line()
