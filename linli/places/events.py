"""What places tells the rooms above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DoorsEnding:
    """The doors in [lo, hi) are about to be ended. A room that still has something behind one of them raises a
    Problem.
    """

    lo: int
    hi: int
    at: datetime


@dataclass(frozen=True)
class PlaceMoved:
    """A place went from one parent to another at `at`; its keys stay what they are."""

    place_id: int
    from_id: int
    to_id: int
    at: datetime
