"""Who answers for a place, for pictures of other rooms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.access import Actor
from linli.duty.queries import list_holders
from linli.places import facets
from linli.places.facets import Part


def name_answering(parts: Sequence[Part], actor: Actor, at: datetime) -> list[int | str]:
    """Names of those appointed to each place itself, or the word for nobody; a dash where the actor may not know."""
    held = list_holders(place_ids=[part.place_id for part in parts if part.place_id], at=at)
    names = [list(dict.fromkeys(line.name for line in held.get(part.place_id or 0, []))) for part in parts]
    may = [actor.may("duty.view", part.extent) if part.extent else actor.may("duty.view") for part in parts]
    return [("、".join(of) or _("nobody yet")) if seen else "–" for of, seen in zip(names, may, strict=True)]


def register() -> None:
    """Called when the application is ready."""
    facets.register(facets.Facet("answers", gettext_lazy("Who answers"), 20, name_answering, is_number=False))
