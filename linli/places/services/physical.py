"""Compounds, buildings, units and doors: blocks of keys inside blocks of keys, given once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from linli.core import db, events, journal
from linli.core.access import Actor
from linli.core.extents import UNIT_SIZE, Extent
from linli.places.errors import BlockFull, NumberTaken, NumberWrong
from linli.places.events import DoorsEnding
from linli.places.policies import floor_of
from linli.places.queries.doors import get_door, list_doors
from linli.places.queries.tree import extent_of, list_children
from linli.places.services.base import (
    check_code,
    check_name_free,
    clean_name,
    insert_own_span,
    insert_place,
    lock_place,
    record,
    require_edit,
)
from linli.places.terms import BLOCK_BITS, NUMBER_LENGTH, DoorKind, DoorRef, Kind, PlaceRef

_CHILD = {Kind.COMMUNITY: Kind.COMPOUND, Kind.COMPOUND: Kind.BUILDING, Kind.BUILDING: Kind.UNIT}
# Codes read from the wide to the narrow: 150102001001-003-02-1 is unit 1 of building 2 of compound 3 of that community.
CODE_DIGITS = {Kind.COMPOUND: 3, Kind.BUILDING: 2, Kind.UNIT: 1}


def add_compound(*, community_id: int, name: str, code: str = "", actor: Actor, at: datetime) -> PlaceRef:
    """A new compound in a community; its code is made from the community's unless one is given.

    Raises WrongParent, NameWrong, NameTaken, CodeWrong, CodeTaken, BlockFull, Forbidden.
    """
    return _add_block(Kind.COMMUNITY, community_id, name, code, actor, at)


def add_building(*, compound_id: int, name: str, code: str = "", actor: Actor, at: datetime) -> PlaceRef:
    """A new building of a compound. Raises as `add_compound`."""
    return _add_block(Kind.COMPOUND, compound_id, name, code, actor, at)


def add_unit(*, building_id: int, name: str, code: str = "", actor: Actor, at: datetime) -> PlaceRef:
    """A new unit (stairwell) of a building. Raises as `add_compound`."""
    return _add_block(Kind.BUILDING, building_id, name, code, actor, at)


def _add_block(parent_kind: Kind, parent_id: int, name: str, code: str, actor: Actor, at: datetime) -> PlaceRef:
    kind = _CHILD[parent_kind]
    name = clean_name(name)
    with db.atomic():
        parent = lock_place(parent_id, parent_kind, child=kind)  # two writers under one parent wait for each other here
        require_edit(actor, extent_of(parent.id, at))
        check_name_free(kind, name, list_children(parent.id, at), parent)
        index = next_index(kind, parent)
        if code:
            check_code(code)
        place = insert_place(
            kind=kind,
            code=code or f"{parent.code}-{index + 1:0{CODE_DIGITS[kind]}}",
            name=name,
            parent=None if kind == Kind.COMPOUND else parent,
            at=at,
            lo=(parent.lo or 0) + (index << BLOCK_BITS[kind]),
            hi=(parent.lo or 0) + (index + 1 << BLOCK_BITS[kind]),
        )
        insert_own_span(place, at)
        record(place, f"add_{kind.name.lower()}", actor=actor, at=at, under=parent.code)
        return place


def next_index(kind: Kind, parent: PlaceRef) -> int:
    """The place in the parent's block after the last one ever given. Hold the parent. Raises BlockFull."""
    bits = BLOCK_BITS[kind]
    last = db.scalar(
        "SELECT max(lo) FROM place WHERE kind = %s AND lo >= %s AND lo < %s", [kind.value, parent.lo, parent.hi]
    )
    index = 0 if last is None else ((last - (parent.lo or 0)) >> bits) + 1
    limit = ((parent.hi or 0) - (parent.lo or 0)) >> bits
    if index >= limit:
        raise BlockFull(place=parent.name, limit=limit)
    return index


def check_number(number: str) -> str:
    """Raises NumberWrong."""
    number = "".join(number.split())
    if not 0 < len(number) <= NUMBER_LENGTH:
        raise NumberWrong(number=number[:40])
    return number


