"""What was typed into a search box, taken apart: names from the wide to the narrow, then building, unit and door.

Pure. `3-2-1203` is building 3, unit 2, door 1203; 3-1203 leaves the unit open; 阳光小区3号楼2单元1203室 says the same
with words, with blanks or without.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_WORDS = 8
_NUMBER = "(?:[0-9]{1,4}|[A-Z]|[一二三四五六七八九十百]{1,4})"
_DOOR = "[0-9]{2,5}[A-Z]?"
# The door's last hyphen tells 3-2 (a unit) from 3-1203 (a door): doors have three digits or more there.
_SHAPES = (
    re.compile(f"(?P<rest>.*?)(?P<building>(?<![0-9A-Z]){_NUMBER})-(?P<unit>[0-9]{{1,2}}|[A-Z])-(?P<door>[0-9]{{1,5}}[A-Z]?)"),
    re.compile(f"(?P<rest>.*?)(?P<building>(?<![0-9A-Z]){_NUMBER})-(?P<door>[0-9]{{3,5}}[A-Z]?)"),
    re.compile(f"(?P<rest>.*?)(?P<building>(?<![0-9A-Z]){_NUMBER})-(?P<unit>[0-9]{{1,2}}|[A-Z])"),
    re.compile(
        f"(?P<rest>.*?)(?P<building>(?<![0-9A-Z一二三四五六七八九十百]){_NUMBER})(?:号楼|栋楼|号栋|栋|幢|座|#楼|#|楼)"
        f"(?:(?P<unit>{_NUMBER})(?:号?单元|号门|门洞))?(?:(?P<door>{_DOOR})(?:室|号|户)?)?"
    ),
)  # fmt: skip
_BARE_DOOR = re.compile("(?P<door>[0-9]{3,5}[A-Z]?)(?:室|号|户)?")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―－_/", "-"))


@dataclass(frozen=True)
class Address:
    """Any of the three may be "" (not said); `door` alone stands behind names only."""

    building: str = ""
    unit: str = ""
    door: str = ""


@dataclass(frozen=True)
class Asked:
    """`words`: names, wide before narrow; `address`: what follows them, None when the words are all there is."""

    words: tuple[str, ...]
    address: Address | None = None


def read_asked(text: str) -> Asked:
    """At most MAX_WORDS words are looked at."""
    words = tuple(unicodedata.normalize("NFKC", text).translate(_HYPHENS).split()[:MAX_WORDS])
    for first in range(len(words)):
        tail = "".join(words[first:]).upper()
        for shape in _SHAPES:
            found = shape.fullmatch(tail)
            # What stands before the building has to come from the first word of the tail: later words are narrower.
            if found and len(found["rest"]) <= len(words[first]) and not found["rest"].endswith("-"):  # a code
                rest = words[first][: len(found["rest"])]
                if first + 1 < len(words) and len(rest) == len(words[first]):
                    continue  # the next turn reads it with fewer words
                parts = found.groupdict()
                address = Address(parts["building"], parts.get("unit") or "", parts.get("door") or "")
                return Asked((*words[:first], *([rest] if rest else [])), address)
    if len(words) > 1 and (found := _BARE_DOOR.fullmatch(words[-1].upper())):
        return Asked(words[:-1], Address(door=found["door"]))
    return Asked(words)
