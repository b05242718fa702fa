"""The rejected rows of a sheet as the same workbook, to be corrected and sent again.

Same name of the sheet, same lines above the header, same columns in the sender's order, every cell as it was sent; only
the rows that were rejected. Each bad cell is filled and carries a comment that says what is wrong and what to do; two
columns at the end (`HELPERS`, ignored when it comes back) name the row's number in the sheet that was sent, and say the
same. Texts stay texts, so that nothing runs as a formula and no number loses digits; one that no cell can hold stands
on a second sheet (`long_texts`). Written row by row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from linli.core.sheets.account import Rejection
from linli.core.sheets.book import Book, ExportColumn, display_width
from linli.core.sheets.columns import Columns
from linli.core.sheets.headers import HELPERS, SheetSpec, column_index, column_letter, normal_title
from linli.core.sheets.long_texts import LongTexts
from linli.core.sheets.reader import open_sheet

COMMENTS = 20_000
"""Comments in one workbook, which its program keeps in memory all at once; the cells after them are filled, and what is
wrong with them stands in the last column, as with all others."""
_HELPERS = {normal_title(one) for one in HELPERS}


def give_back(
    source: Path,
    target: Path | IO[bytes],
    rejections: Iterable[Rejection],
    *,
    spec: SheetSpec,
    name: str,
    columns: Columns | None = None,
) -> int:
    """Read the sheet once more and write its rejected rows; returns how many. Raises SheetProblem.

    An import need not keep every row in memory for the sake of the few that are refused.
    """
    wanted: dict[int, list[Rejection]] = defaultdict(list)
    for one in rejections:
        wanted[one.row].append(one)
    again = Columns(columns.chosen, columns.remembered) if columns else Columns()
    with open_sheet(source, spec, name=name, columns=again) as sheet:
        seen = again.seen
        above: list[Sequence[Any]] = []
        if seen is not None:  # blank lines too: rows keep their distance from the top
            by_number = dict(zip(seen.numbers, seen.rows, strict=True))
            above = [by_number.get(number, ()) for number in range(1, sheet.header.row)]
        rows = ((row.number, row.cells, wanted[row.number]) for row in sheet if row.number in wanted)
        return write_rejected(target, sheet.header.titles, rows, sheet=sheet.name, above=above)


def write_rejected(
    target: Path | str | IO[bytes],
    titles: Sequence[str],
    rows: Iterable[tuple[int, Sequence[Any], Sequence[Rejection]]],
    *,
    sheet: str,
    above: Sequence[Sequence[Any]] = (),
) -> int:
    """Write rejected rows, given as (number, cells, what is wrong); returns how many.

    `titles` and cells are those of the sheet as it came, `above` its lines above the header.
    """
    extra = (ExportColumn(_("Original row"), 8), ExportColumn(_("What to correct"), 60))
    # Helpers of a workbook that has come back before say what was wrong then.
    kept = [index for index, title in enumerate(titles) if normal_title(title) not in _HELPERS]
    new_place = {old: new for new, old in enumerate(kept)}
    long = LongTexts()
    lines = [
        [long.shorten(cell, row, column_letter(i)) for i, cell in enumerate(cells)]
        for row, cells in enumerate(above, 1)
    ]
    named = {i: long.shorten(titles[i], len(lines) + 1, column_letter(i)) for i in kept}
    shown = [ExportColumn(named[i], min(60.0, max(12.0, display_width(named[i]) + 2))) for i in kept]
    count = comments = 0
    # A number past 15 digits is already damaged: it goes back as the number it came as, and is refused again.
    with Book(target, [*shown, *extra], sheet=sheet, above=lines, exact=math.inf) as book:
        for number, cells, rejections in rows:
            said = "\n".join(f"{one.column_title}: {one.message} {one.advice}".strip() for one in rejections)
            values = [long.shorten(cells[i], number, titles[i]) if i < len(cells) else "" for i in kept]
            notes = _notes(rejections, new_place)
            comments += len(notes)
            book.write(
                [*values, number, long.shorten(said, number, str(extra[1].title))],
                notes,
                commented=comments <= COMMENTS,
            )
            long.flush(book)
            count += 1
        long.flush(book)
    return count


def _notes(rejections: Sequence[Rejection], new_place: dict[int, int]) -> dict[int, str]:
    """Column → what to say there; a rejection that names no cell of the sheet stands only in the last column."""
    notes: dict[int, str] = {}
    for one in rejections:
        letters = one.cell.rstrip("0123456789")
        index = new_place.get(column_index(letters)) if letters else None
        if index is not None:
            text = f"{one.message} {one.advice}".strip()
            notes[index] = f"{notes[index]}\n{text}" if index in notes else text
    return notes
