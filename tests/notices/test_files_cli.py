"""Photos and voice notes on the command line: which there are, and one of them saved - journalled like any look."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from linli.core import clock, db
from linli.notices.terms import About
from linli.site import cli
from tests.builders.duty import actor_for, as_web, make_account
from tests.builders.media import keep_photo
from tests.builders.places import make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def looks() -> list[tuple[str, str]]:
    with db.owner():
        rows = db.rows("SELECT account_name, origin FROM journal_entry WHERE verb = 'notices.look_at_file'")
    return [(str(name), str(origin)) for name, origin in rows]


def test_which_there_are_and_one_saved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("LINLI_AS", "")  # and take back what a command sets
    monkeypatch.setenv("COLUMNS", "200")

    def run(username: str, *arguments: str, code: int = 0) -> str:
        assert cli.run_command(["--as", username, "notices", *arguments]) == code
        return capsys.readouterr().out

    at = clock.now() - timedelta(minutes=5)
    with db.owner():
        district = make_district(communities=2, compounds=1, buildings=1, units=1)
    worker = make_account(role="grid_worker", place=district.communities[0], username="wang", name="王芳")
    make_account(role="grid_worker", place=district.communities[1], username="li", name="李静")
    key = district.keys[0]
    with as_web(actor_for(worker, at)) as actor:
        number = keep_photo(About(key), actor=actor, at=at)

    (line,) = json.loads(run("wang", "files", "--door", str(key), "--json"))
    assert (line["id"], line["kind"], line["by"]) == (number, "photo", "王芳")
    assert "王芳" in run("wang", "files", "--door", str(key))
    assert json.loads(run("li", "files", "--door", str(key), "--json")) == []
    assert looks() == []  # a list shows nothing of anybody

    out = tmp_path / "photo.jpg"
    run("wang", "file", number, str(out))
    assert out.read_bytes()[:2] == b"\xff\xd8"
    assert out.stat().st_mode & 0o077 == 0
    assert looks() == [("王芳", "cli")]

    run("wang", "file", number, str(out), code=2)  # is there already: nothing is looked at
    run("li", "file", number, str(tmp_path / "other.jpg"), code=5)
    run("wang", "file", str(uuid4()), str(tmp_path / "other.jpg"), code=5)
    run("wang", "files", code=2)
    assert not (tmp_path / "other.jpg").exists()
    assert looks() == [("王芳", "cli")]
