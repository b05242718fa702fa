"""The import page: what is offered, what is refused, how a job is followed, who gets the rejected rows back."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from linli.core import db, import_files, importers, jobs
from linli.core.errors import Problem
from linli.core.importers import Ask, Importer, Outcome, Source
from linli.core.models import Job
from linli.core.sheets import Account, Field, Rejection, SheetSpec, write_rejected
from tests.builders.duty import make_account, signed_in
from tests.builders.places import make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
KIND = "test.birds"
REJECTED = Rejection(3, "B3", "Wings", "birds.wings", "A bird has two wings.", "Count again.")
seen: list[bytes] = []


class Storm(Problem):
    code = "test.storm"
    title = "A storm came up."
    advice_text = "Wait for it to pass."


def work(run: jobs.Run, source: Source) -> Outcome:
    content = source.path.read_bytes()
    seen.append(content)
    if content == b"storm":
        raise Storm
    run.progress("counting", 2, 4)

    def write(file: IO[bytes]) -> object:
        return write_rejected(file, ["Name", "Wings"], [(3, ["crow", 3], [REJECTED])], sheet="birds")

    return Outcome(Account(rows_in=4, created=2, unchanged=1, rejected=1), [REJECTED], write)


@pytest.fixture(autouse=True)
def _birds(settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    monkeypatch.setattr(importers, "_importers", {})
    monkeypatch.setattr(jobs, "_kinds", dict(jobs._kinds))
    spec = SheetSpec((Field("name", ("Name",)), Field("wings", ("Wings",))))
    importers.register(Importer(KIND, "Birds", "Who flies", "residents.import", work, spec=spec, sample=[["crow", 2]]))
    importers.register(
        Importer("test.nests", "Nests", "", "places.import", work, order=60, asks=(Ask("tree", "Tree"),))
    )
    seen.clear()


@pytest.fixture
def office() -> Client:
    with db.owner():
        district = make_district(compounds=1, buildings=1, units=1)
    make_account(username="office", role="office", place=district.district)
    return signed_in("office")


def send(client: Client, content: bytes, name: str = "birds.csv", kind: str = KIND, **answers: str):  # type: ignore[no-untyped-def]
    return client.post(
        "/imports/", {"kind": kind, "file": SimpleUploadedFile(name, content), "at_once": "1", **answers}
    )


def run_job() -> Job:
    with db.owner():
        return jobs.carry_out(Job.objects.latest("created_at").pk)


def test_a_file_is_imported_and_the_account_balances(office: Client) -> None:
    answer = send(office, b"Name,Wings\n")
    assert answer.status_code == 302
    waiting = office.get(answer["Location"]).content.decode()
    assert "Waiting its turn" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    stored = [path for path in import_files.uploads().iterdir() if path.suffix == ".csv"]
    assert [oct(path.stat().st_mode & 0o777) for path in stored] == ["0o600"]

    assert run_job().state == Job.State.DONE
    assert seen == [b"Name,Wings\n"]
    assert not stored[0].exists()
    page = office.get(answer["Location"]).content.decode()
    assert "hx-trigger" not in page.split('id="job"')[1][:200]
    for words in ("Rows in the file", "A bird has two wings.", "Count again.", "B3"):
        assert words in page
    fetched = office.get(answer["Location"] + "rejected/")
    book = load_workbook(io.BytesIO(b"".join(fetched)))
    assert "crow" in {cell.value for row in book.worksheets[0] for cell in row}


def test_the_live_part_is_not_sent_twice(office: Client) -> None:
    address = send(office, b"x")["Location"]
    first = office.get(address, headers={"hx-request": "true"})
    again = office.get(address, headers={"hx-request": "true", "if-none-match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again["X-Linli-As-Of"]
    run_job()
    changed = office.get(address, headers={"hx-request": "true", "if-none-match": first["ETag"]})
    assert changed.status_code == 200


def test_a_problem_of_the_file_is_shown_with_advice(office: Client) -> None:
    address = send(office, b"storm")["Location"]
    assert run_job().state == Job.State.FAILED
    page = office.get(address).content.decode()
    assert "A storm came up." in page
    assert "Wait for it to pass." in page
    assert not list(import_files.uploads().iterdir())


@pytest.mark.parametrize(
    ("content", "name", "kind", "words"),
    [
        (b"x", "birds.docx", KIND, ".docx"),
        (b"x", "birds", KIND, "has no ending"),
        (b"x", "birds.csv", "test.nothing", "You cannot import this."),
        (b"x", "birds.csv", "test.nests", "has not been filled in"),
    ],
)
def test_what_cannot_be_imported_says_why(office: Client, content: bytes, name: str, kind: str, words: str) -> None:
    answer = send(office, content, name, kind)
    assert answer.status_code >= 400
    assert words in answer.content.decode()
    assert not list(import_files.uploads().iterdir())
    with db.owner():
        assert not Job.objects.exists()


def test_no_file_and_too_large_a_file(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No file was sent." in office.post("/imports/", {"kind": KIND}).content.decode()
    monkeypatch.setattr(importers, "MAX_BYTES", 10)
    answer = send(office, b"12345678901")
    assert answer.status_code == 413
    assert not list(import_files.uploads().iterdir())


def test_the_template_has_the_titles(office: Client) -> None:
    fetched = office.get(f"/imports/template/{KIND}/")
    book = load_workbook(io.BytesIO(b"".join(fetched)))
    values = {cell.value for row in book.worksheets[0] for cell in row}
    assert {"Name", "Wings", "crow"} <= values


def test_somebody_elses_job_is_not_there(office: Client) -> None:
    address = send(office, b"x")["Location"]
    run_job()
    make_account(username="other")
    assert signed_in("other").get(address).status_code == 404
    assert signed_in("other").get(address + "rejected/").status_code == 404


def test_who_may_not_import_sees_why(office: Client) -> None:
    make_account(username="other")
    page = signed_in("other").get("/imports/").content.decode()
    assert "You may not import anything" in page
    assert send(signed_in("other"), b"x").status_code == 404
    assert _("Import")


def test_an_answer_comes_with_the_file(office: Client) -> None:
    send(office, b"x", kind="test.nests", tree="oak")
    with db.owner():
        assert Job.objects.latest("created_at").params["answers"] == {"tree": "oak"}


def test_the_command_line_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    from linli.core import access, clock

    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(b"here")
    importer = importers.find_importer(KIND)
    assert importer is not None
    job = importers.import_here(importer=importer, path=sheet, answers={}, actor=access.SYSTEM, at=clock.now())
    assert job.state == Job.State.DONE
    assert sheet.read_bytes() == b"here"
    assert [path.suffix for path in import_files.uploads().iterdir()] == [".sealed"]
