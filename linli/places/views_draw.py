"""An area drawn on the map, wherever the room asks for parts of a place: which of its compounds lie in it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from linli.core.errors import Problem
from linli.core.extents import Extent, unite
from linli.core.requests import ActingRequest
from linli.places import queries
from linli.places.drawing import read_area
from linli.places.queries import inside
from linli.places.terms import Kind
from linli.places.views import get_seen


@require_POST
def list_drawn(request: ActingRequest, code: str) -> HttpResponse:
    """The compounds of a place in a drawn area, to be ticked: wholly inside, in part, without an outline.

    Of a compound that is held in part the part belongs to the answer, wherever its first door lies.
    """
    place = get_seen(request, code)
    held = queries.extent_of(place.id, request.at)
    request.actor.require("places.edit", held)
    try:
        area = read_area(request.POST.get("area", ""))
    except Problem as problem:
        return render(request, "desk/_map_drawn.html", {"problem": problem})
    found = inside.select_inside(area, _whole_compounds(held, request.at), request.at)
    return render(request, "desk/_map_drawn.html", {"found": found, "take": _("Tick these in the list")})


def _whole_compounds(held: Extent, at: datetime) -> Extent:
    return unite(one.block for one in queries.list_overlapping(held, Kind.COMPOUND, at))
