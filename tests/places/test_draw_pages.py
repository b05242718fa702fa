"""An area drawn on the map of a redrawing, or of a new grid: which compounds of the place lie in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.places import services
from linli.places.terms import Kind
from tests.builders.duty import make_account, signed_in
from tests.builders.outlines import SIDE, SOUTH, WEST, draw_compounds
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def town() -> District:
    with db.owner():
        made = make_district(communities=1, compounds=3, buildings=2, at=clock.now() - timedelta(days=2))
        draw_compounds(made, without=[2])
        make_account(username="office", role="office", place=made.district)
        make_account(username="lead", role="grid_lead", place=made.communities[0])
    return made


def corners(west: float, east: float) -> str:
    """In sides of the builder's squares."""
    return "\n".join(
        f"{WEST + SIDE * x}, {SOUTH + SIDE * y}" for x, y in ((west, -0.1), (east, -0.1), (east, 1.1), (west, 1.1))
    )


def test_compounds_of_an_area_are_told_apart(town: District) -> None:
    office = signed_in("office")
    address = f"/places/{town.communities[0].code}/drawn/"
    page = office.post(address, {"area": corners(-0.1, 1.5)}).content.decode()
    assert "1 compound lies wholly inside" in page
    assert "1 is cut by the line" in page
    assert "1 has no outline" in page
    assert "Tick these in the list" in page
    assert "data-leave-drawn" not in page
    assert "an area needs three corners at least" in office.post(address, {"area": "111.6, 40.8"}).content.decode()
    assert signed_in("lead").post(address, {"area": corners(-0.1, 1.5)}).status_code == 403


def test_a_compound_held_in_part_belongs_to_the_answer(town: District) -> None:
    """Its first door lies in another grid; what is here of it may be given away all the same."""
    with db.owner():
        grid = services.add_overlay(
            kind=Kind.GRID, parent_id=town.communities[0].id, name="第1网格", place_ids=[town.buildings[1].id],
            actor=SYSTEM, at=clock.now() - timedelta(days=1),
        )  # fmt: skip
    page = signed_in("office").post(f"/places/{grid.code}/drawn/", {"area": corners(-0.1, 1.5)}).content.decode()
    assert "1 compound lies wholly inside" in page
    assert town.compounds[0].name in page
    assert town.compounds[1].name not in page


def test_forms_that_ask_for_parts_offer_the_map(town: District) -> None:
    office = signed_in("office")
    community = town.communities[0].code
    for page in (f"/places/{community}/redraw/", f"/places/{community}/add/"):
        text = office.get(page).content.decode()
        assert "Draw on the map, or pick compounds on it" in text
        assert f'hx-post="/places/{community}/drawn/"' in text
        assert f"under={community}&amp;level=compound" in text
    assert "data-draw" not in office.get(f"/places/{town.compounds[0].code}/add/").content.decode()
