"""Vacant posts on a map, behind the wall."""

from __future__ import annotations

import pytest
from django.test import Client

from linli.core import db
from linli.duty.terms import Role
from linli.places.terms import Kind
from tests.builders.duty import make_account
from tests.builders.places import make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def test_every_place_says_how_many_posts_nobody_holds() -> None:
    with db.owner():
        made = make_district(communities=2, compounds=1, buildings=1, units=2, floors=1, a_floor=1)
        office = make_account(role="office", place=made.district)
        for unit in made.units[:2]:
            make_account(role=Role.UNIT_LEAD.value, place=unit)
        make_account(role=Role.BUILDING_LEAD.value, place=made.buildings[0])
    client = Client()
    client.force_login(office)
    address = f"/duty/chain/{made.district.code}/map/?level={Kind.COMPOUND.value}"
    page = client.get(address)
    assert [(line.place.name, line.posts, line.vacant, line.nobody, line.shade) for line in page.context["lines"]] == [
        (made.compounds[1].name, 3, 3, 2, 4),
        (made.compounds[0].name, 3, 0, 0, 0),
    ]
    assert f'data-place="{made.compounds[1].code}" data-shade="4" data-figure="3"' in page.content.decode()
    live = address.replace("/map/", "/map/live/")
    known = {"HTTP_IF_NONE_MATCH": client.get(live)["ETag"]}
    assert client.get(live, **known).status_code == 304  # type: ignore[arg-type]
    with db.owner():
        make_account(role=Role.BUILDING_LEAD.value, place=made.buildings[1])
    assert client.get(live, **known).status_code == 200  # type: ignore[arg-type]
