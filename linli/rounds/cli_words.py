"""What somebody types at `linli rounds`, read: marks, reasons, moments.

Each raises a Problem that names what there is.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli.rounds.errors import BadMark, ReasonUnknown
from linli.rounds.policies import require_times
from linli.rounds.terms import MARK_WORDS, Mark

OPEN_REASONS = {mark.name.lower(): mark for mark in (Mark.NOT_REACHED, Mark.ABSENT, Mark.REFUSED)}


def read_reason(text: str) -> Mark:
    """Why somebody is open still."""
    found = OPEN_REASONS.get(text.lower())
    if found is None:
        raise ReasonUnknown(reason=text, reasons=", ".join(OPEN_REASONS))
    return found


def read_mark(text: str) -> Mark:
    found = MARK_WORDS.get(text.lower())
    if found is None:
        raise BadMark(value=text)
    return found


def read_moment(text: str) -> datetime | None:
    """In the jurisdiction's time zone, unless it says another. None for nothing."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:  # looks like one, with a thirteenth month
        moment = None
    if moment is None:
        raise Invalid(_("%(value)s is not a date and time."), advice=_("Write it as 2022-10-04T08:00."), value=text)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def read_times(kind: Mark, back: str, until: str, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When to come again, and until when somebody is exempt, of a mark given at `at`: as the API takes them."""
    back_at, until_at = read_moment(back), read_moment(until)
    require_times(kind, back_at, until_at, at, named=("--back", "--until"))
    return back_at, until_at
