"""Read a sheet file row by row; the file itself is only ever opened by a child process under limits
(`child`).
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import orjson
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.sheets.account import Rejection
from linli.core.sheets.book import LONG_SHEETS
from linli.core.sheets.cells import CellFault, clean
from linli.core.sheets.columns import Columns, Seen
from linli.core.sheets.errors import (
    HeaderMissing,
    HeaderNotFound,
    MappingWrong,
    SheetCorrupt,
    SheetEmpty,
    SheetMemory,
    SheetProblem,
    SheetTime,
    problem_from_child,
)
from linli.core.sheets.headers import Column, Header, SheetSpec, column_letter, find_header
from linli.core.sheets.spool import ORDINARY, Limits, opened_file
from linli.core.spoken import filled

CHILD = Path(__file__).with_name("child.py")
FRAME_BYTES = 64 << 20

Cell = str | int | float | bool | date | datetime


@dataclass(slots=True)
class SheetRow:
    """One row: `number` as Excel shows it, `cells` of all columns as they were read ("" = empty)."""

    number: int
    cells: list[Cell]
    header: Header
    spec: SheetSpec
    on: date | None = None

    def get(self, name: str) -> Cell:
        """The raw cell of a field; "" when it is empty or the sheet has no such column."""
        column = self.header.columns.get(name)
        if column is None or column.index >= len(self.cells):
            return ""
        return self.cells[column.index]

    def cell(self, name: str) -> str:
        """Where a field stands, such as ``C17``; only the row (``17``) when the sheet has no such column."""
        column = self.header.columns.get(name)
        return f"{column.letter if column else ''}{self.number}"

    def clean(self, name: str) -> Any:
        """The field's value by its kind, None when empty. Raises CellFault."""
        return clean(self.get(name), self.spec.get(name).kind, on=self.on)

    def clean_all(self) -> tuple[dict[str, Any], list[Rejection]]:
        """All fields that the sheet has; a field with a fault is left out and has a Rejection instead."""
        values: dict[str, Any] = {}
        rejections = []
        cells, on, width = self.cells, self.on, len(self.cells)
        for one in self.spec.fields:
            column = self.header.columns.get(one.name)
            if column is None:
                continue
            cell = cells[column.index] if column.index < width else ""
            if cell == "":
                values[one.name] = None
                continue
            try:
                values[one.name] = clean(cell, one.kind, on=on)
            except CellFault as fault:
                rejections.append(self.reject(one.name, fault))
        return values, rejections

    def reject(self, name: str, fault: CellFault) -> Rejection:
        """The Rejection of this row for a fault in the cell of field `name`."""
        column = self.header.columns.get(name)
        return Rejection(
            row=self.number,
            cell=self.cell(name),
            column_title=(column.title if column else "") or self.spec.get(name).titles[0],
            code=fault.code,
            message=fault.message,
            advice=fault.advice,
        )


