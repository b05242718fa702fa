"""What phones carry of rounds: the open ones, and how everybody due behind their doors stands."""

from __future__ import annotations

from typing import Any

from linli.core import db, field
from linli.core.field import PackCall, PackSection, Section, replace_if_other
from linli.residents.field_pack import find_changed
from linli.rounds import queries
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, RoundState
from linli.rounds.withdrawing import WINDOW

GAPS = "rounds.gaps"
MOST_ROUNDS = 50
# Moments as they travel: written by PostgreSQL, at a tenth of what reading and writing them here costs.
_MOMENT = """to_char(s.{0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
_DUE = f"""
    SELECT s.subject_id, s.household_id, s.key, s.state, {_MOMENT.format("event_at")}, {_MOMENT.format("back_at")},
           {_MOMENT.format("until_at")}, CASE WHEN s.event_at > %(lately)s THEN s.client_id::text END, s.due
    FROM round_state s WHERE s.part = {{part}} AND s.round_id = {{round}} AND {{where}} ORDER BY s.key, s.subject_id
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
    for one in list_open(call):
        where = seen.where("s.key") if one.id not in known else call.where("s", within)
        rows = db.rows(_DUE.format(part=one.part, round=one.id, where=where), {"lately": call.at - WINDOW})
        letter = "p" if one.per_person else "h"
        for row in rows:
            if row[2] not in seen:
                continue
            if row[-1]:
                section.put.append(_due(one, letter, row))
            elif not call.is_whole:
                section.drop.append([one.code, f"{letter}{row[0]}"])
    return section


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
