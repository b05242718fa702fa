"""`linli accounts invite | invitations | unlock | sessions | reset-factors`, run as the command line runs them."""

from __future__ import annotations

from functools import partial

import pytest
import typer

from linli.accounts import queries
from linli.accounts.cli import app
from linli.core.errors import Forbidden
from linli.duty.errors import AccountBeyondAuthority
from tests.accounts.test_factors import set_up
from tests.builders import accounts
from tests.builders.accounts import Staff, Watch, journalled, open_browser, signed_in, try_sign_in
from tests.builders.commands import run_command

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
run = partial(run_command, app, acting_as="command")
staff, watch = accounts.staff, accounts.watch


def test_a_link_and_its_code_are_printed_and_taken_back(staff: Staff) -> None:
    place = staff.district.units[0].code
    made = run("invite", "li.na", "--name", "李娜", "--role", "grid_worker", "--place", place, "--json")
    assert made["link"].startswith("http://localhost:8000/account/invitation/")
    assert "raw" not in made
    link = made["link"].removeprefix("http://localhost:8000")
    assert open_browser().get(link).status_code == 200
    printed = run("invite", "lead", "--url", "https://linli.example.cn/", "--days", "7")
    assert "https://linli.example.cn/account/invitation/" in printed
    assert "█" in printed or "▀" in printed
    assert [line["username"] for line in run("invitations", "--json")] == ["lead", "li.na"]
    assert "li.na" in run("invitations")
    assert len(run("invitations", "--revoke", str(made["id"]), "--json")) == 1
    assert open_browser().get(link).status_code == 404


def test_who_is_signed_in_where_and_out(staff: Staff) -> None:
    client = signed_in("lead")
    assert ["Chrome" in line["device"] for line in run("sessions", "lead", "--json")] == [True]
    assert "127.0.0.1" in run("sessions", "lead", acting_as="lead")  # one's own need no permission
    assert run("sessions", "lead", "--end", "--json") == []
    assert client.get("/account/").status_code == 302


def test_unlocking(staff: Staff, watch: Watch) -> None:
    for _attempt in range(5):
        try_sign_in(open_browser(), "lead", "wrong")
    run("unlock", "lead")
    assert try_sign_in(open_browser(), "lead") == 302
    run("unlock", "--address", "10.0.0.1")
    assert [len(journalled(f"accounts.unlock_{what}")) for what in ("account", "address")] == [1, 1]
    for arguments in ((), ("lead", "--address", "10.0.0.1")):
        with pytest.raises(typer.BadParameter):
            run("unlock", *arguments)


def test_a_lost_phone(staff: Staff, watch: Watch) -> None:
    set_up(staff.lead, watch)
    run("reset-factors", "lead")
    assert try_sign_in(open_browser(), "lead") == 302


def test_authority_is_asked_for(staff: Staff) -> None:
    for arguments in (("invite", "idle"), ("unlock", "idle"), ("sessions", "idle"), ("reset-factors", "idle")):
        with pytest.raises(Forbidden):
            run(*arguments, acting_as="lead")
    with pytest.raises(AccountBeyondAuthority):
        run("unlock", "command", acting_as="office")
    with pytest.raises(typer.BadParameter):
        run("invite", "x", "--name", "x", "--role", "office")
    assert not queries.get_factors(account_id=staff.lead.pk).any


def test_the_commands_of_duty_are_there_too(staff: Staff) -> None:
    assert run("show", "lead", "--json")["username"] == "lead"
