"""The words of residents: presence, need, relation."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _


class Presence(models.IntegerChoices):
    """Whether a person is at their door. Only the present are due in a round."""

    PRESENT = 1, _("present")
    AWAY = 2, _("away")
    MOVED_OUT = 3, _("moved out")
    DECEASED = 4, _("deceased")
    MERGED = 5, _("merged into another entry")  # set by merging alone, undone by undoing it


SAID = [Presence.PRESENT, Presence.AWAY, Presence.MOVED_OUT, Presence.DECEASED]  # what somebody may say of a person
LIVING = [Presence.PRESENT.value, Presence.AWAY.value]  # has a home: nobody has two


class EntryKind(models.IntegerChoices):
    """What can be in the register twice."""

    PERSON = 1, _("person")
    HOUSEHOLD = 2, _("household")


class Verdict(models.TextChoices):
    """What became of two entries that may be one."""

    OPEN = "open", _("to be decided")
    LATER = "later", _("put off")
    DIFFERENT = "different", _("not the same")
    SAME = "same", _("merged")


class Pick(models.TextChoices):
    """Whose value stands when two entries become one."""

    KEEP = "keep", _("of the entry that stays")
    TAKE = "take", _("of the other entry")
    BOTH = "both", _("both together")  # marks of need alone


LEAST_CERTAINTY = 0.5  # more likely the same than not: listed


class Sex(models.IntegerChoices):
    UNKNOWN = 0, _("not stated")
    MALE = 1, _("male")
    FEMALE = 2, _("female")


class Need(enum.IntFlag):
    """Marks of need, kept as bits. The last two follow from the date of birth and are never stored."""

    ALONE = 1
    DISABLED = 2
    PREGNANT = 4
    CHRONIC = 8
    MEDICINE = 16
    NO_SMARTPHONE = 32
    BEDRIDDEN = 64
    HARDSHIP = 128
    OVER_80 = 1 << 14
    INFANT = 1 << 15


# What a need is called in the API, on the command line and in sheets' English titles.
NEED_WORDS = {need.name.lower(): need for need in Need if need.name}
STORED_NEEDS = Need(255)
NO_NEED = Need(0)
NEED_BITS = 8
NEED_LABELS = {
    Need.ALONE: _("lives alone"),
    Need.DISABLED: _("disabled"),
    Need.PREGNANT: _("pregnant"),
    Need.CHRONIC: _("chronic illness"),
    Need.MEDICINE: _("needs medicine"),
    Need.NO_SMARTPHONE: _("no smartphone"),
    Need.BEDRIDDEN: _("cannot get up"),
    Need.HARDSHIP: _("in hardship"),
    Need.OVER_80: _("over 80"),
    Need.INFANT: _("infant"),
}
OVER_80_YEARS = 80
INFANT_YEARS = 3


def needs_on(stored: int, born_on: date | None, day: date) -> Need:
    """The marks of need on `day`: the stored bits, and those that follow from the age."""
    needs = Need(stored) & STORED_NEEDS
    if born_on is None:
        return needs
    age = day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
    if age >= OVER_80_YEARS:
        needs |= Need.OVER_80
    if age < INFANT_YEARS:
        needs |= Need.INFANT
    return needs


def need_labels(needs: Need) -> list[str]:
    return [str(label) for need, label in NEED_LABELS.items() if need in needs]


class Purpose(models.TextChoices):
    """Why somebody looks at a whole ID number or phone. A list: free text would carry names into the journal."""

    CONTACT = "contact", _("to reach the person")
    VERIFY = "verify", _("to check their identity")
    TRANSFER = "transfer", _("to arrange a transfer or medical care")
    CORRECT = "correct", _("to correct the register")


class Secret(models.TextChoices):
    """The personal fields that are sealed."""

    ID_NUMBER = "id_number", _("ID number")
    PHONE = "phone", _("phone")


@dataclass(frozen=True)
class PersonInput:
    """A person as somebody enters them; `policies.settle_person` cleans it. `needs`: stored bits only."""

    name: str
    id_number: str = ""
    phone: str = ""
    sex: Sex = Sex.UNKNOWN
    born_on: date | None = None
    relation: str = ""
    needs: Need = NO_NEED
    note: str = ""
    presence: Presence = Presence.PRESENT
    back_on: date | None = None
    client_id: UUID | None = None


@dataclass(frozen=True)
class PersonView:
    """A person as pages and machines show them: ID number and phone masked, never whole."""

    id: int
    household_id: int
    key: int
    door: str  # where, in words: compound, building, unit, number
    name: str
    sex: Sex
    born_on: date | None
    age: int | None
    relation: str
    id_masked: str
    phone_masked: str
    needs: Need
    note: str
    presence: Presence
    presence_since: date
    back_on: date | None
    updated_at: datetime

    @property
    def lives_here(self) -> bool:
        return self.presence in LIVING

    @property
    def need_labels(self) -> list[str]:
        return need_labels(self.needs)


@dataclass(frozen=True)
class HouseholdView:
    """A household and its people: those who live there first."""

    id: int
    key: int
    door: str
    unit_code: str
    label: str
    note: str
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    vacant_since: date | None  # of the door
    people: tuple[PersonView, ...] = field(default=())

    @property
    def living(self) -> tuple[PersonView, ...]:
        return tuple(person for person in self.people if person.lives_here)

    @property
    def gone(self) -> tuple[PersonView, ...]:
        return tuple(person for person in self.people if not person.lives_here)


@dataclass(frozen=True)
class Counts:
    """How many in an extent. `doors`: those somebody lives behind; `people`: present or away; `needs`: by
    stored need."""

    doors: int
    households: int
    people: int
    present: int
    needs: dict[Need, int]


@dataclass(frozen=True)
class Found:
    """The answer to a search; `more` says that the list was cut."""

    people: tuple[PersonView, ...]
    more: bool
    by: str  # what was searched for: id_number, phone or name
