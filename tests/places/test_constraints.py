"""Every rule of the tree is kept by the database: each is broken here by hand, past the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from linli.core import db
from linli.places.terms import FOREVER, PARENTS, ROOTED, Kind
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)


@pytest.fixture
def made() -> District:
    return make_district(communities=2, compounds=1, buildings=1, units=2, floors=1, a_floor=1)


def refuses(constraint: str, sql: str, params: dict[str, Any] | None = None) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(using=db.using()):
        db.execute(sql, params)


PLACE = """
    INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, lo, hi, parent_lo, doors, created_at)
    VALUES (%(kind)s, %(code)s, %(name)s, 0, %(parent)s, %(parent_kind)s, %(lo)s, %(hi)s, %(parent_lo)s, 0, now())
"""


def place(kind: Kind, **fields: Any) -> dict[str, Any]:
    empty = {"code": "X", "name": "X", "parent": None, "parent_kind": None, "lo": None, "hi": None, "parent_lo": None}
    return {**empty, "kind": kind.value, **fields}


@pytest.mark.parametrize("kind", Kind)
def test_kinds_and_their_parents(made: District, kind: Kind) -> None:
    parents = [made.city, made.district, made.street, made.communities[0], made.compounds[0], made.buildings[0]]
    for parent in parents:
        if parent.kind not in PARENTS[kind]:
            refuses(
                "place_parent_kind|place_block|place_in_parent",
                PLACE,
                place(kind, parent=parent.id, parent_kind=parent.kind),
            )
    if kind not in ROOTED:
        refuses("place_parent_kind|place_block", PLACE, place(kind))


def test_parent_is_what_is_said_of_it(made: District) -> None:
    row = place(Kind.STREET, parent=made.street.id, parent_kind=Kind.DISTRICT.value)
    refuses("place_parent_is", PLACE, row)
    refuses("place_parent_whole", PLACE, place(Kind.CITY, parent=made.city.id))
    refuses("place_kind", PLACE, place(Kind.CITY) | {"kind": 11})


@pytest.mark.parametrize("field", ["code", "name"])
def test_code_and_name_are_said(made: District, field: str) -> None:
    refuses("place_name_said", PLACE, place(Kind.CITY, **{field: ""}))


def test_codes_are_given_once(made: District) -> None:
    refuses("place_code", PLACE, place(Kind.CITY, code=made.city.code))


def test_blocks_lie_on_their_grid(made: District) -> None:
    compound = made.compounds[0]
    lo, hi = compound.hi or 0, (compound.hi or 0) + (1 << 28)
    refuses("place_block", PLACE, place(Kind.COMPOUND, lo=lo + 1, hi=hi + 1))
    refuses("place_block", PLACE, place(Kind.COMPOUND, lo=lo, hi=hi + 1))
    refuses("place_block", PLACE, place(Kind.COMPOUND))
    refuses("place_block", PLACE, place(Kind.CITY, lo=lo, hi=hi))
    half = place(Kind.COMMUNITY, parent=made.street.id, parent_kind=Kind.STREET.value, hi=1 << 37)
    refuses("place_block", PLACE, half)
    refuses("place_block_once", PLACE, place(Kind.COMPOUND, lo=compound.lo, hi=compound.hi))
    top = 1 << 53
    refuses("place_block", PLACE, place(Kind.COMPOUND, lo=top, hi=top + (1 << 28)))


def test_block_lies_in_its_parent(made: District) -> None:
    a, b = made.compounds
    lo = (b.lo or 0) + (1 << 17)
    row = place(Kind.BUILDING, parent=a.id, parent_kind=70, lo=lo, hi=lo + (1 << 17))
    refuses("place_in_parent", PLACE, row | {"parent_lo": a.lo})
    refuses("place_in_parent", PLACE, row)
    refuses("place_parent_block", PLACE, row | {"parent_lo": b.lo})


def test_only_units_count_doors(made: District) -> None:
    sql = "UPDATE place SET doors = %(n)s WHERE id = %(id)s"
    refuses("place_doors", sql, {"n": 1, "id": made.compounds[0].id})
    refuses("place_doors", sql, {"n": -1, "id": made.units[0].id})


def test_nothing_ends_before_it_begins(made: District) -> None:
    sql = "UPDATE place SET ended_at = created_at - interval '1 second' WHERE id = %(id)s"
    refuses("place_ends_after", sql, {"id": made.units[0].id})


SPAN = """
    INSERT INTO place_span (place_id, kind, lo, hi, since, until,
        parent_span_id, parent_place_id, parent_lo, parent_hi, parent_since, parent_until)
    SELECT %(place)s, %(kind)s, %(lo)s, %(hi)s, %(since)s, %(until)s, p.id, p.place_id, p.lo, p.hi, p.since, p.until
    FROM (SELECT 1) AS one LEFT JOIN place_span p ON p.id = %(parent)s
