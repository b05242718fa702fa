"""Out and in again: nothing lost, nothing that runs."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheet_files import HEAD, ROSTER, ROW, xlsx

from linli.core.sheets import (
    Account,
    AccountOutOfBalance,
    CellTooLong,
    ExportColumn,
    Rejection,
    iter_csv,
    open_sheet,
    write_csv,
    write_rejected,
    write_xlsx,
)
from linli.core.sheets import book as book_module

COLUMNS = [ExportColumn("姓名", 12), ExportColumn("身份证号", 22), ExportColumn("房号"), ExportColumn("人数")]
LINES: dict[str, Any] = {"title": "漏检名单", "as_of": "截至 2022年10月4日 14:00"}
EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "=cmd|' /C calc'!A0",
    "http://example.org",
    "0101",
]


def test_a_workbook_is_styled_prints_on_a4_and_keeps_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [("王芳", "15010219800307124X", "0101", 3), ("李雷", "150102198501011234", None, 0)]
    assert write_xlsx(path, COLUMNS, iter(rows), **LINES) == 2
    page = openpyxl.load_workbook(path).active
    assert page is not None
    assert [cell.value for cell in page["A"]] == [LINES["title"], LINES["as_of"], "姓名", "王芳", "李雷"]
    assert [cell.value for cell in page[4]] == ["王芳", "15010219800307124X", "0101", 3]
    assert page["B5"].data_type == "s"
    assert page["B5"].number_format == "@"
    assert page.freeze_panes == "A4"
    assert page.print_title_rows == "$3:$3"
    assert page.page_setup.paperSize == 9
    assert page["A3"].font.b
    assert page.column_dimensions["B"].width > 20


@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_becomes_a_formula(tmp_path: Path, evil: str) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, [ExportColumn(evil)], [[evil]], title=evil, as_of=evil)
    with zipfile.ZipFile(path) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in page
        assert "hyperlink" not in page
    cell = openpyxl.load_workbook(path).worksheets[0]["A4"]
    assert cell.data_type == "s"
    (line, *_rest) = csv.reader(
        io.StringIO(
            b"".join(iter_csv([ExportColumn("甲")], [[evil]])).decode("utf-8-sig").split("\n", 1)[1], newline=""
        )
    )
    assert line[0].lstrip(" ")[:1] not in "=+-@\t\r"


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
def test_csv_holds_every_text_and_starts_none_with_a_sign(row: list[str]) -> None:
    content = b"".join(iter_csv([ExportColumn(str(i)) for i in range(len(row))], [row]))
    assert content.startswith(b"\xef\xbb\xbf")
    (_header, line) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    for cell, value in zip(line, row, strict=True):
        assert cell in (value, "'" + value)
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_csv_numbers_dates_and_chunks(tmp_path: Path) -> None:
    rows = ((number, date(2022, 10, 4), datetime(2022, 10, 4, 5, 6), None) for number in range(-1, 9999))  # noqa: DTZ001
    write_csv(tmp_path / "a.csv", COLUMNS, rows, **LINES)
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert lines[:4] == [
        LINES["title"],
        LINES["as_of"],
        "姓名,身份证号,房号,人数",
        "-1,2022-10-04,2022-10-04 05:06:00,",
    ]
    assert len(lines) == 10003
    assert len(list(iter_csv(COLUMNS, [["x" * 1000]] * 500))) > 5


def test_a_full_worksheet_carries_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "SHEET_ROWS", 10)
    assert write_xlsx(tmp_path / "a.xlsx", COLUMNS, ([str(n), "", "", n] for n in range(20)), **LINES) == 20
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["漏检名单", "漏检名单 (2)", "漏检名单 (3)"]
    values = [row[3] for page in book for row in page.iter_rows(min_row=4, values_only=True)]
    assert values == list(range(20))


def test_what_does_not_fit_a_cell_is_not_cut(tmp_path: Path) -> None:
    with pytest.raises(CellTooLong):
        write_xlsx(tmp_path / "a.xlsx", COLUMNS, [["x" * 32768]], **LINES)
    write_xlsx(tmp_path / "b.xlsx", COLUMNS, [[10**17, date(1899, 1, 1), True, 1.5]], **LINES)
    values = [cell.value for cell in openpyxl.load_workbook(tmp_path / "b.xlsx").worksheets[0][4]]
    assert values == [str(10**17), "1899-01-01", True, 1.5]


def test_rejected_rows_come_back_marked_and_can_be_sent_again(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["花名册"],
        [*HEAD, "血型"],
        [*ROW, "A"],
        ["李雷", 150102198003071240, "123", "锦绣家园", "0102", "B"],
    ]
    rejected = []
    with open_sheet(xlsx(tmp_path / "a.xlsx", rows), ROSTER) as sheet:
        for row in sheet:
            _, faults = row.clean_all()
            if faults:
                rejected.append((row.number, row.cells, faults))
        titles = sheet.header.titles
    back = tmp_path / "back.xlsx"
    assert write_rejected(back, titles, rejected, sheet="花名册", above=[["花名册"]]) == 1
    page = openpyxl.load_workbook(back)["花名册"]
    assert [page["A1"].value, page["A2"].value] == ["花名册", "姓名"]
    assert page["B3"].comment is not None
    assert page["C3"].comment is not None
    assert page["A3"].comment is None
    assert page["G3"].value == 4
    assert "身份证号" in str(page["H3"].value)
    assert page["B3"].value == rejected[0][1][1]  # a damaged number goes back as the number it came as
    with open_sheet(back, ROSTER) as sheet:
        (again,) = sheet
        assert [column.title for column in sheet.unknown_columns] == ["血型"]
    assert again.get("room") == "0102"
    assert [one.code for one in again.clean_all()[1]] == ["number_precision", "phone"]


def test_the_account_balances_or_says_so() -> None:
    account = Account(rows_in=10, created=4, updated=3, unchanged=2, rejected=1)
    assert account.check() is account
    assert account.balances
    assert Account.from_dict(account.as_dict()) == account
    assert account + account == Account(20, 8, 6, 4, 2)
    for wrong in (Account(rows_in=1), Account(rows_in=0, created=1, updated=-1)):
        assert not wrong.balances
        with pytest.raises(AccountOutOfBalance):
            wrong.check()
    rejection = Rejection(17, "C17", "手机号", "phone", "不是电话号码。", "请填写11位手机号。")
    assert Rejection.from_dict(rejection.as_dict()) == rejection
