"""Compounds, buildings and units from a street office's sheet; doors where floors and doors a floor are given.

A row names a compound, or a building of it, or one unit; 单元数 gives all units of a building in one row. What is there
already is found by its name as people write it (3, 3#, 3号楼) and left as it is, so the same sheet twice changes
nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.import_rows import Progress, Tally
from linli.core.importers import Outcome, Source
from linli.core.jobs import Run
from linli.core.sheets import Field, SheetSpec
from linli.core.sheets import Kind as CellKind
from linli.core.spoken import filled
from linli.places import bulk
from linli.places.allocation import lock_tree
from linli.places.policies import match_building, match_compound, match_unit, say_building, say_unit
from linli.places.queries.tree import extents_of, get_places, list_divisions
from linli.places.terms import NAME_LENGTH, DoorKind, Kind, Placed, PlaceRef

KIND = "places.import_compounds"
PERMISSION = "places.import"
COMPOUNDS_SHEET = SheetSpec(
    (
        Field("community", ("所属社区", "社区", "社区名称", "社区代码", "community"), required=True),
        Field("compound", ("小区", "小区名称", "院落", "compound"), required=True),
        Field("building", ("楼栋", "楼号", "楼栋号", "building")),
        Field("unit", ("单元", "单元号", "unit")),
        Field("units", ("单元数", "单元总数", "units"), kind=CellKind.INTEGER),
        Field("floors", ("层数", "楼层数", "floors"), kind=CellKind.INTEGER),
        Field("a_floor", ("每层户数", "每层门数", "doors a floor"), kind=CellKind.INTEGER),
        Field("street", ("街道", "所属街道", "乡镇", "street")),
    )
)
SAMPLE = (
    ("150102001001", "阳光小区", "1号楼", "", 3, 6, 2, ""),
    ("星火巷社区", "阳光小区", "2号楼", "1单元", "", 18, 4, "海拉尔东路街道"),
)
LIMITS = {"units": 64, "floors": 150, "a_floor": 60}
_COMMUNITY_TAIL = re.compile(
    "(社区居民委员会|社区居委会|社区村委会|居民委员会|居委会|村民委员会|村委会|嘎查委员会|社区|嘎查|村)$"
)


@dataclass
class Line:
    """One good row: the names of its units, and what became of them."""

    number: int
    community_id: int
    compound: str
    building: str
    units: list[str]
    floors: int
    a_floor: int
    placed: list[Placed] = field(default_factory=list)
    doors: int = 0


def import_compounds(run: Run, source: Source) -> Outcome:
    """The work of the job; one transaction, one journal entry."""
    return load_compounds(source, actor=run.actor, at=run.at, watch=run.progress)


def load_compounds(source: Source, *, actor: Actor, at: datetime, watch: Progress) -> Outcome:
    """Raises SheetProblem, BlockFull."""
    tally = Tally(source, at)
    watch(gettext("Reading"), 0, None)
    tally.read(COMPOUNDS_SHEET)
    with db.owner(), db.atomic():
        lock_tree()
        lines = _read_lines(tally, Communities(actor, at))
        watch(gettext("Writing"), 0, len(lines))
        made = _build(lines, at)
        for line in lines:
            if line.placed[-1].created or any(one.created for one in line.placed[1:]):
                tally.created += 1
            elif line.placed[0].created or line.doors:
                tally.updated += 1
            else:
                tally.unchanged += 1
        journal.record(
            actor=actor, at=at, verb=KIND, permission=PERMISSION, key=journal.first_key(actor, PERMISSION),
            subject=source.name[:80], created=tally.created,
            updated=tally.updated, unchanged=tally.unchanged, rejected=len(tally.faults), **made,
        )  # fmt: skip
        watch(gettext("Writing"), len(lines), len(lines))
    facts = (
        (_("New compounds"), made["compounds"]), (_("New buildings"), made["buildings"]),
        (_("New units"), made["units"]), (_("New doors"), made["doors"]),
    )  # fmt: skip
    return tally.outcome(facts)


class Communities:
    """The communities in which the actor may import, found by code, or by name as a sheet writes it."""

    def __init__(self, actor: Actor, at: datetime) -> None:
        held = actor.extent_for(PERMISSION)
        self.all = list_divisions(held, Kind.COMMUNITY, at)
        extents = extents_of([place.id for place in self.all], at)
        self.allowed = {place.id for place in self.all if extents[place.id] <= held}
        streets = get_places({place.parent_id for place in self.all if place.parent_id})
        self.street = {place.id: streets[place.parent_id].name for place in self.all if place.parent_id in streets}
        self.by_code = {place.code: place for place in self.all}
        self.by_name: dict[str, list[PlaceRef]] = defaultdict(list)
        for place in self.all:
            self.by_name[stem(place.name)].append(place)
        named = {place.id: place for place in self.all}
        for place_id, text in db.rows("SELECT place_id, text FROM place_alias WHERE place_id = ANY(%s)", [list(named)]):
            if named[place_id] not in self.by_name[stem(text)]:
                self.by_name[stem(text)].append(named[place_id])

    def find(self, text: str, street: str | None) -> list[PlaceRef]:
        """All that the text may stand for."""
        if text in self.by_code:
            return [self.by_code[text]]
        found = self.by_name.get(stem(text), [])
        if street:
            found = [place for place in found if stem_street(self.street.get(place.id, "")) == stem_street(street)]
        exact = [place for place in found if place.name == text]
        return exact or found


def stem(name: str) -> str:
    """星火巷 of 星火巷社区居委会."""
    name = match_compound(name)
    return _COMMUNITY_TAIL.sub("", name) or name


def stem_street(name: str) -> str:
    return re.sub("(街道办事处|街道|乡|镇)$", "", match_compound(name))


def _read_lines(tally: Tally, communities: Communities) -> list[Line]:
    seen: dict[tuple[int, str, str, str], int] = {}
    lines = []
    for number, values in tally.values.items():
        _check_shape(tally, number)
        community = _community(tally, number, communities)
        if community is None or number in tally.faults:
            continue
        building = values.get("building") or ""
        units = [values["unit"]] if values.get("unit") else [str(n + 1) for n in range(values.get("units") or 0)]
        line = Line(
            number, community.id, values["compound"], building, units, values.get("floors") or 0,
            values.get("a_floor") or 0,
        )  # fmt: skip
        same = [
            (community.id, match_compound(line.compound), match_building(building), match_unit(unit)) for unit in units
        ]
        first = next((seen[key] for key in same if key in seen), None)
        if first is not None:
            tally.refuse(
                number, "unit", "unit_twice", filled(_("The unit stands in row %(row)s as well."), row=first),
                _("Keep only one of the two rows."),
            )  # fmt: skip
            continue
        seen |= dict.fromkeys(same, number)
        lines.append(line)
    return lines


def _check_shape(tally: Tally, number: int) -> None:
    """Refuse rows whose cells do not go together."""
    values = tally.values[number]
    tally.require(number, "community", "compound")
    for name in ("compound", "building", "unit"):
        if len(values.get(name) or "") > NAME_LENGTH:
            tally.refuse(number, name, "too_long", _("The name is too long."), _("Shorten it to 120 characters."))
    for name, limit in LIMITS.items():
        value = values.get(name)
        if value is not None and not 1 <= value <= limit:
            tally.refuse(
                number, name, "range", filled(_("The number must lie between 1 and %(limit)s."), limit=limit),
                _("Correct the number, or leave the cell empty."),
            )  # fmt: skip
    if not values.get("building") and (values.get("unit") or values.get("units") or values.get("floors")):
        tally.refuse(number, "building", "empty", _("The row names no building."), _("Say which building it is."))
    if values.get("unit") and values.get("units"):
        tally.refuse(
            number, "units", "unit_and_units", _("The row gives one unit and a number of units."),
            _("Keep one: the unit's name for a row a unit, or the number of units for a row a building."),
        )  # fmt: skip
    if (values.get("floors") is None) != (values.get("a_floor") is None):
        tally.refuse(
            number, "floors" if values.get("floors") is None else "a_floor", "empty",
            _("Doors are made from floors and doors a floor; one of the two is missing."),
            _("Fill in both or neither."),
        )  # fmt: skip
    elif values.get("floors") and not (values.get("unit") or values.get("units")):
        tally.refuse(
            number, "units", "empty", _("Doors belong to a unit, and the row names none."),
            _("Write the number of units; a building with one stairwell has 1."),
        )  # fmt: skip


def _community(tally: Tally, number: int, communities: Communities) -> PlaceRef | None:
    values = tally.values[number]
    text = values.get("community")
    if not text:
        return None
    found = communities.find(text, values.get("street"))
    if len(found) > 1:
        codes = "、".join(place.code for place in found[:5])
        tally.refuse(
            number, "community", "community_several",
            filled(_("Several communities have this name: %(codes)s."), codes=codes),
            _("Write the code of the one that is meant, or fill in the street."),
        )  # fmt: skip
    elif not found or found[0].id not in communities.allowed:
        tally.refuse(
            number, "community", "community_unknown", _("No community of yours has this name or code."),
            _("Check the spelling, or write the code; communities are imported with the divisions."),
        )  # fmt: skip
    else:
        return found[0]
    return None


def _build(lines: list[Line], at: datetime) -> dict[str, int]:
    """Everything the rows name, wide before narrow. Returns how many of each are new."""
    compounds = bulk.ensure_compounds([(line.number, line.community_id, line.compound) for line in lines], at=at)
    with_building = [line for line in lines if line.building]
    buildings = bulk.ensure_buildings(
        [(line.number, compounds[line.number].id, say_building(line.building)) for line in with_building], at=at
    )
    named = [(line, name) for line in with_building for name in line.units]
    units = bulk.ensure_units(
        [(ref, buildings[line.number].id, say_unit(name)) for ref, (line, name) in enumerate(named)], at=at
    )
    for line in lines:
        line.placed = [compounds[line.number]]
        if line.building:
            line.placed.append(buildings[line.number])
    by_unit: dict[int, Line] = {}
    for ref, (line, _name) in enumerate(named):
        line.placed.append(units[ref])
        by_unit[units[ref].id] = line
    before = _count_doors(list(by_unit))
    doors = bulk.add_doors(_doors(by_unit), at=at)
    for unit_id, count in _count_doors(list(by_unit)).items():
        by_unit[unit_id].doors += count - before[unit_id]
    return {
        "compounds": _new(compounds), "buildings": _new(buildings), "units": _new(units), "doors": doors,
    }  # fmt: skip


def _new(placed: dict[int, Placed]) -> int:
    return len({one.id for one in placed.values() if one.created})


def _count_doors(unit_ids: list[int]) -> dict[int, int]:
    return dict(db.rows("SELECT id, doors FROM place WHERE id = ANY(%s)", [unit_ids]))


def _doors(by_unit: dict[int, Line]) -> Iterator[tuple[int, str, int | None, int]]:
    """101, 102, 201, ...: the floor, then the door's number on it in two digits."""
    for unit_id, line in by_unit.items():
        for floor in range(1, line.floors + 1):
            for door in range(1, line.a_floor + 1):
                yield unit_id, f"{floor}{door:02}", floor, DoorKind.DWELLING.value


LABEL = _("Compounds, buildings and units")
ABOUT = _(
    "One row a compound, a building or a unit, with the community it belongs to. Where the number of floors and the"
    " doors a floor are given, the doors are made as well. What is there already is left as it is."
)
