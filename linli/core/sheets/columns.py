"""Which column holds which field, as somebody has said: for a sheet whose titles do not tell, or tell it wrongly.

A column is named by its *key*: its title without case, width and punctuation; ``电话#2`` is the second of that title,
``#C`` a column without one. What was said of one set of titles is found again for the next sheet that bears the same,
in whatever order (`signature_of`); the helper columns of a workbook of rejected rows do not count.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from linli.core.sheets.errors import HeaderTwice, MappingWrong
from linli.core.sheets.headers import (
    HEADER_WITHIN,
    HELPERS,
    Header,
    Kind,
    SheetSpec,
    best_row,
    column_letter,
    fields_of,
    normal_title,
)

SAMPLES = 3
SAMPLE_CHARS = 24
_HELPER_KEYS = {normal_title(one) for one in HELPERS}
_PERSONAL = {Kind.NAME, Kind.ID_NUMBER, Kind.BIRTH_DATE, Kind.PHONE}
_TELLING = re.compile(r"[0-9Xx]{6,}")
Chosen = Mapping[str, str]  # column's key → field's name; "": not to be read


def column_keys(titles: Sequence[Any]) -> list[str]:
    """The key of each column, in order."""
    seen: Counter[str] = Counter()
    keys = []
    for index, title in enumerate(titles):
        plain = normal_title(title)
        seen[plain] += 1
        key = plain or f"#{column_letter(index)}"
        keys.append(f"{key}#{seen[plain]}" if plain and seen[plain] > 1 else key)
    return keys


def read_key(text: str) -> str:
    """The key that a person means by a title, ``title#2`` or ``#C``."""
    if match := re.fullmatch(r"\s*#\s*([A-Za-z]{1,3})\s*", text):
        return f"#{match[1].upper()}"
    if match := re.fullmatch(r"(.+)#([2-9])\s*", text):
        return f"{normal_title(match[1])}#{match[2]}"
    return normal_title(text)


def signature_of(titles: Sequence[Any]) -> str:
    """The same for the same set of titles (64 hexadecimal digits). Columns without a title and helpers do not count."""
    keys = sorted(key for key in column_keys(titles) if not key.startswith("#") and key not in _HELPER_KEYS)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


@dataclass(frozen=True)
class Resolved:
    """What was said, for one sheet, as `find_header` takes it."""

    mapping: dict[str, int]
    header_row: int | None = None
    skip: frozenset[int] = frozenset()


@dataclass
class Seen:
    """The first rows of the sheet that was opened; `header` is None when none was found in it. `others`, `hidden`:
    further sheets of the workbook that hold something, and were not read."""

    sheet: str
    numbers: Sequence[int]
    rows: Sequence[Sequence[Any]]
    header: Header | None = None
    others: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass
