"""Texts longer than a cell of a workbook holds: they came in a CSV file, and a workbook takes them on a second sheet.

The cell says how long its text is and where it stands; the second sheet holds the whole text, cut over as many cells as
it takes. Sent again, the two are put together (`child_long`); whoever writes something else into the cell has corrected
it. A cell whose text is no longer on the second sheet is refused, not taken by its words.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from linli.core.sheets.book import CELL_CHARS, Book, fits, text_units

_WIDTHS = (20, 8, 16, 8, 100)


class LongTexts:
    """The second sheet of one workbook; it is made when there is something to put on it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, str, str, str]] = []
        self._sheet: Any = None
        self._count = 0
        self._next_row = 2  # as Excel counts; below the header
        self._row = 1

    @property
    def name(self) -> str:
        return _("Long texts")

    def shorten(self, value: Any, number: int, title: str) -> Any:
        """The value, or what its cell is to say instead. `number` and `title`: where it stood in the sheet."""
        if not isinstance(value, str) or fits(value):
            return value
        # A part is as long as a cell can hold whatever its characters are.
        size = CELL_CHARS if text_units(value) == len(value) else CELL_CHARS // 2
        parts = [value[start : start + size] for start in range(0, len(value), size)]
        self._count += 1
        mark = f"[[LINLI-TEXT-{self._count}]]"
        first, self._next_row = self._next_row, self._next_row + len(parts)
        self._waiting += [
            (mark, str(number), title[:200], f"{index}/{len(parts)}", part) for index, part in enumerate(parts, 1)
        ]
        said = _("%(count)s characters, too long for a cell: on sheet “%(sheet)s” from row %(row)s on.")
        return f"{mark} " + said % {"count": f"{len(value):,}", "sheet": self.name, "row": first}

    def flush(self, book: Book) -> None:
        """Write what was taken out since, so that it does not gather in memory."""
        if not self._waiting:
            return
        if self._sheet is None:
            self._begin(book)
        for cells in self._waiting:
            for column, text in enumerate(cells):
                self._sheet.write_string(self._row, column, text, book.plain)
            self._row += 1
        self._waiting.clear()

    def _begin(self, book: Book) -> None:
        self._sheet = book.book.add_worksheet(self.name)
        titles = (_("Text number"), _("Original row"), _("Column"), _("Part of the text"), _("The text"))
        for column, (title, width) in enumerate(zip(titles, _WIDTHS, strict=True)):
            self._sheet.set_column(column, column, width, book.plain)
            self._sheet.write_string(0, column, title, book.head)
        self._sheet.freeze_panes(1, 0)
