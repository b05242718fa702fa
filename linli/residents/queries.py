"""Every read of the register. All of them narrow by the actor's `residents.view`, with plain comparisons of keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone

from linli.core import crypto, db
from linli.core.access import Actor
from linli.core.extents import UNIT_SIZE, Extent
from linli.core.field import DOORS, PackCall, behind, written_since
from linli.core.sheets import CellFault, clean_id_number, clean_name, clean_phone
from linli.places import queries as places
from linli.places.terms import PlaceRef
from linli.residents.errors import DoorUnknown, HouseholdUnknown, PersonUnknown, SearchEmpty
from linli.residents.policies import age_on
from linli.residents.terms import (
    NEED_BITS,
    Counts,
    Found,
    HouseholdView,
    Need,
    PersonView,
    Presence,
    Sex,
    needs_on,
)

VIEW = "residents.view"
SEARCH_LIMIT = 50
PAGE = 100
ID_HEAD, ID_TAIL, PHONE_HEAD, PHONE_TAIL = 3, 4, 3, 4

_INSIDE = (
    "EXISTS (SELECT 1 FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS x (lo, hi) WHERE {0} >= lo AND {0} < hi)"
)
_RANGES = "FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS x (lo, hi)"
_DOOR = "c.name || ' ' || b.name || ' ' || u.name || ' ' || d.number"
_PLACES = """JOIN door d ON d.key = {0}.key JOIN place u ON u.id = d.unit_id JOIN place b ON b.id = u.parent_id
    JOIN place c ON c.id = b.parent_id"""
_PERSON = f"""
    p.id, p.household_id, p.key, {_DOOR} AS door, p.name, p.sex, p.born_on, p.relation, p.id_sealed, p.phone_sealed,
    p.needs, p.note, p.presence, p.presence_since, p.back_on, p.updated_at"""
_HOUSEHOLD = f"""
    h.id, h.key, {_DOOR} AS door, u.code AS unit_code, h.label, h.note, h.created_at, h.updated_at, h.ended_at,
    d.vacant_since"""


def _spans(extent: Extent, **more: Any) -> dict[str, Any]:
    return {"los": extent.los, "his": extent.his, **more}


def mask_id(number: str) -> str:
    return crypto.mask(number, head=ID_HEAD, tail=ID_TAIL)


def mask_phone(number: str) -> str:
    return crypto.mask(number, head=PHONE_HEAD, tail=PHONE_TAIL)


def _person(row: dict[str, Any], day: date) -> PersonView:
    return PersonView(
        id=row["id"],
        household_id=row["household_id"],
        key=row["key"],
        door=row["door"],
        name=row["name"],
        sex=Sex(row["sex"]),
        born_on=row["born_on"],
        age=age_on(row["born_on"], day),
        relation=row["relation"],
        id_masked=mask_id(crypto.unseal(row["id_sealed"])),
        phone_masked=mask_phone(crypto.unseal(row["phone_sealed"])),
        needs=needs_on(row["needs"], row["born_on"], day),
        note=row["note"],
        presence=Presence(row["presence"]),
        presence_since=row["presence_since"],
        back_on=row["back_on"],
        updated_at=row["updated_at"],
    )


def _day(at: datetime) -> date:
    """The day it is in the jurisdiction."""
    return timezone.localdate(at)


def get_person(person_id: int, *, actor: Actor, at: datetime) -> PersonView:
    """Raises PersonUnknown, also for somebody outside the actor's places."""
    rows = db.dicts(
        f"SELECT {_PERSON} FROM person p {_PLACES.format('p')} WHERE p.id = %(id)s AND {_INSIDE.format('p.key')}",
        _spans(actor.extent_for(VIEW), id=person_id),
    )
    if not rows:
        raise PersonUnknown(person=person_id)
    return _person(rows[0], _day(at))


def get_household(household_id: int, *, actor: Actor, at: datetime) -> HouseholdView:
    """The household with everyone ever registered in it, the living first. Raises HouseholdUnknown."""
    found = _households("h.id = %(id)s", actor, at, id=household_id)
    if not found:
        raise HouseholdUnknown(household=household_id)
    return found[0]


def list_households(key: int, *, actor: Actor, at: datetime, ended: bool = False) -> list[HouseholdView]:
    """The households behind a door, those with people gone long ago only when `ended`."""
    return _households("h.key = %(key)s AND (h.ended_at IS NULL OR %(ended)s)", actor, at, key=key, ended=ended)


