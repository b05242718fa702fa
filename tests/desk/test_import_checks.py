"""A check before an import: its figures are those of the import, it leaves nothing, and what may be done after it."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidTag
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from linli.core import clock, db, import_columns, import_files, jobs, periodic
from linli.core.access import SYSTEM
from linli.core.models import ImportColumns, Job, JournalEntry
from linli.core.sheets import Columns, Field, SheetSpec, column_keys, open_sheet, read_key, signature_of
from linli.residents.models import Person
from tests.builders.duty import make_account, signed_in
from tests.builders.places import make_district
from tests.builders.residents import make_id_number
from tests.builders.rosters import TITLES, make_csv

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
KIND = "residents.import_roster"
NUMBERS = [make_id_number() for _ in range(3)]
ROWS = [
    ["阳光小区", "1号楼", "1单元", "101", "张三", "", NUMBERS[0], ""],
    ["阳光小区", "1号楼", "1单元", "102", "李四", "", NUMBERS[1], ""],
    ["阳光小区", "1号楼", "1单元", "0102", "=王五", "", "1.1E+17", "12"],
]


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.LINLI_HOME = tmp_path


@pytest.fixture
def office() -> Client:
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1)
    make_account(username="office", role="office", place=district.district)
    return signed_in("office")


def send(client: Client, content: bytes, name: str = "花名册.csv", **more: str) -> str:
    """Send a sheet and carry out its job; the address of the job's page."""
    answer = client.post("/imports/", {"kind": KIND, "file": SimpleUploadedFile(name, content), **more})
    assert answer.status_code == 302, answer.content
    carry_out()
    return str(answer["Location"])


def carry_out() -> Job:
    with db.owner():
        return jobs.carry_out(Job.objects.latest("created_at").pk)


def newest() -> Job:
    with db.owner():
        return Job.objects.latest("created_at")


def outcome(job: Job) -> dict[str, Any]:
    return cast(dict[str, Any], job.result)


def people() -> int:
    with db.owner():
        return Person.objects.count()


