"""Accounts with appointments, and acting as one of them.

    clerk = make_account(role="office", place=street)
    actor = actor_for(clerk, at)

A test of the wall is marked `@pytest.mark.web_role` and `@pytest.mark.django_db(transaction=True)`, builds its data
inside `with db.owner():`, and then works inside `with as_web(actor):`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.test import Client

from linli.core import access, db
from linli.core.access import Actor
from linli.core.models import Account
from linli.duty.models import Appointment
from linli.places.models import Place, PlaceSpan
from linli.places.terms import FOREVER, Kind

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "correct-horse-battery"
_numbers = count(1)


def make_account(
    *,
    role: str | None = None,
    place: Any = None,
    username: str = "",
    name: str = "",
    since: datetime = LONG_AGO,
    until: datetime | None = None,
    active: bool = True,
) -> Account:
    """An account (password PASSWORD), appointed to `role` at `place` (a place or its id) when both are given."""
    username = username or f"account{next(_numbers)}"
    with db.owner():
        account = Account.objects.create_user(
            username, PASSWORD, name=name or username, is_active=active, created_at=LONG_AGO
        )
    if role is not None:
        appoint(account, role, place, since=since, until=until)
    return account


def make_city() -> Place:
    """A city with nothing in it, for appointments that are about no door."""
    with db.owner():
        city = Place.objects.create(kind=Kind.CITY, code="1501", name="城", created_at=LONG_AGO)
        PlaceSpan.objects.create(place=city, kind=Kind.CITY, lo=2048, hi=8192, since=LONG_AGO, until=FOREVER)
    return city


def appoint(
    account: Account, role: str, place: Any, *, since: datetime = LONG_AGO, until: datetime | None = None
) -> int:
    """One more appointment, in the lowest seat that was never taken; returns its id."""
    place_id = getattr(place, "id", place)
    with db.owner():
        seat = Appointment.objects.filter(role=str(role), place_id=place_id).count() + 1
        made = Appointment.objects.create(
            account_id=account.pk,
            role=str(role),
            place_id=place_id,
            seat=seat,
            since=since,
            until=until,
            created_at=LONG_AGO,
            created_by=0,
        )
    return int(made.pk)


def signed_in(username: str, language: str = "en") -> Client:
    """A browser in which the account has signed in with PASSWORD, through the page."""
    client = Client(headers={"accept-language": language})
    assert client.post("/sign-in/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def actor_for(account: Account, at: datetime, *, origin: str = "web", scopes: frozenset[str] | None = None) -> Actor:
    """The account with the authority it holds at `at`."""
    return access.actor_of(account.pk, account.name, at, origin=origin, scopes=scopes)


@contextmanager
def as_web(actor: Actor) -> Iterator[Actor]:
    """One transaction as `actor`, on the connection of the web role, behind row-level security."""
    token = db._alias.set(db.WEB)
    try:
        with access.acting(actor):
            yield actor
    finally:
        db._alias.reset(token)
