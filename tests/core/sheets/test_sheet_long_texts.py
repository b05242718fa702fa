"""Texts that no cell of a workbook can hold: whole in the workbook of rejected rows, whole when it comes back."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from django.utils import translation
from sheet_files import HEAD, ROSTER, ROW, text, xlsx

from linli.core.sheets import CellFault, CellTooLong, Columns, SheetRow, clean_text, give_back, open_sheet, write_xlsx
from linli.core.sheets.book import LONG_SHEETS, ExportColumn
from linli.core.sheets.child_long import find_texts
from linli.core.sheets.long_texts import LongTexts

PLAIN = "".join(f"{number:07d}、" for number in range(5_000))  # 40,000 characters
WIDE = "\U00020000" * 20_000  # 20,000 characters that count 40,000 in a spreadsheet
ODD = '"' + " 一行\r\n一行 _x000D_ =1+1" * 3_000 + ' "'
BAD_PHONE = "12"


def read(path: Path) -> list[SheetRow]:
    columns = Columns()
    with open_sheet(path, ROSTER, columns=columns) as sheet:
        assert columns.seen is not None
        assert columns.seen.others == ()
        return list(sheet)


def send_back(path: Path) -> Path:
    """The workbook of what is rejected in a sheet."""
    back = path.with_name(f"{path.stem}-back.xlsx")
    rejections = [one for row in read(path) for one in row.clean_all()[1]]
    give_back(path, back, rejections, spec=ROSTER, name=path.name)
    return back


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    quoted = [*HEAD, "备注", '"' + "注" * 33_000 + '"']
    rows = [
        [f"说明{PLAIN}"],
        quoted,
        ["王芳", ROW[1], BAD_PHONE, PLAIN, "101", f'"{ODD.replace(chr(34), chr(34) * 2)}"'],
        ["李雷", ROW[1], BAD_PHONE, WIDE, "102", "短"],
        ROW,
    ]
    return text(tmp_path / "a.csv", rows)


def test_they_come_back_whole_and_are_read_whole_again(sent: Path) -> None:
    first = read(sent)[:2]
    assert [row.cells[3] for row in first] == [PLAIN, WIDE]
    back = send_back(sent)
    book = openpyxl.load_workbook(back)
    assert book.sheetnames == ["a", "长文本"]
    page = book["a"]
    assert str(page["D3"].value).startswith("[[LINLI-TEXT-3]] 共 40,000 个字")
    assert all(len(str(cell.value)) < 500 for row in page for cell in row)
    assert page["C3"].comment is not None
    again = read(back)
    assert [row.cells[:6] for row in again] == [row.cells[:6] for row in first]
    with open_sheet(back, ROSTER) as sheet:
        assert sheet.header.titles[6] == "注" * 33_000
    assert [[one.code for one in row.clean_all()[1]] for row in again] == [["phone"], ["phone"]]
    twice = read(send_back(back))
    assert [row.cells[:6] for row in twice] == [row.cells[:6] for row in first]


def test_a_cell_that_was_corrected_counts_and_not_the_text_it_had(sent: Path) -> None:
    back = send_back(sent)
    book = openpyxl.load_workbook(back)
    book["a"]["D3"] = "锦绣家园"
    mark = str(book["a"]["D4"].value).split()[0]
    parts = [row for row in book["长文本"].iter_rows(min_row=2) if row[0].value == mark]
    parts[0][4].value = "改过的"
    book.save(back)
    first, second = read(back)
    assert first.clean("compound") == "锦绣家园"
    assert second.get("compound") == "改过的" + str(parts[1][4].value)


@pytest.mark.parametrize("cut", ["sheet", "part"])
def test_without_its_text_a_mark_is_refused_and_not_taken_for_one(sent: Path, cut: str) -> None:
    back = send_back(sent)
    book = openpyxl.load_workbook(back)
    if cut == "sheet":
        del book["长文本"]
    else:
        for row in [row for row in book["长文本"].iter_rows(min_row=2) if str(row[3].value).startswith("2/")]:
            book["长文本"].delete_rows(row[0].row)
            break
        for row in list(book["长文本"].iter_rows(min_row=2)):
            row[3].value = str(row[3].value).replace("1/2", "1/3")
    book.save(back)
    codes = {one.code for row in read(back) for one in row.clean_all()[1]}
    assert codes == {"long_text_missing", "phone"}
    with pytest.raises(CellFault):
        clean_text("[[LINLI-TEXT-3]] 共 40,000 个字")
    assert clean_text("[三]") == "[三]"


def test_a_sheet_of_that_name_may_hold_something_else(tmp_path: Path) -> None:
    with open_sheet(xlsx(tmp_path / "a.xlsx", [HEAD, ROW], sheet="长文本"), ROSTER) as sheet:
        assert sheet.name == "长文本"
        assert sum(1 for _ in sheet) == 1
    assert find_texts([[], ["[[LINLI-TEXT-1]]"], ["[[LINLI-TEXT-2]]", "", "", "1/1"]]) == {"2": ""}
    bad = text(tmp_path / "长文本.csv", [HEAD, ["王芳", ROW[1], BAD_PHONE, PLAIN, "101"]])
    assert read(send_back(bad))[0].get("compound") == PLAIN


def test_a_workbook_of_our_own_counts_as_a_spreadsheet_does(tmp_path: Path) -> None:
    lines = {"title": "a", "as_of": "b"}
    write_xlsx(tmp_path / "a.xlsx", [ExportColumn("x")], [["\U00020000" * 16_383]], **lines)
    with pytest.raises(CellTooLong):
        write_xlsx(tmp_path / "b.xlsx", [ExportColumn("x")], [["\U00020000" * 16_384]], **lines)


def test_a_number_too_large_to_be_one_is_an_error_of_its_cell(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet()
    page.write_row(0, 0, HEAD)
    page.write_row(1, 0, [*ROW[:4], 1.5])
    book.close()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part).replace(b"<v>1.5</v>", b"<v>1E+999</v>"))
    (row,) = read(tmp_path / "b.xlsx")
    assert [(one.cell, one.code) for one in row.clean_all()[1]] == [("E2", "cell_error")]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_second_sheet_is_found_in_either_language(language: str) -> None:
    with translation.override(language):
        assert LongTexts().name in LONG_SHEETS
