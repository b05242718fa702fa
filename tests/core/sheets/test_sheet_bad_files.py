"""Every kind of bad file is refused in words, and nothing of the child that looked at it remains."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sheet_files import HEAD, ROSTER, ROW, bomb, encrypted, encrypted_xls, text, xls, xlsx

from linli.core.sheets import (
    Columns,
    HeaderMissing,
    HeaderNotFound,
    HeaderTwice,
    Limits,
    MappingWrong,
    SheetBomb,
    SheetCell,
    SheetColumns,
    SheetCorrupt,
    SheetEmpty,
    SheetEncoding,
    SheetFileSize,
    SheetMemory,
    SheetPassword,
    SheetProblem,
    SheetQuotes,
    SheetRows,
    SheetTime,
    SheetType,
    open_sheet,
)
from linli.core.sheets import reader as reader_module


@pytest.fixture(autouse=True)
def no_child_remains(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pids = []
    plain = reader_module._Child.__init__

    def noting(self: reader_module._Child, *args: object) -> None:
        plain(self, *args)  # type: ignore[arg-type]
        pids.append(self.pid)

    monkeypatch.setattr(reader_module._Child, "__init__", noting)
    yield
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def refuse(kind: type[SheetProblem], path: Path, **options: object) -> SheetProblem:
    with pytest.raises(kind) as caught, open_sheet(path, ROSTER, **options) as sheet:  # type: ignore[arg-type]
        list(sheet)
    assert caught.type is kind
    assert caught.value.detail
    assert caught.value.advice
    assert caught.value.code.startswith("core.sheet")
    return caught.value


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_password_protected(tmp_path: Path) -> None:
    refuse(SheetPassword, encrypted(tmp_path / "a.xlsx"))


def test_password_protected_xls(tmp_path: Path) -> None:
    refuse(SheetPassword, encrypted_xls(tmp_path / "a.xls"))


@pytest.mark.parametrize("lie", [False, True])
def test_zip_bomb(tmp_path: Path, lie: bool) -> None:
    refuse(SheetBomb, bomb(tmp_path / "a.xlsx", lie=lie))


def test_declared_size_is_judged_before_anything_is_unpacked(tmp_path: Path) -> None:
    refuse(SheetBomb, bomb(tmp_path / "a.xlsx"), limits=Limits(unpacked_bytes=1 << 20))


def test_text_renamed_to_xlsx(tmp_path: Path) -> None:
    problem = refuse(SheetType, text(tmp_path / "a.xlsx", [HEAD, ROW]))
    assert problem.status == 415


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n%\xe2\xe3",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "<html><table><tr><td>姓名".encode(),
        b'<?xml version="1.0"?><Workbook/>',
        b"\x7fELF\x02\x01\x01\0",
    ],
)
@pytest.mark.parametrize("name", ["a.xls", "a.xlsx", "a.csv"])
def test_other_kinds_of_file(tmp_path: Path, content: bytes, name: str) -> None:
    refuse(SheetType, write(tmp_path / name, content))


def test_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    refuse(SheetType, tmp_path / "a.xlsx")


def test_truncated_and_damaged(tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "a.xlsx", [HEAD, *([ROW] * 500)]).read_bytes()
    refuse(SheetCorrupt, write(tmp_path / "cut.xlsx", whole[: len(whole) // 2]))
    middle = whole.index(b"xl/worksheets/sheet1.xml") + 200
    refuse(SheetCorrupt, write(tmp_path / "bad.xlsx", whole[:middle] + b"\0\1\2\3" + whole[middle + 4 :]))
    old = xls(tmp_path / "a.xls", [HEAD, *([ROW] * 500)]).read_bytes()
    refuse(SheetCorrupt, write(tmp_path / "cut.xls", old[:4000]))


def test_xml_inside_that_is_no_xml(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook><sheets><sheet")
    refuse(SheetCorrupt, tmp_path / "a.xlsx")


def test_empty(tmp_path: Path) -> None:
    refuse(SheetEmpty, write(tmp_path / "a.csv", b""))
    refuse(SheetEmpty, xlsx(tmp_path / "a.xlsx", []))
    refuse(SheetEmpty, write(tmp_path / "b.csv", b"\r\n , \r\n"))
    refuse(SheetEmpty, xlsx(tmp_path / "c.xlsx", [["花名册"], HEAD, [], [" "]]))


def test_csv_of_unknown_encoding_or_with_open_quotes(tmp_path: Path) -> None:
    refuse(SheetEncoding, write(tmp_path / "a.csv", "姓名,身份证号\r\n".encode() + b"\xff\xff,1\r\n"))
    bad = ",".join(HEAD) + "\r\n" + ",".join(ROW) + '\r\n"王芳,1,2,3,4\r\n'
    assert refuse(SheetQuotes, write(tmp_path / "b.csv", bad.encode())).params["line"] == 3


def test_a_quotation_mark_that_swallows_the_file_is_named_by_its_line(tmp_path: Path) -> None:
    rows = [ROW] * 40_000  # some megabytes: what follows the open quotation mark is one cell for any reader
    path = text(tmp_path / "a.csv", [HEAD, ROW, ['"王芳', *ROW[1:]], *rows])
    assert refuse(SheetQuotes, path).params["line"] == 3
    path = text(tmp_path / "b.csv", [HEAD, ROW, ['"王芳', *ROW[1:]], *(rows * 4)])
    problem = refuse(SheetCell, path)
    assert problem.params == {"line": 3, "limit": "4,194,304"}
    assert "引号" in str(problem.advice)


def test_too_much(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([ROW] * 60)])
    refuse(SheetRows, path, limits=Limits(rows=50))
    refuse(SheetColumns, path, limits=Limits(columns=4))
    refuse(SheetFileSize, path, limits=Limits(file_bytes=1000))
    comma = text(tmp_path / "a.csv", [HEAD, *([ROW] * 60)])
    refuse(SheetRows, comma, limits=Limits(rows=50))
    refuse(SheetColumns, comma, limits=Limits(columns=4))


def test_blank_rows_do_not_count_against_the_limit(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([[]] * 200), ROW])
    with open_sheet(path, ROSTER, limits=Limits(rows=10)) as sheet:
        assert [row.number for row in sheet] == [202]


def test_one_cell_far_away_meets_the_memory_limit(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([[]] * 1_000_000), [*([""] * 800), "x"]])
    refuse(SheetMemory, path, limits=Limits(memory=512 << 20))


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [HEAD, *([ROW] * 100)])
    refuse(SheetTime, path, limits=Limits(wait=0.001))


def use_child(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another child, with what lies beside it."""
    for beside in reader_module.CHILD.parent.glob("child_*.py"):
        write(tmp_path / beside.name, beside.read_bytes())
    monkeypatch.setattr(reader_module, "CHILD", write(tmp_path / "child.py", source.encode()))


