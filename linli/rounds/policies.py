"""Rules of marks and figures on plain data: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from linli.residents.terms import NEED_WORDS, Need
from linli.rounds.errors import MarkFieldWrong, NeedUnknown
from linli.rounds.terms import BUCKET, CLOCK_ERROR, FIRST_CLOSED, Figures, Flag, Mark

# How far back a device may place a mark before the round opened: it may have been walked before the office pressed
# "open".
BEFORE_OPENING = timedelta(hours=24)

# The code of a tube or kit, as labels bear it.
CODE_LENGTH = 40
CODE_SIGN = "#"
CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._/-]*[0-9A-Za-z])?")


def read_needs(words: Iterable[str]) -> Need:
    """Marks of need that narrow a list, those by age included. Raises NeedUnknown."""
    needs = Need(0)
    for word in words:
        if word.lower() not in NEED_WORDS:
            raise NeedUnknown(need=word, needs=", ".join(NEED_WORDS))
        needs |= NEED_WORDS[word.lower()]
    return needs


def require_times(
    kind: Mark,
    back_at: datetime | None,
    until_at: datetime | None,
    at: datetime,
    *,
    named: tuple[str, str] = ("back_at", "until_at"),
) -> None:
    """When to come again belongs to absent, until when to exempt, and that lies behind the mark, given at `at`.

    `named`: what whoever gave them calls the two. Raises MarkFieldWrong.
    """
    back, until = named
    if back_at is not None and kind != Mark.ABSENT:
        raise MarkFieldWrong(field=back, why=_("belongs to absent alone"))
    if until_at is not None and kind != Mark.EXEMPT:
        raise MarkFieldWrong(field=until, why=_("belongs to exempt alone"))
    if until_at is not None and until_at <= at:
        raise MarkFieldWrong(field=until, why=_("is not later than the mark itself"))


def is_code(text: str) -> bool:
    """Whether a text may be the code of a tube or a kit."""
    return len(text) <= CODE_LENGTH and CODE.fullmatch(text) is not None


def with_code(code: str, reason: str) -> str:
    """The note of a mark with the code of its tube or kit in front, told from it by the sign: `#A12345 note`."""
    return " ".join(part for part in (f"{CODE_SIGN}{code}" if code else "", reason) if part)


class EventWindow:
    """Which event times a clock error explains, for marks of one round received at one moment.

    Those it does not explain are clamped to the opening or the receipt, and flagged: a mark is never refused for its
    time.
    """

    def __init__(self, *, opened_at: datetime, received_at: datetime) -> None:
        self.opened_at, self.received_at = opened_at, received_at
        self.earliest, self.latest = opened_at - BEFORE_OPENING, received_at + CLOCK_ERROR

    def settle(self, event_at: datetime) -> tuple[datetime, Flag | None]:
        if event_at > self.latest:
            return self.received_at, Flag.CLAMPED
        if event_at < self.earliest:
            return self.opened_at, Flag.CLAMPED
        return min(event_at, self.received_at), None

    def holds(self, events: Sequence[datetime]) -> bool:
        """All of them are kept as they are: most are."""
        return self.earliest <= min(events) and max(events) <= self.received_at


def bucket_of(at: datetime) -> int:
    """The number of the ten-minute bucket since 1970 that `at` lies in."""
    return int(at.timestamp() // BUCKET.total_seconds())


def bucket_start(bucket: int, like: datetime) -> datetime:
    """When a ten-minute bucket began, in the time zone of `like`."""
    return datetime.fromtimestamp(bucket * BUCKET.total_seconds(), tz=like.tzinfo)


def door_state(marks: Iterable[int]) -> Mark | None:
    """The state of a door from the marks of those due behind it: open while anyone is. None when nobody is due.

    Of several open ones the one that needs a walk most is shown: not reached, then refused, then absent.
    """
    found = set(marks)
    if not found:
        return None
    for open_mark in (Mark.NOT_REACHED, Mark.REFUSED, Mark.ABSENT):
        if open_mark in found:
            return open_mark
    return Mark.DONE if Mark.DONE in found else Mark.EXEMPT


def is_open(state: int) -> bool:
    """Whether a state, as it is kept, leaves its subject to be reached."""
    return state < FIRST_CLOSED


def expected_end(figures: Figures, closed_lately: int, window: timedelta, at: datetime) -> datetime | None:
    """When the round ends if it goes on as in the last `window`. None when nothing was done lately."""
    if figures.open == 0:
        return at
    if closed_lately <= 0:
        return None
    return at + window * (figures.open / closed_lately)
