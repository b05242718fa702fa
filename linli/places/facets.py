"""What other rooms know of an extent, for pictures of before and after: how many people, who answers.

Rooms above register here, so that this one need not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from linli.core.access import Actor
from linli.core.errors import Text
from linli.core.extents import Extent


@dataclass(frozen=True)
class Part:
    """A place with some doors: what it holds before, or what it is to hold. `place_id` None: it is not made yet."""

    place_id: int | None
    extent: Extent


@dataclass(frozen=True)
class Facet:
    """A column. `read` gives one value a part: a number to be set right, or words."""

    name: str
    label: Text
    order: int
    read: Callable[[Sequence[Part], Actor, datetime], Sequence[int | str]]
    is_number: bool = True


_facets: dict[str, Facet] = {}


def register(facet: Facet) -> None:
    """Called from `AppConfig.ready`."""
    _facets[facet.name] = facet


def list_facets() -> list[Facet]:
    return sorted(_facets.values(), key=lambda facet: facet.order)
