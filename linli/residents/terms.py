"""The words of residents: presence, need, relation."""

from __future__ import annotations

import enum
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class Presence(models.IntegerChoices):
    """Whether a person is at their door. Only the present are due in a round."""

    PRESENT = 1, _("present")
    AWAY = 2, _("away")
    MOVED_OUT = 3, _("moved out")
    DECEASED = 4, _("deceased")


LIVING = [Presence.PRESENT.value, Presence.AWAY.value]  # has a home: nobody has two


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


STORED_NEEDS = Need(255)
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
