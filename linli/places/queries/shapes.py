"""Outlines of places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from linli.core import db


def outlines_of(place_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """GeoJSON geometry in WGS-84, its `box` (west, south, east, north), `source`; places without one are left out."""
    return {
        row["place_id"]: {
            "geometry": orjson.loads(row["geometry"]),
            "box": (row["west"], row["south"], row["east"], row["north"]),
            "source": row["source"],
        }
        for row in db.dicts(
            "SELECT place_id, geometry, west, south, east, north, source FROM place_outline WHERE place_id = ANY(%s)",
            [list(place_ids)],
        )
    }


def find_outline(place_id: int) -> dict[str, Any] | None:
    return outlines_of([place_id]).get(place_id)
