"""A workbook that is being written: one or more worksheets of one table, in constant memory."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem, Text

CELL_CHARS = 32_767  # as a spreadsheet counts: a character beyond U+FFFF is two
SHEET_ROWS = 1_048_576
NAME_CHARS = 31  # of a worksheet
EXACT = 10**15  # numbers beyond it lose digits in a spreadsheet and are written as text
LONG_SHEETS = ("长文本", "Long texts")
"""Names of the sheet of long texts (`long_texts`), in each language; it is looked for under both."""
_FORBIDDEN_IN_NAMES = str.maketrans("[]:*?/\\'", "()：＊？／／ ")


class CellTooLong(Problem):
    code = "core.sheet_cell_too_long"
    status = 422
    title = _("A text is longer than a cell of a workbook can hold (%(limit)s characters).")
    advice_text = _("Export as CSV instead.")


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column out. `width` in characters (a Chinese character counts two); None: by the title."""

    title: Text
    width: float | None = None


def display_width(text: str) -> int:
    """Columns that a text takes on screen: wide characters count two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def text_units(text: str) -> int:
    """Its characters as a spreadsheet counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str) -> bool:
    """Whether a cell can hold the text."""
    return len(text) <= CELL_CHARS // 2 or text_units(text) <= CELL_CHARS


_IN_CONSTANT_MEMORY = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd",
}


class Book:
    """A workbook in constant memory; when a worksheet is full, the next one carries on under the same header.

    `title` and `as_of` stand above the header and in the file's properties; `above`: rows before them. Numbers of
    `exact` and more are written as text.
    """

    def __init__(
        self,
        target: Any,
        columns: Sequence[ExportColumn],
        *,
        sheet: str,
        title: str = "",
        as_of: str = "",
        above: Sequence[Sequence[Any]] = (),
        exact: float = EXACT,
    ) -> None:
        import xlsxwriter  # here: not every command, nor every start, writes a workbook

        self.exact = exact
        self._scratch = tempfile.TemporaryDirectory(prefix="linli-sheet-")
        options = {**_IN_CONSTANT_MEMORY, "tmpdir": self._scratch.name}
        self.book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
        self.book.set_properties({"title": title, "comments": as_of})
        self._add_formats()
        self.columns, self.title, self.as_of, self.above = columns, title, as_of, above
        self.name = sheet.translate(_FORBIDDEN_IN_NAMES).strip()[:NAME_CHARS] or "Sheet"
        # Excel keeps the first for itself, we the others.
        if self.name.lower() == "history" or self.name in LONG_SHEETS:
            self.name += "_"
        self.count = 0
        self.start_sheet()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        try:
            if kind is None:
                self.book.close()
            else:  # XlsxWriter leaves its working files open when it is given up
                for sheet in self.book.worksheets():
                    sheet.row_data_fh.close()
        finally:
            self._scratch.cleanup()

    def _add_formats(self) -> None:
        add = self.book.add_format
        self.plain = add({"num_format": "@", "valign": "top"})
        self.number = add({"valign": "top"})
        self.day = add({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"})
        self.moment = add({"num_format": "yyyy-mm-dd hh:mm", "align": "left", "valign": "top"})
        bad = {"align": "left", "valign": "top", "bg_color": "#FFD9D6"}
        self.bad = add({**bad, "num_format": "@"})
        self.bad_day = add({**bad, "num_format": "yyyy-mm-dd"})
        self.bad_moment = add({**bad, "num_format": "yyyy-mm-dd hh:mm"})
        self.head = add(
            {
                "bold": True,
                "bg_color": "#E8EDF2",
                "bottom": 1,
                "text_wrap": True,
                "valign": "vcenter",
                "num_format": "@",
            }
        )
        self.title_format = add({"bold": True, "font_size": 14})
        self.as_of_format = add({"font_color": "#5B6770"})

    def start_sheet(self) -> None:
        self.count += 1
        sheet = self.book.add_worksheet(self.name if self.count == 1 else f"{self.name[:25]} ({self.count})")
        for index, column in enumerate(self.columns):
            width = column.width or min(60, max(8, display_width(str(column.title)) + 2))
            sheet.set_column(index, index, width, self.plain)
        self.sheet, row = sheet, 0
        for cells in self.above:
            self.row = row
            for index, value in enumerate(cells):
                self._cell(index, value, None)
            row += 1
        for line, format_ in ((self.title, self.title_format), (self.as_of, self.as_of_format)):
            if line:
                sheet.write_string(row, 0, line, format_)
                row += 1
        for index, column in enumerate(self.columns):
            sheet.write_string(row, index, str(column.title), self.head)
        sheet.freeze_panes(row + 1, 0)
        sheet.repeat_rows(row)
        sheet.set_paper(9)  # A4
        if sum(column.width or display_width(str(column.title)) + 2 for column in self.columns) > 90:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        self.row, self.header_row = row + 1, row

    def write(self, values: Sequence[Any], notes: Mapping[int, str] | None = None, *, commented: bool = True) -> None:
        if self.row >= SHEET_ROWS:
            self.start_sheet()
        for index, value in enumerate(values):
            self._cell(index, value, self.bad if notes and index in notes else None)
        for index, note in (notes or {}).items():
            if index >= len(values) or values[index] in (None, ""):
                self.sheet.write_blank(self.row, index, None, self.bad)
            if commented:
                self.sheet.write_comment(self.row, index, note, {"x_scale": 2, "y_scale": 1.2, "font_size": 10})
        self.row += 1

    def _cell(self, index: int, value: Any, format_: Any) -> None:
        if value is None or value == "":
            return
        if type(value) is str:  # by far the most
            self._text(index, value, format_)
        elif isinstance(value, bool):
            self.sheet.write_boolean(self.row, index, value, format_ or self.number)
        elif isinstance(value, int | float | Decimal) and -self.exact < value < self.exact:
            self.sheet.write_number(self.row, index, value, format_ or self.number)
        elif isinstance(value, datetime):
            self.sheet.write_datetime(
                self.row, index, value.replace(tzinfo=None), self.bad_moment if format_ else self.moment
            )
        elif isinstance(value, date):
            if value.year >= 1900:
                self.sheet.write_datetime(
                    self.row, index, datetime.combine(value, time()), self.bad_day if format_ else self.day
                )
            else:  # a spreadsheet's calendar begins in 1900
                self.sheet.write_string(self.row, index, value.isoformat(), format_ or self.plain)
        else:
            self._text(index, str(value), format_)

    def _text(self, index: int, text: str, format_: Any) -> None:
        if not fits(text):
            raise CellTooLong(limit=CELL_CHARS)
        self.sheet.write_string(self.row, index, text, format_ or self.plain)
