"""Reads of what may be twice in the register, and of what was merged. Both doors have to be the actor's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.residents import queries
from linli.residents.duplicates.finding import MERGE
from linli.residents.errors import DuplicateUnknown
from linli.residents.terms import EntryKind, HouseholdView, PersonView, Presence, Verdict

PAGE = 50
CERTAIN, LIKELY = 0.99, 0.9
_WHO = {
    EntryKind.PERSON: (
        "person",
        "{0}.name",
        "l.presence <> 5 AND r.presence <> 5 AND least(l.presence, r.presence) < 3",
    ),
    EntryKind.HOUSEHOLD: (
        "household",
        "coalesce((SELECT string_agg(p.name, '、' ORDER BY p.relation <> '户主', p.id) FROM person p"
        " WHERE p.household_id = {0}.id AND p.presence IN (1, 2)), '')",
        "l.ended_at IS NULL AND r.ended_at IS NULL",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One of two. `name`: of a household, its people's."""

    id: int
    name: str
    key: int
    door: str


@dataclass(frozen=True)
class PairLine:
    """Two entries on the list. `agreement`: field → place of the level they agree on."""

    id: int
    kind: EntryKind
    certainty: float
    agreement: dict[str, Any]
    found_at: datetime
    verdict: Verdict
    decided_at: datetime | None
    left: Entry
    right: Entry

    @property
    def grade(self) -> str:
        """certain, likely or possible."""
        return "certain" if self.certainty >= CERTAIN else "likely" if self.certainty >= LIKELY else "possible"


@dataclass(frozen=True)
class MergerLine:
    """What was merged. `undoable`: nothing was merged on top of it since, and it has not been undone."""

    id: int
    kind: EntryKind
    survivor: Entry
    merged: Entry
    at: datetime
    account: str
    undone_at: datetime | None
    undoable: bool


def list_pairs(
    *,
    kind: EntryKind,
    verdict: Verdict,
    actor: Actor,
    reach: Extent | None = None,
    after: tuple[float, int] | None = None,
    limit: int = PAGE,
) -> list[PairLine]:
    """Pairs, the surest first; `reach`: only those with both in it. `after`: (certainty, id) of the last."""
    held = actor.extent_for(MERGE)
    held = held if reach is None else held & reach
    rows = db.dicts(
        f"{_pairs_of(kind, held)} AND d.verdict = %(verdict)s"
        " AND (%(certainty)s::float8 IS NULL OR (d.certainty, -d.id) < (%(certainty)s, -%(id)s::bigint))"
        " ORDER BY d.certainty DESC, d.id LIMIT %(limit)s",
        {
            "kind": int(kind), "verdict": verdict, "limit": limit,
            "certainty": after[0] if after else None, "id": after[1] if after else None,
        },
    )  # fmt: skip
    return _lines(rows)


def count_pairs(*, actor: Actor) -> dict[tuple[EntryKind, Verdict], int]:
    """How many pairs there are, by kind and verdict; what is not on a list counts as nothing."""
    held = actor.extent_for(MERGE)
    found = {}
    for kind in EntryKind:
        sql = f"SELECT x.verdict, count(*) FROM ({_pairs_of(kind, held)}) AS x GROUP BY 1"
        for verdict, count in db.rows(sql, {"kind": int(kind)}):
            found[kind, Verdict(verdict)] = int(count)
    return found


def get_pair(pair_id: int, *, actor: Actor) -> PairLine:
    """Raises DuplicateUnknown, also where one of the two is not the actor's or not there any more."""
    held = actor.extent_for(MERGE)
    for kind in EntryKind:
        rows = db.dicts(f"{_pairs_of(kind, held)} AND d.id = %(id)s", {"kind": int(kind), "id": pair_id})
        if rows:
            return _lines(rows)[0]
    raise DuplicateUnknown(pair=pair_id)


def _pairs_of(kind: EntryKind, held: Extent) -> str:
    table, name, there = _WHO[kind]
    return f"""
        SELECT d.id, d.kind, d.certainty, d.agreement::text AS agreement, d.found_at, d.verdict, d.decided_at,
               l.id AS left_id, {name.format("l")} AS left_name, l.key AS left_key,
               r.id AS right_id, {name.format("r")} AS right_name, r.key AS right_key
        FROM duplicate d JOIN {table} l ON l.id = d.left_id JOIN {table} r ON r.id = d.right_id
        WHERE d.kind = %(kind)s AND {there} AND {held.where("l.key")} AND {held.where("r.key")}
    """


