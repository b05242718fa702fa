"""Good files of every format, and what the caller gets from them."""

from __future__ import annotations

import io
import os
import struct
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from sheet_files import HEAD, ROSTER, ROW, text, xls, xlsx

from linli.core.sheets import CellFault, Columns, child_xls, open_sheet
from linli.core.sheets.reader import _Child

SECOND = ["李雷", "150102198501011234", "0471-6912345", "锦绣家园", "102"]


def names(path: Path) -> list[str]:
    with open_sheet(path, ROSTER) as sheet:
        return [row.clean("name") for row in sheet]


@pytest.mark.parametrize("make", [xlsx, xls])
def test_a_workbook_gives_rows_that_know_their_cells(tmp_path: Path, make: object) -> None:
    path = make(tmp_path / "册.bin.xlsx", [HEAD, ROW, SECOND])  # type: ignore[operator]
    with open_sheet(path, ROSTER) as sheet:
        assert sheet.name == "花名册"
        assert sheet.header.row == 1
        rows = list(sheet)
    assert [row.number for row in rows] == [2, 3]
    assert rows[1].cell("phone") == "C3"
    assert rows[1].cell("birth") == "3"
    assert rows[1].clean("phone") == "0471-6912345"
    assert rows[1].clean_all() == (
        {"name": "李雷", "id_number": SECOND[1], "phone": "0471-6912345", "compound": "锦绣家园", "room": "102"},
        [],
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_every_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = text(tmp_path / "册.csv", [HEAD, ROW, SECOND], encoding, delimiter)
    with open_sheet(path, ROSTER) as sheet:
        assert [row.clean("name") for row in sheet] == ["王芳", "李雷"]


def test_a_csv_may_have_quotes_breaks_inside_them_and_one_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('sep=;\r\n姓名;身份证号;房号\r\n"王;\r\n芳";15010219800307124X;"1""01"\r\n'.encode())
    with open_sheet(path, ROSTER) as sheet:
        (row,) = sheet
    assert row.get("name") == "王;\r\n芳"
    assert row.clean("room") == '1"01'


def test_content_and_file_objects_are_read_too(tmp_path: Path) -> None:
    content = xlsx(tmp_path / "a.xlsx", [HEAD, ROW]).read_bytes()
    for source in (content, io.BytesIO(content)):
        with open_sheet(source, ROSTER, name="a.xlsx") as sheet:
            assert [row.number for row in sheet] == [2]


def test_title_rows_above_the_header_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    rows = [["新城区锦绣家园居民花名册"], ["填表日期：2022年10月4日"], [], HEAD, ROW, [], ["", " "], SECOND, []]
    with open_sheet(xlsx(tmp_path / "a.xlsx", rows), ROSTER) as sheet:
        assert sheet.header.row == 4
        assert [row.number for row in sheet] == [5, 8]
        assert sheet.blank_rows == 3


@pytest.mark.parametrize("old", [False, True])
def test_a_merged_region_fills_down(tmp_path: Path, old: bool) -> None:
    rows = [HEAD, [*ROW[:3], "", "101"], [*SECOND[:3], "", "102"], ["", "", "", "", ""], [*ROW[:3], "", "104"]]
    if old:
        path = xls(tmp_path / "a.xls", rows, [(1, 4, 3, 3, "锦绣家园")])
    else:
        path = xlsx(tmp_path / "a.xlsx", rows, [("D2:D5", "锦绣家园")])
    with open_sheet(path, ROSTER) as sheet:
        assert [(row.number, row.get("compound")) for row in sheet] == [
            (2, "锦绣家园"),
            (3, "锦绣家园"),
            (5, "锦绣家园"),
        ]


def test_a_header_of_two_rows_with_merged_titles(tmp_path: Path) -> None:
    rows = [["", "人员", "", "", ""], ["", "姓名", "身份证号", "手机号", "房号"], ["锦绣家园", *ROW[:3], "101"]]
    path = xlsx(tmp_path / "a.xlsx", rows, [("A1:A2", "小区"), ("B1:D1", "人员")])
    with open_sheet(path, ROSTER) as sheet:
        (row,) = sheet
        assert row.clean("compound") == "锦绣家园"


def test_the_sheet_with_the_header_is_chosen_and_hidden_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    hidden = book.add_worksheet("旧")
    for row, values in enumerate((HEAD, SECOND)):
        hidden.write_row(row, 0, values)
    hidden.hide()
    book.add_worksheet("说明").write(0, 0, "请填写第二张表")
    page = book.add_worksheet("人员")
    for row, values in enumerate((HEAD, ROW)):
        page.write_row(row, 0, values)
    page.activate()
    page.set_first_sheet()
    book.close()
    columns = Columns()
    with open_sheet(path, ROSTER, columns=columns) as sheet:
        assert sheet.name == "人员"
        assert [row.clean("name") for row in sheet] == ["王芳"]
    assert columns.describe_sheets() == {"read": "人员", "others": ["说明"], "hidden": ["旧"]}


def test_dates_and_numbers_keep_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, ["姓名", "身份证号", "出生日期", "房号"])
    page.write_row(1, 0, ["王芳", ROW[1]])
    page.write_datetime(1, 2, datetime(1980, 3, 7), day)  # noqa: DTZ001 - a cell has no zone
    page.write_number(1, 3, 101)
    book.close()
    with open_sheet(path, ROSTER) as sheet:
        (row,) = sheet
    assert row.get("birth") == date(1980, 3, 7)
    assert row.clean("room") == "101"


