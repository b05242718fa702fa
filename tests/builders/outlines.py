"""Outlines in a row: every compound a square of a hundredth of a degree, side by side from west to east."""

from __future__ import annotations

import json
from collections.abc import Sequence

from linli.places import bulk
from linli.places.terms import PlaceRef
from tests.builders.places import District

WEST, SOUTH, SIDE = 111.6, 40.8, 0.01


def square(column: int, columns: int = 1) -> list[list[float]]:
    """The ring of the square at a column; `columns` wide."""
    west, east = round(WEST + column * SIDE, 6), round(WEST + (column + columns) * SIDE, 6)
    north = round(SOUTH + SIDE, 6)
    return [[west, SOUTH], [east, SOUTH], [east, north], [west, north], [west, SOUTH]]


def draw(place: PlaceRef, column: int, columns: int = 1) -> None:
    bulk.store_outlines([(place.id, json.dumps({"type": "Polygon", "coordinates": [square(column, columns)]}), "test")])


def draw_compounds(district: District, *, without: Sequence[int] = ()) -> None:
    """The compounds in their order; those whose number is in `without` get none."""
    for column, compound in enumerate(district.compounds):
        if column not in without:
            draw(compound, column)


def corners(first: float, last: float) -> str:
    """What is typed for an area from one column to another, a little higher and lower than the squares."""
    west, east = WEST + first * SIDE, WEST + last * SIDE
    ring = [(west, SOUTH - 0.001), (east, SOUTH - 0.001), (east, SOUTH + SIDE + 0.001), (west, SOUTH + SIDE + 0.001)]
    return "\n".join(f"{lon:.6f}, {lat:.6f}" for lon, lat in ring)
