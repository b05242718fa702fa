"""A building as a stairwell, the panel of one door, and the marks of one person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from linli.core.access import Actor
from linli.core.extents import Extent
from linli.core.ids import new_id
from linli.core.live import render_live
from linli.places import queries as places
from linli.places.errors import PlaceUnknown
from linli.places.terms import Kind, PlaceRef
from linli.rounds import pages, queries, withdrawing
from linli.rounds.errors import NotInRound
from linli.rounds.frame import base, crumbs_of, number_or_none, take
from linli.rounds.queries import RoundView
from linli.rounds.stairwell import LOOKS, Home, list_homes, list_pictures
from linli.rounds.terms import Figures, Flag, Mark, RoundState


@require_safe
def building(request: HttpRequest, code: str, place_code: str) -> HttpResponse:
    """The picture of a building (of a unit: the building it stands in), live; a door opens beside it."""
    round_, actor, at = take(request, code, "rounds.gaps")
    reach = pages.find_reach(round_, place_code, "rounds.gaps", actor=actor, at=at)
    if reach.place is None or reach.place.kind not in (Kind.BUILDING, Kind.UNIT):
        raise PlaceUnknown(place=place_code)
    selected = number_or_none(request.GET.get("door", ""))
    pictures = list_pictures(
        round_,
        reach.place,
        reach.extent,
        at,
        url_of_door=lambda key: reverse("rounds:door", args=[code, key]),
        selected=selected,
    )
    context = base(round_, actor, reach) | {"pictures": pictures, "at": at, "crumbs": crumbs_of(round_, reach)}
    context["figures"] = sum((picture.figures for picture in pictures), Figures())
    names = pages.list_answering([picture.unit for picture in pictures], reach.moment)
    context["stairs"] = [(picture, names.get(picture.unit.id, "")) for picture in pictures]
    context["where"] = " ".join(place.name for place in [*reach.path, reach.place] if place.is_physical)
    if request.headers.get("X-Linli-Live"):
        return render_live(request, "rounds/_stairs.html", context, version=(context["stairs"], round_.state))
    if selected is not None:
        context |= door_context(round_, actor, selected, at)
    return render(request, "rounds/building.html", context)


@require_safe
def door(request: HttpRequest, code: str, key: int) -> HttpResponse:
    """Who is due behind a door, how they stand, and what can be done. For htmx a panel, else a page of its own."""
    round_, actor, at = take(request, code, "rounds.gaps")
    context = base(round_, actor) | door_context(round_, actor, key, at)
    if request.headers.get("HX-Request") == "true":
        return render(request, "rounds/_door.html", context)
    reach = pages.find_reach(round_, context["building"].code, "rounds.gaps", actor=actor, at=at)
    context["crumbs"] = crumbs_of(round_, reach, (context["number"], ""))
    return render(request, "rounds/door.html", context)


def door_context(round_: RoundView, actor: Actor, key: int, at: Any, homes: list[Home] | None = None) -> dict[str, Any]:
    """What the panel of a door is drawn from. Raises Forbidden, PlaceUnknown."""
    here = Extent.of([(key, key + 1)])
    actor.require("rounds.gaps", here)
    if round_.state == RoundState.DRAFT:
        raise PlaceUnknown(place=key)
    found = places.get_door(key)
    above: dict[int, PlaceRef] = {place.kind: place for place in places.places_of_key(key, at)}
    homes = list_homes(round_, [key], at) if homes is None else homes
    return {
        "round": round_,
        "key": key,
        "number": found.number,
        "door": " ".join([above[Kind.COMPOUND].name, above[Kind.BUILDING].name, above[Kind.UNIT].name]),
        "building": above[Kind.BUILDING],
        "unit_place": above[Kind.UNIT],
        "homes": homes,
        "open_count": sum(len(home.open) for home in homes),
        "may_look": actor.may("residents.view", here),
        "may_mark": round_.is_open and actor.may("rounds.mark", here),
        "fresh": new_id(),
    }


@require_safe
def list_marks(request: HttpRequest, code: str, subject_id: int) -> HttpResponse:
    """Everything that was marked for one subject in this round, newest event first, what was overruled too.

    Raises NotInRound: that somebody elsewhere has no marks would be no answer.
    """
    round_, actor, _at = take(request, code, "rounds.gaps")
    if not queries.is_subject(round_, subject_id, actor):
        raise NotInRound
    found = queries.list_marks_of(round_id=round_.id, subject_id=subject_id, actor=actor)
    withdrawn = withdrawing.find_withdrawn([mark["client_id"] for mark in found if mark["client_id"]])
    counted = next((mark["id"] for mark in found if mark["client_id"] not in withdrawn), None)
    marks = [
        mark
        | {
            "look": LOOKS[mark["kind"]],
            "word": Mark(mark["kind"]).label,
            "clamped": bool(mark["flags"] & Flag.CLAMPED),
            "sheet": bool(mark["flags"] & Flag.SHEET),
            "late": (mark["received_at"] - mark["event_at"]).total_seconds() > 600,
            "wins": mark["id"] == counted,
            "withdrawn": mark["client_id"] in withdrawn,
        }
        for mark in found
    ]
    return render(request, "rounds/_marks.html", {"marks": marks, "round": round_})
