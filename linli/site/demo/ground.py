"""Compounds, buildings, units and doors of a demo, as columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli.places.terms import DoorKind
from linli.site.demo import facts, words
from linli.site.demo.divisions import Division

Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


class Style(IntEnum):
    TOWER = 0  # 11 to 33 floors, lifts
    WALKUP = 1  # six floors, three to five units, two doors a landing
    YARD = 2  # an old yard without a property firm (三无楼院)
    VILLAGE = 3  # single-storey rows of an urban village or a village
    DORMITORY = 4


# Share of compounds (not of doors) of each style in an urban community: yards are many and small.
URBAN_STYLES = (0.05, 0.27, 0.59, 0.09)
TOWER_FLOORS = (11, 15, 17, 18, 24, 26, 27, 33)
OCCUPIED = 1.0 - facts.VACANT


@dataclass(frozen=True)
class Shape:
    """One compound before it is built."""

    community: str
    name: str
    style: Style
    buildings: int
    units: int
    floors: int
    per_floor: int
    shops: int
    offices: int

    @property
    def doors(self) -> int:
        return self.buildings * self.units * self.floors * self.per_floor


@dataclass(frozen=True, eq=False)
class Ground:
    """Columns of compounds, buildings, units, doors. `*_of` columns are indexes into the level above."""

    shapes: list[Shape]
    building_of: Ints  # building -> compound
    building_number: Ints
    building_name: Texts
    unit_of: Ints  # unit -> building
    unit_number: Ints
    unit_name: Texts
    door_of: Ints  # door -> unit
    door_number: Texts
    door_floor: Ints
    door_kind: Ints
    door_index: Ints  # 0, 1, ... inside the unit, in walking order
    door_style: Ints

    @property
    def dwellings(self) -> Ints:
        return np.flatnonzero(self.door_kind == DoorKind.DWELLING)

    @property
    def rooms(self) -> Ints:
        return np.flatnonzero(self.door_kind == DoorKind.DORMITORY)


def build_ground(
    communities: Iterable[Division], shares: dict[str, float], *, households: int, rooms: int, rng: np.random.Generator
) -> Ground:
    """Enough doors for `households` families and `rooms` dormitory rooms, spread by `shares`."""
    living = [row for row in communities if row.code in shares]
    shapes: list[Shape] = []
    for row in living:
        shapes += _plan_community(row, int(np.ceil(households * shares[row.code] / OCCUPIED)) + 1, rng)
    urban = [row for row in living if not row.is_village] or living
    hosts = rng.permutation(len(urban))[: max(1, round(len(urban) * facts.COLLECTIVE_PLACES))]
    for count, index in enumerate(sorted(hosts.tolist())):
        shapes += _plan_dormitories(urban[index], rooms // len(hosts) + (count < rooms % len(hosts)), rng)
    shapes.sort(key=lambda shape: shape.community)  # stable: dormitories come last in their community
    return lay_out(shapes)


def _plan_community(row: Division, dwellings: int, rng: np.random.Generator) -> list[Shape]:
    shapes: list[Shape] = []
    names: set[str] = set()
    left = dwellings
    while left > 0:
        style = Style.VILLAGE if row.is_village else Style(int(rng.choice(len(URBAN_STYLES), p=URBAN_STYLES)))
        shape = _plan_compound(row, style, left, rng, names)
        shapes.append(shape)
        left -= shape.doors
    return shapes


def _plan_compound(row: Division, style: Style, left: int, rng: np.random.Generator, names: set[str]) -> Shape:
    """One compound, no larger than what is left by more than a building."""
    wanted, units, floors, per_floor = _draw(style, rng)
    if style is Style.TOWER and units * floors * per_floor > left * 1.4:
        style = Style.YARD
        wanted, units, floors, per_floor = _draw(style, rng)
    if style is Style.WALKUP and units * floors * per_floor > left * 1.4:
        units = max(1, left // (floors * per_floor))
    each = units * floors * per_floor
    buildings = max(1, min(wanted, round(left / each)))
    shops = 0 if style is Style.VILLAGE else int(rng.integers(0, 4 + buildings // 2))
    offices = int(style in (Style.TOWER, Style.WALKUP))
    name = _name_compound(row, style, rng, names)
    return Shape(row.code, name, style, buildings, units, floors, per_floor, shops, offices)


def _draw(style: Style, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Buildings, units a building, floors, doors a floor."""
    if style is Style.TOWER:
        return int(rng.integers(3, 14)), int(rng.integers(1, 3)), int(rng.choice(TOWER_FLOORS)), int(rng.integers(2, 5))
    if style is Style.WALKUP:
        return int(rng.integers(3, 19)), int(rng.integers(3, 6)), 6, int(rng.choice([2, 2, 2, 2, 3]))
    if style is Style.YARD:
        return int(rng.integers(1, 4)), int(rng.integers(1, 5)), int(rng.integers(3, 6)), int(rng.choice([2, 2, 3]))
    return int(rng.integers(8, 34)), 1, 1, int(rng.integers(5, 10))


