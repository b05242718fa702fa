"""Grids are redrawn in mid-round: open rounds follow, closed rounds stay as they were read at their closing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core.access import SYSTEM
from linli.places import facets
from linli.places import services as places
from linli.places.facets import Part
from linli.places.layouts import Take, Target
from linli.places.queries import list_children
from linli.places.terms import Kind, PlaceRef
from linli.rounds import bulk, pages, queries
from linli.rounds.errors import FiguresFrozen
from linli.rounds.terms import Figures
from tests.builders.rounds import NOON, OPENED, Walk, make_walk, mark_homes, open_over

pytestmark = pytest.mark.django_db
MOVED = NOON + timedelta(hours=2)
EVENING = NOON + timedelta(hours=4)


@pytest.fixture
def walk() -> Walk:
    walk = make_walk()
    mark_homes(walk, walk.district.keys[:7])
    return walk


@pytest.fixture
def grids(walk: Walk) -> list[PlaceRef]:
    town = walk.district
    return [
        places.add_overlay(
            kind=Kind.GRID, parent_id=town.communities[0].id, name=f"第{n + 1}网格", place_ids=[compound.id],
            actor=SYSTEM, at=OPENED - timedelta(hours=1),
        )
        for n, compound in enumerate(town.compounds[:2])
    ]  # fmt: skip


def move(walk: Walk, grids: list[PlaceRef], **options: object) -> int:
    """The first building of the first grid goes to the second."""
    take = Take((walk.district.buildings[0].id,), Target(grids[1].id))
    given = {"since": MOVED, "at": MOVED} | options
    return places.regrid(kind=Kind.GRID, takes=[take], actor=SYSTEM, **given)  # type: ignore[arg-type]


def read(round_: queries.RoundView, grids: list[PlaceRef], at: object = EVENING) -> list[tuple[int, int, int]]:
    """(due, done, open) of each grid, as a board reads it at `at`."""
    moment = pages.moment_of(queries.get_round(round_.id), at)  # type: ignore[arg-type]
    found = queries.list_figures_of_places(round_id=round_.id, place_ids=[one.id for one in grids], at=moment)
    return [(found[one.id].due, found[one.id].done, found[one.id].open) for one in grids]


def test_an_open_round_follows(walk: Walk, grids: list[PlaceRef]) -> None:
    assert read(walk.round, grids, NOON) == [(48, 14, 34), (48, 0, 48)]
    number = move(walk, grids)
    assert read(walk.round, grids) == [(24, 0, 24), (72, 14, 58)]
    places.undo_regrid(number=number, actor=SYSTEM, at=MOVED + timedelta(minutes=5))
    assert read(walk.round, grids) == [(48, 14, 34), (48, 0, 48)]


def test_a_closed_round_does_not(walk: Walk, grids: list[PlaceRef]) -> None:
    bulk.close_round(round_id=walk.round.id, actor=SYSTEM, at=NOON + timedelta(hours=1))
    certificate = queries.get_round(walk.round.id).certificate
    move(walk, grids)
    assert read(walk.round, grids) == [(48, 14, 34), (48, 0, 48)]
    assert queries.get_round(walk.round.id).certificate == certificate
    later = open_over(walk.district.extent(walk.district.district), at=MOVED, name="第 4 轮")
    assert read(later, grids) == [(24, 0, 24), (72, 0, 72)]
    whole = queries.get_figures(round_id=later.id, extent=queries.scope_of(later.id), at=EVENING)
    assert whole == Figures(192, 0, 0, 0, 0, 96, 96)


def test_a_compound_that_is_cut_is_counted_in_parts(walk: Walk, grids: list[PlaceRef]) -> None:
    """The board of a grid: what lies under it adds up to it, and no door is there twice."""
    last = walk.district.buildings[1]
    take = Take((last.id,), Target(name="第3网格"))
    places.regrid(kind=Kind.GRID, takes=[take], since=MOVED, actor=SYSTEM, at=MOVED)
    found = {one.name: one for one in list_children(walk.district.communities[0].id, EVENING)}
    dues = {}
    for name in ("第1网格", "第3网格"):
        reach = pages.find_reach(walk.round, found[name].code, "rounds.view", actor=SYSTEM, at=EVENING)
        board = pages.get_board(walk.round, reach, EVENING)
        assert [line.place.id for line in board.lines] == [walk.district.compounds[0].id]
        dues[name] = (board.figures.due, sum(line.figures.due for line in board.lines))
    assert dues == {"第1网格": (24, 24), "第3网格": (24, 24)}


def test_no_change_reaches_behind_a_closing(walk: Walk, grids: list[PlaceRef]) -> None:
    bulk.close_round(round_id=walk.round.id, actor=SYSTEM, at=NOON + timedelta(hours=1))
    with pytest.raises(FiguresFrozen):
        move(walk, grids, since=NOON, backdated=True)
    move(walk, grids, since=NOON + timedelta(minutes=90), backdated=True)
    assert read(walk.round, grids) == [(48, 14, 34), (48, 0, 48)]


def test_people_and_who_answers_are_known_to_the_preview(walk: Walk, grids: list[PlaceRef]) -> None:
    parts = [Part(one.id, walk.district.compounds[n].block) for n, one in enumerate(grids)] + [
        Part(None, walk.district.buildings[0].block)
    ]
    read = {facet.name: list(facet.read(parts, SYSTEM, NOON)) for facet in facets.list_facets()}
    assert read["people"] == [48, 48, 24]
    assert read["answers"][2] == read["answers"][0]
