"""The frame of every page: who gets in, what it shows, how it switches."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders.duty import PASSWORD, make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def sign_in(username: str) -> Client:
    client = Client()
    answer = client.post("/sign-in/", {"username": username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def test_a_stranger_is_sent_to_sign_in_and_then_on() -> None:
    make_account(username="li.na", name="李娜")
    client = Client()
    answer = client.get("/journal/?verb=places")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/journal/")
    assert client.get(answer["Location"]).status_code == 200
    answer = client.post(answer["Location"], {"username": "li.na", "password": PASSWORD, "next": "/password/"})
    assert answer["Location"] == "/password/"


def test_wrong_password_says_what_to_do() -> None:
    make_account(username="li.na")
    answer = Client(headers={"accept-language": "en"}).post("/sign-in/", {"username": "li.na", "password": "no"})
    assert answer.status_code == 200
    assert b"do not go together" in answer.content
    assert b"can set a new one" in answer.content


def test_without_an_appointment_home_says_what_to_do() -> None:
    make_account(username="li.na", name="李娜")
    page = sign_in("li.na").get("/", headers={"accept-language": "en"}).content.decode()
    assert "You hold no appointment at present" in page
    assert "li.na" in page
