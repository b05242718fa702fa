"""A drawn area: read from GeoJSON or from typed coordinates. Pure; WGS-84, degrees."""

from __future__ import annotations

import re
from typing import Any

import orjson
import shapely
from django.utils.translation import gettext_lazy as _
from shapely.errors import ShapelyError
from shapely.geometry import Polygon, shape

from linli.core.errors import Invalid

MOST_CORNERS = 2000
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


class AreaUnclear(Invalid):
    code = "places.area_unclear"
    title = _("The area cannot be read: %(why)s")
    advice_text = _(
        "Draw it again, or type one corner a line: longitude, then latitude, in degrees (WGS-84), such as"
        " 111.70, 40.83."
    )


def read_area(text: str) -> Any:
    """A shapely Polygon or MultiPolygon from a GeoJSON geometry or feature, or from one corner a line.

    Raises AreaUnclear: nothing is repaired, because a mended line may run where nobody drew it.
    """
    text = text.strip()
    if not text:
        raise AreaUnclear(why=_("nothing is drawn yet."))
    area = _read_json(text) if text.startswith("{") else Polygon(_read_corners(text))
    west, south, east, north = area.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        swapped = -90 <= west <= east <= 90
        raise AreaUnclear(why=_("longitude and latitude are swapped.") if swapped else _("these are not degrees."))
    if not area.is_valid:
        raise AreaUnclear(why=_("its border crosses itself (%(where)s).") % {"where": shapely.is_valid_reason(area)})
    if area.area == 0:
        raise AreaUnclear(why=_("its corners lie on one line."))
    return area


def _read_corners(text: str) -> list[tuple[float, float]]:
    corners = []
    for line in filter(None, (part.strip() for part in re.split(r"[\n;；]+", text))):
        numbers = NUMBER.findall(line)
        if len(numbers) != 2 or re.sub(r"[\s,，、°()\[\]]", "", NUMBER.sub("", line)):
            raise AreaUnclear(why=_("“%(line)s” is not a longitude and a latitude.") % {"line": line[:40]})
        corners.append((float(numbers[0]), float(numbers[1])))
    if len(set(corners)) < 3:
        raise AreaUnclear(why=_("an area needs three corners at least."))
    if len(corners) > MOST_CORNERS:
        raise AreaUnclear(why=_("it has more than %(most)s corners.") % {"most": MOST_CORNERS})
    return corners


def _read_json(text: str) -> Any:
    try:
        data = orjson.loads(text)
        geometry = data.get("geometry") if data.get("type") == "Feature" else data
        if geometry.get("type") not in ("Polygon", "MultiPolygon"):
            raise AreaUnclear(why=_("it is neither a Polygon nor a MultiPolygon."))
        area = shape(geometry)
    except (orjson.JSONDecodeError, ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise AreaUnclear(why=_("this is not GeoJSON.")) from None
    if area.is_empty:
        raise AreaUnclear(why=_("it is empty."))
    if shapely.get_num_coordinates(area) > MOST_CORNERS:
        raise AreaUnclear(why=_("it has more than %(most)s corners.") % {"most": MOST_CORNERS})
    return area
