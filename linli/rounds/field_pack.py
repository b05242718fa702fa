"""What phones carry of rounds: the open ones, and how everybody due behind their doors stands."""

from __future__ import annotations

from typing import Any

from linli.core import db, field
from linli.core.extents import Extent
from linli.core.field import DOORS, PackCall, PackSection, Section, behind, replace_if_other, written_since
from linli.residents.field_pack import find_changed
from linli.rounds import queries
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, RoundState
from linli.rounds.withdrawing import WINDOW

GAPS = "rounds.gaps"
MOST_ROUNDS = 50
# Moments as they travel: written by PostgreSQL, at a tenth of what reading and writing them here costs.
_MOMENT = """to_char(s.{0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
_COLUMNS = f"""
    s.subject_id, s.household_id, s.key, s.state, {_MOMENT.format("event_at")}, {_MOMENT.format("back_at")},
    {_MOMENT.format("until_at")}, CASE WHEN s.event_at > %(lately)s THEN s.client_id::text END, s.due
"""
_DUE = f"""
    SELECT {_COLUMNS} FROM round_state s WHERE s.part = {{part}} AND s.round_id = {{round}} AND {{where}}
    ORDER BY s.key, s.subject_id
"""
# Of all rounds that the phone knows.
_CHANGED = f"""
    SELECT r.id, f.* FROM unnest(%(parts)s::integer[], %(rounds)s::bigint[]) AS r (part, id) CROSS JOIN {DOORS}
    CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM round_state s
        WHERE s.part = r.part AND s.round_id = r.id AND {behind("s.key")}
          AND ({written_since("s")} OR s.key <@ %(within)s::int8multirange)
        ORDER BY s.key, s.subject_id
    ) AS f
"""
_WORDS = {mark.value: mark.name.lower() for mark in Mark}


def list_open(call: PackCall) -> list[RoundView]:
    """The open rounds that reach the phone's doors, as far as its owner may see who is missing."""
    found = call.shared.get("rounds.open")
    if found is None:
        seen = call.actor.extent_for(GAPS) & call.extent
        found = queries.list_rounds(actor=call.actor, state=RoundState.OPEN, limit=MOST_ROUNDS, inside=seen)
        call.shared["rounds.open"] = found
    return list(found)


def read_rounds(call: PackCall) -> Section:
    put = [
        {
            "id": one.code,
            "name": one.name,
            "kind": one.kind,
            "per": CountBy(one.count_by).name.lower(),
            "opened": one.opened_at,
            "deadline": one.ends_at,
        }
        for one in list_open(call)
    ]
    return replace_if_other(put, call.known)


def read_due(call: PackCall) -> Section:
    """How everybody due stands; of a round that the phone has nothing of, all of them."""
    known = set(call.known or ())
    seen = call.extent & call.actor.extent_for(GAPS)
    within = find_changed(call)
    section = Section(within=within & seen, is_all=call.is_whole)
    section.known = [one.id for one in list_open(call)]
    changed = _read_changed(call, [one for one in list_open(call) if one.id in known], within)
    for one in list_open(call):
        letter = "p" if one.per_person else "h"
        for row in changed[one.id] if one.id in known else _read_whole(call, one, seen):
            if row[2] not in seen:
                continue
            if row[-1]:
                section.put.append(_due(one, letter, row))
            elif not call.is_whole:
                section.drop.append([one.code, f"{letter}{row[0]}"])
    return section


def _read_whole(call: PackCall, round_: RoundView, seen: Extent) -> list[tuple[Any, ...]]:
    sql = _DUE.format(part=round_.part, round=round_.id, where=seen.where("s.key"))
    return db.rows(sql, {"lately": call.at - WINDOW})


def _read_changed(call: PackCall, rounds: list[RoundView], within: Extent) -> dict[int, list[tuple[Any, ...]]]:
    """Round -> its rows that changed or lie in `within`."""
    found: dict[int, list[tuple[Any, ...]]] = {one.id: [] for one in rounds}
    if rounds:
        asked = call.asked | {
            "parts": "{" + ",".join(str(one.part) for one in rounds) + "}",
            "rounds": "{" + ",".join(str(one.id) for one in rounds) + "}",
            "lately": call.at - WINDOW,
            "within": str(within),
        }
        for round_id, *row in db.prepared(_CHANGED, asked):
            found[round_id].append(tuple(row))
    return found


def _due(round_: RoundView, letter: str, row: tuple[Any, ...]) -> dict[str, Any]:
    subject, household, key, state, event_at, back_at, until_at, client, _due = row
    found: dict[str, Any] = {
        "round": round_.code, "id": f"{letter}{subject}", "household": f"h{household}", "door": key,
    }  # fmt: skip
    if state != Mark.NOT_REACHED:
        found["state"] = _WORDS[state]
    for name, value in (("at", event_at), ("back_at", back_at), ("until_at", until_at), ("mark", client)):
        if value is not None:
            found[name] = value
    return found


def register() -> None:
    field.register_section(PackSection("rounds", 50, read_rounds))
    field.register_section(PackSection("due", 60, read_due))
