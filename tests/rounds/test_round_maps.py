"""The map of a round, and a new round's scope by drawing: behind the wall."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from linli.core import db
from linli.core.shades import NOTHING
from linli.places.terms import Kind
from tests.builders.duty import make_account
from tests.builders.outlines import corners, draw_compounds
from tests.builders.rounds import Walk, make_walk, mark_homes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role, pytest.mark.usefixtures("noon")]
SMALL: dict[str, Any] = {"communities": 2, "compounds": 2, "buildings": 1, "units": 1, "floors": 2, "a_floor": 2}


@pytest.fixture
def walk() -> Walk:
    """Four compounds of four homes of two people; nobody lives in the third; the first is done."""
    with db.owner():
        made = make_walk(empty=range(8, 12), **SMALL)
        mark_homes(made, made.district.keys[:4])
        mark_homes(made, made.district.keys[4:5])
        return made


def sign_in(walk: Walk, place: object, role: str = "office") -> Client:
    with db.owner():
        account = make_account(role=role, place=place)
    client = Client()
    client.force_login(account)
    return client


def test_a_map_says_of_every_place_what_is_missing_worst_first(walk: Walk) -> None:
    client = sign_in(walk, walk.district.district)
    page = client.get(f"/rounds/{walk.code}/map/?level={Kind.COMPOUND.value}")
    found = page.context["map"]
    names = [place.name for place in walk.district.compounds]
    assert [(line.place.name, line.figures.open, line.shade) for line in found.lines] == [
        (names[3], 8, 4), (names[1], 6, 4), (names[2], 0, NOTHING), (names[0], 0, 0),
    ]  # fmt: skip
    assert found.figures.open == 14
    text = page.content.decode()
    assert f'data-place="{walk.district.compounds[1].code}" data-shade="4" data-figure="6"' in text
    assert f"level=compound&amp;under={page.context['code']}" in text
    # The first level with a choice: one street says nothing.
    assert client.get(f"/rounds/{walk.code}/map/").context["map"].level.kind == Kind.COMMUNITY


def test_the_live_part_is_304_until_a_figure_moves(walk: Walk) -> None:
    client = sign_in(walk, walk.district.district)
    address = f"/rounds/{walk.code}/map/live/?level={Kind.COMPOUND.value}"
    known = {"HTTP_IF_NONE_MATCH": client.get(address)["ETag"]}
    assert client.get(address, **known).status_code == 304  # type: ignore[arg-type]
    with db.owner():
        mark_homes(walk, walk.district.keys[5:6])
    assert client.get(address, **known).status_code == 200  # type: ignore[arg-type]


def test_a_map_shows_ones_own_places_alone(walk: Walk) -> None:
    client = sign_in(walk, walk.district.communities[0])
    page = client.get(f"/rounds/{walk.code}/map/?level={Kind.COMPOUND.value}&place={walk.district.district.code}")
    shown = {line.place.code for line in page.context["map"].lines}
    assert shown == {place.code for place in walk.district.compounds[:2]}
    assert page.context["reach"].narrowed


def test_drawn_compounds_are_told_apart(walk: Walk) -> None:
    with db.owner():
        draw_compounds(walk.district, without=[3])
    client = sign_in(walk, walk.district.district)
    first, second, third, fourth = (place.code for place in walk.district.compounds)
    page = client.post("/rounds/new/drawn/", {"area": corners(-0.1, 1.5)})
    found = page.context["found"]
    assert [piece.place.code for piece in found.inside] == [first]
    assert [piece.place.code for piece in found.partly] == [second]
    assert [piece.place.code for piece in found.unknown] == [fourth]
    text = page.content.decode()
    assert text.count("checked") == 1
    assert third not in text
    wrong = client.post("/rounds/new/drawn/", {"area": "111.6"}).content.decode()
    assert 'role="alert"' in wrong