def add_doors(
    *,
    unit_id: int,
    numbers: Sequence[str],
    floors: Sequence[int | None] | None = None,
    kind: DoorKind = DoorKind.DWELLING,
    actor: Actor,
    at: datetime,
) -> list[DoorRef]:
    """New doors of a unit, with the next keys of its block. Where `floors` is not given, the numbers tell them (1203:
    12).

    A door that was ended and stands again gets its old key back. Raises NumberWrong, NumberTaken, BlockFull, Forbidden.
    """
    wanted = [check_number(number) for number in numbers]
    if len(set(wanted)) < len(wanted):
        raise NumberTaken(number=next(n for n in wanted if wanted.count(n) > 1), place="-")
    on = dict(zip(wanted, floors or [floor_of(number) for number in wanted], strict=True))
    with db.atomic():
        unit = lock_place(unit_id, Kind.UNIT)
        require_edit(actor, unit.block)
        known = {door.number: door for door in list_doors(unit_id, with_ended=True)}
        for number in wanted:
            if number in known and known[number].ended_at is None:
                raise NumberTaken(number=number, place=unit.name)
        fresh = [number for number in wanted if number not in known]
        first = max((door.key + 1 for door in known.values()), default=unit.lo or 0)
        if first + len(fresh) > (unit.hi or 0):
            raise BlockFull(place=unit.name, limit=UNIT_SIZE)
        db.execute("UPDATE door SET ended_at = NULL WHERE unit_id = %s AND number = ANY(%s)", [unit_id, wanted])
        db.execute(
            """
            INSERT INTO door (key, unit_id, unit_kind, unit_lo, number, kind, floor, position, created_at)
            SELECT %s + n - 1, %s, 90, %s, number, %s, floor, 0, %s
            FROM unnest(%s::text[], %s::smallint[]) WITH ORDINALITY AS d (number, floor, n)
            """,
            [first, unit_id, unit.lo, kind.value, at, fresh, [on[number] for number in fresh]],
        )
        count_doors([unit_id])
        record(unit, "add_doors", actor=actor, at=at, numbers=wanted)
        return [door for door in list_doors(unit_id) if door.number in on]


# Walking order inside a unit: floor by floor, numbers as people count them (2 before 10).
WALK = 'floor NULLS FIRST, length(number), number COLLATE "C", key'


def count_doors(unit_ids: Sequence[int]) -> None:
    """Set the walking order and the number of doors of units whose doors changed. Hold the units."""
    db.execute(
        f"""
        UPDATE door d SET position = w.n
        FROM (SELECT key, row_number() OVER (PARTITION BY unit_id ORDER BY {WALK}) AS n
              FROM door WHERE unit_id = ANY(%s)) AS w
        WHERE d.key = w.key AND d.position <> w.n
        """,
        [list(unit_ids)],
    )
    db.execute(
        """
        UPDATE place p SET doors = (SELECT count(*) FROM door d WHERE d.unit_id = p.id AND d.ended_at IS NULL)
        WHERE p.id = ANY(%s)
        """,
        [list(unit_ids)],
    )


def end_door(*, key: int, actor: Actor, at: datetime) -> None:
    """A door that is no more (walled up, pulled down). Its key is never given to another. Raises Forbidden,
    PlaceUnknown.
    """
    with db.atomic():
        door = get_door(key)
        unit = lock_place(door.unit_id)
        require_edit(actor, unit.block)
        events.publish(DoorsEnding(lo=key, hi=key + 1, at=at))
        db.execute("UPDATE door SET ended_at = %s WHERE key = %s AND ended_at IS NULL", [at, key])
        count_doors([unit.id])
        record(unit, "end_door", actor=actor, at=at, number=door.number)


def set_vacant(*, keys: Sequence[int], vacant: bool, actor: Actor, at: datetime) -> int:
    """Say since when nobody lives behind doors, or that somebody does. Returns how many changed. Raises Forbidden."""
    with db.atomic():
        actor.require("residents.edit", Extent.of((key, key + 1) for key in keys))
        changed = db.execute(
            "UPDATE door SET vacant_since = %s WHERE key = ANY(%s) AND (vacant_since IS NULL) = %s",
            [timezone.localtime(at).date() if vacant else None, list(keys), vacant],
        )
        journal.record(
            actor=actor,
            at=at,
            verb="places.set_vacant" if vacant else "places.set_occupied",
            key=min(keys, default=0),
            permission="residents.edit",
            doors=len(keys),
        )
        return changed
