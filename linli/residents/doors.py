"""Doors as they are drawn on pages of places: who lives behind them, and the way there."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.core.faces import DoorFace
from linli.residents.queries import VIEW
from linli.residents.terms import Need, Presence, need_labels, needs_on

LIVING = [int(Presence.PRESENT), int(Presence.AWAY)]


def read_doors(actor: Actor, at: datetime, extent: Extent) -> dict[int, DoorFace]:
    """The doors of an extent that the actor may look behind: people who live there, their marks of need, the link."""
    seen = extent & actor.extent_for(VIEW)
    day = timezone.localtime(at).date()
    found = {}
    for lo, hi in zip(seen.los, seen.his, strict=True):
        rows = db.rows(
            """
            SELECT d.key, d.vacant_since IS NOT NULL, count(p.id), coalesce(bit_or(p.needs), 0),
                min(p.born_on), max(p.born_on)
            FROM door d LEFT JOIN person p ON p.key = d.key AND p.presence = ANY(%s)
            WHERE d.key >= %s AND d.key < %s AND d.ended_at IS NULL GROUP BY d.key
            """,
            [LIVING, lo, hi],
        )
        for key, vacant, people, stored, oldest, youngest in rows:
            # Of the marks that follow from the age, the oldest and the youngest bear all there are.
            needs = needs_on(stored, oldest, day) | needs_on(stored, youngest, day)
            found[key] = DoorFace(
                people=people,
                needs=need_labels(Need(needs)),
                label="" if people else _("Vacant home") if vacant else _("Nobody entered"),
                url=reverse("residents:door", args=[key]),
            )
    return found