def test_a_check_writes_nothing_and_its_figures_are_those_of_the_import(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr("linli.residents.changes.publish", told.append)
    page = send(office, make_csv(ROWS))
    checked = outcome(newest())
    assert checked["account"] == {"rows_in": 3, "created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert [(one["code"], one["count"], one["cells"]) for one in checked["reasons"]] == [
        ("number_precision", 1, ["G4"]),
        ("phone", 1, ["H4"]),
    ]
    assert (people(), told) == (0, [])
    with db.owner():
        assert not JournalEntry.objects.filter(verb=KIND).exists()
    shown = office.get(page).content.decode()
    for words in ("What would come of it", "Import now", "Discard the file", "Correct the columns", "First cells"):
        assert words in shown

    taken = office.post(page + "take/")
    done = carry_out()
    assert {name: outcome(done)[name] for name in ("account", "facts", "reasons")} == {
        name: checked[name] for name in ("account", "facts", "reasons")
    }
    assert people() == 2
    assert told
    assert taken["Location"] != page
    assert office.post(page + "take/").status_code == 409
    assert "imported or discarded since" in office.get(page).content.decode()
    assert {path.suffix for path in import_files.uploads().iterdir()} == {".sealed"}


def test_a_second_check_tells_who_would_move(office: Client) -> None:
    send(office, make_csv(ROWS[:2]), at_once="1")
    moved = [[*ROWS[0][:3], "201", *ROWS[0][4:]], ROWS[1]]
    send(office, make_csv(moved))
    result = outcome(newest())
    assert (result["account"]["updated"], result["account"]["unchanged"]) == (1, 1)
    assert 1 in [value for _, value in result["facts"]]


def test_a_discarded_file_is_gone_with_its_rejected_rows(office: Client) -> None:
    page = send(office, make_csv(ROWS))
    assert office.post(page + "discard/").status_code == 302
    assert not list(import_files.uploads().iterdir())
    assert office.post(page + "discard/").status_code == 409
    assert people() == 0


def test_what_waits_too_long_is_deleted(office: Client) -> None:
    page = send(office, make_csv(ROWS))
    with db.owner():
        periodic.clear_uploads(clock.now() + import_files.CHECKED_KEPT + timedelta(minutes=1))
    assert {path.suffix for path in import_files.uploads().iterdir()} == {".sealed"}
    assert office.post(page + "take/").status_code == 409
    with db.owner():
        periodic.clear_uploads(clock.now() + import_files.REJECTED_KEPT + timedelta(minutes=1))
    assert not list(import_files.uploads().iterdir())


def test_rejected_rows_come_back_as_they_were_sent_and_are_taken_when_corrected(office: Client) -> None:
    page = send(office, make_csv(ROWS), at_once="1")
    sealed = import_files.rejected_path(newest().pk)
    assert b"1.1E+17" not in sealed.read_bytes()
    assert not sealed.read_bytes().startswith(b"PK")
    fetched = office.get(page + "rejected/")
    content = b"".join(fetched)
    assert fetched["Cache-Control"] == "no-store"
    book = load_workbook(io.BytesIO(content))
    sheet = book["花名册"]
    assert [cell.value for cell in sheet[1]][:8] == list(TITLES)
    row = sheet[2]
    assert [cell.value for cell in row][:5] == ["阳光小区", "1号楼", "1单元", "0102", "=王五"]
    assert row[4].data_type == "s"  # a text, not a formula
    assert [cell.coordinate for cell in row if cell.comment] == ["G2", "H2"]
    assert (row[8].value, sheet.max_row) == (4, 2)
    row[3].value, row[4].value, row[6].value, row[7].value = "201", "王五", NUMBERS[2], None
    corrected = io.BytesIO()
    book.save(corrected)
    send(office, corrected.getvalue(), "改好.xlsx", at_once="1")
    assert outcome(newest())["account"] == {"rows_in": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    # The two columns of help are passed over in silence.
    assert not [note for note in outcome(newest())["notes"] if "not read" in note]
    with db.owner():
        entry = JournalEntry.objects.get(verb="core.fetch_rejected")
    assert (entry.subject, entry.detail["rows"]) == (KIND, 1)


def test_only_its_sender_who_still_may_gets_them(office: Client) -> None:
    page = send(office, make_csv(ROWS), at_once="1")
    with db.owner():
        job = newest()
        db.execute("UPDATE appointment SET until = %s", [clock.now()])
    assert office.get(page + "rejected/").status_code == 403
    sealed = import_files.rejected_path(job.pk)
    sealed.write_bytes(sealed.read_bytes()[:-40])
    with pytest.raises(InvalidTag):
        import_files.open_rejected(job.pk)


UNTOLD = make_csv([["甲", *row] for row in ROWS], ["经办", *TITLES[:4], "住的人", *TITLES[5:]])


def test_columns_that_cannot_be_told_are_said_and_remembered(office: Client) -> None:
    page = send(office, UNTOLD)
    assert newest().state == Job.State.FAILED
    assert "Say which column is which" in office.get(page).content.decode()
    form = office.get(page + "columns/").content.decode()
    assert "No column is taken for: 姓名." in form
    assert "张三" not in form
    assert "张*" in form
    assert NUMBERS[0] not in form
    twice = office.post(page + "columns/", {"column-住的人": "name", "column-经办": "name"})
    assert (twice.status_code, "Two columns are taken for" in twice.content.decode()) == (422, True)
    answer = office.post(page + "columns/", {"column-住的人": "name"})
    assert answer.status_code == 302
    assert outcome(carry_out())["account"]["created"] == 2

    again = make_csv(
        [list(reversed(["甲", *row])) for row in ROWS[:1]], list(reversed(["经办", *TITLES[:4], "住的人", *TITLES[5:]]))
    )
    send(office, again, at_once="1")  # the same titles in another order, next time
    assert outcome(newest())["account"]["created"] == 1
    make_account(username="other")
    with db.owner():
        (kept,) = ImportColumns.objects.all()
        assert kept.chosen["住的人"] == "name"
        assert JournalEntry.objects.filter(verb="core.choose_columns").exists()
        assert import_columns.find_remembered(account_id=kept.account_id + 1, kind=KIND) == {}
        spec = SheetSpec((Field("name", ("姓名",)),))
        import_columns.remember_columns(
            kind=KIND, signature=kept.signature, chosen={}, spec=spec, actor=SYSTEM, at=clock.now()
        )
    assert signed_in("other").get(page + "columns/").status_code == 404


def test_keys_of_columns() -> None:
    assert column_keys(["姓名", "＊姓 名：", "", "电话"]) == ["姓名", "姓名#2", "#C", "电话"]
    assert [read_key(text) for text in ("姓名 ", "姓名#2", "#c")] == ["姓名", "姓名#2", "#C"]
    assert signature_of(["姓名", "", "电话"]) == signature_of(["电话", "姓名", "原行号", "问题与改法"])
    assert signature_of(["姓名"]) != signature_of(["电话"])


def test_a_chosen_column_wins_over_titles(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("姓名,姓名,电话\n张三,李四,1\n")
    spec = SheetSpec((Field("name", ("姓名",), True), Field("phone", ("电话",))))
    with open_sheet(path, spec, columns=Columns({"姓名#2": "name", "电话": ""})) as sheet:
        (row,) = sheet
    assert (row.get("name"), row.get("phone")) == ("李四", "")
    assert [one.letter for one in sheet.unknown_columns] == ["A", "C"]
