"""The bulk path gives what the services give, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import unit_lo
from linli.places import bulk, errors, queries, services
from linli.places.bulk_overlays import add_overlays
from linli.places.terms import Kind
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)


@pytest.fixture
def made() -> District:
    return make_district(communities=1, compounds=1, buildings=1, units=1)


def test_tree_in_four_calls(made: District) -> None:
    community = made.communities[0].id
    with db.atomic():
        compounds = bulk.ensure_compounds([(1, community, "东方 小区"), (2, community, "阳光小区")], at=LATER)
        assert compounds[2].id == made.compounds[0].id
        assert (compounds[1].created, compounds[2].created) == (True, False)
        buildings = bulk.ensure_buildings([(n, compounds[1].id, f"{n}号楼") for n in (10, 9, 1)], at=LATER)
        units = bulk.ensure_units([(n, placed.id, "1单元") for n, placed in buildings.items()], at=LATER)
        rows = [(units[10].id, f"{f}0{d}", None, 1) for f in (2, 10, 1) for d in (2, 1)]
        assert bulk.add_doors(rows, at=LATER, floors_from_numbers=True) == 6
    assert buildings[1].lo < buildings[9].lo < buildings[10].lo
    doors = queries.list_doors(units[10].id)
    assert [door.number for door in doors] == ["101", "102", "201", "202", "1001", "1002"]
    assert [door.key for door in doors] == list(range(units[10].lo, units[10].lo + 6))
    assert [door.floor for door in doors] == [1, 1, 2, 2, 10, 10]
    assert queries.get_place(units[10].id).doors == 6
    assert queries.door_label(doors[5].key) == "东方 小区 10号楼 1单元 1002"
    assert queries.get_place(buildings[9].id).code == f"{queries.get_place(compounds[1].id).code}-02"
    assert queries.extent_of(units[10].id, LATER) == queries.get_place(units[10].id).block


def test_again_changes_nothing(made: District) -> None:
    rows = [(1, made.compounds[0].id, "2号楼"), (2, made.compounds[0].id, "2#"), (3, made.compounds[0].id, "一号楼")]
    with db.atomic():
        first = bulk.ensure_buildings(rows, at=LATER)
    with db.atomic():
        again = bulk.ensure_buildings(rows, at=LATER)
    assert first[1].id == first[2].id == again[1].id
    assert first[3].id == made.buildings[0].id
    assert not any(placed.created for placed in again.values())


def test_doors_added_later_keep_keys_and_walk_in_order(made: District) -> None:
    unit = made.units[0]
    before = {door.number: door.key for door in queries.list_doors(unit.id)}
    rows = [(unit.id, "101", None, 1), (unit.id, "103", None, 1), (unit.id, "103", None, 1), (unit.id, "B01", -1, 2)]
    with db.atomic():
        assert bulk.add_doors(rows, at=LATER, floors_from_numbers=True) == 2
    doors = queries.list_doors(unit.id)
    assert [door.number for door in doors] == ["B01", "101", "102", "103", "201", "202", "301", "302"]
    assert [door.position for door in doors] == list(range(1, 9))
    assert {door.number: door.key for door in doors}.items() >= before.items()
    assert {unit_lo(door.key) for door in doors} == {unit.lo}
    assert queries.get_place(unit.id).doors == 8


def test_ended_door_stands_again(made: District) -> None:
    key = made.doors[0].key
    services.end_door(key=key, actor=SYSTEM, at=LATER)
    assert queries.get_place(made.units[0].id).doors == 5
    with db.atomic():
        assert bulk.add_doors([(made.units[0].id, "101", 1, 1)], at=LATER) == 0
    assert queries.get_door(key).ended_at is None
    assert queries.get_place(made.units[0].id).doors == 6


def test_full_blocks_are_refused(made: District) -> None:
    unit, building = made.units[0].id, made.buildings[0].id
    with pytest.raises(errors.BlockFull), db.atomic():
        bulk.add_doors([(unit, str(n), None, 1) for n in range(10_000, 12_043)], at=LATER)
    with pytest.raises(errors.BlockFull), db.atomic():
        bulk.ensure_units([(n, building, f"{n}单元") for n in range(2, 66)], at=LATER)
    with db.atomic():
        assert len(bulk.ensure_units([(n, building, f"{n}单元") for n in range(2, 65)], at=LATER)) == 63


def test_wrong_rows_are_refused(made: District) -> None:
    with pytest.raises(errors.WrongParent), db.atomic():
        bulk.ensure_units([(1, made.compounds[0].id, "1单元")], at=LATER)
    with pytest.raises(errors.WrongParent), db.atomic():
        bulk.ensure_buildings([(1, 10**9, "1号楼")], at=LATER)
    with pytest.raises(errors.WrongParent), db.atomic():
        bulk.add_doors([(made.buildings[0].id, "101", 1, 1)], at=LATER)
    for number in ("", "1 01", "9" * 21):
        with pytest.raises(errors.NumberWrong), db.atomic():
            bulk.add_doors([(made.units[0].id, number, 1, 1)], at=LATER)


def test_overlays_by_the_thousand() -> None:
    made = make_district()
    rows = [
        (made.communities[0].id, "第1网格", [made.buildings[0].id, made.units[2].id]),
        (made.communities[0].id, "第2网格", [made.compounds[1].id]),
        (made.communities[1].id, "第1网格", [made.compounds[2].id, made.buildings[6].id]),
    ]
    ids = add_overlays(Kind.GRID, rows, at=AT)
    found = [queries.get_place(id) for id in ids]
    assert [place.code[-4:] for place in found] == ["-G01", "-G02", "-G01"]
    assert made.extent(found[0]) == made.buildings[0].block | made.units[2].block
    assert made.extent(found[2]) == made.compounds[2].block | made.buildings[6].block
    (more,) = add_overlays(Kind.GRID, [(made.communities[0].id, "第3网格", [made.units[3].id])], at=AT)
    assert queries.get_place(more).code.endswith("-G03")
    with pytest.raises(errors.OutsideParent):
        add_overlays(Kind.GRID, [(made.communities[0].id, "第4网格", [made.buildings[7].id])], at=AT)
    with pytest.raises(errors.NothingInside):
        add_overlays(Kind.GRID, [(made.communities[0].id, "第4网格", [])], at=AT)
    with pytest.raises(errors.WrongParent):
        add_overlays(Kind.GRID, [(made.street.id, "第4网格", [made.buildings[7].id])], at=AT)
