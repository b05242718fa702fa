"""The map of a round: the places of one level with what is missing in each.

Figures only. Outlines are fetched apart (`/api/places/map/shapes`), because they change rarely and figures all day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from linli.core import shades
from linli.core.extents import Extent
from linli.core.shades import Shade
from linli.places import queries as places
from linli.places.queries import maps
from linli.places.queries.maps import Level
from linli.places.terms import PlaceRef
from linli.rounds import queries
from linli.rounds.pages import Reach, list_answering
from linli.rounds.queries import RoundView
from linli.rounds.terms import Figures


@dataclass(frozen=True)
class MapLine:
    """A place of the map. `where`: what it lies in, for the kinds whose names recur; `shade`: its class by the share
    still to reach."""

    place: PlaceRef
    figures: Figures
    answers: str
    where: str

    @property
    def shade(self) -> int:
        return shades.shade_of(self.figures.open, self.figures.due)

    @property
    def words(self) -> object:
        return shades.LABELS[self.shade]


@dataclass(frozen=True)
class RoundMap:
    """The places of `level` in a reach, most missing first; `level` None: there is nothing to show."""

    figures: Figures
    lines: list[MapLine]
    levels: list[Level]
    level: Level | None

    @property
    def shades(self) -> list[Shade]:
        return shades.list_shades(line.shade for line in self.lines)

    @property
    def version(self) -> tuple[object, ...]:
        return (self.figures, [(line.place.id, line.figures, line.answers) for line in self.lines])


def get_map(round_: RoundView, reach: Reach, at: datetime, *, kind: int | None = None) -> RoundMap:
    """`kind`: the level asked for; without one, the first on which there is a choice."""
    levels = maps.list_levels(reach.extent, reach.moment, above=reach.place.kind if reach.place else 0)
    level = maps.choose_level(levels, kind)
    if level is None:
        return RoundMap(queries.get_figures(round_id=round_.id, extent=reach.extent, at=at), [], levels, None)
    found = maps.list_of_level(reach.extent, level.kind, reach.moment)
    held = places.extents_of([place.id for place in found], reach.moment)
    parts = [held[place.id] & reach.extent for place in found]
    counted = queries.list_figures(round_id=round_.id, parts=[*parts, reach.extent], at=at)
    names = list_answering(found, reach.moment)
    wheres = maps.list_wheres(found, reach.moment, inside=reach.place)
    lines = [
        MapLine(place, figures, names.get(place.id, ""), wheres.get(place.id, ""))
        for place, figures in zip(found, counted, strict=False)
    ]
    lines.sort(key=lambda line: (-line.figures.open, line.place.sort, line.place.name))
    return RoundMap(counted[-1], lines, levels, level)


def list_draw_levels(extent: Extent, at: datetime) -> dict[str, Any]:
    """What a map to choose places on is given: its levels with the addresses of their outlines, compounds first."""
    address = reverse("api:list_shapes") + "?level="
    fitting = [level for level in reversed(maps.list_levels(extent, at)) if level.fits]
    levels = [
        (level.kind.label, address + maps.level_name(level.kind), index == 0) for index, level in enumerate(fitting)
    ]
    return {"draw_levels": levels, "shapes": levels[0][1] if levels else "", "around": address + "community"}
