"""Vacant posts on a map, with the table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.core import shades
from linli.core.extents import Extent
from linli.core.live import render_live
from linli.core.requests import ActingRequest
from linli.duty.coverage import Coverage, count_posts
from linli.duty.views_chain import crumbs_of, take_part
from linli.places import queries as places
from linli.places.queries import maps
from linli.places.terms import PlaceRef


@dataclass(frozen=True)
class MapLine:
    """A place with its leads' posts; `shade`: its class by the share that nobody holds."""

    place: PlaceRef
    where: str
    posts: int
    vacant: int
    nobody: int

    @property
    def shade(self) -> int:
        return shades.shade_of(self.vacant, self.posts)

    @property
    def words(self) -> object:
        return shades.LABELS[self.shade]


@require_safe
def show_map(request: ActingRequest, code: str) -> HttpResponse:
    return render(request, "duty/map.html", _context(request, code))


@require_safe
def map_live(request: ActingRequest, code: str) -> HttpResponse:
    """The table, which the map follows: 304 while no post has changed hands."""
    context = _context(request, code)
    return render_live(request, "duty/_map.html", context, version=context["lines"])


def _context(request: ActingRequest, code: str) -> dict[str, Any]:
    place, held = take_part(request, code)
    at = request.at
    levels = maps.list_levels(held, at, above=place.kind)
    level = maps.choose_level(levels, _number(request))
    lines = _list_lines(place, maps.list_of_level(held, level.kind, at) if level else [], held, at)
    address = reverse("duty:map", args=[code])
    context: dict[str, Any] = {
        "place": place,
        "level": level,
        "levels": [(one, f"{address}?level={int(one.kind)}", one == level) for one in levels],
        "lines": lines,
        "shades": shades.list_shades(line.shade for line in lines),
        "all": count_posts({0: held}, at)[0],
        "crumbs": [*crumbs_of(place, at, linked=True), (_("Map"), "")],
    }
    if level:
        asked = urlencode({"level": maps.level_name(level.kind), "under": code})
        context["shapes"] = reverse("api:list_shapes") + f"?{asked}"
    return context


def _number(request: HttpRequest) -> int | None:
    text = request.GET.get("level", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _list_lines(place: PlaceRef, found: list[PlaceRef], held: Extent, at: datetime) -> list[MapLine]:
    """The most vacant first."""
    extents = {one: extent & held for one, extent in places.extents_of([one.id for one in found], at).items()}
    counts = count_posts(extents, at)
    wheres = maps.list_wheres(found, at, inside=place)
    lines = [_line(one, wheres.get(one.id, ""), counts[one.id]) for one in found]
    return sorted(lines, key=lambda line: (-line.vacant, line.place.sort, line.place.name))


def _line(place: PlaceRef, where: str, counts: Coverage) -> MapLine:
    posts = sum(count.posts for count in counts.posts.values())
    return MapLine(place, where, posts, counts.vacant, counts.nobody)
