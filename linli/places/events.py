"""What places tells the rooms above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from linli.core.extents import Extent


@dataclass(frozen=True)
class DoorsEnding:
    """The doors in [lo, hi) are about to be ended. A room that still has something behind one of them raises a
    Problem.
    """

    lo: int
    hi: int
    at: datetime


@dataclass(frozen=True)
class Redrawing:
    """Boundaries over these doors are about to change as of `since`, which may lie before `at`. A room whose frozen
    figures would read otherwise raises a Problem.
    """

    extent: Extent
    since: datetime
    at: datetime


@dataclass(frozen=True)
class Redrawn:
    """Boundaries changed as of `since`. `ended`: places that hold nothing from then on -> who took over."""

    place_ids: tuple[int, ...]
    ended: Mapping[int, tuple[int, ...]]
    since: datetime
    at: datetime
