"""`linli accounts`, run as the command line runs it."""

from __future__ import annotations

from functools import partial

import pytest
import typer

from linli.core import db
from linli.core.errors import Forbidden, NotSignedIn
from linli.core.models import Account
from linli.duty import errors as e
from linli.duty.cli import app, read_moment
from linli.places.models import Place
from tests.builders.commands import run_command
from tests.builders.duty import make_account, make_city

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
run = partial(run_command, app)


@pytest.fixture(autouse=True)
def city() -> Place:
    return make_city()


def test_from_an_empty_installation_to_a_grid_lead() -> None:
    chief = run("create", "chief", "--name", "主任", "--role", "command", "--place", "1501", "--first", "--json")
    assert chief["password"]
    made = run("create", "li.na", "--password", "quiet-river-47", "--json", acting_as="chief")
    assert made["password"] is None
    appointed = run("appoint", "li.na", "grid_lead", "1501", "--json", acting_as="chief")
    (line,) = [row for row in run("list", "--json", acting_as="chief") if row["username"] == "li.na"]
    assert (line["id"], line["role"], line["place_code"]) == (appointed["id"], "grid_lead", "1501")
    shown = run("show", "li.na", "--json", acting_as="chief")
    assert shown["appointments"][0]["standing"] == "in_force"
    run("end", str(appointed["id"]), acting_as="chief")
    assert run("show", "li.na", "--json", acting_as="chief")["appointments"][0]["standing"] == "ended"
    run("close", "li.na", acting_as="chief")
    with db.owner():
        assert not Account.objects.get(username="li.na").is_active


def test_tables_for_people() -> None:
    run("create", "chief", "--name", "主任", "--role", "command", "--place", "1501", "--first")
    assert "主任" in run("list", acting_as="chief")
    assert "1501" in run("show", "chief", acting_as="chief")
    made = run("create", "wang.wei", "--role", "office", "--place", "1501", acting_as="chief")
    assert "wang.wei" in made
    assert run("list", "--role", "office", "--place", "1501", "--all", "--json", acting_as="chief")
    run("appoint", "wang.wei", "grid_lead", "1501", "--until", "2099-01-01T08:00", acting_as="chief")


def test_the_first_account_is_the_first() -> None:
    run("create", "chief", "--role", "command", "--place", "1501", "--first")
    with pytest.raises(e.NotFirst):
        run("create", "second", "--role", "command", "--place", "1501", "--first")
    with pytest.raises(NotSignedIn):
        run("create", "second")


def test_passwords_and_tokens_are_printed_once(city: Place) -> None:
    make_account(username="chief", role="command", place=city)
    make_account(username="li.na", role="grid_lead", place=city)
    made_up = run("password", "li.na", "--json", acting_as="chief")["password"]
    with db.owner():
        assert Account.objects.get(username="li.na").check_password(made_up)
    assert "li.na" in run("password", "li.na", acting_as="chief")
    assert run("token", "map", "--scope", "rounds.view", "--json", acting_as="chief")["raw"].startswith("linli_")
    assert "linli_" in run("token", "map", "--scope", "rounds.view", "--days", "7", acting_as="chief")
    with pytest.raises(Forbidden):
        run("token", "map", "--scope", "rounds.view", acting_as="li.na")


def test_what_is_wrong_is_said(city: Place) -> None:
    make_account(username="chief", role="command", place=city)
    with pytest.raises(typer.BadParameter):
        run("create", "x", "--role", "office", acting_as="chief")
    with pytest.raises(e.RoleUnknown):
        run("appoint", "chief", "king", "1501", acting_as="chief")
    with pytest.raises(e.TimeWrong):
        run("appoint", "chief", "office", "1501", "--until", "soon", acting_as="chief")
    with pytest.raises(e.AccountNotFound):
        run("show", "nobody", acting_as="chief")
    with pytest.raises(NotSignedIn):
        run("list", acting_as="nobody")


@pytest.mark.parametrize("text", ["2026-13-01", "soon", "2026-11-21T99:00"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(e.TimeWrong):
        read_moment(text)


def test_times_are_local() -> None:
    assert read_moment("") is None
    assert str(read_moment("2026-11-21")) == "2026-11-21 00:00:00+08:00"
    assert str(read_moment("2026-11-21T08:00")) == "2026-11-21 08:00:00+08:00"
