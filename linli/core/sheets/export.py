"""Sheets out: .xlsx and .csv from an iterator of rows, in constant memory, safe to open in any spreadsheet.

A cell that begins with ``= + - @``, tab or return could run as a formula on the machine of whoever opens
the file. In .xlsx every text is written as a string, which never runs; in .csv such a text gets a single
quote in front, as OWASP advises ("CSV Injection"); `clean_text` takes it off again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from linli.core.errors import Text
from linli.core.sheets.book import Book, ExportColumn

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float | Decimal):
        return str(value)  # a number of ours; -3 is a number, not a formula
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "seconds")
    text = str(value)
    return "'" + text if text.lstrip(" \u3000\u00a0\ufeff").startswith(_DANGEROUS) or text[:1] in _DANGEROUS else text


def iter_csv(
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    *,
    title: Text | None = None,
    as_of: Text | None = None,
) -> Iterator[bytes]:
    """Chunks of a CSV file, UTF-8 with BOM so that Excel reads it, CRLF; for a streaming response."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    for line in (title, as_of):
        if line:
            writer.writerow([csv_cell(line)])
    writer.writerow([csv_cell(column.title) for column in columns])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_csv(
    target: Path | str | IO[bytes],
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    **lines: Any,
) -> None:
    """`iter_csv` into a file."""
    if isinstance(target, Path | str):
        with Path(target).open("wb") as file:
            file.writelines(iter_csv(columns, rows, **lines))
    else:
        target.writelines(iter_csv(columns, rows, **lines))


def write_xlsx(
    target: Path | str | IO[bytes],
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    *,
    title: Text,
    as_of: Text,
    sheet: Text | None = None,
) -> int:
    """Write a workbook that prints on A4 under a repeated header; returns the number of rows.

    Texts stay texts (ID numbers, phones, room numbers with a leading 0), numbers numbers, dates dates; a
    datetime is written as the wall clock it shows, so convert it to the jurisdiction's zone first. Raises
    CellTooLong.
    """
    count = 0
    with Book(target, columns, sheet=str(sheet or title), title=str(title), as_of=str(as_of)) as book:
        for row in rows:
            book.write(row)
            count += 1
    return count
