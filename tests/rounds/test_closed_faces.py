"""A mark into a closed round: refused on the page, at the terminal and from a sheet, with what to do instead.

The API and phones: test_api_marks.py, tests/field/test_sync.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.rounds import bulk
from linli.rounds.queries import get_figures
from linli.site.cli import run_command
from tests.builders.duty import make_account
from tests.builders.residents import people_of
from tests.builders.rounds import NOON, Walk, make_walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role, pytest.mark.usefixtures("noon")]
WORDS = {"zh-hans": ("已结束，数字不再变动", "请重新打开轮次"), "en": ("is closed; its figures", "Reopen the round")}


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    with db.owner():
        made = make_walk(communities=1, compounds=1, buildings=1, units=1)
        bulk.close_round(round_id=made.round.id, actor=SYSTEM, at=NOON)
        office = make_account(role="office", place=made.district.district, username="office")
    monkeypatch.setenv("LINLI_AS", office.username)
    return made


def done(walk: Walk) -> int:
    with db.owner():
        return get_figures(round_id=walk.round.id, extent=walk.district.extent(walk.district.district), at=NOON).done


@pytest.mark.parametrize("language", WORDS)
def test_on_the_page(walk: Walk, language: str) -> None:
    key, home = next(iter(walk.homes.items()))
    with db.owner():
        person = people_of(home)[0]
        client = Client(headers={"accept-language": language})
        client.force_login(make_account(role="office", place=walk.district.district))
    posted = {"kind": "done", "person": person, "subject": person, "household": home, "key": key, "from": "list"}
    answer = client.post(f"/rounds/{walk.code}/mark/", {**posted, "id": str(new_id())}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert all(words in answer.content.decode() for words in WORDS[language])
    assert done(walk) == 0


@pytest.mark.parametrize("language", WORDS)
def test_from_a_terminal(walk: Walk, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                         capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("LINLI_LANG", language)
    with db.owner():
        person = people_of(next(iter(walk.homes.values())))[0]
    sheet = tmp_path / "marks.csv"
    sheet.write_text("编号,结果,时间\n1,完成,10:00\n", encoding="utf-8")
    for command in (
        ["rounds", "mark", walk.code, "done", "--person", str(person)],
        ["import", "marks", str(sheet), "--round", walk.code],
    ):
        assert run_command(command) == 3
        told = " ".join(capsys.readouterr().err.split())
        assert all(words in told for words in WORDS[language]), told
    assert done(walk) == 0
