"""The list and the map from which one place is picked for a form's field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from linli.core import db
from linli.places.terms import PlaceRef
from tests.builders.duty import make_account, signed_in
from tests.builders.outlines import draw_compounds
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def district() -> District:
    with db.owner():
        made = make_district(communities=2, compounds=2, buildings=1, units=1, floors=1, a_floor=1)
        make_district(code="150103", name="回民区", communities=1, compounds=1, buildings=1, units=1, floors=1)
        draw_compounds(made)
        make_account(username="office", role="office", place=made.district)
        make_account(username="grid", role="grid_worker", place=made.communities[1])
    return made


def offered(client: Client, query: str) -> list[str]:
    """Codes in the list, in order, without the grids that every community has."""
    answer = client.get(f"/places/pick/?{query}")
    assert answer.status_code == 200, answer.content
    found = answer.content.decode().partition("mp-choices")[2]
    return [code for code in re.findall(r'data-choose-take value="([^"]+)"', found) if "-G" not in code]


def codes(places: list[PlaceRef]) -> list[str]:
    return [one.code for one in places]


def test_begins_where_there_is_something_to_choose(district: District) -> None:
    """The office of a district: of the city only its own, so at what stands under that; further down as asked."""
    office = signed_in("office")
    communities = codes(district.communities)
    assert offered(office, "") in ([district.street.code], communities)
    assert offered(office, f"under={district.street.code}") == communities
    assert offered(office, f"under={communities[0]}") == codes(district.compounds[:2])
    shown = office.get(f"/places/pick/?under={communities[0]}").content.decode()
    assert "level=compound" in shown
    assert f'data-choose-open value="{district.street.code}"' in shown, "the way back up"
    assert offered(office, f"under={district.compounds[0].code}") != []


def test_stands_beside_what_the_field_holds(district: District) -> None:
    office = signed_in("office")
    assert offered(office, f"held={district.compounds[0].code}") == codes(district.compounds[:2])
    assert offered(office, "held=nonsense") == offered(office, "")


def test_offers_what_one_may_see(district: District) -> None:
    grid = signed_in("grid")
    assert offered(grid, "") == [district.communities[1].code]
    assert offered(grid, f"under={district.communities[1].code}") == codes(district.compounds[2:])
    assert offered(grid, f"under={district.street.code}") == [district.communities[1].code]
    assert grid.get("/places/pick/?under=150103").status_code == 403
    assert grid.get("/places/pick/?under=nowhere").status_code == 404
    assert "回民区" not in grid.get("/places/pick/?held=150103001").content.decode()


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/duty/appointments/", ["filter_place", "id_place"]),
        ("/duty/teams/", ["id_place"]),
        ("/duty/cadres/", ["id_place"]),
        ("/account/invitations/", ["id_place"]),
        ("/journal/", ["id_place"]),
        ("/places/{compound}/move/", ["id_to"]),
    ],
)
def test_stands_beside_every_field_that_takes_one_place(district: District, address: str, fields: list[str]) -> None:
    office = signed_in("office")
    shown = office.get(address.format(compound=district.compounds[0].code)).content.decode()
    assert re.findall(r'data-choose="([^"]+)"', shown) == fields
    assert "desk/map-choose" in shown
    ids = re.findall(r'\sid="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