def test_an_id_number_kept_as_a_number_is_refused_with_its_cell(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEAD, ["王芳", 150102198003071240, "1", "", ""], ["李雷", "1.50102E+17", "", "", ""]]
    with open_sheet(xlsx(tmp_path / "a.xlsx", rows), ROSTER) as sheet:
        first, second = sheet
    with pytest.raises(CellFault) as caught:
        first.clean("id_number")
    assert caught.value.code == "number_precision"
    values, rejections = second.clean_all()
    assert values["name"] == "李雷"
    assert "id_number" not in values
    (one,) = rejections
    assert (one.row, one.cell, one.column_title, one.code) == (3, "B3", "身份证号", "number_precision")
    assert one.advice


def test_unknown_and_untitled_columns_are_reported(tmp_path: Path) -> None:
    rows = [["序号", *HEAD, "血型", ""], ["1", *ROW, "A", "?"], ["2", *ROW, "B", "", "!"]]
    with open_sheet(xlsx(tmp_path / "a.xlsx", rows), ROSTER) as sheet:
        assert [(column.letter, column.title) for column in sheet.unknown_columns] == [("G", "血型")]
        list(sheet)
        assert sheet.untitled_columns == ("H", "I")


def test_columns_are_read_as_was_said(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["户号", "住的人", ""], ["101", "王芳", ROW[1]], ["102", "李雷", SECOND[1]]])
    columns = Columns({"住的人": "name", "#C": "id_number", "户号": "room"})
    with open_sheet(path, ROSTER, columns=columns) as sheet:
        assert [(row.clean("name"), row.cell("id_number")) for row in sheet] == [("王芳", "C2"), ("李雷", "C3")]


def test_leaving_early_leaves_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = []
    plain = _Child.__init__

    def noting(self: _Child, *args: object) -> None:
        plain(self, *args)  # type: ignore[arg-type]
        pids.append(self.pid)

    monkeypatch.setattr(_Child, "__init__", noting)
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([ROW] * 5000)])
    with open_sheet(path, ROSTER) as sheet:
        next(iter(sheet))
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_slow_reader_does_not_use_up_the_time_limit(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([ROW] * 8000)])
    with open_sheet(path, ROSTER) as sheet:
        rows = iter(sheet)
        next(rows)
        left, started = sheet._child._left, time.monotonic()
        time.sleep(4.0)
        assert sum(1 for _ in rows) == 7999
        assert left - sheet._child._left <= time.monotonic() - started - 4.0, "only what the rows took"


