"""The phone on duty: set on pages, over the API and on the command line, by whoever may appoint and by oneself."""

from __future__ import annotations

import json
from functools import partial

import pytest
import typer
from django.test import Client

from linli.core import db, journal
from linli.core.access import SYSTEM
from linli.core.errors import Forbidden
from linli.core.models import Account
from linli.duty import cli, cli_chain, services, staff
from linli.duty import errors as e
from linli.duty.models import Appointment
from linli.duty.terms import PERMISSIONS, Role
from tests.builders.commands import run_command
from tests.builders.duty import LONG_AGO, appoint, make_account
from tests.builders.places import District, make_district
from tests.duty.test_api import token_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
run, run_accounts = partial(run_command, cli_chain.app), partial(run_command, cli.app)
FIRST, SECOND = "15412340001", "15412340002"


class Town:
    """A street's office, a chief over it, and the lead of a unit."""

    def __init__(self) -> None:
        with db.owner():
            self.home: District = make_district(communities=2, compounds=1, buildings=1)
        self.unit = self.home.units[0]
        self.lead = make_account(role="unit_lead", place=self.unit, username="lead", name="王敏")
        self.office = make_account(role="office", place=self.home.communities[0], username="office", name="社区")
        self.chief = make_account(role="command", place=self.home.city, username="chief", name="主任")

    def browser(self, account: Account) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(account)
        return client

    def page(self, account: Account) -> str:
        return f"/duty/accounts/{account.pk}/phone/"

    def phone_of(self, account: Account) -> str:
        with db.owner():
            return staff.list_masked_phones([account.pk]).get(account.pk, "")


@pytest.fixture
def town() -> Town:
    return Town()


def entries() -> list[tuple[int, str, dict[str, str | None]]]:
    with db.owner():
        return [
            (account, subject, json.loads(detail) if isinstance(detail, str) else detail)
            for account, subject, detail in db.rows(
                "SELECT account_id, subject, detail FROM journal_entry WHERE verb = 'duty.set_phone' ORDER BY id"
            )
        ]


def test_whoever_may_appoint_sets_it_on_the_page_of_the_account(town: Town) -> None:
    office = town.browser(town.office)
    assert town.page(town.lead) in office.get(f"/duty/accounts/{town.lead.pk}/").content.decode()
    answer = office.post(town.page(town.lead), {"phone": "154 1234 0001"})
    assert answer.headers["Location"] == f"/duty/accounts/{town.lead.pk}/"
    page = office.get(f"/duty/accounts/{town.lead.pk}/").content.decode()
    assert "154****0001" in page
    assert FIRST not in page
    ((account, subject, detail),) = entries()
    assert (account, subject) == (town.office.pk, f"account:{town.lead.pk}")
    assert detail == {"phone": journal.digest(FIRST)}
    office.post(town.page(town.lead), {"remove": "1"})
    assert town.phone_of(town.lead) == ""
    assert entries()[-1][2] == {"phone": None}


def test_one_sets_ones_own_on_my_account(town: Town) -> None:
    lead = town.browser(town.lead)
    assert town.page(town.lead) in lead.get("/duty/me/").content.decode()
    assert lead.post(town.page(town.lead), {"phone": FIRST}).headers["Location"] == "/duty/me/"
    assert "154****0001" in lead.get("/duty/me/").content.decode()
    assert lead.post(town.page(town.office), {"phone": SECOND}).status_code in (403, 404)
    assert lead.get(town.page(town.office)).status_code in (403, 404)


def test_an_impossible_number_is_said_in_the_form(town: Town) -> None:
    office = town.browser(town.office)
    office.post(town.page(town.lead), {"phone": FIRST})
    for number, said in (("12345", "11 digits"), ("", "required")):
        answer = office.post(town.page(town.lead), {"phone": number})
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    taken = office.post(town.page(town.office), {"phone": FIRST})
    assert (taken.status_code, "another account" in taken.content.decode()) == (422, True)
    assert town.phone_of(town.lead) == "154****0001"
    assert len(entries()) == 1


