"""The desk's pages of rounds, asked for as somebody appointed, behind the wall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from linli.core import clock, db
from linli.places import queries as places
from linli.rounds import queries
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark
from tests.builders.duty import make_account
from tests.builders.ledger import MORNING, Block, command, give, make_block, open_round

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
NOON = MORNING + timedelta(hours=4)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.stopped(NOON):
        yield


@pytest.fixture
def block() -> Block:
    with db.owner():
        return make_block(units=2, doors=4, people=3)


@pytest.fixture
def round_(block: Block) -> RoundView:
    with db.owner():
        return open_round(block.extent)


def sign_in(role: str = "office", place: str = "c1") -> Client:
    with db.owner():
        account = make_account(role=role, place=places.get_place(place))
    client = Client()
    client.force_login(account)
    return client


def test_board_leads_with_what_is_missing(round_: RoundView, block: Block) -> None:
    with db.owner():
        give(round_, [command(block.people[0]), command(block.people[1], Mark.ABSENT)], minutes=20)
    page = sign_in().get(f"/rounds/{round_.code}/")
    assert page.status_code == 200
    assert page.context["board"].figures.open == 23
    assert [line.place.code for line in page.context["board"].lines] == ["c1-1"]
