"""Marks given by mistake, taken back over the API and from a terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.core import clock, db
from linli.core.extents import EVERYWHERE
from linli.rounds import queries
from linli.site.cli import run_command
from tests.builders.duty import make_account
from tests.rounds.test_api import call
from tests.rounds.test_api_marks import Town, done, long, make_token, mark, outcomes, town

__all__ = ["town"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def undo(town: Town, marks: list[dict[str, Any]], **more: Any) -> Any:
    return call(town, "post", f"/{town.round.code}/marks/undo", {"marks": marks}, **more)


def named(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: sent[name] for name in ("id", "person", "household") if name in sent}


def absent(town: Town) -> int:
    with db.owner():
        return queries.get_figures(round_id=town.round.id, extent=EVERYWHERE, at=clock.now()).absent


def test_what_counted_before_counts_again(town: Town) -> None:
    earlier = (clock.now() - timedelta(minutes=5)).isoformat()
    first, mistake = mark(town.people[0], "absent", at=earlier), mark(town.people[0])
    house = mark(household=town.homes[1])
    assert outcomes(long(town, {"marks": [first, mistake, house]})) == [("accepted", 1)] * 3
    assert (done(town), absent(town)) == (2, 0)
    answer = undo(town, [named(mistake), named(house)])
    assert (answer.status_code, answer.json()) == (200, {"marks": 2})
    assert (done(town), absent(town)) == (0, 1)
    assert undo(town, [named(mistake)]).json() == {"marks": 0}, "once"
    assert undo(town, [{"id": str(uuid4()), "person": town.people[0]}]).json() == {"marks": 0}


def test_somebody_elses_mark_stays(town: Town) -> None:
    sent = mark(town.people[0])
    long(town, sent)
    other = make_token("office", town.district.district)
    assert undo(town, [named(sent)], token=other).json() == {"marks": 0}
    assert done(town) == 1


def test_what_is_wrong_is_said(town: Town) -> None:
    assert undo(town, []).status_code == 422
    assert undo(town, [{"id": "x", "person": 1}]).json()["code"] == "core.fields"
    assert undo(town, [{"id": str(uuid4()), "person": 2**63}]).status_code == 422
    assert call(town, "post", "/none/marks/undo", {"marks": [{"id": str(uuid4())}]}).status_code == 404
    reader = make_token("office", town.district.district, scopes=("rounds.view",))
    assert undo(town, [{"id": str(uuid4())}], token=reader).status_code == 403


def test_from_a_terminal(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_account(role="office", place=town.district.district, username="office")
    monkeypatch.setenv("LINLI_AS", "office")
    who = ["--person", str(town.people[0])]
    assert run_command(["rounds", "mark", town.round.code, "done", *who]) == 0
    said = capsys.readouterr().out.split("linli ")[1].split()
    assert done(town) == 1
    assert run_command([*said, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"round": town.round.code, "marks": 1}
    assert done(town) == 0
    assert run_command(said) == 0
    assert run_command(["rounds", "undo", town.round.code, str(uuid4())]) != 0, "nobody was named"
