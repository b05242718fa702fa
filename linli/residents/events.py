"""What residents tells the rooms above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PeopleChanged:
    """People came, moved, left, came back, or households were made or ended, in this transaction.

    Published once for the whole set, after the rows are written. `household_ids` holds the households of before and
    after. The merged are entries whose marks have to be read anew, because one was merged into another or taken out
    of it again: both of them.
    """

    person_ids: tuple[int, ...]
    household_ids: tuple[int, ...]
    at: datetime
    merged_person_ids: tuple[int, ...] = ()
    merged_household_ids: tuple[int, ...] = ()
