"""The child process that opens a sheet file: ``python -I child.py JSON``; run by `reader`, imported by
nobody.

It stands alone (no Django, nothing of Linli) so that it starts in some 50 ms and so that whatever a
hostile file does to it stays in it. It limits itself before it touches the file, and speaks in frames on
stdout: four bytes of length (big endian), then JSON. In order: ``book``; for each sheet ``head``, after
which it waits for one line on stdin (``take``, ``next`` or ``stop``); after ``take``: ``rows`` ...
``end``. Or, at any time, ``fault``.
"""

from __future__ import annotations

import codecs
import csv
import importlib.util
import json
import resource
import struct
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

HEAD_ROWS = 25
BATCH_ROWS = 500
BATCH_BYTES = 4 << 20
CHUNK = 1 << 20
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXT_SUFFIXES = ("", ".csv", ".txt", ".tsv")
CELL_CHARS = 4 << 20
"""In one cell of a CSV file: far beyond what any column takes, so that such a row is refused by its cell and the others
are read; beyond this it is most likely a quotation mark that nobody closed, and the rest of the file."""


def _load_beside(name: str) -> Any:
    """A module that lies beside this file: the child is started isolated, without its own folder on the path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).resolve().with_name(f"{name}.py"))
    assert spec is not None  # noqa: S101 - for mypy
    assert spec.loader is not None  # noqa: S101 - for mypy
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


xlsx = _load_beside("child_xlsx")
xls = _load_beside("child_xls")
long = _load_beside("child_long")
Fault = xlsx.Fault

Row = list[Any]
Merge = tuple[tuple[int, int], tuple[int, int]]


# --- talking to the parent ------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # datetime too
        return {"d": value.isoformat()}
    return str(value)


def say(word: str, /, **body: Any) -> None:
    """Send one frame: its length in four bytes, then JSON. Rows that make too large a frame go in several."""
    import orjson

    payload = orjson.dumps({"t": word, **body}, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
    if word == "rows" and len(payload) > BATCH_BYTES and len(body["rows"]) > 1:
        half = len(body["rows"]) // 2
        say("rows", n=body["n"][:half], rows=body["rows"][:half])
        say("rows", n=body["n"][half:], rows=body["rows"][half:])
        return
    out = sys.stdout.buffer
    out.write(struct.pack(">I", len(payload)))
    out.write(payload)
    out.flush()


def limit_self(*, memory: int, cpu: int) -> None:
    """Memory is address space; nothing may be written to disk and no core dumped."""
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 2),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        try:
            resource.setrlimit(what, (soft, hard))
        except (ValueError, OSError):
            if what != resource.RLIMIT_AS or sys.platform == "linux":
                raise  # macOS alone knows no limit on address space


# --- what kind of file it is, by its content ------------------------------------------------------


def sniff(path: Path, name: str) -> str:
    """``xlsx``, ``xls`` or ``csv``; raises Fault for anything else."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise Fault("sheet_empty")
    if start.startswith(b"PK"):
        return "xlsx"
    if start.startswith(OLE):
        return _sniff_ole(path)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<style", b"<?xml")):
        raise Fault("sheet_type", found="html" if not text.startswith(b"<?xml") else "xml")
    if text.startswith(b"%pdf"):
        raise Fault("sheet_type", found="pdf")
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and any(byte < 32 and byte not in b"\t\n\r\x0b\x0c" for byte in start):
        raise Fault("sheet_type", found="unknown")
    if Path(name).suffix.lower() not in TEXT_SUFFIXES:
        raise Fault("sheet_type", found="text")
    return "csv"


def _sniff_ole(path: Path) -> str:
    content = path.read_bytes()
    # An encrypted workbook is an OLE file with this one stream; stream names are UTF-16 in its directory.
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Fault("sheet_password")
    if "Workbook".encode("utf-16-le") in content or "Book\0".encode("utf-16-le") in content:
        return "xls"
    if len(content) < 512:
        raise Fault("sheet_corrupt")
    # The list of streams is a chain of sectors; if its first one lies past the end, the file was cut off.
    (shift,), (directory,) = struct.unpack_from("<H", content, 30), struct.unpack_from("<I", content, 48)
    if shift not in (9, 12) or (directory + 2) << shift > len(content):
        raise Fault("sheet_corrupt")
    raise Fault("sheet_type", found="ole")


# --- rows -----------------------------------------------------------------------------------------


def is_blank(row: Row) -> bool:
    return all(value == "" or (isinstance(value, str) and not value.strip()) for value in row)


