"""The words of rounds: what a mark says, and what it closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

BUCKET = timedelta(minutes=10)
# A device's clock may be wrong by this much before an event time in the future is taken for a fault and clamped.
CLOCK_ERROR = timedelta(minutes=5)


class RoundKind(models.TextChoices):
    VISIT = "visit", pgettext_lazy("round", "visit")
    TEST = "test", pgettext_lazy("round", "test")
    KIT = "kit", pgettext_lazy("round", "kit")
    CUSTOM = "custom", pgettext_lazy("round", "custom")


CODED = (RoundKind.TEST, RoundKind.KIT)  # what is given or taken bears a code: a sample tube, a kit


class CountBy(models.IntegerChoices):
    """What a round counts: its subjects."""

    PERSON = 1, _("per person")
    HOUSEHOLD = 2, _("per household")


class RoundState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("round", "draft")
    OPEN = "open", pgettext_lazy("round", "open")
    CLOSED = "closed", pgettext_lazy("round", "closed")


class Mark(models.IntegerChoices):
    """What was found at the door. Below 10 the subject stays open; from 10 on it is closed."""

    NOT_REACHED = 0, _("not reached")
    ABSENT = 1, _("absent")
    REFUSED = 2, _("refused")
    DONE = 10, _("done")
    EXEMPT = 11, _("exempt")
    MOVED_OUT = 20, pgettext_lazy("mark", "moved out")
    VACANT = 21, _("vacant")


FIRST_CLOSED = 10
GIVEN = (Mark.ABSENT, Mark.REFUSED, Mark.DONE, Mark.EXEMPT, Mark.MOVED_OUT, Mark.VACANT)
MARK_WORDS = {mark.name.lower(): mark for mark in GIVEN}  # as pages, phones, API and terminal send them
LOADED = (Mark.ABSENT, Mark.REFUSED, Mark.DONE, Mark.EXEMPT)  # what a load of marks may carry
LEAVING = (Mark.MOVED_OUT, Mark.VACANT)  # the register is corrected


class Outcome(models.IntegerChoices):
    """What became of one command."""

    ACCEPTED = 1, _("accepted")
    KNOWN = 2, _("already known")
    NOT_IN_ROUND = 3, _("not in this round")
    ROUND_CLOSED = 4, _("round is closed")


class Flag(models.IntegerChoices):
    """Bits on a mark that its reader should know of."""

    CLAMPED = 1, _("event time was beyond any clock error and was clamped")
    SHEET = 2, _("came from a sheet")


class MarkCommand(NamedTuple):
    """One mark, as a face hands it in. `id` makes it idempotent; exactly one of `person_id`, `household_id` is set.

    In a round that counts people, a household's mark goes to everyone due behind its door. A tuple, as the receipt is:
    they come by the hundred, and making one as a frozen dataclass takes five times as long.
    """

    id: UUID
    kind: Mark
    event_at: datetime
    person_id: int | None = None
    household_id: int | None = None
    reason: str = ""
    back_at: datetime | None = None  # absent: when to come again
    until_at: datetime | None = None  # exempt: until when
    device_at: datetime | None = None
    flag: Flag | None = None  # what is known of its event time already


class MarkColumns(NamedTuple):
    """Marks side by side, a column each, as the database takes them; a column that is empty is nothing in all of them.
    By the hundred they are read, timed and written in a third of the time that single ones take.

    `ids`: as text. Exactly one of `people`, `households` says whom; `flags`: what is known of their times already.
    """

    ids: Sequence[str]
    kinds: Sequence[Mark]
    events: Sequence[datetime]
    people: Sequence[int | None] = ()
    households: Sequence[int | None] = ()
    reasons: Sequence[str] = ()
    backs: Sequence[datetime | None] = ()
    untils: Sequence[datetime | None] = ()
    devices: Sequence[datetime | None] = ()
    flags: Sequence[Flag | None] = ()

    @classmethod
    def of(cls, commands: Sequence[MarkCommand]) -> MarkColumns:
        """The same marks; at least one."""
        ids, kinds, events, *rest = zip(*commands, strict=True)
        people, households, reasons, backs, untils, devices, flags = rest
        return cls([str(id) for id in ids], kinds, events, people, households, reasons, backs, untils, devices, flags)

    @property
    def corrects_register(self) -> bool:
        return any(kind in self.kinds for kind in LEAVING)


class Receipt(NamedTuple):
    """The answer to one command, in the order of the commands."""

    id: UUID
    outcome: Outcome
    marks: int  # how many subjects it marked


@dataclass(frozen=True)
class Figures:
    """The count of one round over some doors. Subjects are people, or households in a round per household."""

    due: int = 0
    done: int = 0
    exempt: int = 0
    absent: int = 0
    refused: int = 0
    doors_due: int = 0
    doors_open: int = 0
    recent: int = 0  # closed in the last ten minutes

    @property
    def open(self) -> int:
        return self.due - self.done - self.exempt

    @property
    def not_reached(self) -> int:
        return self.open - self.absent - self.refused

    @property
    def share_done(self) -> float:
        return self.done / self.due if self.due else 0.0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.due + other.due,
            self.done + other.done,
            self.exempt + other.exempt,
            self.absent + other.absent,
            self.refused + other.refused,
            self.doors_due + other.doors_due,
            self.doors_open + other.doors_open,
            self.recent + other.recent,
        )
