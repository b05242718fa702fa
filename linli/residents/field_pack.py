"""What phones carry of the register: households, people, the words for needs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from linli.core import crypto, field
from linli.core.extents import Extent
from linli.core.field import PackCall, PackSection, Section, replace_if_other, without_empty
from linli.residents import queries
from linli.residents.policies import age_on
from linli.residents.queries import Changes
from linli.residents.terms import NEED_LABELS, NEED_WORDS, Presence, Sex, needs_on

CALL = "residents.call"
_HOUSEHOLDS = """
    SELECT h.id, h.key, h.label, h.note, h.client_id FROM household h
    WHERE {where} AND h.ended_at IS NULL ORDER BY h.key, h.id
"""
_PEOPLE = """
    SELECT p.id, p.household_id, p.key, p.name, p.sex, p.born_on, p.relation, p.needs, p.phone_sealed, p.presence,
           p.back_on, p.note, p.client_id
    FROM person p WHERE {where} AND p.presence IN (1, 2) ORDER BY p.key, p.household_id, p.id
"""
_WORDS = {need: word for word, need in NEED_WORDS.items()}


def _find_changes(call: PackCall) -> Changes:
    """Of an increment."""
    found: Changes | None = call.shared.get("residents.changes")
    if found is None:
        found = call.shared["residents.changes"] = queries.find_changes(call)
    return found


def find_changed(call: PackCall) -> Extent:
    """The units in which somebody may have come or gone since, and doors the phone has nothing of: sent whole."""
    units = [] if call.is_whole else _find_changes(call).units
    return call.extent & Extent.of([*units, *call.fresh.spans])


def read_households(call: PackCall) -> Section:
    within = find_changed(call)
    if not call.is_whole and not within and not _find_changes(call).households:
        return Section()
    rows = call.rows(_HOUSEHOLDS, "h", within)
    put = [
        without_empty(id=f"h{number}", door=key, label=label, note=note, client=client)
        for number, key, label, note, client in rows
    ]
    return Section(put, within=within, is_all=call.is_whole)


def read_people(call: PackCall) -> Section:
    """Those present or away. Ages change by the day: on a new one all of them are told anew."""
    within = call.extent if call.new_day else find_changed(call)
    if not call.is_whole and not within and not _find_changes(call).people:
        return Section()
    rows = call.rows(_PEOPLE, "p", within)
    day, callable_at = timezone.localdate(call.at), call.actor.extent_for(CALL)
    put = [_person(row, day, row[2] in callable_at) for row in rows]
    return Section(put, within=within, is_all=call.is_whole)


def _person(row: tuple[Any, ...], day: Any, may_call: bool) -> dict[str, Any]:
    number, household, key, name, sex, born_on, relation, needs, phone, presence, back_on, note, client = row
    found: dict[str, Any] = {"id": f"p{number}", "household": f"h{household}", "door": key, "name": name}
    if sex:
        found["sex"] = Sex(sex).name.lower()
    if born_on is not None:
        found["age"] = age_on(born_on, day)
    needed = needs_on(needs, born_on, day)
    if needed:
        found["needs"] = [_WORDS[need] for need in NEED_LABELS if need in needed]
    if phone and may_call:
        found["phone"] = crypto.unseal(phone)
    if presence != Presence.PRESENT:
        found["presence"] = Presence(presence).name.lower()
    for title, value in (("relation", relation), ("back_on", back_on), ("note", note), ("client", client)):
        if value:
            found[title] = value
    return found


def read_needs(call: PackCall) -> Section:
    put = [{"id": word, "name": str(NEED_LABELS[need])} for word, need in NEED_WORDS.items()]
    return replace_if_other(put, call.known)


def register() -> None:
    field.register_section(PackSection("needs", 5, read_needs))
    field.register_section(PackSection("households", 30, read_households, ("label", "note")))
    personal = ("name", "phone", "age", "sex", "relation", "needs", "note", "back_on", "presence")
    field.register_section(PackSection("people", 40, read_people, personal))
