"""The only place that asks what time it is. Domain code is handed `at`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_stopped: ContextVar[datetime | None] = ContextVar("linli_clock", default=None)


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _stopped.get() or timezone.now()


@contextmanager
def stopped(at: datetime) -> Iterator[None]:
    """Inside the block the clock stands at `at` (tests, replays)."""
    token = _stopped.set(at)
    try:
        yield
    finally:
        _stopped.reset(token)
