"""Reads of photos and voice notes: which there are. The bytes are opened by `files.look_at_file`, which journals it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from linli.core import db
from linli.core.access import Actor
from linli.notices.errors import FileUnknown
from linli.notices.terms import FileLine
from linli.residents import queries as residents

VIEW = "residents.view"
LIMIT = 100
_LINES = """
    SELECT f.id, f.key, f.person_id, f.household_id, f.special_id, f.kind, a.name, f.taken_at, f.received_at, b.size
    FROM notice_file f JOIN notice_file_bytes b ON b.file_id = f.id AND b.whole_at IS NOT NULL
         JOIN account a ON a.id = f.account_id
    WHERE {where} AND {extent} ORDER BY f.taken_at DESC, f.id LIMIT {limit}
"""

# A special situation of a whole place bears the key of its first door.
_OF_A_PLACE = "SELECT 1 FROM special s WHERE s.id = f.special_id AND s.place_id IS NOT NULL"


def get_file(file_id: UUID, *, actor: Actor) -> FileLine:
    """One that has arrived whole. Raises FileUnknown, also for doors that are not the actor's."""
    found = _read("f.id = %s", [file_id], actor)
    if not found:
        raise FileUnknown
    return found[0]


def list_files_at(key: int, *, actor: Actor) -> list[FileLine]:
    """At a door: of the door, of whoever lives there, of special situations at it; the newest first."""
    return _read(f"f.key = %s AND NOT EXISTS ({_OF_A_PLACE})", [key], actor)


def list_files_of(person_id: int, *, actor: Actor) -> list[FileLine]:
    """Of a person, and of entries that were merged into theirs."""
    return _read("f.person_id = ANY (%s)", [[person_id, *residents.list_merged_into(person_id)]], actor)


def list_files_of_specials(special_ids: Sequence[int], *, actor: Actor) -> dict[int, list[FileLine]]:
    """Of special situations, by number; those without a file have an empty list."""
    found: dict[int, list[FileLine]] = {number: [] for number in special_ids}
    for line in _read("f.special_id = ANY(%s)", [list(special_ids)], actor) if special_ids else []:
        found[line.special_id or 0].append(line)
    return found


def count_files_of_specials(*, actor: Actor) -> int:
    """How many have arrived: a list that shows them is another when this is."""
    return int(
        db.scalar(
            "SELECT count(*) FROM notice_file f JOIN notice_file_bytes b ON b.file_id = f.id"
            f" WHERE f.special_id IS NOT NULL AND b.whole_at IS NOT NULL AND {actor.extent_for(VIEW).where('f.key')}"
        )
    )


def _read(where: str, params: list[Any], actor: Actor) -> list[FileLine]:
    query = _LINES.format(where=where, extent=actor.extent_for(VIEW).where("f.key"), limit=LIMIT)
    return [FileLine(*row) for row in db.rows(query, params)]
