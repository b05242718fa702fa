"""Codes of doors: which there are, and what each holds. Pages, the command line and the API show the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from linli.places import queries
from linli.places.errors import PlaceUnknown
from linli.places.terms import DoorRef, Kind, PlaceRef

# Read by the phone app (linli/field/app/src/work/codes.ts). Once printed they hang on doors for years: never changed.
DOOR, UNIT = "/field/#/d/", "/field/#/u/"


@dataclass(frozen=True)
class DoorCode:
    door: DoorRef
    link: str


@dataclass(frozen=True)
class CodeSheet:
    """A stairwell: its own code, and those of its doors in walking order. `where`: compound and building."""

    unit: PlaceRef
    where: str
    link: str
    doors: Sequence[DoorCode]


def list_code_sheets(place: PlaceRef, *, site: str, at: datetime) -> list[CodeSheet]:
    """The codes of a unit, a building or a compound; units without doors are left out. A code holds the address of a
    door in the phone app at `site` (https://...), by its key: nothing of who lives there. Raises PlaceUnknown.
    """
    if place.kind not in (Kind.COMPOUND, Kind.BUILDING, Kind.UNIT) or place.ended_at is not None:
        raise PlaceUnknown(place=place.code)
    start = site.rstrip("/")
    doors: dict[int, list[DoorCode]] = defaultdict(list)
    for door in queries.list_doors_inside(place.block):
        doors[door.unit_id].append(DoorCode(door, f"{start}{DOOR}{door.key}"))
    units = [unit for unit in queries.list_units_under(place, at) if doors[unit.id]]
    paths = queries.paths_of([unit.id for unit in units], at)
    return [
        CodeSheet(
            unit, " ".join(one.name for one in paths[unit.id] if one.is_physical),
            f"{start}{UNIT}{quote(unit.code)}", doors[unit.id],
        )
        for unit in units
    ]  # fmt: skip