def _households(condition: str, actor: Actor, at: datetime, **params: Any) -> list[HouseholdView]:
    rows = db.dicts(
        f"SELECT {_HOUSEHOLD} FROM household h {_PLACES.format('h')} WHERE {condition} AND {_INSIDE.format('h.key')}"
        " ORDER BY h.ended_at NULLS FIRST, h.label, h.id",
        _spans(actor.extent_for(VIEW), **params),
    )
    people: dict[int, list[PersonView]] = {row["id"]: [] for row in rows}
    for one in db.dicts(
        f"SELECT {_PERSON} FROM person p {_PLACES.format('p')} WHERE p.household_id = ANY(%(ids)s) AND p.presence <> 5"
        " ORDER BY p.presence, p.relation <> '户主', p.born_on NULLS LAST, p.id",
        {"ids": list(people)},
    ):
        people[one["household_id"]].append(_person(one, _day(at)))
    return [HouseholdView(**row, people=tuple(people[row["id"]])) for row in rows]


def list_people(
    extent: Extent,
    *,
    actor: Actor,
    at: datetime,
    presence: Sequence[Presence] = (Presence.PRESENT, Presence.AWAY),
    needs: Need | None = None,
    after: tuple[int, int] = (0, 0),
    limit: int = PAGE,
) -> list[PersonView]:
    """People in an extent (a door is `Extent.of([(key, key + 1)])`) in order of (key, id), `after` the last of
    the page.

    `needs`: only people with any of these stored marks.
    """
    rows = db.dicts(
        f"""
        SELECT {_PERSON} {_RANGES}
        JOIN person p ON p.key >= x.lo AND p.key < x.hi {_PLACES.format("p")}
        WHERE (p.key, p.id) > (%(key)s, %(id)s) AND p.key >= %(key)s
          AND p.presence = ANY(%(presence)s) AND (%(needs)s::integer IS NULL OR p.needs & %(needs)s::integer <> 0)
        ORDER BY p.key, p.id LIMIT %(limit)s
        """,
        _spans(
            extent & actor.extent_for(VIEW),
            key=after[0],
            id=after[1],
            presence=[int(one) for one in presence],
            needs=None if needs is None else int(needs),
            limit=limit,
        ),
    )
    return [_person(row, _day(at)) for row in rows]


def search_residents(text: str, *, actor: Actor, at: datetime, limit: int = SEARCH_LIMIT) -> Found:
    """People with exactly this ID number, phone number or name, within the actor's places. Raises SearchEmpty.

    Personal values are looked up by their keyed hash. Who has left is found too, after those who live there.
    """
    by, value = _what(text)
    column = {"id_number": "p.id_hash", "phone": "p.phone_hash", "name": "p.name"}[by]
    rows = db.dicts(
        f"SELECT {_PERSON} FROM person p {_PLACES.format('p')} WHERE {column} = %(value)s AND p.presence <> 5"
        f" AND {_INSIDE.format('p.key')}"
        " ORDER BY p.presence, p.key, p.id LIMIT %(limit)s",
        _spans(actor.extent_for(VIEW), value=value, limit=limit + 1),
    )
    return Found(tuple(_person(row, _day(at)) for row in rows[:limit]), len(rows) > limit, by)


def _what(text: str) -> tuple[str, Any]:
    if not text.strip():
        raise SearchEmpty()
    for by, cleaner in (("id_number", clean_id_number), ("phone", clean_phone)):
        try:
            return by, crypto.lookup_hash(cleaner(text) or "")
        except CellFault:
            continue  # not one of these: then a name
    try:
        return "name", clean_name(text) or ""
    except CellFault:
        return "name", text.strip()


def find_part(place: PlaceRef, *, actor: Actor, at: datetime) -> tuple[Extent, bool]:
    """The doors of a place behind which the actor may see who lives there, and whether some of its doors are missing.

    Raises Forbidden when all of it lies out of sight: nobody is not what lives there.
    """
    places.require_sight(place, actor, at, VIEW)
    whole = places.extent_of(place.id, at)
    seen = whole & actor.extent_for(VIEW)
    return seen, not whole <= seen


def count_residents(extent: Extent, *, actor: Actor) -> Counts:
    """How many live in an extent and need what: a sum over its units. Extents are made of whole units."""
    return count_many([extent], actor=actor)[0]


def count_part(place: PlaceRef, *, actor: Actor, at: datetime) -> tuple[Counts, bool]:
    """How many live in the part of a place that the actor may see, and whether there is more of it; see `find_part`."""
    part, narrowed = find_part(place, actor=actor, at=at)
    return count_residents(part, actor=actor), narrowed


