"""Who lives where, for rooms that hear that somebody has left: read by ids, behind the wall alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from linli.core import db

# Of some people, with the time at which each was seen to be gone: who was entered, moved or back only after it. An edit
# of what is known of somebody, and that two entries mean the same, say nothing of where they live; what an account
# entered itself it knew of; and what a phone saw before it and sent after it is older all the same.
_ENTERED_AFTER = """
    SELECT p.id FROM unnest(%(people)s::bigint[], %(seen)s::timestamptz[]) AS seen (id, at)
    JOIN person p ON p.id = seen.id JOIN household h ON h.id = p.household_id
    WHERE p.presence IN (1, 2)
      AND (p.presence_at > seen.at OR p.updated_at > seen.at AND NOT EXISTS (
               SELECT 1 FROM journal_entry j
               WHERE j.subject = ANY (ARRAY['person:' || p.id, 'household:' || h.id]) AND j.at = p.updated_at
                 AND (j.verb = 'residents.edit_person' OR j.account_id = %(account)s
                      OR j.verb = 'residents.record_presence' AND p.presence_at <= seen.at))
           AND NOT EXISTS (
               SELECT 1 FROM merger m
               WHERE (m.kind = 1 AND p.id IN (m.survivor_id, m.merged_id)
                      OR m.kind = 2 AND h.id IN (m.survivor_id, m.merged_id)) AND p.updated_at IN (m.at, m.undone_at))
           OR h.updated_at > seen.at AND NOT EXISTS (
               SELECT 1 FROM journal_entry j
               WHERE j.subject = ANY (ARRAY['person:' || p.id, 'household:' || h.id]) AND j.at = h.updated_at
                 AND (j.verb = 'residents.edit_household' OR j.account_id = %(account)s
                      OR j.verb = 'residents.record_presence' AND p.presence_at <= seen.at))
           AND NOT EXISTS (
               SELECT 1 FROM merger m
               WHERE m.kind = 2 AND h.id IN (m.survivor_id, m.merged_id) AND h.updated_at IN (m.at, m.undone_at)))
"""


def list_entered_after(seen: Mapping[int, datetime], *, account_id: int) -> set[int]:
    """Of people (by id) who were seen to be gone at a time: those of whom the register learnt only later that they live
    here. `account_id`: who saw it."""
    if not seen:
        return set()
    rows = db.rows(_ENTERED_AFTER, {"people": list(seen), "seen": list(seen.values()), "account": account_id})
    return {person for (person,) in rows}


def list_living_in(household_ids: Iterable[int]) -> dict[int, list[int]]:
    """The people of each of these households, present or away; a household of nobody is left out."""
    found: dict[int, list[int]] = {}
    for household, person in db.rows(
        "SELECT household_id, id FROM person WHERE household_id = ANY(%s) AND presence IN (1, 2) ORDER BY id",
        [list(household_ids)],
    ):
        found.setdefault(household, []).append(person)
    return found


def list_households_of(person_ids: Iterable[int]) -> set[int]:
    """The households these people belong to."""
    rows = db.rows("SELECT DISTINCT household_id FROM person WHERE id = ANY(%s)", [list(person_ids)])
    return {household for (household,) in rows}
