"""Every read of the room. Places and doors hold no personal data; pages ask `require_sight` before they show one."""

from __future__ import annotations

from linli.places.queries.doors import (
    DoorLabel,
    UnitLine,
    door_label,
    door_labels,
    find_door,
    get_door,
    list_doors,
    list_doors_inside,
    list_units,
)
from linli.places.queries.search import find_by_name, search_places
from linli.places.queries.shapes import find_outline, outlines_of
from linli.places.queries.tree import (
    count_inside,
    counts_of,
    extent_of,
    extent_of_all,
    extents_of,
    find_place,
    get_place,
    get_places,
    get_places_by_code,
    list_children,
    list_divisions,
    list_inside,
    list_roots,
    path_of,
    paths_of,
    places_of_key,
    require_sight,
)

__all__ = [
    "DoorLabel",
    "UnitLine",
    "count_inside",
    "counts_of",
    "door_label",
    "door_labels",
    "extent_of",
    "extent_of_all",
    "extents_of",
    "find_by_name",
    "find_door",
    "find_outline",
    "find_place",
    "get_door",
    "get_place",
    "get_places",
    "get_places_by_code",
    "list_children",
    "list_divisions",
    "list_doors",
    "list_doors_inside",
    "list_inside",
    "list_roots",
    "list_units",
    "outlines_of",
    "path_of",
    "paths_of",
    "places_of_key",
    "require_sight",
    "search_places",
]
