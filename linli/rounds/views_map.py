"""The map of a round with its table, and compounds chosen for a new round by drawing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.core.errors import Problem
from linli.core.live import render_live
from linli.places.drawing import read_area
from linli.places.queries import inside
from linli.places.queries import maps as levels
from linli.rounds import maps, pages
from linli.rounds.errors import RoundNotFound
from linli.rounds.frame import base, crumbs_of, number_or_none, take, url_of, who
from linli.rounds.queries import RoundView
from linli.rounds.terms import RoundState

SLOW_FROM = 300  # places from which on the table is asked for less often


@require_safe
def show_map(request: HttpRequest, code: str) -> HttpResponse:
    """A map and its table; both say the same."""
    round_, _actor, _at = take(request, code)
    context = _context(request, round_)
    context["crumbs"] = crumbs_of(round_, context["reach"], (_("Map"), ""))
    return render(request, "rounds/map.html", context)


@require_safe
def map_live(request: HttpRequest, code: str) -> HttpResponse:
    """The table, which the map follows: 304 while no figure has changed."""
    round_, _actor, _at = take(request, code)
    context = _context(request, round_)
    return render_live(request, "rounds/_map.html", context, version=(round_.state, context["map"].version))


def _context(request: HttpRequest, round_: RoundView) -> dict[str, Any]:
    if round_.state == RoundState.DRAFT:
        raise RoundNotFound(round=round_.code)
    actor, at = who(request)
    reach = pages.find_reach(round_, request.GET.get("place", ""), "rounds.view", actor=actor, at=at)
    if not request.GET.get("place"):
        reach = pages.descend_to_choice(round_, reach, actor=actor, at=at)
    found = maps.get_map(round_, reach, at, kind=number_or_none(request.GET.get("level", "")))
    context = base(round_, actor, reach) | {"map": found, "at": at}
    level = found.level.kind if found.level else None
    context["level"] = int(level) if level else ""
    context["levels"] = [
        (one, url_of("map", round_.code, place=context["code"], level=int(one.kind)), one.kind == level)
        for one in found.levels
    ]
    if level:
        asked = {"level": levels.level_name(level), "under": context["code"]}
        if not round_.is_open:
            asked["at"] = reach.moment.isoformat()
        context["shapes"] = reverse("api:list_shapes") + f"?{urlencode(asked)}"
    context["every"] = 5 if len(found.lines) < SLOW_FROM else 15
    return context


@require_POST
def list_drawn(request: HttpRequest) -> HttpResponse:
    """The compounds of a drawn area, to be ticked: wholly inside, in part, without an outline."""
    actor, at = who(request)
    actor.require("rounds.open")
    try:
        area = read_area(request.POST.get("area", ""))
    except Problem as problem:
        return render(request, "desk/_map_drawn.html", {"problem": problem})
    found = inside.select_inside(area, actor.extent_for("rounds.open"), at)
    words = {"take": _("Take what is ticked into the scope"), "leave": _("Leave what is ticked out")}
    return render(request, "desk/_map_drawn.html", {"found": found, **words})
