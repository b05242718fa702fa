"""Who answers for a door, at each level, at a given time, and who stands in.

Everything is one statement: a door's key is rounded down to its unit; the unit's blocks and the spans that hold it give
at most a dozen places; the appointments in force there are its chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from linli.core import db
from linli.core.extents import unit_lo
from linli.duty.terms import CHAIN, LEAD_OF, POST_KINDS, Chain, Holder, Level, PlaceName, Role
from linli.places.terms import Kind

# Of one layer no two places hold a door at a time: the span that begins last at or before the key is the only one that
# can hold it, so each layer is one step down the index (kind, lo, hi), however many spans there are.
_HELD = """
    SELECT u.lo AS unit, p.id, p.kind, p.code, p.name FROM unnest(%(units)s::bigint[]) AS u (lo)
    CROSS JOIN (VALUES (70, 28), (80, 17), (90, 11)) AS b (kind, bits)
    JOIN place p ON p.kind = b.kind AND p.lo = (u.lo >> b.bits) << b.bits
    UNION ALL
    SELECT u.lo, p.id, p.kind, p.code, p.name FROM unnest(%(units)s::bigint[]) AS u (lo)
    CROSS JOIN unnest(%(layers)s::smallint[]) AS k (kind)
    CROSS JOIN LATERAL (
        SELECT x.place_id, x.hi FROM place_span x
        WHERE x.kind = k.kind AND x.lo <= u.lo AND x.since <= %(at)s AND x.until > %(at)s
        ORDER BY x.lo DESC LIMIT 1
    ) AS s JOIN place p ON p.id = s.place_id WHERE s.hi > u.lo
"""
_IN_FORCE = "a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)"
_HOLDER = """
    a.id, a.account_id, c.name, a.role, a.seat, a.is_deputy, a.officer_kind, coalesce(o.name, ''),
    t.phone_hash IS NOT NULL, a.since, a.until
"""
_PEOPLE = """
    LEFT JOIN account c ON c.id = a.account_id LEFT JOIN organisation o ON o.id = a.organisation_id
    LEFT JOIN staff t ON t.account_id = a.account_id
"""
# Neighbouring stairwells share all but the narrowest of their places: each place is read once, with its stairwells.
_ANSWERING = f"""
    SELECT h.units, h.id, h.kind, h.code, h.name, {_HOLDER}
    FROM (
        SELECT array_agg(unit) AS units, id, kind, code, name FROM ({_HELD}) AS one GROUP BY id, kind, code, name
    ) AS h
    LEFT JOIN appointment a ON a.place_id = h.id AND {_IN_FORCE} {_PEOPLE}
    ORDER BY h.kind, a.seat, a.is_deputy, a.id
"""
_AT_PLACES = f"""
    SELECT p.id, p.kind, p.code, p.name, {_HOLDER}
    FROM place p LEFT JOIN appointment a ON a.place_id = p.id AND {_IN_FORCE} {_PEOPLE}
    WHERE p.id = ANY(%(places)s) ORDER BY a.seat, a.is_deputy, a.id