def test_nobody_changes_the_phone_of_whom_they_could_not_appoint(town: Town) -> None:
    """The office of one community, of a lead who has a post in another one too; and of the chief."""
    appoint(town.lead, "unit_lead", town.home.units[-1])
    office = town.browser(town.office)
    assert office.post(town.page(town.lead), {"phone": FIRST}).status_code == 403
    assert office.put(
        f"/api/duty/accounts/{town.chief.pk}/phone", {"phone": FIRST}, content_type="application/json"
    ).status_code == 403  # fmt: skip
    assert town.browser(town.chief).post(town.page(town.lead), {"phone": FIRST}).status_code == 302


def test_when_appointing(town: Town) -> None:
    office, code = town.browser(town.office), town.home.buildings[0].code
    form = {"account": "lead", "role": "building_lead", "place": code}
    wrong = office.post("/duty/appointments/", {**form, "phone": "12345"}).content.decode()
    assert "11 digits" in wrong
    with db.owner():
        assert Appointment.objects.filter(account=town.lead).count() == 1  # the appointment was taken back with it
    assert office.post("/duty/appointments/", {**form, "phone": FIRST}).status_code == 302
    assert town.phone_of(town.lead) == "154****0001"
    assert office.post("/duty/appointments/", {**form, "role": "grid_worker"}).status_code == 302
    assert town.phone_of(town.lead) == "154****0001"  # left empty: it stays
    sent = {"account": "lead", "role": "courier", "place": code, "phone": SECOND}
    assert office.post("/api/duty/appointments", sent, content_type="application/json").status_code == 201
    assert town.phone_of(town.lead) == "154****0002"
    run_accounts("appoint", "lead", "lab", code, "--phone", FIRST, acting_as="office")
    assert town.phone_of(town.lead) == "154****0001"


def test_over_the_api_and_what_a_token_may_not(town: Town) -> None:
    path = f"/api/duty/accounts/{town.lead.pk}/phone"

    def put(raw: str, phone: str | None) -> tuple[int, dict[str, str]]:
        client = Client(headers={"accept-language": "en", "authorization": f"Bearer {raw}"})
        answer = client.put(path, {"phone": phone}, content_type="application/json")
        return answer.status_code, answer.json()

    office = token_for(town.office, "duty.appoint", *PERMISSIONS[Role.UNIT_LEAD])
    assert put(office, "0471-6912345") == (200, {"phone": "047*****2345"})
    status, problem = put(office, "12345")
    assert (status, problem["code"]) == (422, "duty.phone")
    assert "11 digits" in problem["advice"]
    assert put(office, None) == (200, {"phone": ""})
    client = town.browser(town.lead)
    assert client.put(path, {"phone": FIRST}, content_type="application/json").json() == {"phone": "154****0001"}


def test_a_token_of_ones_own_does_not_change_ones_phone(town: Town) -> None:
    client = Client(headers={"authorization": f"Bearer {token_for(town.office, 'rounds.view')}"})
    path = f"/api/duty/accounts/{town.office.pk}/phone"
    assert client.put(path, {"phone": FIRST}, content_type="application/json").status_code == 403


def test_on_the_command_line(town: Town) -> None:
    assert run("phone", "lead", FIRST, "--json", acting_as="office") == {"account": "lead", "phone": "154****0001"}
    assert "154****0002" in run("phone", "lead", SECOND, acting_as="lead")
    assert run("phone", "lead", "--remove", "--json", acting_as="office")["phone"] == ""
    with pytest.raises(e.PhoneWrong):
        run("phone", "lead", "12345", acting_as="office")
    with pytest.raises(Forbidden):
        run("phone", "office", FIRST, acting_as="lead")
    for arguments in (["lead"], ["lead", FIRST, "--remove"]):
        with pytest.raises(typer.BadParameter):
            run("phone", *arguments, acting_as="office")


def test_a_closed_account_gives_its_phone_free(town: Town) -> None:
    with db.owner():
        staff.set_phone(account_id=town.lead.pk, phone=FIRST, actor=SYSTEM, at=LONG_AGO)
        services.deactivate_account(account_id=town.lead.pk, actor=SYSTEM, at=LONG_AGO)
        again = make_account(username="again", name="王敏")
        staff.set_phone(account_id=again.pk, phone=FIRST, actor=SYSTEM, at=LONG_AGO)
    assert town.phone_of(again) == "154****0001"
