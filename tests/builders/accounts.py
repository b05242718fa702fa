"""A district with a command centre, an office and a lead; browsers that sign in as one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.models import Account, JournalEntry
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import District, make_district

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@dataclass
class Staff:
    district: District
    command: Account
    office: Account
    lead: Account  # of a unit: nothing asks them for a second factor
    idle: Account  # appointed nowhere


@pytest.fixture
def staff() -> Staff:
    with db.owner():
        district = make_district(compounds=1, buildings=1, units=1)
        return Staff(
            district,
            make_account(username="command", name="区指挥部", role="command", place=district.district),
            make_account(username="office", name="东街办", role="office", place=district.communities[0]),
            make_account(username="lead", name="王楼长", role="unit_lead", place=district.units[0]),
            make_account(username="idle", name="新人"),
        )


class Watch:
    """The time, for every request of the test."""

    def __init__(self) -> None:
        self.at = NOW

    def pass_(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The clock stands, until the test moves it. Django's own sessions are made for that moment too."""
    made = Watch()
    monkeypatch.setattr(clock, "now", lambda: made.at)
    monkeypatch.setattr("django.utils.timezone.now", lambda: made.at)
    return made


Browser = Callable[..., Client]


def open_browser(agent: str = "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36", **extra: str) -> Client:
    return Client(headers={"accept-language": "en", "user-agent": agent}, **extra)  # type: ignore[arg-type]


def try_sign_in(client: Client, username: str, password: str = PASSWORD) -> int:
    return client.post("/sign-in/", {"username": username, "password": password}).status_code


def signed_in(username: str, agent: str = "", **extra: str) -> Client:
    client = open_browser(agent, **extra) if agent else open_browser(**extra)
    assert try_sign_in(client, username) == 302
    assert client.get("/account/").status_code == 200
    return client


def journalled(verb: str) -> list[JournalEntry]:
    with db.owner():
        return list(JournalEntry.objects.filter(verb=verb).order_by("id"))
