"""What residents do when places change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import unite
from linli.places.events import DoorsEnding
from linli.places.facets import Part
from linli.residents import queries
from linli.residents.errors import DoorLivedIn


def refuse_ending(event: DoorsEnding) -> None:
    """A door behind which somebody lives does not end. Raises DoorLivedIn."""
    count = db.scalar(
        "SELECT count(*) FROM household WHERE key >= %s AND key < %s AND ended_at IS NULL", [event.lo, event.hi]
    )
    if count:
        raise DoorLivedIn(count=count)


def count_people(parts: Sequence[Part], actor: Actor, at: datetime) -> list[int | str]:
    """How many live in each part; a dash where the actor may not know."""
    if not actor.may("residents.view", unite(part.extent for part in parts)):
        return ["–"] * len(parts)
    return [counts.people for counts in queries.count_many([part.extent for part in parts], actor=actor)]
