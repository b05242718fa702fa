"""What the child process knows of texts that were too long for a cell of a workbook: it puts them together again.

Stands alone like `child`, which loads it by its path. `long_texts` writes what is read here: on a sheet of its own, in
each row a text's mark (column A), which part it is of how many (D, as ``1/2``), and the part itself (E).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

MARK = re.compile(r"\[\[LINLI-TEXT-([0-9]{1,9})\]\]")
_PART = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_MARK_AT, _PART_AT, _TEXT_AT = 0, 3, 4


def find_texts(rows: Iterable[list[Any]]) -> dict[str, str] | None:
    """A mark's number → the whole text, of those whose parts are all there. None: this is another kind of sheet."""
    parts: dict[str, dict[int, str]] = {}
    wanted: dict[str, int] = {}
    for row in rows:
        mark = MARK.fullmatch(str(row[_MARK_AT]).strip()) if row else None
        if mark is None:
            continue
        part = _PART.fullmatch(str(row[_PART_AT]).strip()) if len(row) > _PART_AT else None
        if part is None:
            wanted[mark[1]] = 0  # which part it is cannot be told any more
            continue
        parts.setdefault(mark[1], {})[int(part[1])] = str(row[_TEXT_AT]) if len(row) > _TEXT_AT else ""
        wanted[mark[1]] = int(part[2]) if wanted.get(mark[1], int(part[2])) == int(part[2]) else 0
    if not wanted:
        return None
    return {
        number: "".join(parts[number][index] for index in range(1, count + 1))
        for number, count in wanted.items()
        if count and set(parts[number]) == set(range(1, count + 1))
    }


def put_back(rows: Iterable[list[Any]], texts: dict[str, str]) -> Iterable[list[Any]]:
    """The rows, each cell that bears a mark with its whole text; a mark without a text stays, and is refused later."""
    return _put_back(rows, texts) if texts else rows


def _put_back(rows: Iterable[list[Any]], texts: dict[str, str]) -> Iterator[list[Any]]:
    for row in rows:
        for index, value in enumerate(row):
            if type(value) is str and value[:2] == "[[" and (mark := MARK.match(value)):
                row[index] = texts.get(mark[1], value)
        yield row
