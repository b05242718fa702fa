"""What the shared pieces of pages are drawn from: plain data that a room fills in; no template asks a database."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from linli.core.errors import Text


class DoorState(enum.StrEnum):
    """How a door, a person or a household stands; the same looks and words everywhere."""

    DONE = "done"
    EXEMPT = "exempt"
    ABSENT = "absent"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    VACANT = "vacant"
    OUTSIDE = "outside"  # not part of the round
    PLAIN = "plain"  # no round is looked at


@dataclass(frozen=True)
class Tile:
    """One door of a stairwell.

    `people`: how many live (or are due) behind it; `needs`: labels of the marks of need behind it, drawn as a star;
    `url`: where the door opens ("" makes it plain text); `label`: instead of the state's own word, e.g. "back 18:00";
    `hx_target`: with it the door is fetched by htmx into that element, and `url` stays what works without a script.
    """

    number: str
    state: DoorState = DoorState.PLAIN
    people: int = 0
    needs: Sequence[Text] = ()
    url: str = ""
    label: Text = ""
    selected: bool = False
    hx_target: str = ""


@dataclass(frozen=True)
class Floor:
    """The doors of one floor, in walking order. `label` such as "11F"; "" when the floor is unknown."""

    label: str
    doors: Sequence[Tile]


@dataclass(frozen=True)
class Stairwell:
    """One unit as it stands: floors from the top down. Where floors are unknown: one Floor with the label ""."""

    unit_name: str
    floors: Sequence[Floor]

    @property
    def width(self) -> int:
        """Doors on the widest floor."""
        return max((len(floor.doors) for floor in self.floors), default=0)

    @property
    def is_list(self) -> bool:
        """No floor is known: the doors are a list and not a picture of the building."""
        return not any(floor.label for floor in self.floors)

    @property
    def count(self) -> int:
        return sum(len(floor.doors) for floor in self.floors)


@dataclass(frozen=True)
class Pager:
    """Where a list stands. Rows `first` to `last` (from 1) of `total`; any of them None when it is not known."""

    previous_url: str = ""
    next_url: str = ""
    first: int | None = None
    last: int | None = None
    total: int | None = None
