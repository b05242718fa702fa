"""Boards, gap lists and stairwells name who answers, or say that nobody does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.duty import services
from linli.places import queries as places
from linli.rounds import bulk, pages
from linli.rounds.services import create_round
from linli.rounds.terms import RoundKind
from tests.builders.duty import make_account
from tests.builders.ledger import make_home, make_person
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


class Town:
    """Two units of one building with somebody due in each; the building and the first unit have a lead."""

    def __init__(self) -> None:
        with db.owner():
            self.at = clock.now() - timedelta(hours=3)
            self.home: District = make_district(communities=1, compounds=1, buildings=1, at=self.at)
            for unit in self.home.units:
                key = places.list_doors(unit.id)[0].key
                make_person(make_home(key), key, "住户")
            for role, place, name in (
                ("building_lead", self.home.buildings[0], "楼长甲"), ("unit_lead", self.home.units[0], "单元长乙"),
            ):  # fmt: skip
                services.appoint(
                    account_id=make_account(name=name).pk, role=role, place_id=place.id, actor=SYSTEM, at=self.at
                )
            made = create_round(
                name="入户", kind=RoundKind.VISIT, starts_at=self.at, ends_at=self.at + timedelta(hours=9),
                scope=self.home.extent(self.home.street, self.at), actor=SYSTEM, at=self.at,
            )  # fmt: skip
            bulk.open_round(round_id=made.pk, actor=SYSTEM, at=self.at)
        self.code = made.code
        self.client = Client(headers={"accept-language": "en"})
        self.client.force_login(make_account(role="office", place=self.home.street))


@pytest.fixture
def town() -> Town:
    return Town()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_gap_list_names_the_nearest_lead_of_each_stairwell(town: Town) -> None:
    page = text(town.client.get(f"/rounds/{town.code}/gaps/"))
    assert "单元长乙" in page
    assert "楼长甲" in page  # of the second unit, whose own post is vacant
    assert page.count("no unit lead") == 1
    assert "单元长乙" in text(town.client.get(f"/rounds/{town.code}/gaps/?print=1"))


def test_a_board_and_a_stairwell_name_who_answers(town: Town) -> None:
    board = text(town.client.get(f"/rounds/{town.code}/?place={town.home.buildings[0].code}"))
    assert "单元长乙" in board
    assert "vacant" in board
    stairs = text(town.client.get(f"/rounds/{town.code}/building/{town.home.buildings[0].code}/"))
    assert ("单元长乙" in stairs, "no unit lead" in stairs) == (True, True)


def test_the_nearest_lead_of_each_unit_of_a_page(town: Town) -> None:
    units = places.get_places([unit.id for unit in town.home.units]).values()
    leads = pages.list_leads(list(units), clock.now())
    assert {(lead.name, lead.vacant) for lead in leads.values()} == {("单元长乙", False), ("楼长甲", True)}
    assert pages.list_leads([], clock.now()) == {}


def test_a_deputy_who_stands_in_is_named_as_such(town: Town) -> None:
    with db.owner():
        services.appoint(
            account_id=make_account(name="代理丙").pk, role="unit_lead", place_id=town.home.units[1].id,
            detail=services.Detail(is_deputy=True), actor=SYSTEM, at=town.at,
        )  # fmt: skip
    names = pages.list_answering([town.home.units[1]], clock.now())
    assert "代理丙" in names[town.home.units[1].id]
    assert names[town.home.units[1].id] != "代理丙"