def fill_down(rows: Iterable[Row], merges: Iterable[Merge]) -> Iterator[tuple[int, Row, bool]]:
    """Yield (row number, row, was blank), a merged region's value put in its first column on every row it covers."""
    waiting = sorted((m for m in merges if m[1][0] > m[0][0]), reverse=True)
    open_: list[tuple[int, int, Any]] = []
    for index, row in enumerate(rows):
        blank = is_blank(row)
        if open_:
            open_ = [merge for merge in open_ if merge[0] >= index]
            for _, column, value in open_:
                if row[column] == "":
                    row[column] = value
        while waiting and waiting[-1][0][0] <= index:
            (top, column), (bottom, _) = waiting.pop()
            if top == index and column < len(row) and row[column] != "":
                open_.append((bottom, column, row[column]))
        yield index + 1, row, blank


def serve(name: str, source: Any, ask: dict[str, Any]) -> bool:
    """Offer one sheet; True when the parent took it (or has seen enough). `source()` gives a fresh (rows, merges)."""
    head: list[tuple[int, Row]] = []
    for number, row, blank in fill_down(*source()):
        if not blank:
            head.append((number, row[: ask["max_columns"] + 1]))
        if number >= HEAD_ROWS:
            break
    say("head", sheet=name, n=[n for n, _ in head], rows=[row for _, row in head])
    answer = sys.stdin.readline().strip()
    if answer != "take":
        return answer != "next"
    _check_size(source, ask)
    numbers: list[int] = []
    rows: list[Row] = []
    blanks = 0
    for number, row, blank in fill_down(*source()):
        if blank:
            blanks += 1
            continue
        numbers.append(number)
        rows.append(row)
        if len(rows) >= BATCH_ROWS:
            say("rows", n=numbers, rows=rows)
            numbers, rows = [], []
    if rows:
        say("rows", n=numbers, rows=rows)
    say("end", blank=blanks)
    return True


def _check_size(source: Any, ask: dict[str, Any]) -> None:
    """Before the first row goes out, so that nobody works through half a file that is then refused."""
    count = 0
    for row in source(count=True)[0]:
        if len(row) > ask["max_columns"] and not is_blank(row[ask["max_columns"] :]):
            raise Fault("sheet_columns", limit=ask["max_columns"])
        count += not is_blank(row)
        if count > ask["max_rows"]:
            raise Fault("sheet_rows", limit=ask["max_rows"])


def is_encrypted(path: Path) -> bool:
    """Whether an .xls has a password; calamine does not notice every kind and would read noise."""
    import msoffcrypto

    try:
        with path.open("rb") as file:
            return bool(msoffcrypto.OfficeFile(file).is_encrypted())
    except Exception:  # a damaged file makes it fail in any way
        return False