def test_errors_and_formulas_without_a_result_are_not_empty_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append([])
    for column, title in enumerate(HEAD, 3):  # nothing stands in A and B: the cells keep their names
        page.cell(2, column, title)
    for column, value in enumerate(["王芳", "#N/A", "=1/0", "锦绣家园", "#REF!"], 3):
        page.cell(3, column, value)
    page["D3"].data_type = page["G3"].data_type = "e"
    book.save(tmp_path / "a.xlsx")
    with open_sheet(tmp_path / "a.xlsx", ROSTER) as sheet:
        (row,) = sheet
    assert row.cells[:7] == ["", "", "王芳", "#N/A", "#CALC!", "锦绣家园", "#REF!"]
    assert [(one.cell, one.code) for one in row.clean_all()[1]] == [
        ("D3", "cell_error"),
        ("E3", "cell_not_computed"),
        ("G3", "cell_error"),
    ]


def test_cells_of_an_old_workbook_whose_formula_failed_are_not_empty(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.add_sheet("说明").write(0, 0, "填表说明")
    page = book.add_sheet("花名册")
    for column, title in enumerate(HEAD, 1):  # nothing stands in A: the cells keep their names
        page.write(1, column, title)
    page.write(2, 1, "王芳")
    page.row(2).set_cell_error(2, 0x2A)
    page.row(2).set_cell_error(3, "#REF!")
    page.row(2).set_cell_error(4, "#DIV/0!")
    page.row(2).set_cell_boolean(5, True)
    page.row(4).set_cell_error(1, "#NAME?")  # a row of nothing else
    book.save(str(tmp_path / "a.xls"))
    with open_sheet(tmp_path / "a.xls", ROSTER) as sheet:
        first, second = sheet
    assert first.cells == ["", "王芳", "#N/A", "#REF!", "#DIV/0!", True]
    assert [(one.cell, one.code) for one in first.clean_all()[1]] == [
        ("C3", "cell_error"),
        ("D3", "cell_error"),
        ("E3", "cell_error"),
    ]
    assert [(one.cell, one.code) for one in second.clean_all()[1]] == [("B5", "cell_error")]


def test_results_of_formulas_in_an_old_workbook_are_read() -> None:
    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def formula(row: int, column: int, value: bytes) -> bytes:
        return record(0x06, struct.pack("<HHH", row, column, 15) + value + bytes(8))

    begin, end = record(0x809, bytes(16)), record(0x0A, b"")
    start = len(begin) + 4 + 12 + len(end)
    stream = begin + record(0x85, struct.pack("<I", start) + bytes(8)) + end + begin
    stream += formula(0, 0, struct.pack("<d", 1.5))
    stream += formula(1, 0, b"\x00\0\0\0\0\0\xff\xff") + record(0x4BC, b"") + record(0x207, b"\1\0\0x")  # "x"
    stream += formula(2, 0, b"\x03\0\0\0\0\0\xff\xff")  # the empty text
    stream += formula(3, 0, b"\x01\0\1\0\0\0\xff\xff")  # TRUE
    stream += formula(4, 0, b"\x02\0\x24\0\0\0\xff\xff")
    stream += begin + formula(5, 0, b"\x02\0\x24\0\0\0\xff\xff") + end  # in a chart that lies in the sheet
    stream += formula(6, 0, b"\x00\0\0\0\0\0\xff\xff") + end
    assert child_xls.find_errors(stream, 0) == {4: [(0, "#NUM!")], 6: [(0, "#CALC!")]}
    with pytest.raises(child_xls.Unreadable):
        child_xls.find_errors(stream, 1)


def test_formulas_without_a_result_beyond_the_last_cell_are_not_lost(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(HEAD[:4])
    page.append([*ROW[:4], "=1/0"])
    page["A4"] = "=1/0"
    book.save(tmp_path / "a.xlsx")
    with open_sheet(tmp_path / "a.xlsx", ROSTER) as sheet:
        first, second = sheet
    assert (first.cells[4], second.number, second.cells[0]) == ("#CALC!", 4, "#CALC!")
