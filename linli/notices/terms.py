"""The words of special situations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

TEXT_LENGTH = 400
OUTCOME_LENGTH = 200


class What(models.TextChoices):
    """What kind of situation it is; the words say the rest."""

    ILL = "ill", _("somebody is ill or hurt")
    FIRE = "fire", _("fire, gas or water")
    DISPUTE = "dispute", _("a dispute")
    MISSING = "missing", _("somebody is missing")
    SUPPLY = "supply", _("without food or medicine")
    OTHER = "other", _("something else")


@dataclass(frozen=True)
class SpecialLine:
    """A special situation as pages and machines show it. `where`: the door or place in words; `text` as reported."""

    id: int
    key: int
    place_id: int | None
    person_id: int | None
    where: str
    what: str
    text: str
    reported_by: str
    happened_at: datetime
    received_at: datetime
    settled_by: str
    settled_at: datetime | None
    outcome: str

    @property
    def what_label(self) -> str:
        return str(What(self.what).label)

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def is_late(self) -> bool:
        """Whether it was long on its way: reported where there was no signal."""
        return (self.received_at - self.happened_at).total_seconds() > 600