def _name_compound(row: Division, style: Style, rng: np.random.Generator, names: set[str]) -> str:
    for attempt in range(1000):
        pick = int(rng.integers(0, 1 << 30))
        first = words.COMPOUND_FIRST[pick % len(words.COMPOUND_FIRST)]
        if style is Style.TOWER:
            name = first + words.TOWER_LAST[(pick >> 8) % len(words.TOWER_LAST)]
        elif style is Style.WALKUP:
            name = first + words.WALKUP_LAST[(pick >> 8) % len(words.WALKUP_LAST)]
        elif style is Style.YARD and pick % 3:
            name = f"{row.stem}{1 + (pick >> 8) % 90}号院"
        elif style is Style.YARD:
            name = words.YARD_OWNERS[(pick >> 8) % len(words.YARD_OWNERS)] + ("家属院" if pick % 2 else "宿舍")
        else:
            name = row.stem + words.VILLAGE_PARTS[(pick >> 8) % len(words.VILLAGE_PARTS)]
        if attempt > 12:
            name += f"{attempt - 11}区"
        if name not in names:
            names.add(name)
            return name
    raise AssertionError("a community with a thousand compounds of one name")


def _plan_dormitories(row: Division, rooms: int, rng: np.random.Generator) -> list[Shape]:
    """Room for `rooms` rooms: compounds of up to twelve dormitory blocks."""
    shapes: list[Shape] = []
    while rooms > 0:
        floors, per_floor = (6, 20) if rooms >= 120 else (max(1, min(6, rooms // 8)), 8)
        buildings = max(1, min(12, -(-rooms // (floors * per_floor))))
        name = f"{row.stem}{words.DORMITORIES[int(rng.integers(len(words.DORMITORIES)))]}"
        name += f"{len(shapes) + 1}区" if shapes else ""
        shapes.append(Shape(row.code, name, Style.DORMITORY, buildings, 1, floors, per_floor, 0, 1))
        rooms -= shapes[-1].doors
    return shapes


def _within(counts: Ints) -> Ints:
    """0, 1, ... inside each group of `counts` members."""
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)


def _column(shapes: list[Shape], name: str) -> Ints:
    return np.array([getattr(shape, name) for shape in shapes], dtype=np.int64)


def lay_out(shapes: list[Shape]) -> Ground:
    """Columns of everything that stands in these compounds."""
    style = _column(shapes, "style")
    buildings = _column(shapes, "buildings")
    building_of = np.repeat(np.arange(len(shapes), dtype=np.int64), buildings)
    building_number = _within(buildings) + 1
    units = _column(shapes, "units")[building_of]
    unit_of = np.repeat(np.arange(len(building_of), dtype=np.int64), units)
    unit_number = _within(units) + 1
    unit_compound = building_of[unit_of]
    # Shops and the property office are in the first unit of the first building.
    front = (building_number[unit_of] == 1) & (unit_number == 1)
    shops = np.where(front, _column(shapes, "shops")[unit_compound], 0)
    offices = np.where(front, _column(shapes, "offices")[unit_compound], 0)
    per_floor = _column(shapes, "per_floor")[unit_compound]
    homes = per_floor * _column(shapes, "floors")[unit_compound]
    counts = shops + offices + homes
    door_of = np.repeat(np.arange(len(unit_of), dtype=np.int64), counts)
    place = _within(counts)
    home = place - (shops + offices)[door_of]
    is_home, is_shop = home >= 0, place < shops[door_of]
    floor = np.where(is_home, home // per_floor[door_of] + 1, 1)
    door_style = style[unit_compound[door_of]]
    kind = np.where(door_style == Style.DORMITORY, int(DoorKind.DORMITORY), int(DoorKind.DWELLING))
    kind = np.where(is_home, kind, np.where(is_shop, int(DoorKind.SHOP), int(DoorKind.OFFICE)))
    # The order in which places.bulk hands out keys: floor by floor, numbers as people count them (物业, 101, 底商1).
    order = np.lexsort((place, np.where(is_home, 1, np.where(is_shop, 2, 0)), floor, door_of))
    numbers = _door_numbers(place, home, floor, per_floor[door_of], door_style, is_shop)
    return Ground(
        shapes, building_of, building_number, _building_names(style[building_of], building_number),
        unit_of, unit_number, _unit_names(unit_number),
        door_of[order], numbers[order], floor[order], kind[order], place, door_style[order],
    )  # fmt: skip


def _table(texts: Iterable[str]) -> Texts:
    found = list(texts)
    table: Texts = np.empty(len(found), dtype=object)
    table[:] = found
    return table


def _building_names(style: Ints, number: Ints) -> Texts:
    top = int(number.max(initial=0)) + 1
    blocks = _table(f"{n}号楼" for n in range(top))
    rows = _table(f"第{n}排" for n in range(top))
    return np.where(style == Style.VILLAGE, rows[number], blocks[number])


def _unit_names(number: Ints) -> Texts:
    return _table(f"{n}单元" for n in range(int(number.max(initial=0)) + 1))[number]


def _door_numbers(place: Ints, home: Ints, floor: Ints, per_floor: Ints, style: Ints, is_shop: NDArray[Any]) -> Texts:
    """`1203` on the twelfth floor; `7` in a row of a village; `底商2`, `物业` on the ground floor."""
    numbers = _table(str(n) for n in range(100 * (int(floor.max(initial=1)) + 1)))
    on_floor = floor * 100 + home % per_floor + 1
    found = numbers[np.where(style == Style.VILLAGE, home + 1, on_floor)]
    shops = _table(f"底商{n}" for n in range(1, int(place.max(initial=0)) + 2))
    found = np.where(home >= 0, found, "物业")
    return np.where(is_shop, shops[place], found)