def count_many(extents: Sequence[Extent], *, actor: Actor) -> list[Counts]:
    """`count_residents` for several extents (the children of a place) in one round trip."""
    held = actor.extent_for(VIEW)
    spans = [(index, lo, hi) for index, extent in enumerate(extents) for lo, hi in extent & held]
    needs = ", ".join(f"coalesce(sum(c.needs[{bit + 1}]), 0)" for bit in range(NEED_BITS))
    found = {
        row[0]: row[1:]
        for row in db.rows(
            f"""
            SELECT x.place, coalesce(sum(c.doors), 0), coalesce(sum(c.households), 0), coalesce(sum(c.people), 0),
                   coalesce(sum(c.present), 0), {needs}
            FROM unnest(%s::integer[], %s::bigint[], %s::bigint[]) AS x (place, lo, hi)
            JOIN unit_count c ON c.lo >= x.lo AND c.lo < x.hi
            GROUP BY x.place
            """,
            [[place for place, _, _ in spans], [lo for _, lo, _ in spans], [hi for _, _, hi in spans]],
        )
    }
    return [_counts(found.get(index, (0,) * (4 + NEED_BITS))) for index in range(len(extents))]


def _counts(row: tuple[Any, ...]) -> Counts:
    doors, households, people, present, *needs = (int(value) for value in row)
    return Counts(doors, households, people, present, {Need(1 << bit): count for bit, count in enumerate(needs)})


def find_people_made(client_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of people that phones registered, under the UUID they gave: the number of each that is there."""
    return _find_made("person", client_ids)


def find_households_made(client_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The same of households."""
    return _find_made("household", client_ids)


def _find_made(table: str, client_ids: Sequence[UUID]) -> dict[UUID, int]:
    if not client_ids:
        return {}
    return dict(db.rows(f"SELECT client_id, id FROM {table} WHERE client_id = ANY(%s)", [list(client_ids)]))


def list_merged_into(person_id: int) -> list[int]:
    """The entries that were merged into a person's."""
    rows = db.rows("SELECT merged_id FROM merged_into WHERE kind = 1 AND into_id = %s", [person_id])
    return [merged for (merged,) in rows]


class Changes(NamedTuple):
    """Since a phone's last pack: the units [lo, hi) in which somebody may have come or gone, and whether any row of
    households or people was written."""

    units: list[tuple[int, int]]
    households: bool
    people: bool


# Counted, not asked for the first: of that the planner takes it that it comes soon, and might read a whole table.
_CHANGES = f"""
    SELECT coalesce(c.los, '{{}}'), h.n > 0, p.n > 0 FROM {DOORS}
    CROSS JOIN LATERAL (
        SELECT array_agg(c.lo) AS los FROM unit_count c WHERE {behind("c.lo")} AND {written_since("c")}
    ) AS c
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM household h WHERE {behind("h.key")} AND {written_since("h")}
    ) AS h
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM person p WHERE {behind("p.key")} AND {written_since("p")}) AS p
"""


def find_changes(call: PackCall) -> Changes:
    """What of the register a phone has to read again. Behind the wall and within the doors of the call."""
    found = db.prepared(_CHANGES, call.asked)  # a row a span
    units = [(lo, lo + UNIT_SIZE) for los, _, _ in found for lo in los]
    return Changes(units, any(row[1] for row in found), any(row[2] for row in found))


def list_households_behind(keys: Sequence[int]) -> dict[int, list[int]]:
    """Door key -> the households that live behind it now, as far as the wall shows them."""
    found: dict[int, list[int]] = {}
    if keys:
        sql = "SELECT key, id FROM household WHERE key = ANY(%s) AND ended_at IS NULL ORDER BY key, id"
        for key, household in db.rows(sql, [list(keys)]):
            found.setdefault(key, []).append(household)
    return found


def find_door(key: int) -> dict[str, Any] | None:
    """A door in words: key, door, unit_code, vacant_since, ended_at. Doors are no personal data."""
    rows = db.dicts(
        f"SELECT d.key, {_DOOR} AS door, u.code AS unit_code, d.vacant_since, d.ended_at FROM door d"
        " JOIN place u ON u.id = d.unit_id JOIN place b ON b.id = u.parent_id JOIN place c ON c.id = b.parent_id"
        " WHERE d.key = %s",
        [key],
    )
    return rows[0] if rows else None


def get_door(key: int) -> dict[str, Any]:
    """`find_door`, or DoorUnknown."""
    door = find_door(key)
    if door is None or door["ended_at"] is not None:
        raise DoorUnknown(key=key)
    return door


def describe_doors(keys: Iterable[int]) -> dict[int, str]:
    """Door key → compound, building, unit and number in words."""
    return {
        int(key): str(door)
        for key, door in db.rows(
            f"SELECT d.key, {_DOOR} FROM door d JOIN place u ON u.id = d.unit_id JOIN place b ON b.id = u.parent_id"
            " JOIN place c ON c.id = b.parent_id WHERE d.key = ANY(%s)",
            [list(keys)],
        )
    }


def require_door(key: int, *, actor: Actor) -> dict[str, Any]:
    """`get_door`, whose residents the actor may see. Raises DoorUnknown, Forbidden: an empty list would be a lie."""
    door = get_door(key)
    actor.require(VIEW, Extent.of([(key, key + 1)]))
    return door