class _Child:
    """The child process and the frames it sends. Whatever happens, nothing of it is left after `close`."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        ask = {
            "path": str(path),
            "name": name,
            "long_sheets": LONG_SHEETS,
            "memory": limits.memory,
            "cpu": limits.cpu,
            "max_unpacked": limits.unpacked_bytes,
            "max_ratio": limits.ratio,
            "max_rows": limits.rows,
            "max_columns": limits.columns,
        }
        keep = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
        self._left = limits.wait
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", str(CHILD), json.dumps(ask)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in keep if name in os.environ},
            bufsize=0,
        )
        assert self._process.stdout is not None  # noqa: S101 - for mypy: it was asked for
        self._fd = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN | select.POLLHUP)

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            before = time.monotonic()
            ready = self._poll.poll(max(0.0, self._left) * 1000)
            self._left -= time.monotonic() - before
            if not ready:
                raise SheetTime
            part = os.read(self._fd, min(size, 1 << 20))
            if not part:
                raise self._died()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _died(self) -> SheetProblem:
        code = self._process.wait()
        if code in (-24, -9):  # SIGXCPU, then SIGKILL, are what the limit on CPU time sends
            return SheetTime()
        # Out of memory, Rust aborts (6) and Python, when it cannot even raise, exits with 1; both only
        # after the container has been checked, so that nothing else is likely.
        if code in (-6, 1, 101):
            return SheetMemory()
        return SheetCorrupt()

    def receive(self) -> dict[str, Any]:
        """The next frame; a fault is raised as its Problem."""
        (length,) = struct.unpack(">I", self._read(4))
        if length > FRAME_BYTES:
            raise SheetMemory
        frame: dict[str, Any] = orjson.loads(self._read(length))
        if frame["t"] == "fault":
            raise problem_from_child(frame["code"], frame["params"])
        if frame["t"] == "bug":
            raise RuntimeError(f"the reader of sheets failed: {frame['where']}")
        return frame

    def answer(self, word: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - as above
        try:
            self._process.stdin.write(word.encode() + b"\n")
        except BrokenPipeError:
            raise self._died() from None

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def _thaw(row: list[Any]) -> list[Cell]:
    """Dates travel as {"d": ISO text}; a number too large to be one, which JSON knows not, as null."""
    if None in row:
        row[:] = ["#NUM!" if value is None else value for value in row]
    if dict in map(type, row):
        for index, value in enumerate(row):
            if type(value) is dict:
                text = value["d"]
                row[index] = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return row


@dataclass(slots=True)
class Sheet:
    """An opened sheet: its header, and its rows once, in order. Blank rows are left out and counted.

    Raises SheetEmpty while being read when nothing stands below the header.
    """

    name: str
    header: Header
    spec: SheetSpec
    on: date | None
    _child: _Child = field(repr=False)
    blank_rows: int | None = None
    untitled: set[int] = field(default_factory=set)

    @property
    def unknown_columns(self) -> tuple[Column, ...]:
        """Columns with a title that stands for no field: they are not read, and whoever sent the file is told."""
        return self.header.unknown

    @property
    def untitled_columns(self) -> tuple[str, ...]:
        """Letters of columns that hold data under no title; complete once all rows are read."""
        return tuple(column_letter(index) for index in sorted(self.untitled))

    def list_unread(self) -> list[Text]:
        """What to say of columns that were not read: nothing is passed over in silence. Once all rows are read."""
        unknown = "、".join(f"{column.letter} {column.title}" for column in self.unknown_columns)
        untitled = "、".join(self.untitled_columns)
        said = (
            (_("These columns were not read: %(columns)s."), unknown),
            (_("These columns have no title and were not read: %(columns)s."), untitled),
        )
        return [filled(text, columns=columns) for text, columns in said if columns]

    def __iter__(self) -> Iterator[SheetRow]:
        header, spec, start = self.header, self.spec, self.header.row
        taken = {column.index for column in header.columns.values()}
        width = len(header.titles)
        silent = [i for i, title in enumerate(header.titles) if not title and i not in taken]
        number = 0
        while (frame := self._child.receive())["t"] == "rows":
            for number, raw in zip(frame["n"], frame["rows"], strict=True):
                if number <= start:
                    continue
                cells = _thaw(raw)
                if silent or len(cells) > width:
                    self.untitled.update(i for i in silent if i < len(cells) and cells[i] != "")
                    self.untitled.update(i for i in range(width, len(cells)) if cells[i] != "" and i not in taken)
                yield SheetRow(number, cells, header, spec, self.on)
        if number <= start:
            raise SheetEmpty
        self.blank_rows = frame["blank"]


@contextmanager
def open_sheet(
    source: Path | str | bytes | IO[bytes],
    spec: SheetSpec,
    *,
    name: str | None = None,
    columns: Columns | None = None,
    on: date | None = None,
    limits: Limits = ORDINARY,
) -> Iterator[Sheet]:
    """Open the first visible sheet whose header has all required fields.

    `source`: a path, the content, or a binary file object; `name`: the file's own name where the source does not tell
    it (an upload). `columns`: what whoever sent the sheet has said about them, and where what was seen of the sheet and
    of those beside it is put, also when it is refused. `on` is today, against which dates of birth are judged. Raises
    SheetProblem in one of its kinds, also while rows are being read; when the block is left, the child process is gone.
    """
    with opened_file(source, name, limits) as (path, own_name):
        child = _Child(path, own_name, limits)
        try:
            yield _choose(child, spec, columns or Columns(), on)
        finally:
            child.close()


def _choose(child: _Child, spec: SheetSpec, columns: Columns, on: date | None) -> Sheet:
    """Go through the sheets that the child offers, and take the first that can be read."""
    book = child.receive()
    problem: SheetProblem = SheetEmpty()
    while (frame := child.receive())["t"] == "head":
        rows = [_thaw(row) for row in frame["rows"]]
        if rows:
            before, seen = columns.seen, Seen(frame["sheet"], frame["n"], rows)
            columns.seen = seen
            try:
                seen.header = _find_header(columns, seen, spec)
            except (HeaderMissing, HeaderNotFound, MappingWrong) as error:
                if _says_more(error, problem):
                    problem = error
                else:
                    columns.seen = before
            else:
                _note_unread(seen, book["sheets"])
                child.answer("take")
                return Sheet(name=seen.sheet, header=seen.header, spec=spec, on=on, _child=child)
        child.answer("next")
    raise problem


def _says_more(error: SheetProblem, problem: SheetProblem) -> bool:
    """A sheet with part of a header says more about what is wrong than one with none, or with no rows."""
    return type(problem) is SheetEmpty or (isinstance(error, HeaderMissing) and not isinstance(problem, HeaderMissing))


def _note_unread(seen: Seen, sheets: list[dict[str, Any]]) -> None:
    """Which other sheets of the workbook hold something: they are not read, and whoever sent it is told."""
    rest = [one for one in sheets if one["name"] != seen.sheet and one.get("filled")]
    seen.hidden = tuple(one["name"] for one in rest if one["hidden"])
    seen.others = tuple(one["name"] for one in rest if not one["hidden"])


def _find_header(columns: Columns, seen: Seen, spec: SheetSpec) -> Header:
    said = columns.resolve(seen.numbers, seen.rows, spec)
    return find_header(
        seen.numbers,
        seen.rows,
        spec,
        sheet=seen.sheet,
        mapping=said.mapping,
        header_row=said.header_row,
        skip=said.skip,
    )
