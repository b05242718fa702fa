"""What the child process knows of .xlsx files beside their cells: whether unpacking them is safe, and which cells hold
an error.

Stands alone like `child`, which loads it by its path. calamine reads a cell with an error (#N/A, #REF!), and a formula
whose result was never computed, as an empty one; where they stand is found in the sheet's XML. Parsed as XML is only
what names the sheets; expat limits what its entities may grow to, and the child limits itself.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

CHUNK = 1 << 20
NOT_COMPUTED = "#CALC!"
Errors = dict[int, list[tuple[int, str]]]
_SUSPECT = (b't="e"', b"t='e'", b"<f>", b"<f ", b":f>", b":f ")
_VALUES = (b"<v>", b"<v ", b":v>", b":v ", b"<is>", b"<is ", b":is>", b"<f>", b"<f ", b":f>", b":f ")
_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^>]*)>\s*(?P<formula><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
    rb"(?:<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>|<(?:\w+:)?v\s*/>)?\s*</(?:\w+:)?c>"
)
_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_WHERE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Fault(Exception):
    """What is wrong with the file; the parent turns `code` into a Problem."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def check_zip(path: Path, *, max_unpacked: int, max_ratio: int) -> None:
    """Unpack every part to nowhere, counting: what a zip file declares about itself may be a lie."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise Fault("sheet_corrupt") from error
    if len(parts) > 10_000 or sum(part.file_size for part in parts) > max_unpacked:
        raise Fault("sheet_bomb")
    if any(part.flag_bits & 1 for part in parts):
        raise Fault("sheet_password")
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Fault("sheet_type", found="zip")
    left = max_unpacked
    with path.open("rb") as file:
        for part in parts:
            left -= _unpack(file, part, left, max_ratio)


def _unpack(file: Any, part: zipfile.ZipInfo, left: int, max_ratio: int) -> int:
    file.seek(part.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise Fault("sheet_corrupt")
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Fault("sheet_type", found="zip")
    unzip = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    packed, unpacked, crc = part.compress_size, 0, 0
    while packed > 0:
        data = file.read(min(CHUNK // 4, packed))
        if not data:
            raise Fault("sheet_corrupt")
        packed -= len(data)
        while data:
            try:
                plain = unzip.decompress(data, CHUNK) if unzip else data
            except zlib.error as error:
                raise Fault("sheet_corrupt") from error
            data = unzip.unconsumed_tail if unzip else b""
            unpacked += len(plain)
            crc = zlib.crc32(plain, crc)
            if unpacked > left or (unpacked > 16 << 20 and unpacked > max_ratio * part.compress_size):
                raise Fault("sheet_bomb")
    if unpacked > part.file_size:
        raise Fault("sheet_bomb")  # declared smaller than it is: no spreadsheet program writes that
    if unpacked < part.file_size or crc != part.CRC:
        raise Fault("sheet_corrupt")
    return unpacked


def find_errors(path: Path, sheet: str) -> Errors:
    """Row (from 0) → (column, what the cell shows), for the cells of a sheet that hold an error or no result."""
    found: Errors = {}
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return found
        with archive.open(part) as file:
            if not any(word in chunk for chunk in _overlapping(file) for word in _SUSPECT):
                return found
        with archive.open(part) as file:
            for cell in _cells(file):
                _note(cell, found)
    return found


def is_filled(path: Path, sheet: str) -> bool:
    """Whether any cell of a sheet holds something; where the workbook is built in a way of its own, it may."""
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return True
        with archive.open(part) as file:
            return any(word in chunk for chunk in _overlapping(file) for word in _VALUES)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The member in which a sheet lies; None where the workbook is built in a way of its own."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - see above
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ElementTree.ParseError):
        return None
    ids = [one.get(_RELATION) for one in book.iter() if one.tag.endswith("}sheet") and one.get("name") == sheet]
    targets = {one.get("Id"): one.get("Target") or "" for one in links}
    if not ids or ids[0] not in targets:
        return None
    target = targets[ids[0]]
    part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else None


def _overlapping(file: Any) -> Iterator[bytes]:
    """Chunks that begin with the end of the one before, so that no word is cut in two."""
    tail = b""
    while chunk := file.read(CHUNK):
        yield tail + chunk
        tail = chunk[-8:]


def _cells(file: Any) -> Iterator[re.Match[bytes]]:
    rest = b""
    while chunk := file.read(CHUNK):
        rest += chunk
        end = max(rest.rfind(b"</c>"), rest.rfind(b":c>")) + 4
        if end > 4:
            yield from _CELL.finditer(rest, 0, end)
            rest = rest[end:]


def _note(cell: re.Match[bytes], found: Errors) -> None:
    kind = _TYPE.search(cell["attributes"])
    is_error = kind is not None and kind[1] == b"e"
    # A text formula may well give nothing; a number's cannot.
    is_open = cell["formula"] is not None and not cell["value"] and (kind is None or kind[1] == b"n")
    if not is_error and not is_open:
        return
    where = _WHERE.search(cell["attributes"])
    if where is None:
        raise Fault("sheet_corrupt")  # no spreadsheet program leaves it out; which cell it is must not be guessed
    column = 0
    for letter in where[1]:
        column = column * 26 + letter - 64
    shown = (cell["value"] or b"").decode("utf-8", "replace").strip() if is_error else NOT_COMPUTED
    found.setdefault(int(where[2]) - 1, []).append((column - 1, shown or NOT_COMPUTED))


def whole_rows(rows: Iterable[list[Any]], left: int, errors: Errors) -> Iterable[list[Any]]:
    """The rows from column A on, with what their cells of errors show instead of nothing.

    `left`: the columns that calamine leaves out because nothing stands in them.
    """
    return _fill(rows, left, errors) if left or errors else rows


def _fill(rows: Iterable[list[Any]], left: int, errors: Errors) -> Iterator[list[Any]]:
    empty = [""] * left
    index, width = -1, 0
    for index, row in enumerate(rows):
        row[:0] = empty
        width = len(row)
        yield _with_errors(row, errors.get(index, ()))
    # calamine's rows and columns may end before the last cell whose formula has no result.
    for below in range(index + 1, max(errors, default=-1) + 1):
        yield _with_errors([""] * width, errors.get(below, ()))


def _with_errors(row: list[Any], errors: Iterable[tuple[int, str]]) -> list[Any]:
    for column, shown in errors:
        row += [""] * (column + 1 - len(row))
        row[column] = shown
    return row
