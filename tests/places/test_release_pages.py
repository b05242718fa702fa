"""The page that brings the divisions to a new release: tried first, then carried out, with a report to take away."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from linli.core import clock, db, import_files, jobs, periodic
from linli.core.access import SYSTEM
from linli.core.importers import Source
from linli.core.models import Job
from linli.places import queries
from linli.places.imports.divisions import load_divisions
from tests.builders.duty import make_account, signed_in
from tests.builders.places import AT
from tests.places.test_releases import NEW, OLD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
CHANGES = {"rows_in": 20, "created": 1, "updated": 12, "unchanged": 5, "rejected": 2}


@pytest.fixture
def office(settings: Any, tmp_path: Path) -> Client:
    settings.LINLI_HOME = tmp_path
    old = tmp_path / "divisions.csv"
    old.write_text(OLD)
    with db.owner():
        load_divisions(Source(old, old.name), actor=SYSTEM, at=AT, watch=lambda *_: None)
        make_account(username="office", role="office", place=queries.get_place("1501"))
    return signed_in("office")


def send(client: Client, old: str = OLD, new: str = NEW) -> str:
    """Send both lists and carry out the job; the address of its page."""
    files = {"old": SimpleUploadedFile("2020.csv", old.encode()), "new": SimpleUploadedFile("2023.csv", new.encode())}
    answer = client.post("/places/release/", files)
    assert answer.status_code == 302, answer.content
    page = str(answer["Location"])
    assert "Waiting its turn" in client.get(page).content.decode()
    carry_out()
    return page


def outcome(job: Job) -> dict[str, Any]:
    return cast(dict[str, Any], job.result)


def carry_out() -> Job:
    with db.owner():
        return jobs.carry_out(Job.objects.latest("created_at").pk)


def test_tried_then_carried_out(office: Client) -> None:
    page = send(office)
    shown = office.get(page).content.decode()
    for words in (
        "What would happen", "Gone; what stood under it is under several now", "东街街道 1、祖庵街道 1",
        "the same places under it", "Carry out 13 changes", "For you to decide: 2", "What would change: 13",
    ):  # fmt: skip
        assert words in shown, words
    with db.owner():
        assert outcome(Job.objects.latest("created_at"))["account"] == CHANGES
        assert queries.find_place("150106") is None
    assert office.get(page, headers={"HX-Request": "true"}).content.decode().startswith('<div id="job"')

    taken = office.post(page + "take/")
    done = carry_out()
    assert outcome(done)["account"] == CHANGES
    with db.owner():
        assert queries.get_place("150106").name == "西郊区"
    shown = office.get(taken["Location"]).content.decode()
    assert "What has been done" in shown
    assert "Carry out" not in shown
    assert office.post(page + "take/").status_code == 409
    assert "taken or discarded since" in office.get(page).content.decode()
    assert {path.suffix for path in import_files.uploads().iterdir()} == {".sealed"}

    again = office.get(send(office)).content.decode()
    assert "the register is as the new list says" in again
    assert "take/" not in again


def test_the_report_has_every_line(office: Client) -> None:
    page = send(office, new=NEW + "15010,15,city,坏代码市\n")
    assert "1 rows could not be read" in office.get(page).content.decode()
    answer = office.get(page + "report/")
    book = load_workbook(io.BytesIO(b"".join(answer)))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    start = next(n for n, row in enumerate(rows) if row[0] == "Old code")
    lines = rows[start + 1 :]
    assert len(lines) == CHANGES["rows_in"] + 1
    assert next(row[5:7] for row in lines if row[1] == "祖庵镇") == [
        "New code、Renamed",
        "code 150102012、name 祖庵街道",
    ]
    assert lines[-1][4:6] == ["not readable", "New release, cell A21"]


def test_read_in_the_language_of_whoever_reads(office: Client) -> None:
    """Made by somebody who reads English; the words are those of each reader, on the page, in the workbook, on the
    API."""
    page = send(office, old=OLD + "15010,15,city,坏代码市\n")
    english = office.get(page).content.decode()
    assert "Two files do not tell whether it was merged" in english
    assert "What stood under it is now under: 东街街道 1、祖庵街道 1." in english
    assert "code 150102012、name 祖庵街道" in english
    address = "/api/jobs/" + page.rstrip("/").split("/")[-1]

    def left(language: str) -> list[tuple[str, str]]:
        answer = office.get(address, headers={"Accept-Language": language})
        return [(one["what"], one["advice"]) for one in answer.json()["result"]["left"]]

    assert any("Not in the new release." in what for what, _ in left("en"))
    assert all(what.isascii() is False and "Not in" not in what + advice for what, advice in left("zh-hans"))

    chinese = office.get(page, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "原来在它下面的，现在在：东街街道 1、祖庵街道 1。" in chinese
    for words in ("Two files do not tell", "What stood under", "code 150102012", "name 祖庵街道"):
        assert words not in chinese, words
    book = load_workbook(io.BytesIO(b"".join(office.get(page + "report/", headers={"Accept-Language": "zh-hans"}))))
    cells = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert "原代码" in cells
    letters = re.compile("[A-Za-z]{3}")
    assert [cell for cell in cells if letters.search(cell)] == []


def test_further_sheets_of_a_workbook_are_named(office: Client, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "2023.xlsx"))
    for name in ("区划", "说明", "空表"):
        page = book.add_worksheet(name)
        for number, line in enumerate(NEW.splitlines() if name != "空表" else ()):
            page.write_row(number, 0, line.split(","))
    book.close()
    new = SimpleUploadedFile("2023.xlsx", (tmp_path / "2023.xlsx").read_bytes())
    answer = office.post("/places/release/", {"old": SimpleUploadedFile("2020.csv", OLD.encode()), "new": new})
    carry_out()
    shown = office.get(answer["Location"], headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "2023.xlsx: 只读取了工作表“区划”，以下工作表未读取：说明。" in shown
    assert "空表" not in shown


def test_discarded_and_forgotten(office: Client) -> None:
    page = send(office)
    assert office.post(page + "discard/").status_code == 302
    assert not list(import_files.uploads().iterdir())
    assert office.get(page + "report/").status_code == 404
    assert office.post(page + "discard/").status_code == 409
    page = send(office)
    with db.owner():
        periodic.clear_uploads(clock.now() + import_files.CHECKED_KEPT + timedelta(minutes=1))
    assert office.post(page + "take/").status_code == 409


def test_both_files_stay_while_the_job_waits(office: Client) -> None:
    files = {name: SimpleUploadedFile(f"{name}.csv", text.encode()) for name, text in (("old", OLD), ("new", NEW))}
    office.post("/places/release/", files)
    with db.owner():
        periodic.clear_uploads(clock.now() + timedelta(days=3))
    assert outcome(carry_out())["account"] == CHANGES


def test_bad_files_are_refused(office: Client) -> None:
    answer = office.post("/places/release/", {"old": SimpleUploadedFile("a.csv", OLD.encode())})
    assert answer.status_code == 400
    assert "Two files are needed" in answer.content.decode()
    files = {"old": SimpleUploadedFile("a.pdf", b"%PDF"), "new": SimpleUploadedFile("b.csv", NEW.encode())}
    assert office.post("/places/release/", files).status_code == 415
    assert not list(import_files.uploads().iterdir())
    page = send(office, old="序号,备注\n1,2\n")
    assert "Nothing has been changed." in office.get(page).content.decode()


def test_somebody_elses_work_is_not_shown(office: Client) -> None:
    page = send(office)
    with db.owner():
        make_account(username="other", role="command", place=queries.get_place("1501"))
    other = signed_in("other")
    assert [other.get(page).status_code, other.get(page + "report/").status_code] == [404, 404]
    assert other.post(page + "take/").status_code == 404
    desk = page.replace("/places/release/", "/imports/")
    assert office.get(desk)["Location"] == page
