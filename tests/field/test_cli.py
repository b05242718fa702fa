"""`linli field keys`; what a lost race for locks is answered with."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.db import OperationalError
from typer.testing import CliRunner

from linli.core import field
from linli.core.field import CommandKind
from linli.field.cli import app
from linli.field.models import FieldKey
from tests.builders.duty import make_account
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def test_keys_are_listed_and_made_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account(username="chief", role="command", place=town.district.city)
    assert CliRunner().invoke(app, ["keys", "--json"]).output.strip() == "[]"
    monkeypatch.setenv("LINLI_AS", "chief")
    assert CliRunner().invoke(app, ["keys", "--rotate"]).exit_code == 0
    assert [one["id"] for one in json.loads(CliRunner().invoke(app, ["keys", "--json"]).output)] == [
        str(FieldKey.objects.get().pk)
    ]
    monkeypatch.setenv("LINLI_AS", "worker")
    assert CliRunner().invoke(app, ["keys", "--rotate"]).exit_code != 0
    assert FieldKey.objects.count() == 1


@pytest.mark.parametrize("state", ["40P01", "57014"])
def test_a_lost_race_is_run_again_by_the_phone_and_nothing_else(
    town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Two batches over the same doors may end each other; a database that is away is another matter: 503."""

    def lose(*_given: object) -> None:
        cause = psycopg.errors.lookup(state)("met head on")
        raise OperationalError("met head on") from cause

    monkeypatch.setitem(field._kinds, "rounds.mark", CommandKind("rounds.mark", 50, many=lose))  # type: ignore[arg-type]
    command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
    answer = phone.send([command], road="short")
    if state == "57014":
        assert (answer.status_code, answer.json()["code"]) == (503, "core.unavailable")
    else:
        assert answer.json()["results"][0] | {"message": "", "advice": ""} == {
            "id": command["id"], "result": "refused", "code": "field.busy", "message": "", "advice": "", "retry": True,
        }  # fmt: skip
