"""Adding, renaming and ending places; keys that never collide and never come back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from linli.core import db, events
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden, Problem
from linli.core.extents import EVERYWHERE, Extent
from linli.places import errors, queries, services
from linli.places.allocation import SLOT
from linli.places.events import DoorsEnding
from linli.places.terms import Kind, PlaceRef
from tests.builders.places import AT, District, make_district, make_unit

LATER = AT + timedelta(days=1)


def actor_on(extent: Extent, *permissions: str) -> Actor:
    return Actor(7, "office", (Grant(1, "office", 1, frozenset(permissions or ("places.edit",)), extent),))


@pytest.fixture
def made() -> District:
    return make_district(communities=2, compounds=1, buildings=1, units=1)


@pytest.mark.django_db
def test_tree_is_built_and_read() -> None:
    made = make_district()
    assert len(made.doors) == 2 * 2 * 2 * 2 * 6
    assert made.keys == sorted(made.keys)
    assert queries.door_label(made.doors[0].key) == "阳光小区 1号楼 1单元 101"
    path = queries.path_of(made.units[0].id, AT)
    assert [p.name for p in path] == ["呼和浩特市", "新城区", "海拉尔东路街道", "第1社区", "阳光小区", "1号楼"]
    for place in (made.city, made.district, made.street):
        assert all(key in made.extent(place) for key in made.keys)
    counts = queries.count_inside(made.extent(made.city))
    assert (counts.compounds, counts.buildings, counts.units, counts.doors) == (4, 8, 16, 96)
    assert queries.counts_of([made.city.id], AT)[made.city.id] == counts
    holders = queries.places_of_key(made.keys[0], AT)
    assert [place.kind for place in holders] == [10, 20, 30, 40, 70, 80, 90]
    assert made.compounds[0].code == f"{made.communities[0].code}-001"
    assert made.units[1].code == f"{made.communities[0].code}-001-01-2"
    verbs = {verb for (verb,) in db.rows("SELECT verb FROM journal_entry")}
    assert {"places.add_division", "places.add_compound", "places.add_unit", "places.add_doors"} <= verbs


@pytest.mark.django_db
def test_a_place_counts_what_stands_in_it_and_nothing_wider() -> None:
    """The first unit of a building begins at the building's key, and at the compound's; it holds neither."""
    made = make_district()
    below = [*made.units[:2], made.buildings[0], made.buildings[1], made.compounds[0]]
    counts = queries.counts_of([place.id for place in below], AT)
    found = [counts[place.id] for place in below]
    assert [(one.compounds, one.buildings, one.units, one.doors) for one in found] == [
        (0, 0, 1, 6), (0, 0, 1, 6), (0, 1, 2, 12), (0, 1, 2, 12), (1, 2, 4, 24),
    ]  # fmt: skip


@pytest.mark.django_db
def test_communities_stay_near_their_street(made: District) -> None:
    """More communities than the street had room for: it takes more from its district, and the keys still nest."""
    for number in range(3, 40):
        services.add_division(
            kind=Kind.COMMUNITY, code=f"{made.street.code}{number:03}", name=f"第{number}社区",
            parent_id=made.street.id, actor=SYSTEM, at=LATER,
        )  # fmt: skip
    street = made.extent(made.street, LATER)
    assert len(street) >= 39 * SLOT
    assert street <= made.extent(made.district, LATER) <= made.extent(made.city, LATER)
    reserves = {place.lo for place in queries.list_children(made.street.id, LATER)}
    assert len(reserves) == 39
    assert 0 not in reserves


CALLS: dict[str, tuple[type[Problem], Callable[[District], object]]] = {
    "no name": (errors.NameWrong, lambda d: rename(d.street, "  ")),
    "long name": (errors.NameWrong, lambda d: rename(d.street, "长" * 121)),
    "name of a sibling": (errors.NameTaken, lambda d: rename(d.communities[0], "第2社区")),
    "compound twice": (errors.NameTaken, lambda d: compound(d.communities[0], "阳光 小区")),
    "building twice": (errors.NameTaken, lambda d: building(d.compounds[0], "一号楼")),
    "unknown": (errors.PlaceUnknown, lambda d: queries.get_place("999")),
    "unknown id": (errors.PlaceUnknown, lambda d: services.rename_place(place_id=0, name="x", actor=SYSTEM, at=LATER)),
    "code twice": (errors.CodeTaken, lambda d: division(Kind.DISTRICT, d.city, code=d.district.code)),
    "odd code": (errors.CodeWrong, lambda d: division(Kind.DISTRICT, d.city, code="15 01")),
    "no code": (errors.CodeMissing, lambda d: division(Kind.DISTRICT, d.city, code="")),
    "wrong parent": (errors.WrongParent, lambda d: division(Kind.COMMUNITY, d.city)),
    "odd kind": (errors.KindUnknown, lambda d: services.read_kind("planet")),
    "no parent": (errors.WrongParent, lambda d: division(Kind.STREET, None)),
    "compound in a street": (errors.WrongParent, lambda d: compound(d.street, "甲")),
    "division of another sort": (errors.WrongParent, lambda d: division(Kind.COMPOUND, d.communities[0])),
    "door twice": (errors.NumberTaken, lambda d: doors(d.units[0], "101")),
    "door twice at once": (errors.NumberTaken, lambda d: doors(d.units[0], "901", "9 01")),
    "door without number": (errors.NumberWrong, lambda d: doors(d.units[0], " ")),
    "doors of a building": (errors.WrongParent, lambda d: doors(d.buildings[0], "101")),
    "too many doors": (errors.BlockFull, lambda d: doors(d.units[0], *map(str, range(10_000, 12_043)))),
    "still in use": (errors.NotEmpty, lambda d: services.end_place(place_id=d.street.id, actor=SYSTEM, at=LATER)),
}


def rename(place: PlaceRef, name: str) -> PlaceRef:
    return services.rename_place(place_id=place.id, name=name, actor=SYSTEM, at=LATER)


def compound(community: PlaceRef, name: str) -> PlaceRef:
    return services.add_compound(community_id=community.id, name=name, actor=SYSTEM, at=LATER)


def building(compound: PlaceRef, name: str) -> PlaceRef:
    return services.add_building(compound_id=compound.id, name=name, actor=SYSTEM, at=LATER)


def division(kind: Kind, parent: PlaceRef | None, code: str = "77") -> PlaceRef:
    parent_id = parent.id if parent else None
    return services.add_division(kind=kind, code=code, name="新", parent_id=parent_id, actor=SYSTEM, at=LATER)


def doors(unit: PlaceRef, *numbers: str) -> object:
    return services.add_doors(unit_id=unit.id, numbers=numbers, actor=SYSTEM, at=LATER)


@pytest.mark.django_db
@pytest.mark.parametrize("name", CALLS)
def test_refusals(made: District, name: str) -> None:
    error, call = CALLS[name]
    with pytest.raises(error) as caught:
        call(made)
    assert caught.value.detail
    assert caught.value.advice


@pytest.mark.django_db
def test_block_is_full(made: District) -> None:
    for number in range(2, 65):
        services.add_unit(building_id=made.buildings[0].id, name=f"{number}单元", actor=SYSTEM, at=LATER)
    with pytest.raises(errors.BlockFull, match="64"):
        services.add_unit(building_id=made.buildings[0].id, name="65单元", actor=SYSTEM, at=LATER)


@pytest.mark.django_db
def test_renamed_place_keeps_its_old_name(made: District) -> None:
    place = rename(made.buildings[0], "12号楼")
    assert (place.name, place.sort) == ("12号楼", 12)
    assert queries.search_places("阳光 1号楼", actor=SYSTEM, at=LATER)[0].id == place.id


@pytest.mark.django_db
def test_authority(made: District) -> None:
    mine, other = made.communities
    actor = actor_on(made.extent(mine))
    services.add_compound(community_id=mine.id, name="甲", actor=actor, at=LATER)
    with pytest.raises(Forbidden):
        services.add_compound(community_id=other.id, name="乙", actor=actor, at=LATER)
    with pytest.raises(Forbidden):
        services.rename_place(place_id=made.street.id, name="乙", actor=actor, at=LATER)
    with pytest.raises(Forbidden):
        services.add_division(kind=Kind.PROVINCE, code="88", name="省", actor=actor, at=LATER)
    with pytest.raises(Forbidden):
        services.add_compound(community_id=mine.id, name="丙", actor=actor_on(EVERYWHERE, "places.view"), at=LATER)


@pytest.mark.django_db
def test_ended_for_good(made: District) -> None:
    unit = made.units[0]
    heard: list[DoorsEnding] = []
    events.subscribe(DoorsEnding, heard.append)
    try:
        services.end_place(place_id=unit.id, actor=SYSTEM, at=LATER)
    finally:
        events._handlers[DoorsEnding].remove(heard.append)
    assert heard == [DoorsEnding(lo=unit.lo or 0, hi=unit.hi or 0, at=LATER)]
    assert queries.list_doors(unit.id) == []
    assert queries.count_inside(made.extent(made.communities[0])).units == 0
    again = make_unit(made.buildings[0], "1单元", at=LATER)
    assert again.lo == unit.hi, "its keys are not given again"
    with pytest.raises(errors.PlaceEnded):
        rename(unit, "x")


@pytest.mark.django_db
def test_dissolved_community(made: District) -> None:
    community = division(Kind.COMMUNITY, made.street, code=f"{made.street.code}099")
    services.end_place(place_id=community.id, actor=SYSTEM, at=LATER + timedelta(hours=1))
    assert not made.extent(community, LATER + timedelta(hours=2))
    after = services.add_division(
        kind=Kind.COMMUNITY, code=f"{made.street.code}098", name="后", parent_id=made.street.id, actor=SYSTEM,
        at=LATER + timedelta(hours=2),
    )  # fmt: skip
    assert after.lo != community.lo


@pytest.mark.django_db(transaction=True)
def test_colliding_writers_never_get_the_same_keys() -> None:
    made = make_district(communities=1, compounds=1, buildings=1, units=1)
    faults: list[BaseException] = []
    start = threading.Barrier(6)

    def write(number: int) -> None:
        try:
            with db.owner():
                start.wait()
                for turn in range(4):
                    name = f"{number}{turn}"
                    community = services.add_division(
                        kind=Kind.COMMUNITY, code=f"{made.street.code}{number}{turn}0", name=f"社{name}",
                        parent_id=made.street.id, actor=SYSTEM, at=LATER,
                    )  # fmt: skip
                    services.add_compound(community_id=community.id, name="甲", actor=SYSTEM, at=LATER)
                    services.add_building(compound_id=made.compounds[0].id, name=f"{name}栋", actor=SYSTEM, at=LATER)
                    services.add_doors(unit_id=made.units[0].id, numbers=[f"{name}01"], actor=SYSTEM, at=LATER)
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 7)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not faults
    buildings = queries.list_children(made.compounds[0].id, LATER)
    assert len({place.lo for place in buildings}) == len(buildings) == 1 + 24
    assert len(queries.list_doors(made.units[0].id)) == 6 + 24
    assert queries.get_place(made.units[0].id).doors == 6 + 24
    assert len(queries.list_children(made.street.id, LATER)) == 1 + 24