class Columns:
    """What was said about the columns of the sheet to be opened, and, once it has been, what was seen of it.

    `chosen` is for this sheet alone; `remembered` (signature → chosen) is what was said of earlier ones.
    """

    chosen: Chosen = field(default_factory=dict)
    remembered: Mapping[str, Chosen] = field(default_factory=dict)
    seen: Seen | None = None

    def resolve(self, numbers: Sequence[int], rows: Sequence[Sequence[Any]], spec: SheetSpec) -> Resolved:
        """Raises MappingWrong where a column or field is not there, HeaderTwice for two columns of one field."""
        for number, row in zip(numbers, rows, strict=True):
            if number > HEADER_WITHIN:
                break
            known = self.remembered.get(signature_of(row)) if self.remembered else None
            if known is not None:
                there = set(column_keys(row))
                kept = {key: name for key, name in known.items() if key in there}
                return _resolve({**kept, **self.chosen}, number, row, spec)
        if not self.chosen:
            return Resolved({})
        best = max(
            (i for i, number in enumerate(numbers) if number <= HEADER_WITHIN),
            key=lambda i: (len(set(column_keys(rows[i])) & set(self.chosen)), -i),
            default=None,
        )
        if best is None:
            return Resolved({})
        return _resolve(self.chosen, numbers[best], rows[best], spec)

    def describe(self, spec: SheetSpec) -> dict[str, Any] | None:
        """What stands in each column of the sheet that was seen and what it is taken for; values masked. For a page.

        {"sheet", "row", "signature", "columns": [{"key", "letter", "title", "field" ("" = not read), "samples"}]}
        """
        seen = self.seen
        if seen is None or not seen.rows:
            return None
        position = _header_position(seen, spec)
        titles = [str(title).strip() for title in seen.rows[position]]
        below = [row for number, row in zip(seen.numbers, seen.rows, strict=True) if number > seen.numbers[position]]
        width = max(len(titles), *(len(row) for row in below), 0) if below else len(titles)
        titles += [""] * (width - len(titles))
        taken = self._taken(seen, position, spec)
        shown = []
        for index, key in enumerate(column_keys(titles)):
            values = [row[index] for row in below if index < len(row) and row[index] != ""][:SAMPLES]
            if key in _HELPER_KEYS or not (titles[index] or values):
                continue
            kind = spec.get(taken[index]).kind if index in taken else None
            shown.append(
                {
                    "key": key, "letter": column_letter(index), "title": titles[index],
                    "field": taken.get(index, ""), "samples": [mask_sample(value, kind) for value in values],
                }
            )  # fmt: skip
        return {
            "sheet": seen.sheet, "row": seen.numbers[position], "signature": signature_of(titles), "columns": shown,
        }  # fmt: skip

    def describe_sheets(self) -> dict[str, Any] | None:
        """Which sheet of the workbook was read, and which others that hold something were not: {"read", "others",
        "hidden"}, by their names. None before one was read.
        """
        if self.seen is None or self.seen.header is None:
            return None
        return {"read": self.seen.sheet, "others": list(self.seen.others), "hidden": list(self.seen.hidden)}

    def _taken(self, seen: Seen, position: int, spec: SheetSpec) -> dict[int, str]:
        """Column → field, as it was or would be read; where nothing can be read, two columns may have one field."""
        if seen.header is not None:
            return {column.index: name for name, column in seen.header.columns.items()}
        row = seen.rows[position]
        taken = {index: one.name for index, one in fields_of(row, spec).items()}
        said = {**self.remembered.get(signature_of(row), {}), **self.chosen}
        for index, key in enumerate(column_keys(row)):
            if key in said:
                taken.pop(index, None)
                if said[key] in {one.name for one in spec.fields}:
                    taken[index] = said[key]
        return taken


def _resolve(chosen: Chosen, number: int, row: Sequence[Any], spec: SheetSpec) -> Resolved:
    places = {key: index for index, key in enumerate(column_keys(row))}
    names = {one.name for one in spec.fields}
    mapping: dict[str, int] = {}
    skip = set()
    for key, name in chosen.items():
        if key not in places or (name and name not in names):
            raise MappingWrong(what=key if key not in places else name)
        index = places[key]
        if not name:
            skip.add(index)
        elif name in mapping:
            raise HeaderTwice(
                sheet="", first=f"{column_letter(mapping[name])}{number}",
                second=f"{column_letter(index)}{number} {str(row[index]).strip()}", field=spec.get(name).titles[0],
            )  # fmt: skip
        else:
            mapping[name] = index
    return Resolved(mapping, number, frozenset(skip))


def _header_position(seen: Seen, spec: SheetSpec) -> int:
    """Where the header is, or, when there is none, what most looks like one: the fullest row without long numbers."""
    if seen.header is not None:
        return list(seen.numbers).index(seen.header.row)
    best = best_row(seen.numbers, seen.rows, spec)
    if best is not None:
        return best

    def looks(position: int) -> tuple[int, int]:
        titles = [title for title in seen.rows[position] if isinstance(title, str) and title.strip()]
        return sum(not _TELLING.search(title) for title in titles), -position

    return max(range(min(len(seen.rows), HEADER_WITHIN)), key=looks)


def mask_sample(value: Any, kind: Kind | None) -> str:
    """A value as a page of columns may show it: enough to tell what the column holds, not whom it is about."""
    text = value.isoformat()[:10] if isinstance(value, date) else str(value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    text = text[:SAMPLE_CHARS]
    if kind in _PERSONAL or kind is None or _TELLING.search(text):
        return _mask(text)
    return text


def _mask(text: str) -> str:
    """The first character (two of a number), then one asterisk for each of the others."""
    head = 2 if text[:2].isdigit() and len(text) > 4 else 1
    return text[:head] + "*" * (len(text) - head)
