"""Imports over the API: everything that the import desk's pages do, and nothing more."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from linli.core import access, clock, db, import_files, jobs
from linli.core.import_asking import XLSX
from linli.core.models import Account, JournalEntry
from linli.residents.models import Person
from tests.builders.duty import make_account, signed_in
from tests.builders.places import make_district
from tests.builders.residents import make_id_number
from tests.builders.rosters import TITLES, make_csv

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
KIND = "residents.import_roster"
API = "/api/imports"
NUMBERS = [make_id_number() for _ in range(2)]
ROWS = [
    ["阳光小区", "1号楼", "1单元", "101", "张三", "", NUMBERS[0], ""],
    ["阳光小区", "1号楼", "1单元", "102", "李四", "", NUMBERS[1], ""],
    ["阳光小区", "1号楼", "1单元", "103", "王五", "", "1.1E+17", "12"],
]


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.LINLI_HOME = tmp_path


@pytest.fixture
def office() -> Client:
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1)
    make_account(username="office", role="office", place=district.district)
    make_account(username="other", role="office", place=district.district)
    make_account(username="lead", role="unit_lead", place=district.units[0])
    return signed_in("office")


def send(client: Client, content: bytes, kind: str = KIND, name: str = "花名册.csv", **more: Any) -> Any:
    return client.post(f"{API}/{kind}", {"file": SimpleUploadedFile(name, content), **more})


def carry_out(client: Client, answer: Any) -> dict[str, Any]:
    """What became of the import that was answered."""
    assert answer.status_code == 202, answer.content
    with db.owner():
        jobs.carry_out(UUID(answer.json()["id"]))
    found: dict[str, Any] = client.get(answer.json()["url"]).json()
    return found


def people() -> set[str]:
    with db.owner():
        return set(Person.objects.values_list("name", flat=True))


def post(client: Client, url: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(url, body or {}, content_type="application/json")


def test_what_may_be_imported_and_with_which_columns(office: Client) -> None:
    offered = {one["kind"]: one for one in office.get(API).json()}
    roster = offered[KIND]
    name = next(one for one in roster["fields"] if one["name"] == "name")
    assert ("姓名" in name["titles"], name["kind"]) == (True, "name")
    assert [one["name"] for one in offered["rounds.import_marks"]["asks"]] == ["round"]
    template = office.get(f"{API}/{KIND}/template")
    assert template["Content-Type"] == XLSX
    book = load_workbook(io.BytesIO(b"".join(template)))
    assert "姓名" in [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    assert signed_in("lead").get(API).json() == []
    assert Client().get(API).status_code == 401


def test_checked_then_taken_with_its_account(office: Client) -> None:
    checked = carry_out(office, send(office, make_csv(ROWS)))
    assert checked["result"]["account"] == {"rows_in": 3, "created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert (checked["state"], checked["dry"], checked["waits"], checked["name"]) == ("done", True, True, "花名册.csv")
    assert people() == set()
    taken = carry_out(office, post(office, f"{checked['url']}/take"))
    assert (taken["dry"], taken["waits"]) == (False, False)
    assert taken["result"]["account"] == checked["result"]["account"]
    assert people() == {"张三", "李四"}
    again = post(office, f"{checked['url']}/take")
    assert (again.status_code, again.json()["code"]) == (409, "core.not_checked")
    assert [one["id"] for one in office.get(f"{API}/sent").json()] == [taken["id"], checked["id"]]


def test_rejected_rows_come_back_for_their_sender_alone(office: Client) -> None:
    done = carry_out(office, send(office, make_csv(ROWS), dry="false"))
    assert people() == {"张三", "李四"}
    answer = office.get(done["rejected_url"])
    assert answer["Content-Type"] == XLSX
    page = load_workbook(io.BytesIO(b"".join(answer))).worksheets[0]
    assert [page["E2"].value, page["G2"].comment is not None] == ["王五", True]
    page["G2"], page["H2"] = make_id_number(), ""
    corrected = io.BytesIO()
    assert page.parent is not None
    page.parent.save(corrected)
    back = carry_out(office, send(office, corrected.getvalue(), name="退回.xlsx", dry="false"))
    assert back["result"]["account"]["created"] == 1
    assert back["rejected_url"] is None
    assert office.get(f"{back['url']}/rejected").status_code == 404
    other = signed_in("other")
    for path in ("", "/rejected"):
        assert other.get(done["url"] + path).status_code == 404
    with db.owner():
        assert JournalEntry.objects.filter(verb="core.fetch_rejected").count() == 1


def test_a_text_too_long_for_a_cell_goes_there_and_back_whole(office: Client) -> None:
    text = "门铃坏，请敲门。" * 5_000
    sent = make_csv([[*ROWS[0], text]], [*TITLES, "备注"])
    done = carry_out(office, send(office, sent))
    for _ in range(2):
        assert [one["code"] for one in done["result"]["rejections"]] == ["too_long"]
        workbook = b"".join(office.get(done["rejected_url"]))
        book = load_workbook(io.BytesIO(workbook))
        assert "".join(str(row[4].value) for row in list(book.worksheets[1].iter_rows())[1:]) == text
        done = carry_out(office, send(office, workbook, name="退回.xlsx"))
    book.worksheets[0]["I2"] = "门铃坏"
    corrected = io.BytesIO()
    book.save(corrected)
    done = carry_out(office, send(office, corrected.getvalue(), name="改好.xlsx", dry="false"))
    assert (done["result"]["account"]["created"], people()) == (1, {"张三"})


def test_columns_are_said_and_remembered(office: Client) -> None:
    titles = [{"姓名": "住户", "身份证号": "号码"}.get(title, title) for title in TITLES]
    failed = carry_out(office, send(office, make_csv(ROWS[:2], titles)))
    assert (failed["state"], failed["error"]["code"], failed["waits"]) == ("failed", "core.sheet_header_missing", True)
    url = f"{failed['url']}/columns"
    for columns, code in (
        ({"住户": "nobody"}, "core.sheet_mapping"),
        ({"没有": "name"}, "core.sheet_mapping"),
        ({"号码": "id_number"}, "core.columns_unfit"),
        ({"住户": "name", "号码": "name"}, "core.columns_unfit"),
    ):
        refused = post(office, url, {"columns": columns})
        assert (refused.status_code, refused.json()["code"]) == (422, code), columns
    checked = carry_out(office, post(office, url, {"columns": {"住户": "name", "号码": "id_number"}}))
    assert (checked["state"], checked["result"]["account"]["created"]) == ("done", 2)
    assert post(office, url, {"columns": {"住户": "name"}}).status_code == 409
    assert carry_out(office, send(office, make_csv(ROWS[:2], titles)))["state"] == "done"


def test_discarded_nothing_of_it_stays(office: Client) -> None:
    checked = carry_out(office, send(office, make_csv(ROWS)))
    assert post(office, f"{checked['url']}/discard").status_code == 204
    assert list(import_files.uploads().iterdir()) == []
    assert post(office, f"{checked['url']}/discard").status_code == 409
    assert office.get(checked["url"]).json()["waits"] is False


def test_what_cannot_be_sent_is_said(office: Client) -> None:
    for kind, name, more, status, code in (
        ("nothing.known", "a.csv", {}, 404, "core.not_found"),
        (KIND, "a.pdf", {}, 415, "core.upload_type"),
        (KIND, "a.csv", {"dry": "perhaps"}, 422, "core.fields"),
        ("rounds.import_marks", "a.csv", {}, 400, "core.answer_missing"),
        ("places.import_outlines", "a.geojson", {"datum": "mars"}, 422, "core.answer_unknown"),
    ):
        refused = send(office, b"x", kind, name, **more)
        assert (refused.status_code, refused.json()["code"]) == (status, code), (kind, name)
    assert office.post(f"{API}/{KIND}", {}).status_code == 422
    assert send(signed_in("lead"), make_csv(ROWS)).status_code == 404
    assert list(import_files.uploads().iterdir()) == []
    with db.owner():
        account = Account.objects.get(username="office")
        actor = access.actor_of(account.pk, account.name, clock.now())
        job = jobs.create_job(kind="rounds.open", params={}, actor=actor, at=clock.now())
    assert office.get(f"{API}/sent/{job.pk}").status_code == 404, "long work, but no import"


def read_in(client: Client, language: str, url: str) -> Any:
    return client.get(url, headers={"accept-language": language})


def test_what_became_of_a_sheet_is_said_in_the_language_of_whoever_reads(office: Client) -> None:
    sent = carry_out(office, send(office, make_csv([[*ROWS[2][:7], "", "x"]], [*TITLES, "星座"])))
    for language, what, advice, note, fact in (
        ("zh-hans", "号码被表格软件", "请先把该列", "以下列未读取：I 星座。", "新增门户"),
        ("en", "The spreadsheet", "Format the column", "These columns were not read: I 星座.", "Doors new"),
    ):
        result = read_in(office, language, sent["url"]).json()["result"]
        for one in (*result["reasons"], *result["rejections"]):
            assert (one["message"][: len(what)], one["advice"][: len(advice)]) == (what, advice)
        assert (result["notes"], result["facts"][0][0]) == ([note], fact)
        page = read_in(office, language, f"/imports/{sent['id']}/").content.decode()
        assert [words in page for words in ("请先把该列", "Format the column")] == [language != "en", language == "en"]
        assert read_in(office, language, f"/api/jobs/{sent['id']}").json()["result"]["reasons"] == result["reasons"]


def test_why_a_file_was_refused_is_said_in_the_language_of_whoever_reads(office: Client) -> None:
    failed = carry_out(office, send(office, b"a,b\n1,2\n"))
    for language, what, advice in (
        ("zh-hans", "前", "请在数据上方用一行写明各列名称。"),
        ("en", "No header row was found", "Put the column titles in one row above the data."),
    ):
        error = read_in(office, language, failed["url"]).json()["error"]
        assert (error["detail"][: len(what)], error["advice"]) == (what, advice)
        assert {name: error[name] for name in ("type", "status", "code", "params")}.items() <= failed["error"].items()
        assert advice in read_in(office, language, f"/imports/{failed['id']}/").content.decode()
        assert read_in(office, language, f"/api/jobs/{failed['id']}").json()["error"] == error