def read_workbook(path: Path, kind: str, ask: dict[str, Any]) -> None:
    """Offer the visible sheets of a workbook to the parent, one by one, until it takes one."""
    import python_calamine as calamine

    try:
        # From a file object calamine goes by the content; from a path it would go by the name.
        with path.open("rb") as file:
            book = calamine.load_workbook(file)
    except calamine.PasswordError as error:
        raise Fault("sheet_password") from error
    sheets = [
        {"name": meta.name, "hidden": meta.visible != calamine.SheetVisibleEnum.Visible}
        for meta in book.sheets_metadata
        if meta.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    sheets, texts = _set_aside(book, sheets, {*ask["long_sheets"]})
    find_errors, is_filled = _look_into(path, kind, [meta.name for meta in book.sheets_metadata])
    say("book", sheets=[{**sheet, "filled": is_filled(str(sheet["name"]))} for sheet in sheets])
    for meta in sheets:
        if meta["hidden"]:
            continue
        sheet = book.get_sheet_by_name(str(meta["name"]))
        errors = find_errors(str(meta["name"]))

        def source(*, count: bool = False, sheet: Any = sheet, errors: Any = errors) -> tuple[Any, list[Merge]]:
            bottom, right = sheet.end or (0, 0)  # from 0
            if count and bottom < ask["max_rows"] and right < ask["max_columns"]:
                return (), []  # too small to need counting
            left = sheet.start[1] if sheet.start else 0
            rows = long.put_back(xlsx.whole_rows(sheet.iter_rows(), left, errors), texts)
            return rows, sheet.merged_cell_ranges or []

        if serve(str(meta["name"]), source, ask):
            return
    say("over")


def _set_aside(book: Any, sheets: list[Any], names: set[str]) -> tuple[list[Any], dict[str, str]]:
    """The sheets without those that hold long texts of the others, and these texts."""
    texts: dict[str, str] = {}
    kept = []
    for meta in sheets:
        found = long.find_texts(book.get_sheet_by_name(meta["name"]).iter_rows()) if meta["name"] in names else None
        if found is None:
            kept.append(meta)
        else:
            texts |= found
    return kept, texts


def _look_into(path: Path, kind: str, names: list[str]) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
    """By a sheet's name: what finds its cells that hold an error, and what tells whether it has a filled cell."""
    if kind == "xlsx":
        return (lambda name: xlsx.find_errors(path, name)), (lambda name: xlsx.is_filled(path, name))
    stream = xls.read_stream(path)
    return (
        lambda name: xls.find_errors(stream, names.index(name)),
        lambda name: xls.is_filled(stream, names.index(name)),
    )


def find_encoding(path: Path) -> str:
    """The encoding in which a text file decodes without a single error."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig", "gb18030"]
    for encoding in candidates:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    if "\0" in decoder.decode(chunk):
                        raise Fault("sheet_type", found="unknown")
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Fault("sheet_encoding")


def find_delimiter(lines: list[str]) -> str:
    """The one of comma, tab and semicolon that gives the most columns, rows of equal width counting first."""
    best, best_score = ",", (0, 0)
    for delimiter in (",", "\t", ";"):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        split = [width for width in widths if width > 1]
        score = (max((split.count(width) for width in split), default=0), max(widths, default=0))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def read_csv(path: Path, name: str, ask: dict[str, Any]) -> None:
    """Offer the one sheet that a text file is, in the encoding and with the delimiter that fit it."""
    encoding = find_encoding(path)
    csv.field_size_limit(CELL_CHARS)
    with path.open(encoding=encoding, newline="") as file:
        lines = [line for line, _ in zip(file, range(HEAD_ROWS), strict=False)]
    skip = 1 if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) <= 5 else 0
    given = lines[0][4:5] if skip else ""
    delimiter = given if given in (",", "\t", ";") else find_delimiter(lines)

    def records() -> Iterator[Row]:
        with path.open(encoding=encoding, newline="") as file:
            for _ in range(skip):
                next(file)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            start = skip + 1  # where the row begins: there the quotation mark is, not where the file ends
            try:
                for row in reader:
                    yield list(row)
                    start = reader.line_num + skip + 1
            except csv.Error as error:
                if "field limit" in str(error):
                    raise Fault("sheet_cell", line=start, limit=CELL_CHARS) from error
                raise Fault("sheet_quotes", line=start) from error

    def source(*, count: bool = False) -> tuple[Iterable[Row], list[Merge]]:
        # Also the check of quotes over the whole file, before the first row goes out.
        return records(), []

    title = Path(name).stem
    say("book", sheets=[{"name": title, "hidden": False}])
    if not serve(title, source, ask):
        say("over")


def run(ask: dict[str, Any]) -> None:
    path = Path(ask["path"])
    kind = sniff(path, ask["name"])
    if kind == "csv":
        read_csv(path, ask["name"], ask)
        return
    if kind == "xls" and is_encrypted(path):
        raise Fault("sheet_password")
    if kind == "xlsx":
        xlsx.check_zip(path, max_unpacked=ask["max_unpacked"], max_ratio=ask["max_ratio"])
    try:
        read_workbook(path, kind, ask)
    except xls.Unreadable as error:
        raise Fault("sheet_corrupt") from error
    except BaseException as error:
        # calamine's own errors, and panics of Rust, which are no Exception; a fault of ours must not pass for one
        if type(error).__name__ == "PanicException" or "calamine" in type(error).__module__:
            raise Fault("sheet_corrupt") from error
        raise


def main() -> NoReturn:
    ask = json.loads(sys.argv[1])
    limit_self(memory=ask["memory"], cpu=ask["cpu"])
    try:
        run(ask)
    except Fault as fault:
        say("fault", code=fault.code, params=fault.params)
    except MemoryError:
        say("fault", code="sheet_memory", params={})
    except BrokenPipeError:
        sys.stdout = None  # the parent has gone or has seen enough; nothing to say to anybody
    except Exception as error:
        # Where, but not with what value: that may be somebody's ID number.
        trace = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        say("bug", where=f"{type(error).__name__} in {' > '.join(trace)}")
    sys.exit(0)


if __name__ == "__main__":
    main()
