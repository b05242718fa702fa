"""Duty's pages: a secret is shown on the page that made it, a problem stands in the form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from linli.core import db
from linli.core.models import Account, ApiToken
from linli.duty.models import Appointment
from linli.places.models import Place
from tests.builders.duty import make_account, make_city

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def city() -> Place:
    return make_city()


@pytest.fixture
def chief(city: Place) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_account(role="command", place=city, username="chief", name="主任"))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_an_account_is_made_with_its_password_shown_once(chief: Client) -> None:
    page = text(chief.post("/duty/accounts/", {"username": "li.na", "name": "李娜"}))
    shown = re.search(r"<code>([\w-]+)</code>", page)
    assert shown
    with db.owner():
        assert Account.objects.get(username="li.na").check_password(shown[1])
    assert shown[1] not in text(chief.get("/duty/accounts/"))
    assert "李娜" in text(chief.get("/duty/accounts/?text=李"))
    assert "No account found" in text(chief.get("/duty/accounts/?text=nobody"))


def test_a_problem_stands_in_the_form_and_nothing_is_kept(chief: Client) -> None:
    page = text(chief.post("/duty/accounts/", {"username": "chief", "name": "x"}))
    assert "is in use" in page
    page = text(chief.post("/duty/appointments/", {"account": "nobody", "role": "office", "place": "1501"}))
    assert "There is no account nobody" in page
    page = text(chief.post("/duty/appointments/", {"account": "chief", "role": "king", "place": "1501"}))
    assert "king" in page
    with db.owner():
        assert Appointment.objects.count() == 1


def test_appoint_see_and_end(chief: Client) -> None:
    lead = make_account(username="li.na", name="李娜")
    answer = chief.post("/duty/appointments/", {"account": "li.na", "role": "grid_lead", "place": "1501"}, follow=True)
    assert "李娜" in text(answer)
    assert "李娜" in text(chief.get("/duty/appointments/?role=grid_lead&place=1501&standing=all"))
    assert "李娜" not in text(chief.get("/duty/appointments/?role=unit_lead"))
    with db.owner():
        made = Appointment.objects.get(account=lead)
    assert "grid lead" in text(chief.get(f"/duty/accounts/{lead.pk}/"))
    assert chief.post(f"/duty/appointments/{made.pk}/end/").status_code == 302
    assert "李娜" in text(chief.get("/duty/appointments/?standing=ended"))


def test_new_password_and_closing(chief: Client) -> None:
    lead = make_account(username="li.na", name="李娜")
    page = text(chief.post(f"/duty/accounts/{lead.pk}/password/"))
    shown = re.search(r"<code>([\w-]+)</code>", page)
    assert shown
    other = Client()
    assert other.login(username="li.na", password=shown[1])
    assert other.get("/duty/me/").status_code == 200
    assert chief.post(f"/duty/accounts/{lead.pk}/close/").status_code == 302
    assert other.get("/duty/me/").status_code == 302  # the open session has ended


def test_tokens_are_shown_once_and_revoked(chief: Client) -> None:
    assert "see rounds and their figures" in text(chief.get("/duty/me/"))
    page = text(chief.post("/duty/me/", {"name": "map", "days": "7", "scopes": ["rounds.view"]}))
    shown = re.search(r"<code>(linli_[\w-]+)</code>", page)
    assert shown
    assert shown[1] not in text(chief.get("/duty/me/"))
    with db.owner():
        token = ApiToken.objects.get()
    assert chief.post(f"/duty/me/tokens/{token.pk}/revoke/").status_code == 302
    assert "revoked" in text(chief.get("/duty/me/"))
    assert "This field is required" in text(chief.post("/duty/me/", {"name": "map", "days": "7"}))


def test_those_without_an_appointment_are_told_what_to_do() -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_account())
    page = text(client.get("/duty/me/"))
    assert "You are not appointed anywhere" in page
    assert "Make a token" not in page
    assert client.get("/duty/accounts/").status_code == 403


def test_pages_are_in_chinese_by_default(city: Place) -> None:
    client = Client()
    client.force_login(make_account(role="command", place=city))
    assert "任命" in text(client.get("/duty/appointments/"))
    assert "账号" in text(client.get("/duty/accounts/"))
