"""The words of special situations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

TEXT_LENGTH = 400
OUTCOME_LENGTH = 200
LARGEST_FILE = 512 * 1024  # bytes; phones aim at 200 kB
LARGEST_PIECE = 64 * 1024
SEALING_BYTES = 28
"""By how much a file that a phone sealed is longer: its nonce before it, its tag behind."""
DAY_BYTES = 60 * 1024 * 1024
"""So much one account may send in a day: some 300 photos. More waits on the phone."""
A_DAY = timedelta(days=1)


class What(models.TextChoices):
    """What kind of situation it is; the words say the rest."""

    ILL = "ill", _("somebody is ill or hurt")
    FIRE = "fire", _("fire, gas or water")
    DISPUTE = "dispute", _("a dispute")
    MISSING = "missing", _("somebody is missing")
    SUPPLY = "supply", _("without food or medicine")
    OTHER = "other", _("something else")


class FileKind(models.TextChoices):
    PHOTO = "photo", _("photo")
    VOICE = "voice", _("voice note")


@dataclass(frozen=True)
class About:
    """What a file is about: the door, and of it a person or household, or a special situation."""

    key: int
    person_id: int | None = None
    household_id: int | None = None
    special_id: int | None = None


@dataclass(frozen=True)
class FileLine:
    """A photo or voice note that has arrived whole. `by`: who took it; `size` in bytes."""

    id: UUID
    key: int
    person_id: int | None
    household_id: int | None
    special_id: int | None
    kind: str
    by: str
    taken_at: datetime
    received_at: datetime
    size: int

    @property
    def kind_label(self) -> str:
        return str(FileKind(self.kind).label)

    @property
    def icon(self) -> str:
        return "camera" if self.kind == FileKind.PHOTO else "microphone"


@dataclass(frozen=True)
class FileContent:
    """What is shown of a file: its bytes, and what they are by their first ones."""

    line: FileLine
    media_type: str
    data: bytes

    @property
    def name(self) -> str:
        """A name to keep it under, which says nothing of anybody."""
        ending = {"image/jpeg": "jpg", "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a"}[self.media_type]
        return f"{self.line.kind}-{self.line.taken_at:%Y%m%d-%H%M%S}.{ending}"


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
