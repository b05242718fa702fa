"""Small trees of places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from linli.core.access import SYSTEM
from linli.core.extents import Extent
from linli.places import queries, services
from linli.places.layouts import Take, Target
from linli.places.terms import DoorRef, Kind, PlaceRef
from tests.builders.replay import build_or_replay

AT = datetime(2022, 10, 1, 0, 0, tzinfo=UTC)
"""When the builders' places came into being. Tests act later than this."""


@dataclass
class District:
    """city > district > street > 2 communities > 2 compounds each > 2 buildings each > 2 units each > 6 doors each."""

    city: PlaceRef
    district: PlaceRef
    street: PlaceRef
    communities: list[PlaceRef] = field(default_factory=list)
    compounds: list[PlaceRef] = field(default_factory=list)
    buildings: list[PlaceRef] = field(default_factory=list)
    units: list[PlaceRef] = field(default_factory=list)
    doors: list[DoorRef] = field(default_factory=list)

    def extent(self, place: PlaceRef, at: datetime = AT) -> Extent:
        return queries.extent_of(place.id, at)

    @property
    def keys(self) -> list[int]:
        return [door.key for door in self.doors]


def make_unit(
    building: PlaceRef, name: str = "1单元", *, floors: int = 3, a_floor: int = 2, at: datetime = AT
) -> PlaceRef:
    """A unit with its doors: 101, 102, 201, ..."""
    unit = services.add_unit(building_id=building.id, name=name, actor=SYSTEM, at=at)
    numbers = [f"{floor}{door:02}" for floor in range(1, floors + 1) for door in range(1, a_floor + 1)]
    services.add_doors(unit_id=unit.id, numbers=numbers, actor=SYSTEM, at=at)
    return queries.get_place(unit.id)


def make_district(
    *,
    city_code: str = "1501",
    code: str = "",
    name: str = "新城区",
    communities: int = 2,
    compounds: int = 2,
    buildings: int = 2,
    units: int = 2,
    floors: int = 3,
    a_floor: int = 2,
    at: datetime = AT,
) -> District:
    """A district with everything under it, built through the services. Names: 阳光小区, 1号楼, 1单元, 101.

    Two districts of one city: call it twice with different codes (150102 and 150103).
    """
    code = code or f"{city_code}02"

    def build() -> District:
        return _build(city_code, code, name, (communities, compounds, buildings, units, floors, a_floor), at)

    key = (city_code, code, name, communities, compounds, buildings, units, floors, a_floor)
    made: District = build_or_replay(key, build, partial(_again, at=at), at)
    return made


def _build(city_code: str, code: str, name: str, size: tuple[int, ...], at: datetime) -> District:
    communities, compounds, buildings, units, floors, a_floor = size
    city = queries.find_place(city_code) or services.add_division(
        kind=Kind.CITY, code=city_code, name="呼和浩特市", actor=SYSTEM, at=at
    )
    district = services.add_division(kind=Kind.DISTRICT, code=code, name=name, parent_id=city.id, actor=SYSTEM, at=at)
    street = services.add_division(
        kind=Kind.STREET, code=f"{code}001", name="海拉尔东路街道", parent_id=district.id, actor=SYSTEM, at=at
    )
    made = District(city, district, street)
    names = ["阳光小区", "锦绣花园", "团结小区", "丽景佳苑", "银河家园", "幸福里"]
    for c in range(communities):
        community = services.add_division(
            kind=Kind.COMMUNITY,
            code=f"{code}001{c + 1:03}",
            name=f"第{c + 1}社区",
            parent_id=street.id,
            actor=SYSTEM,
            at=at,
        )
        made.communities.append(community)
        for n in range(compounds):
            index = c * compounds + n
            compound = services.add_compound(
                community_id=community.id,
                name=names[index % len(names)] + (str(index // len(names) + 1) if index >= len(names) else ""),
                actor=SYSTEM,
                at=at,
            )
            made.compounds.append(compound)
            _fill(made, compound, buildings, units, floors, a_floor, at)
    return made


def _again(made: District, ids: dict[int, int], *, at: datetime) -> District:
    """The same district under other ids."""

    def same(place: PlaceRef) -> PlaceRef:
        parent_id = None if place.parent_id is None else ids[place.parent_id]
        return replace(place, id=ids[place.id], parent_id=parent_id, created_at=at)

    def all_of(places: list[PlaceRef]) -> list[PlaceRef]:
        return [same(place) for place in places]

    return District(
        same(made.city),
        same(made.district),
        same(made.street),
        all_of(made.communities),
        all_of(made.compounds),
        all_of(made.buildings),
        all_of(made.units),
        [replace(door, unit_id=ids[door.unit_id]) for door in made.doors],
    )


def _fill(
    made: District, compound: PlaceRef, buildings: int, units: int, floors: int, a_floor: int, at: datetime
) -> None:
    for b in range(buildings):
        building = services.add_building(compound_id=compound.id, name=f"{b + 1}号楼", actor=SYSTEM, at=at)
        made.buildings.append(building)
        for u in range(units):
            unit = make_unit(building, f"{u + 1}单元", floors=floors, a_floor=a_floor, at=at)
            made.units.append(unit)
            made.doors += queries.list_doors(unit.id)


def make_grids(district: District) -> list[PlaceRef]:
    """Grid 1: the first compound; grid 2: the second; of the first community."""
    return [
        services.add_overlay(
            kind=Kind.GRID, parent_id=district.communities[0].id, name=f"第{n + 1}网格", place_ids=[compound.id],
            actor=SYSTEM, at=AT,
        )
        for n, compound in enumerate(district.compounds[:2])
    ]  # fmt: skip


def merge_takes(place_ids: Iterable[int], into: int) -> list[Take]:
    """Whole places into one of them."""
    return [Take(tuple(id for id in place_ids if id != into), Target(into))]