def _lines(rows: Sequence[dict[str, Any]]) -> list[PairLine]:
    doors = queries.describe_doors({row[f"{side}_key"] for row in rows for side in ("left", "right")})

    def entry(row: dict[str, Any], side: str) -> Entry:
        key = row[f"{side}_key"]
        return Entry(row[f"{side}_id"], row[f"{side}_name"], key, doors.get(key, ""))

    return [
        PairLine(
            id=row["id"], kind=EntryKind(row["kind"]), certainty=row["certainty"],
            agreement=json.loads(row["agreement"]), found_at=row["found_at"], verdict=Verdict(row["verdict"]),
            decided_at=row["decided_at"], left=entry(row, "left"), right=entry(row, "right"),
        )
        for row in rows
    ]  # fmt: skip


def get_people_of(pair: PairLine, *, actor: Actor, at: datetime) -> tuple[PersonView, PersonView]:
    """Both of a pair of people, numbers masked. Raises PersonUnknown."""
    return (
        queries.get_person(pair.left.id, actor=actor, at=at),
        queries.get_person(pair.right.id, actor=actor, at=at),
    )


def get_households_of(pair: PairLine, *, actor: Actor, at: datetime) -> tuple[HouseholdView, HouseholdView]:
    """Both of a pair of households. Raises HouseholdUnknown."""
    return (
        queries.get_household(pair.left.id, actor=actor, at=at),
        queries.get_household(pair.right.id, actor=actor, at=at),
    )


def list_same_numbers(left: int, right: int) -> set[str]:
    """Which sealed numbers of two people are equal, by their hashes: id_number, phone."""
    row = db.rows(
        "SELECT l.id_hash = r.id_hash, l.phone_hash = r.phone_hash FROM person l, person r"
        " WHERE l.id = %s AND r.id = %s",
        [left, right],
    )
    return {name for name, same in zip(("id_number", "phone"), row[0], strict=True) if same} if row else set()


def list_counterparts(left: int, right: int) -> list[tuple[int, int]]:
    """Of two households: (person of the first, the same person in the second), the surest pairs first, nobody twice.

    Numbers alone; authority over both is asked where they are shown or merged.
    """
    rows = db.rows(
        """
        SELECT CASE WHEN l.household_id = %(left)s THEN l.id ELSE r.id END,
               CASE WHEN l.household_id = %(left)s THEN r.id ELSE l.id END
        FROM duplicate d JOIN person l ON l.id = d.left_id JOIN person r ON r.id = d.right_id
        WHERE d.kind = 1 AND d.verdict IN ('open', 'later') AND l.presence IN (1, 2) AND r.presence IN (1, 2)
          AND (l.household_id, r.household_id) IN ((%(left)s, %(right)s), (%(right)s, %(left)s))
        ORDER BY d.certainty DESC, d.id
        """,
        {"left": left, "right": right},
    )
    taken: set[int] = set()
    pairs = []
    for one, other in rows:
        if not {one, other} & taken:
            taken |= {one, other}
            pairs.append((one, other))
    return pairs


def list_mergers(*, actor: Actor, before_id: int | None = None, limit: int = PAGE) -> list[MergerLine]:
    """What was merged, the newest first; people who were merged with their households are in the household's line."""
    held = actor.extent_for(MERGE)
    rows = db.dicts(
        f"""
        SELECT m.*, coalesce(a.name, '') AS account,
               CASE WHEN m.kind = 1 THEN (SELECT name FROM person WHERE id = m.survivor_id) END AS survivor_name,
               CASE WHEN m.kind = 1 THEN (SELECT name FROM person WHERE id = m.merged_id) END AS merged_name,
               m.undone_at IS NULL AND NOT EXISTS (
                   SELECT 1 FROM merger o WHERE o.kind = m.kind AND o.undone_at IS NULL AND o.id > m.id
                     AND m.survivor_id IN (o.survivor_id, o.merged_id)) AS undoable
        FROM merger m LEFT JOIN account a ON a.id = m.account_id
        WHERE m.within_id IS NULL AND {held.where("m.key")} AND {held.where("m.other_key")}
          AND (%(before)s::bigint IS NULL OR m.id < %(before)s)
        ORDER BY m.id DESC LIMIT %(limit)s
        """,
        {"before": before_id, "limit": limit},
    )
    doors = queries.describe_doors({row[name] for row in rows for name in ("key", "other_key")})
    return [
        MergerLine(
            id=row["id"], kind=EntryKind(row["kind"]), at=row["at"], account=row["account"],
            survivor=Entry(row["survivor_id"], row["survivor_name"] or "", row["key"], doors.get(row["key"], "")),
            merged=Entry(row["merged_id"], row["merged_name"] or "", row["other_key"], doors.get(row["other_key"], "")),
            undone_at=row["undone_at"], undoable=row["undoable"],
        )
        for row in rows
    ]  # fmt: skip


def is_first_better(left: PersonView, right: PersonView) -> bool:
    """Which of two stays unless somebody chooses: who lives here, who has an ID number, who was entered first."""

    def rank(person: PersonView) -> tuple[bool, bool, bool, int]:
        return (not person.lives_here, person.presence != Presence.PRESENT, not person.id_masked, person.id)

    return rank(left) <= rank(right)
