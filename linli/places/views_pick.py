"""One place for a form's field that takes a code: picked on a map, or from the list beneath it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from linli.core.access import Actor
from linli.core.requests import ActingRequest
from linli.places import queries
from linli.places.queries import maps
from linli.places.terms import Kind, PlaceRef

SHOWN = 300  # places in the list


@require_safe
def pick(request: ActingRequest) -> HttpResponse:
    """What stands under a place (`under`), of what the actor may see; without one, beside the place that the field
    holds (`held`), or where the actor's places begin.
    """
    actor, at = request.actor, request.at
    actor.require("places.view")
    place, found = _stand(request.GET.get("under", "").strip(), request.GET.get("held", "").strip(), actor, at)
    path = queries.path_of(place.id, at) if place else []
    context = {
        "place": place,
        "path": path,
        "found": [{"place": one, "opens": one.kind < Kind.UNIT} for one in found[:SHOWN]],
        "left_out": max(0, len(found) - SHOWN),
        **_describe_map(place, actor, at),
    }
    return render(request, "places/_pick.html", context)


def _stand(under: str, held: str, actor: Actor, at: datetime) -> tuple[PlaceRef | None, list[PlaceRef]]:
    """The place whose parts are shown (None: the widest there are), and these parts. Raises PlaceUnknown, Forbidden."""
    if under:
        place = queries.get_place(under)
        queries.require_sight(place, actor, at)
        return place, _list_seen(place, actor, at)
    known = queries.find_place(held) if held else None
    above = queries.path_of(known.id, at)[-1:] if known else []
    if above and queries.extent_of(above[0].id, at) & actor.extent_for("places.view"):
        return above[0], _list_seen(above[0], actor, at)
    here: PlaceRef | None = None
    found = _seen(queries.list_roots(at), actor, at)
    while len(found) == 1 and found[0].kind < Kind.COMMUNITY:  # nothing to choose from: further down
        here, found = found[0], _list_seen(found[0], actor, at)
    return here, found


def _list_seen(place: PlaceRef, actor: Actor, at: datetime) -> list[PlaceRef]:
    return _seen(queries.list_children(place.id, at), actor, at)


def _seen(found: list[PlaceRef], actor: Actor, at: datetime) -> list[PlaceRef]:
    """Those the actor may look at; of places that have no doors yet, those whose parent is the actor's as a whole."""
    spans = queries.extents_of([one.id for one in found], at)
    held = actor.extent_for("places.view")
    above = {one.parent_id for one in found if not spans[one.id] and one.parent_id is not None}
    whole = {parent for parent in above if (doors := queries.extent_of(parent, at)) and doors <= held}
    return [one for one in found if spans[one.id] & held or (not spans[one.id] and one.parent_id in whole)]


def _describe_map(place: PlaceRef | None, actor: Actor, at: datetime) -> dict[str, Any]:
    """The levels a map of this can show, the widest with several places first; nothing below a compound."""
    if place is not None and place.kind >= Kind.COMPOUND:
        return {"levels": []}
    held = actor.extent_for("places.view")
    extent = queries.extent_of(place.id, at) & held if place else held
    levels = [one for one in maps.list_levels(extent, at, above=place.kind if place else 0) if one.fits]
    chosen = maps.choose_level(levels, None)
    if chosen is None:
        return {"levels": []}
    under = f"under={place.code}&" if place else ""
    address = reverse("api:list_shapes") + f"?{under}level="
    return {
        "levels": [(one.kind.label, address + maps.level_name(one.kind), one is chosen) for one in levels],
        "shapes": address + maps.level_name(chosen.kind),
        "around": f"{address}{maps.level_name(place.kind)}&self=true" if place and place.kind in maps.LEVELS else "",
    }
