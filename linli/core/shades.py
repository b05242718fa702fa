"""Classes of a map: how much of something is missing, from nothing to most of it.

Five classes and "nothing to count"; each has words, a colour and a pattern (desk/map-looks.js), so that no class is
told by colour alone. The bounds are round shares, the same for every place and every hour: a place that changes its
class has changed, not the scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text

BOUNDS = (0.0, 0.05, 0.2, 0.5)  # upper bounds of the first four classes, shares missing
NOTHING = 5


def shade_of(missing: int, whole: int) -> int:
    """0: nothing is missing ... 4: more than half is; NOTHING when there is nothing to count."""
    if whole <= 0:
        return NOTHING
    share = missing / whole
    return next((number for number, bound in enumerate(BOUNDS) if share <= bound), 4)


@dataclass(frozen=True)
class Shade:
    """A line of a legend: the number of its look, its words, how many places are of it."""

    number: int
    label: Text
    count: int


LABELS: tuple[Text, ...] = (
    _("nothing missing"),
    _("up to 5% missing"),
    _("5 to 20% missing"),
    _("20 to 50% missing"),
    _("more than half missing"),
    _("nothing to count"),
)


def list_shades(numbers: Iterable[int]) -> list[Shade]:
    """The legend of a map that shows these classes; all five always stand in it, so that it does not jump."""
    counts = [0] * len(LABELS)
    for number in numbers:
        counts[number] += 1
    shown = range(len(LABELS) if counts[NOTHING] else NOTHING)
    return [Shade(number, LABELS[number], counts[number]) for number in shown]