"""


def grid_row(made: District, **fields: Any) -> dict[str, Any]:
    """A span row for a grid of the first community that would be right."""
    community, compound = made.communities[0], made.compounds[0]
    grid: int = db.scalar(
        "INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, doors, created_at)"
        " VALUES (61, 'G' || clock_timestamp(), 'G', 0, %s, 40, 0, now()) RETURNING id",
        [community.id],
    )
    parent = db.scalar("SELECT id FROM place_span WHERE place_id = %s", [community.id])
    right = {"place": grid, "kind": 61, "lo": compound.lo, "hi": compound.hi, "since": LATER, "until": FOREVER}
    return {**right, "parent": parent, **fields}


def test_right_span_is_taken_and_its_double_is_not(made: District) -> None:
    db.execute(SPAN, grid_row(made))
    refuses("place_span_apart", SPAN, grid_row(made))
    refuses("place_span_apart", SPAN, grid_row(made, hi=(made.compounds[0].lo or 0) + 2048))
    db.execute(SPAN, grid_row(made, since=AT, until=LATER))  # before the first: no overlap in time


def test_span_of_a_block_is_the_block(made: District) -> None:
    unit, building = made.units[0], made.buildings[0]
    shift = "UPDATE place_span SET lo = lo + %(by)s, hi = hi + %(by)s WHERE place_id = %(id)s"
    refuses("place_span_block_is", shift, {"by": 2048, "id": unit.id})
    refuses("place_span_block_is", shift, {"by": 1 << 28, "id": made.compounds[0].id})
    grow = "UPDATE place_span SET hi = hi + 2048 WHERE place_id = %(id)s"
    for one in (unit, building, made.compounds[0]):
        refuses("place_span_block", grow, {"id": one.id})
    refuses("place_span_block", "UPDATE place_span SET hi = lo + 2048 WHERE place_id = %(id)s", {"id": building.id})


def test_span_stays_inside_its_parent(made: District) -> None:
    other = made.compounds[1]
    refuses("place_span_in_parent", SPAN, grid_row(made, lo=other.lo, hi=other.hi))
    refuses("place_span_in_parent", SPAN, grid_row(made, since=AT - timedelta(days=1)))
    db.execute(SPAN, grid_row(made))
    close = "UPDATE place_span SET until = %(at)s WHERE place_id = %(id)s"
    refuses("place_span_in_parent", close, {"at": LATER + timedelta(days=1), "id": made.communities[0].id})


def test_span_of_a_division_needs_a_parent(made: District) -> None:
    refuses("place_span_parent_whole", SPAN, grid_row(made, place=made.communities[0].id, kind=40, parent=None))


def test_span_never_cuts_a_unit(made: District) -> None:
    lo = made.compounds[0].lo or 0
    refuses("place_span_units", SPAN, grid_row(made, lo=lo + 5))
    refuses("place_span_units", SPAN, grid_row(made, hi=lo + 2049))


def test_span_is_a_span(made: District) -> None:
    lo = made.compounds[0].lo
    refuses("place_span_keys", SPAN, grid_row(made, hi=lo))
    refuses("place_span_time", SPAN, grid_row(made, until=LATER))
    refuses("place_span_kind_is", SPAN, grid_row(made, kind=60))


def test_block_has_one_span(made: District) -> None:
    unit = made.units[0]
    row = {"place": unit.id, "kind": 90, "lo": unit.lo, "hi": unit.hi, "since": LATER, "until": FOREVER, "parent": None}
    refuses("place_span_once", SPAN, row)


DOOR = """
    INSERT INTO door (key, unit_id, unit_kind, unit_lo, number, kind, position, created_at)
    VALUES (%(key)s, %(unit)s, %(unit_kind)s, %(unit_lo)s, %(number)s, %(kind)s, 1, now())
"""


def door(made: District, **fields: Any) -> dict[str, Any]:
    unit = made.units[0]
    key = (unit.lo or 0) + 100
    return {"key": key, "unit": unit.id, "unit_kind": 90, "unit_lo": unit.lo, "number": "900", "kind": 1, **fields}


def test_door_lies_in_its_unit(made: District) -> None:
    other = made.units[1]
    refuses("door_in_unit", DOOR, door(made, key=other.lo))
    refuses("door_unit_is", DOOR, door(made, key=(other.lo or 0) + 50, unit_lo=other.lo))
    refuses("door_in_unit", DOOR, door(made, unit=made.buildings[0].id, unit_kind=80))
    refuses("door_pkey", DOOR, door(made, key=made.keys[0]))


def test_door_has_a_number_of_its_own(made: District) -> None:
    refuses("door_number_once", DOOR, door(made, number="101"))
    refuses("door_number_said", DOOR, door(made, number=""))
    refuses("door_kind", DOOR, door(made, kind=9))


def test_outline_lies_on_the_earth(made: District) -> None:
    sql = "INSERT INTO place_outline VALUES (%(id)s, '{}', %(w)s, 40, 112, 41, '')"
    refuses("place_outline_box", sql, {"id": made.city.id, "w": 113})
    refuses("place_outline_box", sql, {"id": made.city.id, "w": -181})


def test_alias_once(made: District) -> None:
    sql = "INSERT INTO place_alias (place_id, text) VALUES (%(id)s, '旧名')"
    db.execute(sql, {"id": made.city.id})
    refuses("place_alias_once", sql, {"id": made.city.id})
