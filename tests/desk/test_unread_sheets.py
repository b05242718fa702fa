"""Further sheets of a workbook are not read, and nobody has to find that out by themselves: a check, the account of an
import on its page, over the API and at the terminal name them, in the language of whoever reads it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
import xlwt
from django.core.files.uploadedfile import SimpleUploadedFile

from linli.core import db, jobs
from linli.site import cli
from tests.builders.duty import make_account, signed_in
from tests.builders.places import make_district
from tests.builders.rosters import TITLES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
ROW = ["阳光小区", "1号楼", "1单元", "101", "张三", "", "", ""]
Sheets = Sequence[tuple[str, Sequence[Sequence[str]], bool]]
SHEETS: Sheets = (
    ("填表说明", [["请勿合并单元格"]], False), ("一号楼", [TITLES, ROW], False), ("二号楼", [TITLES, ROW], False),
    ("Sheet4", [], False), ("旧表", [TITLES, ROW], True), ("空表", [], True),
)  # fmt: skip
TOLD = {"read": "一号楼", "others": ["填表说明", "二号楼"], "hidden": ["旧表"]}


def make_xlsx(path: Path, sheets: Sheets) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, rows, hidden in sheets:
        page = book.add_worksheet(name)
        for number, values in enumerate(rows):
            page.write_row(number, 0, values)
        if hidden:
            page.hide()
    book.close()
    return path


def make_xls(path: Path, sheets: Sheets) -> Path:
    book = xlwt.Workbook()
    for name, rows, hidden in sheets:
        page = book.add_sheet(name)
        for number, values in enumerate(rows):
            for column, value in enumerate(values):
                page.write(number, column, value)
        page.visibility = int(hidden)
    book.save(str(path))
    return path


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.LINLI_HOME = tmp_path / "home"
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1)
    make_account(username="office", role="office", place=district.district)


def send(file: Path) -> str:
    """Sent to be checked over the API; the id of the job, which has been carried out."""
    content = {"file": SimpleUploadedFile(file.name, file.read_bytes())}
    answer = signed_in("office").post("/api/imports/residents.import_roster", content)
    assert answer.status_code == 202, answer.content
    job = str(answer.json()["id"])
    with db.owner():
        jobs.carry_out(UUID(job))
    return job


@pytest.mark.parametrize("make", [make_xlsx, make_xls])
def test_the_page_of_a_check_names_them_in_the_readers_language(make: Any, tmp_path: Path) -> None:
    """Empty sheets, which many programs leave in a workbook, are not worth a word."""
    job = send(make(tmp_path / f"花名册.{make.__name__[5:]}", SHEETS))
    office = signed_in("office")
    assert office.get(f"/api/imports/sent/{job}").json()["result"]["sheets"] == TOLD
    english = office.get(f"/imports/{job}/", headers={"accept-language": "en"}).content.decode()
    assert "Only the sheet “一号楼” was read. Not read: 填表说明、二号楼." in english
    assert "Hidden sheets were not read: 旧表." in english
    assert "Sheet4" not in english
    assert "空表" not in english
    chinese = office.get(f"/imports/{job}/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "只读取了工作表“一号楼”" in chinese
    assert "填表说明、二号楼" in chinese


def test_a_workbook_of_one_sheet_says_nothing_of_it(tmp_path: Path) -> None:
    job = send(make_xlsx(tmp_path / "a.xlsx", (SHEETS[1], SHEETS[3])))
    office = signed_in("office")
    assert office.get(f"/api/imports/sent/{job}").json()["result"]["sheets"] == {
        "read": "一号楼", "others": [], "hidden": [],
    }  # fmt: skip
    assert "was read" not in office.get(f"/imports/{job}/", headers={"accept-language": "en"}).content.decode()


def test_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LINLI_AS", "office")
    monkeypatch.setenv("LINLI_LANG", "en")
    file = str(make_xlsx(tmp_path / "花名册.xlsx", SHEETS))
    for dry in (["--dry-run"], []):
        assert cli.run_command(["import", "roster", file, *dry, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["sheets"] == TOLD
        assert cli.run_command(["import", "roster", file, *dry]) == 0
        assert "Only the sheet “一号楼” was read. Not read: 填表说明、二号楼." in capsys.readouterr().out
