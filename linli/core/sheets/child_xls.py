"""What the child process knows of .xls files beside their cells: which cells hold an error.

Stands alone like `child`, which loads it by its path. calamine reads a cell with an error (#N/A, #REF!), and a formula
whose result is not in the file, as an empty one; where they stand is found in the workbook's records. Source: [MS-XLS],
records BoundSheet8 (2.4.28), BoolErr (2.4.24), Formula (2.4.127) with its FormulaValue (2.5.133).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

NOT_COMPUTED = "#CALC!"
Errors = dict[int, list[tuple[int, str]]]
WORDS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_BOUND_SHEET, _BEGIN, _END, _BOOL_OR_ERROR, _STRING = 0x85, 0x809, 0x0A, 0x205, 0x207
_FORMULAS = (0x06, 0x206, 0x406)
_FILLED = (*_FORMULAS, _BOOL_OR_ERROR, 0x203, 0x204, 0xD6, 0xFD, 0xBD, 0x27E)  # numbers and texts, in all their forms
_BETWEEN = (0x4BC, 0x221, 0x236)  # shared formula, array, table: may stand between a formula and its text
_TEXT, _ERROR = 0, 2  # what a formula's value is, where it is no number
Record = tuple[int, bytes]


class Unreadable(Exception):
    """The records do not make sense: which cells hold an error cannot be told."""


def read_stream(path: Path) -> bytes:
    """The stream of records of a workbook. Raises Unreadable."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            for name in ("Workbook", "Book"):
                if container.exists(name):
                    stream: bytes = container.openstream(name).read()
                    return stream
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise Unreadable from error
    raise Unreadable


def find_errors(stream: bytes, position: int) -> Errors:
    """Row (from 0) → (column, what the cell shows), for the sheet at `position` among all of the workbook."""
    found: Errors = {}
    waiting: tuple[int, int] | None = None  # a formula that gives a text, until its text comes
    for kind, body in _of_sheet(stream, _start_of(stream, position)):
        if waiting is not None and kind not in _BETWEEN:
            if kind != _STRING:
                _note(found, *waiting, NOT_COMPUTED)
            waiting = None
        if kind == _BOOL_OR_ERROR and len(body) >= 8:
            row, column, _style, value, is_error = struct.unpack_from("<HHHBB", body)
            if is_error:
                _note(found, row, column, WORDS.get(value, "#UNKNOWN!"))
        elif kind in _FORMULAS and len(body) >= 14 and body[12:14] == b"\xff\xff":
            row, column = struct.unpack_from("<HH", body)
            if body[6] == _ERROR:
                _note(found, row, column, WORDS.get(body[8], "#UNKNOWN!"))
            elif body[6] == _TEXT:
                waiting = (row, column)
    return found


def is_filled(stream: bytes, position: int) -> bool:
    """Whether any cell of the sheet at `position` holds something. Raises Unreadable."""
    return any(kind in _FILLED for kind, _body in _of_sheet(stream, _start_of(stream, position)))


def _start_of(stream: bytes, position: int) -> int:
    starts = [int(struct.unpack_from("<I", body)[0]) for kind, body in _records(stream, 0) if kind == _BOUND_SHEET]
    if position >= len(starts):
        raise Unreadable
    return starts[position]


def _note(found: Errors, row: int, column: int, shown: str) -> None:
    found.setdefault(row, []).append((column, shown))


def _of_sheet(stream: bytes, start: int) -> Iterator[Record]:
    """The records of one sheet, without those of charts that lie in it."""
    depth = 0
    for kind, body in _records(stream, start):
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 1:
            yield kind, body
        elif depth == 0:
            yield kind, b""  # its end: a formula may have been the last
            return


def _records(stream: bytes, start: int) -> Iterator[Record]:
    at, end = start, len(stream)
    while at + 4 <= end:
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size
