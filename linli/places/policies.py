"""Verdicts on names, numbers and shapes, pure."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, NamedTuple

from linli.places.terms import Kind

_CHINESE = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = re.compile(r"\d+|[零〇一二两三四五六七八九十百]+")
_BUILDING_TAIL = re.compile(r"(?:号楼|栋楼|幢楼|号栋|座楼|号|栋|幢|座|楼|#楼|#)$")
_UNIT_TAIL = re.compile(r"(?:号单元|单元|门洞|号门|门|号)$")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
_MAX_SORT = 2_000_000_000


def is_code(text: str) -> bool:
    """Whether a text may be the code of a place."""
    return _CODE.fullmatch(text) is not None


def chinese_number(text: str) -> int | None:
    """一 → 1, 十二 → 12, 二十 → 20, 一百零三 → 103; None when it is not a number below 1,000."""
    total, digit = 0, None
    for char in text:
        if char in _CHINESE:
            digit = _CHINESE[char]
        elif char in "十百":
            total += (1 if digit is None else digit) * (10 if char == "十" else 100)
            digit = None
        else:
            return None
    return total + (digit or 0) if text else None


def sort_of(name: str) -> int:
    """The first number in a name: the order among siblings. 3号楼 → 3, 十二号楼 → 12, B座 → 0."""
    found = _NUMBER.search(unicodedata.normalize("NFKC", name))
    if found is None:
        return 0
    text = found[0]
    number = int(text) if text.isdigit() else chinese_number(text)
    return min(number or 0, _MAX_SORT)


def _bare(name: str, tail: re.Pattern[str]) -> str:
    """Without the word for the kind, without leading zeros, Chinese numbers as digits."""
    text = "".join(unicodedata.normalize("NFKC", name).upper().split())
    bare = tail.sub("", text) or text
    if re.fullmatch("[零〇一二两三四五六七八九十百]+", bare):
        return str(chinese_number(bare))
    return re.sub(r"(?<!\d)0+(?=\d)", "", bare)


def match_building(name: str) -> str:
    """What names of one building have in common: 3, 3#, 3号楼, 03栋 and 三号楼 are all "3"."""
    return _bare(name, _BUILDING_TAIL)


def match_unit(name: str) -> str:
    """What names of one unit have in common: 2, 2单元, 二单元 are all "2"."""
    return _bare(name, _UNIT_TAIL)


def match_compound(name: str) -> str:
    """A compound's name without blanks and differences of width."""
    return "".join(unicodedata.normalize("NFKC", name).upper().split())


def match_name(kind: int, name: str) -> str:
    """A name as it is compared: names that mean the same place of this kind give the same."""
    if kind == Kind.BUILDING:
        return match_building(name)
    return match_unit(name) if kind == Kind.UNIT else match_compound(name)


def say_building(name: str) -> str:
    """How a building is written: a bare number gets 号楼, anything else stays as it is."""
    bare = match_building(name)
    return f"{bare}号楼" if bare.isdigit() else name.strip()


def say_unit(name: str) -> str:
    """How a unit is written: a bare number gets 单元, anything else stays as it is."""
    bare = match_unit(name)
    return f"{bare}单元" if bare.isdigit() else name.strip()


def floor_of(number: str) -> int | None:
    """The floor that a door number tells: 1203 → 12, 302 → 3; None for numbers that do not follow the custom.

    Custom: the last two of three or four digits number the door on its floor.
    """
    found = re.fullmatch(r"(\d{1,2})(\d{2})[A-Za-z]?", number)
    return int(found[1]) or None if found else None


class Drawing(NamedTuple):
    """An outline as the path of an SVG of that width and height."""

    path: str
    width: int
    height: int


def draw_outline(
    geometry: dict[str, Any], box: tuple[float, float, float, float], *, width: int = 320, height: int = 240
) -> Drawing:
    """A GeoJSON Polygon or MultiPolygon, fitted into a picture. Degrees of longitude are shortened by the latitude."""
    west, south, east, north = box
    shrink = math.cos(math.radians((south + north) / 2))
    across, up = max((east - west) * shrink, 1e-9), max(north - south, 1e-9)
    scale = min(width / across, height / up)
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    parts = []
    for polygon in polygons:
        for ring in polygon:
            points = [f"{(lon - west) * shrink * scale:.1f} {(north - lat) * scale:.1f}" for lon, lat, *_height in ring]
            parts.append("M" + "L".join(points) + "Z")
    return Drawing("".join(parts), math.ceil(across * scale), math.ceil(up * scale))
