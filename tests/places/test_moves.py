"""Compounds and divisions go from one parent to another; yesterday stays as it was."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from linli.core import db
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.places import errors, queries, services
from linli.places.terms import Kind, PlaceRef
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BEFORE, THEN, AFTER = AT + DAY, AT + 2 * DAY, AT + 3 * DAY


@pytest.fixture
def made() -> District:
    return make_district(communities=2, compounds=2, buildings=1, units=1, floors=1)


@pytest.fixture
def far() -> District:
    """Another district of the same city."""
    return make_district(code="150103", name="回民区", communities=1, compounds=1, buildings=1, units=1, floors=1)


def move(compound: PlaceRef, community: PlaceRef, at: object = THEN) -> None:
    services.move_compound(compound_id=compound.id, community_id=community.id, actor=SYSTEM, at=at)  # type: ignore[arg-type]


def check_spans() -> None:
    """What the constraints promise, looked at from outside, at three moments."""
    for at in (BEFORE, THEN, AFTER):
        rows = db.rows(
            "SELECT p.kind, s.lo, s.hi, p.id, p.parent_id FROM place_span s JOIN place p ON p.id = s.place_id"
            " WHERE p.kind < 70 AND s.since <= %s AND s.until > %s ORDER BY p.kind, s.lo",
            [at, at],
        )
        for one, other in itertools.pairwise(rows):
            assert one[0] != other[0] or one[2] <= other[1]


def test_inside_one_street(made: District) -> None:
    compound, (old, new) = made.compounds[0], made.communities
    move(compound, new)
    assert compound.block <= made.extent(new, AFTER)
    assert not compound.block & made.extent(old, AFTER)
    assert compound.block <= made.extent(old, BEFORE), "yesterday it still belonged there"
    assert made.extent(made.street, AFTER) == made.extent(made.street, BEFORE)
    assert [place.name for place in queries.path_of(compound.id, AFTER)][-1] == "第2社区"
    assert [place.name for place in queries.path_of(compound.id, BEFORE)][-1] == "第1社区"
    assert compound.id in {place.id for place in queries.list_children(new.id, AFTER)}
    assert queries.door_label(made.keys[0]).startswith("阳光小区")
    check_spans()


def test_to_another_district_and_back(made: District, far: District) -> None:
    compound, target = made.compounds[1], far.communities[0]
    before = {place.id: made.extent(place, BEFORE) for place in (made.communities[0], made.street, made.district)}
    move(compound, target)
    for place in (made.communities[0], made.street, made.district):
        assert made.extent(place, AFTER) == before[place.id] - compound.block
    for place in (target, far.street, far.district):
        assert compound.block <= made.extent(place, AFTER)
    assert compound.block <= made.extent(made.city, AFTER)
    names = [place.name for place in queries.places_of_key(compound.lo or 0, AFTER)]
    assert names[1:4] == ["回民区", "海拉尔东路街道", "第1社区"]
    move(compound, made.communities[0], AFTER)
    for place in (made.communities[0], made.street, made.district):
        assert made.extent(place, AFTER + DAY) == before[place.id]
    check_spans()


def test_areas_and_grids_let_go(made: District) -> None:
    community, (first, second) = made.communities[0], made.compounds[:2]
    area = services.add_overlay(
        kind=Kind.AREA, parent_id=community.id, name="一片区", place_ids=[first.id, second.id], actor=SYSTEM, at=BEFORE
    )
    grid = services.add_overlay(
        kind=Kind.GRID, parent_id=area.id, name="1网格", place_ids=[first.id], actor=SYSTEM, at=BEFORE
    )
    move(first, made.communities[1])
    assert made.extent(area, AFTER) == second.block
    assert not made.extent(grid, AFTER)
    assert made.extent(grid, BEFORE + DAY / 2) == first.block
    check_spans()


def test_community_goes_to_another_street_with_all_it_holds(made: District, far: District) -> None:
    community, compound = made.communities[0], made.compounds[0]
    grid = services.add_overlay(
        kind=Kind.GRID, parent_id=community.id, name="1网格", place_ids=[compound.id], actor=SYSTEM, at=BEFORE
    )
    extent = made.extent(community, BEFORE)
    services.rename_place(place_id=far.communities[0].id, name="老社区", actor=SYSTEM, at=BEFORE)
    services.move_division(place_id=community.id, parent_id=far.street.id, actor=SYSTEM, at=THEN)
    assert made.extent(community, AFTER) == extent
    assert extent <= made.extent(far.street, AFTER)
    assert extent <= made.extent(far.district, AFTER)
    assert not extent & made.extent(made.district, AFTER)
    assert made.extent(grid, AFTER) == compound.block
    assert [place.code for place in queries.path_of(compound.id, AFTER)] == [
        "1501", "150103", far.street.code, community.code,
    ]  # fmt: skip
    made_later = services.add_compound(community_id=community.id, name="新小区", actor=SYSTEM, at=AFTER)
    assert made_later.block <= made.extent(far.district, AFTER)
    check_spans()


def test_twice_at_the_same_moment(made: District) -> None:
    compound, (old, new) = made.compounds[0], made.communities
    move(compound, new)
    move(compound, old)
    assert compound.block <= made.extent(old, AFTER)
    check_spans()


def test_refusals(made: District, far: District) -> None:
    compound, (old, new) = made.compounds[0], made.communities
    with pytest.raises(errors.SamePlace):
        move(compound, old)
    with pytest.raises(errors.WrongParent):
        move(compound, made.street)
    with pytest.raises(errors.WrongParent):
        move(old, new)
    services.rename_place(place_id=made.compounds[2].id, name=compound.name, actor=SYSTEM, at=BEFORE)
    with pytest.raises(errors.NameTaken):
        move(compound, new)
    move(made.compounds[1], new)
    services.rename_place(place_id=compound.id, name="别的名字", actor=SYSTEM, at=BEFORE)
    with pytest.raises(errors.LaterChange):
        move(compound, new, BEFORE)
    with pytest.raises(errors.SamePlace):
        services.move_division(place_id=old.id, parent_id=made.street.id, actor=SYSTEM, at=AFTER)
    with pytest.raises(errors.WrongParent):
        services.move_division(place_id=old.id, parent_id=far.district.id, actor=SYSTEM, at=AFTER)
    other = make_district(city_code="2301", compounds=0)
    with pytest.raises(errors.OtherCity):
        move(compound, other.communities[0])


def test_authority_on_both_sides(made: District) -> None:
    compound, (old, new) = made.compounds[0], made.communities
    for extent in (made.extent(old), made.extent(new)):
        actor = Actor(7, "office", (Grant(1, "office", 1, frozenset({"places.edit"}), extent),))
        with pytest.raises(Forbidden):
            services.move_compound(compound_id=compound.id, community_id=new.id, actor=actor, at=THEN)


def test_overlays(made: District) -> None:
    community, (first, second) = made.communities[0], made.compounds[:2]
    building = queries.list_children(first.id, BEFORE)[0]

    def add(*places: PlaceRef, name: str = "1网格", parent: PlaceRef = community, kind: Kind = Kind.GRID) -> PlaceRef:
        ids = [place.id for place in places]
        return services.add_overlay(kind=kind, parent_id=parent.id, name=name, place_ids=ids, actor=SYSTEM, at=BEFORE)

    grid = add(building)
    assert made.extent(grid, BEFORE) == building.block
    assert grid.code == f"{community.code}-G01"
    with pytest.raises(errors.Overlapping, match="1网格"):
        add(first, name="2网格")
    with pytest.raises(errors.OutsideParent):
        add(made.compounds[2], name="2网格")
    with pytest.raises(errors.NothingInside):
        add(name="2网格")
    with pytest.raises(errors.WrongParent):
        add(second, name="2网格", parent=made.street)
    with pytest.raises(errors.WrongParent):
        add(second, name="2网格", kind=Kind.COMPOUND)
    services.redraw_overlay(place_id=grid.id, place_ids=[second.id], actor=SYSTEM, at=THEN)
    assert made.extent(grid, AFTER) == second.block
    assert made.extent(grid, BEFORE) == building.block
    services.end_place(place_id=grid.id, actor=SYSTEM, at=AFTER)
    assert made.extent(grid, AFTER + DAY) == Extent()
    check_spans()
