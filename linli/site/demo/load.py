"""A demo's columns into the database, through the rooms' bulk loaders: as the owner, in the caller's transaction."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from linli.core import bulk, db
from linli.core.access import SYSTEM
from linli.core.importers import Source
from linli.places import bulk as places
from linli.places.imports.divisions import load_divisions
from linli.places.queries import get_places_by_code
from linli.places.terms import Placed
from linli.residents import bulk as residents
from linli.residents.terms import Presence
from linli.site.demo import facts
from linli.site.demo.divisions import Division, choose_divisions, share_people
from linli.site.demo.ground import Ground, Ints, build_ground
from linli.site.demo.people import Census, settle

Watch = Callable[[str, int, int | None], None]
SLICE = 20_000


@dataclass(frozen=True)
class Plan:
    """How large a demo is. `families` 0: as many as the census' mean size gives."""

    people: int
    district: str = ""
    seed: int = 20221005
    families: int = 0

    @property
    def members(self) -> int:
        """People in dormitories."""
        return round(self.people * facts.COLLECTIVE_SHARE)

    @property
    def households(self) -> int:
        return self.families or max(1, round((self.people - self.members) / facts.FAMILY_SIZE))


@dataclass(frozen=True, eq=False)
class Settled:
    """What was loaded, as the later steps need it: columns of doors and people, in key order."""

    divisions: list[Division]
    ground: Ground
    census: Census
    place_ids: dict[str, int]  # of the divisions, by code
    building_id: Ints  # one a building
    unit_lo: Ints  # one a unit
    unit_community: Ints  # one a unit: index into `communities`
    communities: list[str]  # codes of those that hold doors
    household_key: Ints
    first_household: int
    first_person: int

    @property
    def due(self) -> Ints:
        """Indexes of the people whom a round over everything reaches."""
        return np.flatnonzero(self.census.presence == int(Presence.PRESENT))


def draw_city(plan: Plan, day: date) -> tuple[list[Division], Ground, Census]:
    """Everything made up, before it is stored: the same plan and day give the same city."""
    rng = np.random.default_rng(plan.seed)
    divisions = choose_divisions(plan.people, plan.district)
    shares = share_people(divisions, plan.people, rng)
    rooms = round(plan.members / facts.COLLECTIVE_SIZE)
    communities = [row for row in divisions if row.level == "community"]
    ground = build_ground(communities, shares, households=plan.households, rooms=rooms, rng=rng)
    residents = plan.people - plan.members
    census = settle(ground, families=plan.households, residents=residents, members=plan.members, today=day, rng=rng)
    return divisions, ground, census


def load_city(plan: Plan, *, at: datetime, today: datetime, zone: str, watch: Watch) -> Settled:
    """Divisions, doors, households, people, on record since `at`; ages and absences are those of `today`.

    The register must be empty.
    """
    return store_all(*draw_city(plan, today.astimezone(ZoneInfo(zone)).date()), at, watch)


def store_all(divisions: list[Division], ground: Ground, census: Census, at: datetime, watch: Watch) -> Settled:
    """What was drawn, on record since `at`. The register must be empty."""
    watch("places", 0, None)
    place_ids = store_divisions(divisions, at)
    building_id, unit_id, unit_lo = store_places(ground, place_ids, at)
    watch("doors", 0, len(ground.door_of))
    _store_doors(ground, unit_id, at)
    door_key = unit_lo[ground.door_of] + ground.door_index
    _require_keys(door_key, ground)
    _store_vacant(door_key, census)
    household_key = door_key[census.household_door]
    first_household, first_person = _store_residents(household_key, census, at, watch)
    communities = sorted({shape.community for shape in ground.shapes})
    index = {code: number for number, code in enumerate(communities)}
    of_compound = np.array([index[shape.community] for shape in ground.shapes], dtype=np.int64)
    return Settled(
        divisions=divisions,
        ground=ground,
        census=census,
        place_ids=place_ids,
        building_id=building_id,
        unit_lo=unit_lo,
        unit_community=of_compound[ground.building_of[ground.unit_of]],
        communities=communities,
        household_key=household_key,
        first_household=first_household,
        first_person=first_person,
    )


