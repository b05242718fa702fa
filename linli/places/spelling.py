"""Under which keys a name is found: as written, in pinyin, by its initials, from the beginning and from the middle.

Pure. A key is folded text (no blanks, no width, no case) of at most KEY_LENGTH characters; searching is asking which
keys begin with the folded text. Characters with several readings give several keys: 重庆路 is found under `chong` and
`zhong`. Buildings and units have one more key, by which 3, 3#, 3号楼 and 三号楼 are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

from linli.places.policies import match_building, match_unit

KEY_LENGTH = 40
READINGS = 2  # of one character; the rarer ones are of old texts
VARIANTS = 8  # keys of one form from the beginning of a name: the usual reading, then one character read otherwise
INNER_VARIANTS = 3  # the same from the middle
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
# Inside of what every community's name ends with nobody begins to search.
_TAIL = re.compile(
    "(社区居民委员会|社区居委会|社区村委会|居民委员会|居委会|村民委员会|村委会|街道办事处|办事处|嘎查委员会)$"
)
_NUMBERED = re.compile("[0-9A-Z]{1,5}")


class Form(IntEnum):
    WRITTEN = 0
    PINYIN = 1
    INITIALS = 2
    NUMBER = 3  # of a building or unit


class Key(NamedTuple):
    """`start`: from which character of the name the key runs; 0: from its beginning."""

    key: str
    start: int
    form: Form


def fold(text: str) -> str:
    """Without blanks, punctuation, width and case: what a key and a search have in common."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def building_key(name: str) -> str:
    """`#b3` of 3, 3#, 3号楼; "" where the name is no number or letter. The sign is in no folded text."""
    bare = match_building(name)
    return f"#b{bare}" if _NUMBERED.fullmatch(bare) else ""


def unit_key(name: str) -> str:
    """The key under which a numbered unit is found by its number alone; "" for a unit with a name."""
    bare = match_unit(name)
    return f"#u{bare}" if _NUMBERED.fullmatch(bare) else ""


@lru_cache(maxsize=20_000)
def _all_readings(char: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin  # its dictionary takes half a second to load, which every command would pay

    (found,) = pinyin(char, style=Style.NORMAL, heteronym=True)
    return tuple(found[:READINGS])


def _one_by_one(unknown: str) -> Any:
    """Characters without a reading stand for themselves, each its own: so readings stay beside their characters."""
    return list(unknown)


def readings(text: str) -> list[list[str]]:
    """Of each character its readings, the one that fits the phrase first; what is not Chinese reads as itself."""
    from pypinyin import lazy_pinyin

    found: list[list[str]] = []
    end = 0
    for run in _HAN.finditer(text):
        found += [[char] for char in text[end : run.start()]]
        usual = lazy_pinyin(run[0], errors=_one_by_one)
        found += [list(dict.fromkeys([first, *_all_readings(char)])) for char, first in zip(run[0], usual, strict=True)]
        end = run.end()
    return found + [[char] for char in text[end:]]


def _variants(parts: Sequence[Sequence[str]], limit: int) -> Iterator[str]:
    """All first readings together, then each with one character read otherwise."""
    usual = [part[0] for part in parts]
    found = dict.fromkeys(["".join(usual)[:KEY_LENGTH]])
    for place, part in enumerate(parts):
        for other in part[1:]:
            found["".join([*usual[:place], other, *usual[place + 1 :]])[:KEY_LENGTH]] = None
    return iter(list(found)[:limit])


def search_keys(name: str) -> list[Key]:
    """Every key of a name, once each."""
    text = fold(name)
    read = readings(text)
    first = [list(dict.fromkeys(one[0] for one in part)) for part in read]
    found: dict[str, Key] = {}
    # What is not Chinese (a code, a number) is only looked for from its beginning.
    tail = _TAIL.search(text)
    last = tail.start() + 1 if tail else len(text)
    starts = range(last) if _HAN.search(text) else range(min(1, len(text)))
    for start in starts:
        found.setdefault(text[start : start + KEY_LENGTH], Key(text[start : start + KEY_LENGTH], start, Form.WRITTEN))
        for form, parts in ((Form.PINYIN, read), (Form.INITIALS, first)):
            for key in _variants(parts[start:], INNER_VARIANTS if start else VARIANTS):
                found.setdefault(key, Key(key, start, form))
    for key in (building_key(name), unit_key(name)):
        if key:
            found[key] = Key(key, 0, Form.NUMBER)
    return list(found.values())
