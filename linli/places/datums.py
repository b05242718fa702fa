"""Coordinates of Chinese maps into WGS-84, the only datum kept inside.

GCJ-02 (Amap, Tencent, official web maps) lies 100 to 700 m off, BD-09 (Baidu) some 700 m more. Neither is published;
the conversion is prcoords' (CC0), which runs the known forward formula until its result fits (0.1 mm). It is defined
inside China's bounding box alone. See docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import prcoords
from django.db import models
from django.utils.translation import gettext_lazy as _


class Datum(models.TextChoices):
    """What the coordinates of a file are measured in."""

    WGS84 = "wgs84", _("WGS-84 (GPS, OpenStreetMap)")
    GCJ02 = "gcj02", _("GCJ-02 (Amap, Tencent)")
    BD09 = "bd09", _("BD-09 (Baidu)")


_BACK: dict[Datum, Callable[..., Any]] = {Datum.GCJ02: prcoords.gcj_wgs_bored, Datum.BD09: prcoords.bd_wgs_bored}


def read_datum(text: str) -> Datum | None:
    """`gcj02` of "GCJ-02", "gcj 02"; None when it is no datum that is known."""
    plain = "".join(char for char in text.casefold() if char.isalnum())
    return next((datum for datum in Datum if datum.value == plain), None)


def is_defined(datum: Datum, west: float, south: float, east: float, north: float) -> bool:
    """Whether a box in degrees lies where the datum is defined."""
    corners = (prcoords.Coords(south, west), prcoords.Coords(north, east))
    return datum == Datum.WGS84 or all(prcoords.sanity_in_china_p(corner) for corner in corners)


def to_wgs84(geometry: dict[str, Any], datum: Datum) -> dict[str, Any]:
    """A GeoJSON geometry with its positions in WGS-84, to 7 decimals (1 cm). Check `is_defined` first."""
    if datum == Datum.WGS84:
        return geometry
    back = _BACK[datum]

    def convert(part: Any) -> Any:
        if part and isinstance(part[0], int | float):
            found = back(prcoords.Coords(lat=part[1], lon=part[0]))
            return [round(found.lon, 7), round(found.lat, 7), *part[2:]]
        return [convert(one) for one in part]

    return {**geometry, "coordinates": convert(geometry["coordinates"])}