def test_a_child_that_burns_cpu_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = reader_module.CHILD.read_text().replace(
        "def run(ask", "def run(ask: Any) -> None:\n    while True: pass\ndef old(ask"
    )
    use_child(source, tmp_path, monkeypatch)
    refuse(SheetTime, xlsx(tmp_path / "a.xlsx", [HEAD, ROW]), limits=Limits(cpu=1))


def test_a_child_that_eats_memory_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eat = "def run(ask: Any) -> None:\n    eaten = []\n    while True: eaten.append(bytearray(1 << 24))\ndef old(ask"
    source = reader_module.CHILD.read_text().replace("def run(ask", eat)
    use_child(source, tmp_path, monkeypatch)
    refuse(SheetMemory, xlsx(tmp_path / "a.xlsx", [HEAD, ROW]), limits=Limits(memory=256 << 20))


def test_a_fault_of_ours_does_not_pass_for_a_bad_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = reader_module.CHILD.read_text().replace(
        "def run(ask", "def run(ask: Any) -> None:\n    1 / 0\ndef old(ask"
    )
    use_child(source, tmp_path, monkeypatch)
    with (
        pytest.raises(RuntimeError, match="ZeroDivisionError in main"),
        open_sheet(xlsx(tmp_path / "a.xlsx", [HEAD, ROW]), ROSTER),
    ):
        pass


def test_two_headers_for_one_field_name_both_cells(tmp_path: Path) -> None:
    problem = refuse(HeaderTwice, xlsx(tmp_path / "a.xlsx", [["标题"], ["姓名", "身份证", "身份证号码"], ROW[:3]]))
    assert "B2 身份证" in problem.detail
    assert "C2 身份证号码" in problem.detail


def test_a_missing_header_lists_what_was_seen(tmp_path: Path) -> None:
    problem = refuse(HeaderMissing, xlsx(tmp_path / "a.xlsx", [["姓名", "电话号"], ["王芳", "1"]]))
    assert "身份证号" in problem.detail
    assert "B 电话号" in problem.detail


def test_no_header_at_all(tmp_path: Path) -> None:
    assert "甲" in refuse(HeaderNotFound, xlsx(tmp_path / "a.xlsx", [["甲", "乙"], ["1", "2"]])).detail


@pytest.mark.parametrize("chosen", [{"#ZZ": "name"}, {"外号": "name"}, {"姓名": "nobody"}])
def test_columns_that_were_said_and_do_not_fit(tmp_path: Path, chosen: dict[str, str]) -> None:
    refuse(MappingWrong, xlsx(tmp_path / "a.xlsx", [HEAD, ROW]), columns=Columns(chosen))


def test_two_columns_that_were_said_for_one_field(tmp_path: Path) -> None:
    problem = refuse(
        HeaderTwice, xlsx(tmp_path / "a.xlsx", [HEAD, ROW]), columns=Columns({"姓名": "room", "小区": "room"})
    )
    assert "A1" in problem.detail
    assert "D1 小区" in problem.detail
