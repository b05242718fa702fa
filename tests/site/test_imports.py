"""`linli import`: one command for whatever a room registers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from linli.core import importers, jobs
from linli.core.errors import Invalid
from linli.core.importers import Ask, Importer, Outcome, Source
from linli.core.sheets import Account, Rejection
from linli.site import cli, imports

REJECTED = Rejection(3, "B3", "姓名", "x.no_name", "The name is missing.", "Fill it in.")


def carry_out(run: jobs.Run, source: Source) -> Outcome:
    """Takes the first line as what to do."""
    said = source.path.read_text().strip()
    run.progress("reading", 1, 2)
    if said == "fail":
        raise Invalid("There is no round R7.", advice="Look for it in the list.")
    if said == "reject":
        return Outcome(Account(2, 1, 0, 0, 1), [REJECTED], lambda file: file.write(b"workbook"))
    return Outcome(Account(2, 1, 1, 0, 0), facts=[(source.answers.get("round", "?"), 7)])


@pytest.fixture(autouse=True)
def _one_importer(monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: Path) -> None:
    one = Importer(
        kind="rounds.import_test_marks",
        label="Marks",
        about="From a sheet.",
        permission="rounds.mark",
        work=carry_out,
        asks=(Ask("round", "Code of the round"), Ask("note", "A note", required=False)),
    )
    settings.LINLI_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    monkeypatch.setattr(importers, "_importers", {})
    monkeypatch.setattr(jobs, "_kinds", dict(jobs._kinds))
    importers.register(one)
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command(imports.name_of(one))(imports.command_of(one))
    monkeypatch.setattr(imports, "app", app)
    monkeypatch.delenv("LINLI_AS", raising=False)


def run(tmp_path: Path, said: str, *options: str) -> int:
    file = tmp_path / "marks.csv"
    file.write_text(said)
    return cli.run_command(["import", "test-marks", str(file), "--round", "R1", *options])


@pytest.mark.django_db(transaction=True)
def test_the_account_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "go", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["account"] == {"rows_in": 2, "created": 1, "updated": 1, "unchanged": 0, "rejected": 0}
    assert found["facts"] == [["R1", 7]]
    assert not list((tmp_path / "home" / "uploads").iterdir())


@pytest.mark.django_db(transaction=True)
def test_rejected_rows_come_back_as_a_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workbook = tmp_path / "again.xlsx"
    assert run(tmp_path, "reject", "--rejections", str(workbook)) == 0
    shown = capsys.readouterr().out
    assert "B3" in shown
    assert "The name is missing. Fill it in." in shown
    assert workbook.read_bytes() == b"workbook"


@pytest.mark.django_db(transaction=True)
def test_what_stopped_it_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "fail") == cli.BAD_INPUT
    assert "linli: There is no round R7.\n  → Look for it in the list.\n" in capsys.readouterr().err


def test_what_must_be_said_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "marks.csv"
    file.touch()
    assert cli.run_command(["import", "test-marks", str(file)]) == cli.USAGE
    assert "--round" in capsys.readouterr().err
    assert cli.run_command(["import", "test-marks", str(tmp_path / "none.csv"), "--round", "R1"]) == cli.USAGE
