"""What residents do when places change."""

from __future__ import annotations

from linli.core import db
from linli.places.events import DoorsEnding
from linli.residents.errors import DoorLivedIn


def refuse_ending(event: DoorsEnding) -> None:
    """A door behind which somebody lives does not end. Raises DoorLivedIn."""
    count = db.scalar(
        "SELECT count(*) FROM household WHERE key >= %s AND key < %s AND ended_at IS NULL", [event.lo, event.hi]
    )
    if count:
        raise DoorLivedIn(count=count)
