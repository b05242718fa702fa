"""What phones carry of places: doors, and the places around them (with those who answer for them: duty)."""

from __future__ import annotations

from typing import Any

from linli.core import field
from linli.core.field import PackCall, PackSection, Section, without_empty
from linli.places.queries import field as queries
from linli.places.queries.field import Around, AroundState
from linli.places.terms import DoorKind, Kind


def list_around(call: PackCall) -> list[Around]:
    """The places around the phone's doors, found out once a pack."""
    found = call.shared.get("places.around")
    if found is None:
        found = call.shared["places.around"] = queries.list_around(call.extent, call.at)
    return list(found)


def find_around_state(call: PackCall) -> AroundState:
    """Whether they are what they were; asked once a pack too."""
    found: AroundState | None = call.shared.get("places.state")
    if found is None:
        found = call.shared["places.state"] = queries.find_around_state(call.extent, call.at)
    return found


def describe_place(place: Around) -> dict[str, Any]:
    """A place as it travels; what holds doors for a time says no keys: it may hold several spans."""
    row = without_empty(
        id=f"l{place.id}",
        code=place.code,
        name=place.name,
        kind=Kind(place.kind).name.lower(),
        parent=f"l{place.parent_id}" if place.parent_id is not None else None,
        sort=place.sort,
    )
    return row if place.lo is None else row | {"lo": place.lo, "hi": place.hi}


def read_doors(call: PackCall) -> Section:
    """Doors with their labels; when a building or unit was named anew, all of them."""
    version = find_around_state(call).names
    renamed = not call.is_whole and version != call.known
    within = call.extent if renamed else call.fresh & call.extent
    section = Section(within=within, is_all=call.is_whole, known=version)
    doors = queries.list_changed_doors(call, within)
    names = {place.id: (place.name, place.parent_id) for place in list_around(call)} if doors else {}
    for door in doors:
        if door.is_ended:
            section.drop.append(door.key)
            continue
        unit, building = names.get(door.unit_id, ("", None))
        above = names.get(building or 0, ("", None))[0]
        row = {
            "id": door.key, "unit": f"l{door.unit_id}", "number": door.number,
            "label": " ".join(part for part in (above, unit, door.number) if part), "pos": door.position,
            "kind": DoorKind(door.kind).name.lower(),
        }  # fmt: skip
        if door.floor is not None:
            row["floor"] = door.floor
        if door.is_vacant:
            row["vacant"] = True
        section.put.append(row)
    return section


def register() -> None:
    field.register_section(PackSection("doors", 20, read_doors))
