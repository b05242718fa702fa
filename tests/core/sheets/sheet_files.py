"""Sheet files for the tests, made on the spot: good ones and every kind of bad one."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

from linli.core.sheets import Field, Kind, SheetSpec

ROSTER = SheetSpec(
    fields=(
        Field("name", ("姓名", "居民姓名", "Name"), required=True, kind=Kind.NAME),
        Field(
            "id_number",
            ("身份证号", "身份证号码", "身份证", "证件号码", "公民身份号码", "ID number"),
            required=True,
            kind=Kind.ID_NUMBER,
        ),
        Field("phone", ("手机号", "联系电话", "Phone"), kind=Kind.PHONE),
        Field("compound", ("小区", "小区名称")),
        Field("room", ("房号", "门牌号", "室")),
        Field("birth", ("出生日期",), kind=Kind.BIRTH_DATE),
    )
)
HEAD = ["姓名", "身份证号", "手机号", "小区", "房号"]
ROW = ["王芳", "15010219800307124X", "13947112345", "锦绣家园", "101"]


def xlsx(
    path: Path, rows: Iterable[Sequence[Any]], merges: Iterable[tuple[str, Any]] = (), sheet: str = "花名册"
) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    for where, value in merges:
        page.merge_range(where, value)
    book.close()
    return path


def xls(path: Path, rows: Iterable[Sequence[Any]], merges: Iterable[tuple[int, int, int, int, Any]] = ()) -> Path:
    book = xlwt.Workbook()
    page = book.add_sheet("花名册")
    for number, row in enumerate(rows):
        for index, value in enumerate(row):
            if value != "":
                page.write(number, index, value)
    for top, bottom, left, right, value in merges:
        page.write_merge(top, bottom, left, right, value)
    book.save(str(path))
    return path


def text(path: Path, rows: Iterable[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    path.write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    return path


def encrypted(path: Path, password: str = "邻里") -> Path:
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = io.BytesIO(xlsx(path.with_suffix(".plain"), [HEAD, ROW]).read_bytes())
    with path.open("wb") as out:
        OOXMLFile(plain).encrypt(password, out)
    return path


def encrypted_xls(path: Path) -> Path:
    """An .xls whose first record after the beginning is FILEPASS (0x2F), the mark of an encrypted workbook."""
    content = bytearray(xls(path, [HEAD, ROW]).read_bytes())
    start = content.index(b"\x09\x08\x10\x00\x00\x06")  # BOF of BIFF8, 16 bytes after its 4 of head
    content[start + 20 : start + 26] = struct.pack("<HHH", 0x2F, 2, 0)
    path.write_bytes(content)
    return path


def bomb(path: Path, *, lie: bool = False, size: int = 200_000_003) -> Path:
    """A workbook whose sheet unpacks to `size` bytes of blanks; with `lie` its headers declare 1,000."""
    xlsx(path, [HEAD, ROW])
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            fat = part.filename == "xl/worksheets/sheet1.xml"
            new.writestr(part.filename, b" " * size if fat else old.read(part))
    content = out.getvalue()
    if lie:
        content = content.replace(struct.pack("<I", size), struct.pack("<I", 1000))
    path.write_bytes(content)
    return path