"""
LAYERS = [kind.value for kind in Kind if kind < Kind.COMPOUND]
# Who is named for a whole division, where nobody leads it: whoever is appointed to the first of these roles there.
DIVISION = (Role.OFFICE, Role.COMMAND)


def find_answering(keys: Iterable[int], at: datetime, *, layers: Sequence[int] = LAYERS) -> dict[int, Chain]:
    """The chain over each of these doors at `at`, in one statement.

    `layers`: kinds of divisions and overlays that are looked through; fewer are quicker.
    """
    wanted = list(keys)
    units = sorted({unit_lo(key) for key in wanted})
    places: dict[int, dict[int, PlaceName]] = defaultdict(dict)
    holders: dict[int, list[Holder]] = defaultdict(list)
    if units:
        # Prepared: of one door's chain, working out the plan was more than half of the time.
        asked = {"units": units, "layers": list(layers), "at": at}
        for los, *columns in db.prepared(_ANSWERING, asked, binary=True):
            place = PlaceName(*columns[:4])
            holder = None if columns[4] is None else _holder(place, columns[4:])
            for lo in los:
                places[lo][place.id] = place
                if holder is not None:
                    holders[lo].append(holder)
    chains = {lo: (_levels(places[lo], holders[lo])) for lo in units}
    return {key: Chain(key, *chains[unit_lo(key)]) for key in wanted}


def find_chain(key: int, at: datetime) -> Chain:
    """Who answers for one door at `at`: one statement."""
    return find_answering([key], at)[key]


def find_leads(place_ids: Iterable[int], at: datetime) -> dict[int, Level]:
    """Who answers for each of these very places at `at`, in one statement.

    For a unit, building, grid or area its lead; for a compound the leader of its work team or the linked cadre; for a
    division the office (or the command) that is appointed there.
    """
    found: dict[int, PlaceName] = {}
    holders: dict[int, list[Holder]] = defaultdict(list)
    for columns in db.rows(_AT_PLACES, {"places": list(place_ids), "at": at}):
        place = found.setdefault(columns[0], PlaceName(*columns[:4]))
        if columns[4] is not None:
            holders[place.id].append(_holder(place, columns[4:]))
    return {place.id: _lead(place, holders[place.id]) for place in found.values()}


def find_holders(place_id: int, at: datetime) -> list[Holder]:
    """Everybody who holds a post at this very place at `at`, leads first."""
    order = {role.value: number for number, role in enumerate((*CHAIN, *Role))}
    found = [
        _holder(PlaceName(*columns[:4]), columns[4:])
        for columns in db.rows(_AT_PLACES, {"places": [place_id], "at": at})
        if columns[4] is not None
    ]
    return sorted(found, key=lambda one: (order[one.role], one.seat, one.is_deputy))


def _holder(place: PlaceName, columns: Sequence[Any]) -> Holder:
    appointment, account, name, role, seat, is_deputy, kind, organisation, has_phone, since, until = columns
    return Holder(
        appointment, account, name, role, place, seat, is_deputy, kind, organisation, has_phone, since, until
    )  # fmt: skip


def _levels(places: Mapping[int, PlaceName], holders: Sequence[Holder]) -> tuple[tuple[Level, ...], tuple[Holder, ...]]:
    """The five levels over one unit, and whoever else holds a post there; both from places that hold the unit."""
    levels = []
    for role in CHAIN:
        kinds = POST_KINDS.get(role)
        if kinds is None:  # information officers: all of them, from the narrowest place outwards
            mine = sorted((one for one in holders if one.role == role), key=lambda one: -one.place.kind)
            widest = max(places.values(), key=lambda place: place.kind, default=None)
            levels.append(_split(role, widest, mine))
            continue
        # Grids may lie in grids: the narrowest that somebody holds, else the narrowest there is.
        there = sorted((place for place in places.values() if place.kind in kinds), key=lambda place: -place.kind)
        split = [_split(role, place, [h for h in holders if h.role == role and h.place == place]) for place in there]
        levels.append(next((level for level in split if level.acting), split[0] if split else Level(role, None)))
    counted = {one.appointment_id for level in levels for one in (*level.holders, *level.deputies)}
    return tuple(levels), tuple(one for one in holders if one.appointment_id not in counted)


def _split(role: str, place: PlaceName | None, holders: Iterable[Holder]) -> Level:
    mine = list(holders)
    return Level(
        role, place, tuple(one for one in mine if not one.is_deputy), tuple(one for one in mine if one.is_deputy)
    )  # fmt: skip


def _lead(place: PlaceName, holders: Sequence[Holder]) -> Level:
    if place.kind in LEAD_OF:
        role = LEAD_OF[place.kind]
        return _split(role, place, [one for one in holders if one.role == role])
    roles = (Role.TEAM_LEADER, Role.LINKED_CADRE) if place.kind == Kind.COMPOUND else DIVISION
    for role in roles:
        mine = [one for one in holders if one.role == role]
        if mine:
            return _split(role, place, mine)
    return Level(roles[0], place)