def store_places(ground: Ground, place_ids: dict[str, int], at: datetime) -> tuple[Ints, Ints, Ints]:
    """Compounds, buildings, units; returns the buildings' ids, the units' ids and first keys."""
    wanted = ((ref, place_ids[shape.community], shape.name) for ref, shape in enumerate(ground.shapes))
    compound_id = _ids(places.ensure_compounds(wanted, at=at))
    above = compound_id[ground.building_of].tolist()
    building_id = _ids(places.ensure_buildings(zip(count(), above, ground.building_name), at=at))
    above = building_id[ground.unit_of].tolist()
    units = places.ensure_units(zip(count(), above, ground.unit_name), at=at)
    return building_id, _ids(units), np.array([units[ref].lo for ref in range(len(units))], dtype=np.int64)


def _ids(placed: dict[int, Placed]) -> Ints:
    return np.array([placed[ref].id for ref in range(len(placed))], dtype=np.int64)


def _store_doors(ground: Ground, unit_id: Ints, at: datetime) -> None:
    db.execute("SET CONSTRAINTS ALL IMMEDIATE")  # tables with checks outstanding cannot be made bare
    rows = zip(
        unit_id[ground.door_of].tolist(),
        ground.door_number,
        ground.door_floor.tolist(),
        ground.door_kind.tolist(),
        strict=True,
    )
    with bulk.bare("door"):
        places.add_doors(rows, at=at)


def store_divisions(divisions: list[Division], at: datetime) -> dict[str, int]:
    """Code -> place id. They come in like any official list."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "divisions.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "name", "level", "parent_code"))
            writer.writerows((row.code, row.name, row.level, row.parent) for row in divisions)
        outcome = load_divisions(Source(path, path.name), actor=SYSTEM, at=at, watch=lambda *_: None)
    if outcome.rejections:
        raise AssertionError(f"a division of our own was refused: {outcome.rejections[0]}")
    found = get_places_by_code(row.code for row in divisions)
    return {code: place.id for code, place in found.items()}


def _store_vacant(door_key: Ints, census: Census) -> None:
    empty = np.flatnonzero(~np.isnat(census.vacant_since))
    db.execute(
        "UPDATE door d SET vacant_since = v.since FROM unnest(%s::bigint[], %s::date[]) AS v (key, since)"
        " WHERE d.key = v.key",
        [door_key[empty].tolist(), census.vacant_since[empty].astype(object).tolist()],
    )


def _require_keys(door_key: Ints, ground: Ground) -> None:
    """The keys reckoned here are those that places handed out: the numbers of a sample of doors agree."""
    sample = np.linspace(0, len(door_key) - 1, min(len(door_key), 500)).astype(np.int64)
    numbers = dict(db.rows("SELECT key, number FROM door WHERE key = ANY(%s)", [door_key[sample].tolist()]))
    for index in sample.tolist():
        if numbers.get(int(door_key[index])) != ground.door_number[index]:
            raise AssertionError(f"door {ground.door_number[index]} is not at key {door_key[index]}")


def _store_residents(household_key: Ints, census: Census, at: datetime, watch: Watch) -> tuple[int, int]:
    households, people = len(household_key), len(census.name)
    watch("people", 0, people)
    with residents.loading():
        first_household, first_person = residents.reserve_ids(households=households, people=people)
        residents.load_households(
            (
                (ref, key) if not label else residents.HouseholdRow(ref, key, label)
                for ref, key, label in zip(
                    range(first_household, first_household + households),
                    household_key.tolist(),
                    census.household_label,
                    strict=True,
                )
            ),
            at=at,
        )
        residents.load_people(_rows(household_key, census, first_household, first_person, watch), at=at)
        watch("indexes", 0, None)
    return first_household, first_person


def _rows(
    household_key: Ints, census: Census, first_household: int, first_person: int, watch: Watch
) -> Iterator[residents.PersonRow]:
    """People as the loader takes them, a slice at a time: a million Python objects at once would cost a gigabyte."""
    total = len(census.name)
    for lo in range(0, total, SLICE):
        part = slice(lo, lo + SLICE)
        household = census.person_household[part]
        size = len(household)
        watch("people", lo, total)
        yield from map(
            residents.PersonRow,
            range(first_person + lo, first_person + lo + size),
            (household + first_household).tolist(),
            household_key[household].tolist(),
            census.name[part].tolist(),
            census.sex[part].tolist(),
            _dates(census.born[part]),
            census.relation[part].tolist(),
            census.id_number[part].tolist(),
            census.phone[part].tolist(),
            census.needs[part].tolist(),
            census.presence[part].tolist(),
            _dates(census.presence_since[part]),
            _dates(census.back_on[part]),
        )


def _dates(days: Any) -> list[date | None]:
    """NaT becomes None."""
    found: list[date | None] = days.astype(object).tolist()
    return found
