"""Grids, areas and communities are split, merged and moved from a moment on; yesterday stays as it was; undo."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from linli.core import db, events
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden, Problem
from linli.core.extents import Extent, unite
from linli.places import errors, queries, services
from linli.places.events import Redrawing, Redrawn
from linli.places.layouts import Take, Target
from linli.places.queries import regrids
from linli.places.queries.maps import list_of_level
from linli.places.terms import Kind, PlaceRef
from tests.builders.places import AT, District, make_district, make_grids, merge_takes

pytestmark = pytest.mark.django_db
NOW = AT + timedelta(days=3)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def made() -> District:
    return make_district(buildings=4)


@pytest.fixture
def grids(made: District) -> list[PlaceRef]:
    return make_grids(made)


def held(place: PlaceRef | int, at: datetime) -> Extent:
    return queries.extent_of(place if isinstance(place, int) else place.id, at)


def act(*takes: Take, kind: Kind = Kind.GRID, since: datetime = NOW, **options: object) -> int:
    return services.regrid(kind=kind, takes=takes, since=since, actor=SYSTEM, at=NOW, **options)  # type: ignore[arg-type]


def test_changes_of_some_doors_are_listed_behind_any_number_of_others(
    made: District, grids: list[PlaceRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrids, "AT_ONCE", 2)
    home, away = made.compounds[0].block, made.compounds[1].block
    first = act(Take(ids(*made.buildings[2:4]), Target(name="第3网格")))
    elsewhere = [act(Take(ids(one), Target(name=f"网格{one.id}"))) for one in made.buildings[4:7]]
    assert [one.id for one in queries.list_regrids(home)] == [first]
    assert [one.id for one in queries.list_regrids(away)] == elsewhere[::-1]
    assert [one.id for one in queries.list_regrids(home | away, limit=2)] == elsewhere[:0:-1]


def ids(*places: PlaceRef) -> tuple[int, ...]:
    return tuple(place.id for place in places)


def blocks(*places: PlaceRef) -> Extent:
    return unite(place.block for place in places)


def test_split(made: District, grids: list[PlaceRef]) -> None:
    cut = made.buildings[2:4]
    act(Take(ids(*cut), Target(name="第3网格")))
    new = queries.find_place("150102001001-G03")
    assert new is not None
    assert new.name == "第3网格"
    assert held(new, NOW) == blocks(*cut)
    assert held(grids[0], NOW) == made.compounds[0].block - blocks(*cut)
    assert held(grids[0], NOW - timedelta(seconds=1)) == made.compounds[0].block
    assert held(new, NOW - timedelta(seconds=1)) == Extent()
    assert held(grids[1], NOW) == made.compounds[1].block


def test_a_grid_across_compounds_down_to_the_unit(made: District, grids: list[PlaceRef]) -> None:
    pieces = ids(made.buildings[3], made.units[0], made.buildings[4])  # of both compounds
    act(Take(pieces, Target(name="跨院网格")))
    new = queries.find_by_name("跨院网格", within=held(made.communities[0], NOW), at=NOW)[0]
    assert held(new, NOW) == blocks(made.buildings[3], made.units[0], made.buildings[4])
    assert held(grids[0], NOW) | held(grids[1], NOW) | held(new, NOW) == blocks(*made.compounds[:2])


def test_a_compound_that_is_cut_stands_under_both(made: District, grids: list[PlaceRef]) -> None:
    act(Take(ids(made.buildings[3]), Target(name="第3网格")))  # the last of four: not where the compound begins
    new = queries.find_place("150102001001-G03")
    assert new is not None
    first = made.compounds[0]
    assert [one.id for one in queries.list_children(new.id, NOW)] == [first.id]
    assert first.id in {one.id for one in queries.list_children(grids[0].id, NOW)}
    counts = [queries.counts_of([first.id], NOW, within=held(one, NOW))[first.id] for one in (grids[0], new)]
    assert [one.buildings for one in counts] == [3, 1]
    whole = queries.counts_of([first.id], NOW)[first.id]
    assert (sum(one.units for one in counts), sum(one.doors for one in counts)) == (whole.units, whole.doors)
    assert [one.id for one in list_of_level(held(new, NOW), Kind.COMPOUND, NOW)] == [first.id]


def test_merge_leaves_the_way_to_the_successor(made: District, grids: list[PlaceRef]) -> None:
    act(*merge_takes(ids(*grids), into=grids[0].id))
    assert held(grids[0], NOW) == blocks(*made.compounds[:2])
    assert queries.get_place(grids[1].id).ended_at == NOW
    for text in (grids[1].code, "第2网格"):
        assert queries.search_places(text, actor=SYSTEM, at=NOW)[0].id == grids[0].id, text
    aliases = {row[0]: row[1:] for row in db.rows("SELECT text, former_id, since, until FROM place_alias")}
    assert aliases[grids[1].code] == aliases["第2网格"] == (grids[1].id, AT, NOW)


def test_move_parts_to_another(made: District, grids: list[PlaceRef]) -> None:
    act(Take(ids(made.buildings[0]), Target(grids[1].id)), Take(ids(made.buildings[4]), Target(grids[0].id)))
    assert held(grids[0], NOW) == made.compounds[0].block - made.buildings[0].block | made.buildings[4].block
    assert held(grids[1], NOW) == made.compounds[1].block - made.buildings[4].block | made.buildings[0].block


def test_from_a_later_moment(made: District, grids: list[PlaceRef]) -> None:
    act(Take(ids(made.buildings[0]), Target(grids[1].id)), since=LATER)
    assert held(grids[1], LATER - timedelta(seconds=1)) == made.compounds[1].block
    assert held(grids[1], LATER) == made.compounds[1].block | made.buildings[0].block
    with pytest.raises(errors.LaterChange):
        act(Take(ids(made.buildings[1]), Target(grids[1].id)))
    with pytest.raises(errors.Overlapping):
        services.add_overlay(
            kind=Kind.GRID, parent_id=made.communities[0].id, name="第9网格", place_ids=ids(made.buildings[0]),
            actor=SYSTEM, at=NOW,
        )  # fmt: skip


def test_nothing_backwards_without_saying_so(made: District, grids: list[PlaceRef]) -> None:
    take = Take(ids(made.buildings[0]), Target(grids[1].id))
    past = NOW - timedelta(days=1)
    with pytest.raises(errors.PastMoment):
        act(take, since=past)
    heard: list[Redrawing] = []
    events.subscribe(Redrawing, heard.append)
    try:
        act(take, since=past, backdated=True)
    finally:
        events._handlers[Redrawing].remove(heard.append)
    assert [(one.since, one.at) for one in heard] == [(past, NOW)]
    assert heard[0].extent == blocks(*made.compounds[:2])
    assert held(grids[1], past) == made.compounds[1].block | made.buildings[0].block


def layouts() -> dict[int, tuple[object, ...]]:
    """Everything that undo has to bring back: who holds what in the end, names, parents, ends, other names."""
    places = db.rows("SELECT id, name, parent_id, ended_at FROM place WHERE kind < 70")
    spans = queries.latest_layout(row[0] for row in places)
    return {row[0]: (*row[1:], spans[row[0]].extent) for row in places}


@pytest.mark.parametrize("since", [NOW, LATER])
def test_undo(made: District, grids: list[PlaceRef], since: datetime) -> None:
    before = layouts()
    takes = [
        Take(ids(grids[1], made.buildings[0]), Target(name="新网格")),
        Take(ids(made.units[5]), Target(name="小片")),
    ]
    number = act(*takes, since=since)
    assert layouts() != before
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW + timedelta(hours=1))
    now = layouts()
    assert {id: one for id, one in now.items() if id in before} == before
    assert all(one[2] is not None and not one[3] for id, one in now.items() if id not in before)
    assert not db.rows("SELECT 1 FROM place_alias")
    kept = since <= NOW
    assert bool(held(max(now), NOW + timedelta(minutes=30))) == kept  # what held for an hour stays on record
    with pytest.raises(errors.RegridUndone):
        services.undo_regrid(number=number, actor=SYSTEM, at=NOW + timedelta(hours=2))


def test_the_first_grids_of_a_ground_are_taken_back(made: District) -> None:
    """They took over from none: all of them end, and the entry stands where their doors are."""
    home = made.communities[0].id
    takes = [Take(ids(made.buildings[n]), Target(name=f"第{n + 1}网格", parent_id=home)) for n in (0, 1)]
    number = act(*takes)
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW + timedelta(hours=1))
    assert db.rows("SELECT name FROM place WHERE kind = %s AND ended_at IS NULL", [Kind.GRID]) == []
    (key,) = db.rows("SELECT key FROM journal_entry WHERE verb = 'places.undo_regrid'")[0]
    assert key == made.buildings[0].lo


def test_no_undo_after_another_change(made: District, grids: list[PlaceRef]) -> None:
    number = act(Take(ids(made.buildings[0]), Target(grids[1].id)))
    then = NOW + timedelta(hours=1)
    take = Take(ids(made.buildings[1]), Target(grids[1].id))
    services.regrid(kind=Kind.GRID, takes=[take], since=then, actor=SYSTEM, at=then)
    with pytest.raises(errors.ChangedSince):
        services.undo_regrid(number=number, actor=SYSTEM, at=then + timedelta(hours=1))


def test_what_lies_inside_comes_along_or_is_cut(made: District, grids: list[PlaceRef]) -> None:
    """Small grids: one wholly in what moves, one cut through."""
    small = [
        services.add_overlay(
            kind=Kind.GRID_SMALL, parent_id=grids[0].id, name=name, place_ids=ids(*parts), actor=SYSTEM, at=AT
        )
        for name, parts in (("甲", made.buildings[:1]), ("乙", made.buildings[1:3]))
    ]  # fmt: skip
    take = Take(ids(made.buildings[0], made.buildings[1]), Target(grids[1].id))
    change = services.plan_regrid(kind=Kind.GRID, takes=[take], since=NOW, actor=SYSTEM, at=NOW)
    assert change.released == made.buildings[1].block
    with pytest.raises(errors.OnlyFromNow):
        act(take, since=LATER)
    number = act(take, token=change.token)
    assert queries.get_place(small[0].id).parent_id == grids[1].id
    assert held(small[0], NOW) == made.buildings[0].block
    assert queries.get_place(small[1].id).parent_id == grids[0].id
    assert held(small[1], NOW) == made.buildings[2].block
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW)
    assert queries.get_place(small[0].id).parent_id == grids[0].id
    assert held(small[1], NOW) == blocks(*made.buildings[1:3])


def test_communities_are_merged_with_their_grids(made: District, grids: list[PlaceRef]) -> None:
    first, second = made.communities
    other = services.add_overlay(
        kind=Kind.GRID, parent_id=second.id, name="第1网格", place_ids=ids(made.compounds[2]), actor=SYSTEM, at=AT
    )
    before = layouts()
    number = act(*merge_takes(ids(first, second), into=first.id), kind=Kind.COMMUNITY)
    assert held(first, NOW) >= blocks(*made.compounds)
    assert queries.get_place(second.id).ended_at == NOW
    moved = queries.get_place(other.id)
    assert (moved.parent_id, moved.name) == (first.id, "第2社区 第1网格")
    assert [place.name for place in queries.path_of(made.compounds[3].id, NOW)][-1] == "第1社区"
    added = services.add_compound(community_id=first.id, name="新院", actor=SYSTEM, at=NOW)
    assert added.block <= held(first, NOW)
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW + timedelta(hours=1))
    assert layouts() == before


def test_a_community_is_split(made: District, grids: list[PlaceRef]) -> None:
    number = act(Take(ids(made.compounds[1]), Target(name="新社区")), kind=Kind.COMMUNITY)
    new = queries.find_place("150102001900")
    assert new is not None
    assert made.compounds[1].block <= held(new, NOW)
    assert queries.get_place(grids[1].id).parent_id == new.id
    fresh = services.add_compound(community_id=new.id, name="新院", actor=SYSTEM, at=NOW)
    assert fresh.block <= held(new, NOW)
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW + timedelta(hours=1))
    assert fresh.block <= held(made.communities[0], NOW + timedelta(hours=1))  # no compound without a community
    with pytest.raises(errors.NotOfLayer):
        act(Take(ids(made.buildings[0]), Target(made.communities[1].id)), kind=Kind.COMMUNITY)


def test_refused(made: District, grids: list[PlaceRef]) -> None:
    building = made.buildings[0]
    cases: list[tuple[type[Problem], list[Take]]] = [
        (errors.NothingInside, [Take((), Target(grids[0].id))]),
        (errors.NothingChanges, [Take(ids(building), Target(grids[0].id))]),
        (errors.PieceTwice, [Take(ids(building), Target(grids[1].id)), Take(ids(made.units[0]), Target(name="新"))]),
        (errors.NotOfLayer, [Take(ids(made.street), Target(grids[0].id))]),
        (errors.NotOfLayer, [Take(ids(building), Target(made.communities[0].id))]),
        (errors.OutsideParent, [Take(ids(made.buildings[-1]), Target(grids[0].id))]),
        (errors.NameTaken, [Take(ids(building), Target(name="第2网格"))]),
        (errors.NameWrong, [Take(ids(building), Target(name=" "))]),
        (errors.CodeTaken, [Take(ids(building), Target(name="新", code=grids[1].code))]),
    ]
    for problem, takes in cases:
        with pytest.raises(problem):
            act(*takes)
    with pytest.raises(errors.NotOfLayer):
        act(Take(ids(made.compounds[0]), Target(name="新")), kind=Kind.STREET)
    merge = merge_takes(ids(*grids), grids[0].id)
    plan = services.plan_regrid(kind=Kind.GRID, takes=merge, since=NOW, actor=SYSTEM, at=NOW)
    act(Take(ids(building), Target(grids[1].id)))
    with pytest.raises(errors.StalePlan):
        act(*merge, token=plan.token)


def test_both_sides_have_to_be_ones_own(made: District, grids: list[PlaceRef]) -> None:
    grant = Grant(1, "office", grids[0].id, frozenset({"places.edit", "places.view"}), held(grids[0], NOW))
    actor = Actor(1, "网格", (grant,))
    take = Take(ids(made.buildings[0]), Target(grids[1].id))
    with pytest.raises(Forbidden):
        services.regrid(kind=Kind.GRID, takes=[take], since=NOW, actor=actor, at=NOW)
    number = act(take)
    with pytest.raises(Forbidden):
        services.undo_regrid(number=number, actor=actor, at=NOW)


def test_others_hear_of_it(made: District, grids: list[PlaceRef]) -> None:
    heard: list[Redrawn] = []
    events.subscribe(Redrawn, heard.append)
    try:
        act(*merge_takes(ids(*grids), into=grids[0].id))
    finally:
        events._handlers[Redrawn].remove(heard.append)
    assert heard == [Redrawn(tuple(sorted(ids(*grids))), {grids[1].id: (grids[0].id,)}, NOW, NOW)]


@pytest.fixture
def _rules() -> Iterator[None]:
    yield
    db.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("_rules")
def test_no_door_in_two_grids_nor_outside_its_community(made: District, grids: list[PlaceRef]) -> None:
    """After a row of changes, and after each of them."""
    moves = [
        Take(ids(made.units[0], made.buildings[5]), Target(name="三")), Take(ids(grids[1]), Target(grids[0].id)),
        Take(ids(made.buildings[1], made.units[1]), Target(name="四")),
    ]  # fmt: skip
    whole = blocks(*made.compounds[:2])
    for step, take in enumerate(moves):
        then = NOW + timedelta(hours=step)
        services.regrid(kind=Kind.GRID, takes=[take], since=then, actor=SYSTEM, at=then)
        shown = queries.list_divisions(whole, Kind.GRID, then)
        parts = [held(one, then) for one in shown]
        assert all(not a & b for a, b in itertools.combinations(parts, 2))
        assert unite(parts) == whole
