"""Which column holds which field: titles in any order, in many spellings; nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from linli.core.sheets.errors import HeaderMissing, HeaderNotFound, HeaderTwice

HEADER_WITHIN = 20
HELPERS = ("原行号", "问题与改法", "Original row", "What to correct")
"""Titles of the columns that a workbook of rejected rows has beside those of the sheet; never read."""
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")


class Kind(StrEnum):
    """What a column holds; says which cleaner `SheetRow.clean` uses."""

    TEXT = "text"
    NAME = "name"
    INTEGER = "integer"
    DATE = "date"
    ID_NUMBER = "id_number"
    BIRTH_DATE = "birth_date"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a sheet; `titles` are the names its column may bear, the first being the one shown to people.

    `is_offered`: stands in the template; others are understood where a sheet has them.
    """

    name: str
    titles: tuple[str, ...]
    required: bool = False
    kind: Kind = Kind.TEXT
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """The vocabulary of one kind of sheet. `ignored`: titles to pass over without reporting them as unknown."""

    fields: tuple[Field, ...]
    ignored: tuple[str, ...] = ("序号", "编号", "No.")
    _by_title: dict[str, Field] = field(init=False, repr=False, compare=False, hash=False, default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.fields:
            for title in (*one.titles, one.name):
                known = self._by_title.setdefault(normal_title(title), one)
                if known is not one:
                    raise ValueError(f"the title {title!r} stands for both {known.name} and {one.name}")

    def get(self, name: str) -> Field:
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)

    def find(self, title: str) -> Field | None:
        """The field of a title as it is written in the sheet, or None."""
        return self._by_title.get(normal_title(title))

    def is_ignored(self, title: str) -> bool:
        return normal_title(title) in {normal_title(one) for one in (*self.ignored, *HELPERS)}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: `index` from 0, `letter` as Excel shows it, `title` as it is written there."""

    index: int
    title: str

    @property
    def letter(self) -> str:
        return column_letter(self.index)


@dataclass(frozen=True, slots=True)
class Header:
    """Where things are: `row` is the header's row number, from 1."""

    row: int
    columns: dict[str, Column]
    unknown: tuple[Column, ...]
    titles: tuple[str, ...]


def normal_title(title: object) -> str:
    """A title without case, width, blanks and punctuation: ``＊身份证 号：`` is ``身份证号``."""
    text = unicodedata.normalize("NFKC", str(title)).casefold()
    return "".join(char for char in text if unicodedata.category(char)[0] in "LN")


def bare_title(title: object) -> str:
    """The normal title without what stands in brackets: ``房号（必填）`` is ``房号``."""
    text = unicodedata.normalize("NFKC", str(title))
    return normal_title(_BRACKETED.sub("", text))


def column_letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letter: str) -> int:
    """A → 0, AA → 26; full-width and small letters are fine. Raises ValueError."""
    letters = unicodedata.normalize("NFKC", letter).strip().upper()
    if not re.fullmatch("[A-Z]{1,3}", letters):
        raise ValueError(letter)
    index = 0
    for char in letters:
        index = index * 26 + ord(char) - 64
    return index - 1


def fields_of(row: Sequence[Any], spec: SheetSpec) -> dict[int, Field]:
    """Column → field. A title that matches as written wins over one that matches only without its brackets."""
    found = {}
    exact = set()
    for index, title in enumerate(row):
        if title != "" and (one := spec.find(title)) is not None:
            found[index] = one
            exact.add(one.name)
    for index, title in enumerate(row):
        if index in found or title == "":
            continue
        one = spec._by_title.get(bare_title(title))
        if one is not None and one.name not in exact:
            found[index] = one
    return found


def best_row(numbers: Sequence[int], rows: Sequence[Sequence[Any]], spec: SheetSpec) -> int | None:
    """The position of the row with the most different fields; the first of equals; None when no row has any."""
    best, best_score = None, (0, 0)
    for position, (number, row) in enumerate(zip(numbers, rows, strict=True)):
        if number > HEADER_WITHIN:
            break
        names = {one.name for one in fields_of(row, spec).values()}
        score = (sum(one.required for one in spec.fields if one.name in names), len(names))
        if score > best_score:
            best, best_score = position, score
    return best


def _seen(row: Sequence[Any]) -> str:
    titles = [f"{column_letter(i)} {str(title).strip()}" for i, title in enumerate(row) if str(title).strip()]
    return "、".join(titles) if titles else "-"


def find_header(
    numbers: Sequence[int],
    rows: Sequence[Sequence[Any]],
    spec: SheetSpec,
    *,
    sheet: str = "",
    mapping: Mapping[str, int] | None = None,
    header_row: int | None = None,
    skip: Collection[int] = (),
) -> Header:
    """Find the header among the first rows of a sheet (`numbers` are their row numbers) and say what is where.

    What somebody has said of the sheet goes before its titles: `mapping` (field → index of its column), `header_row`
    (one of `numbers`; None: to be found), `skip` (columns not to be read whatever their title says).
    Raises HeaderNotFound, HeaderMissing, HeaderTwice.
    """
    position = best_row(numbers, rows, spec) if header_row is None else list(numbers).index(header_row)
    if position is None:
        required = [one.titles[0] for one in spec.fields if one.required]
        wanted = required or [one.titles[0] for one in spec.fields]
        raise HeaderNotFound(rows=HEADER_WITHIN, wanted="、".join(wanted), seen=_seen(rows[0]) if rows else "-")
    titles, row = [str(title).strip() for title in rows[position]], numbers[position]
    columns = {name: Column(index, titles[index]) for name, index in (mapping or {}).items()}
    _add_titled(columns, titles, row, spec, sheet=sheet, skip=skip)
    missing = [one.titles[0] for one in spec.fields if one.required and one.name not in columns]
    if missing:
        raise HeaderMissing(sheet=sheet, row=row, missing="、".join(missing), seen=_seen(titles))
    taken = {column.index for column in columns.values()}
    unknown = tuple(
        Column(index, title)
        for index, title in enumerate(titles)
        if title and index not in taken and not spec.is_ignored(title)
    )
    return Header(row=row, columns=columns, unknown=unknown, titles=tuple(titles))


def _add_titled(
    columns: dict[str, Column], titles: list[str], row: int, spec: SheetSpec, *, sheet: str, skip: Collection[int]
) -> None:
    """Add the columns that their titles tell; those that are in `columns` already were said, and stand."""
    said = set(columns)
    taken = {column.index for column in columns.values()} | set(skip)
    for index, one in fields_of(titles, spec).items():
        if index in taken or one.name in said:
            continue
        if one.name in columns:
            first = columns[one.name]
            raise HeaderTwice(
                sheet=sheet,
                first=f"{first.letter}{row} {first.title}",
                second=f"{column_letter(index)}{row} {titles[index]}",
                field=one.titles[0],
            )
        columns[one.name] = Column(index, titles[index])
