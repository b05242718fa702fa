"""What every change of the register shares: the lock before, who is told and what is counted after.

Locks are taken in this order by everybody: the register (shared), households and people by id, then, through
`PeopleChanged`, the units' tallies of open rounds, then the units' counts. A mark in a round takes tallies
before people; when the two meet, PostgreSQL ends one of them and `db.retrying` runs it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from linli.core import db
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.events import publish
from linli.residents.counts import recount
from linli.residents.events import PeopleChanged
from linli.residents.register import change_register

T = TypeVar("T")
EDIT = "residents.edit"
REGISTER = "residents.register"
"""Who stands at the door enters who lives there and notes who has left, and leaves alone what is known of others. Every
role that may edit may register too."""


@dataclass
class Change:
    """What one transaction has touched so far."""

    at: datetime
    seen_at: datetime  # when what it says of who is there was seen: earlier than `at` where a phone had no signal
    people: set[int] = field(default_factory=set)
    households: set[int] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)
    merged_people: set[int] = field(default_factory=set)  # merged, or taken apart again
    merged_households: set[int] = field(default_factory=set)

    def touch(self, *, people: Iterable[int] = (), households: Iterable[int] = (), keys: Iterable[int] = ()) -> None:
        self.people.update(people)
        self.households.update(households)
        self.keys.update(keys)


def changing(at: datetime, work: Callable[[Change], T], *, tell: bool = True, seen_at: datetime | None = None) -> T:
    """Run `work` as one change of who lives where: lock, work, tell the rooms above, count the units again.

    `seen_at`: when it was seen, where that is not just now. Without `tell` the last two are left out: for
    a change that is only tried and taken back.
    """

    def carry_out() -> T:
        change_register()
        change = Change(at, seen_at or at)
        result = work(change)
        if not tell:
            return result
        if change.people or change.households:
            publish(
                PeopleChanged(
                    person_ids=tuple(sorted(change.people)),
                    household_ids=tuple(sorted(change.households)),
                    at=at,
                    merged_person_ids=tuple(sorted(change.merged_people)),
                    merged_household_ids=tuple(sorted(change.merged_households)),
                )
            )
        recount(change.keys)
        return result

    return db.retrying(carry_out)


def require_on(actor: Actor, keys: Iterable[int], permission: str = EDIT) -> None:
    """Raises Forbidden unless the actor holds the permission on every one of these doors."""
    held = actor.extent_for(permission)
    if not all(key in held for key in keys):
        raise Forbidden(permission=permission)


def end_empty_households(household_ids: Iterable[int], at: datetime) -> list[int]:
    """End those of these households in which nobody lives any more; returns them."""
    ids = sorted(set(household_ids))
    if not ids:
        return []
    # Whoever is just being put into one of them holds it; who lives there is read in a later statement.
    db.execute(
        "SELECT count(*) FROM (SELECT id FROM household WHERE id = ANY(%s) ORDER BY id FOR UPDATE) AS held", [ids]
    )
    return [
        int(household)
        for (household,) in db.rows(
            """
            UPDATE household h SET ended_at = %s, updated_at = %s
            WHERE h.id = ANY(%s) AND h.ended_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id AND p.presence IN (1, 2))
            RETURNING h.id
            """,
            [at, at, ids],
        )
    ]


def fill_doors(keys: Iterable[int]) -> None:
    """Somebody lives behind these doors: they are vacant no longer."""
    db.execute("UPDATE door SET vacant_since = NULL WHERE key = ANY(%s) AND vacant_since IS NOT NULL", [list(keys)])


def empty_doors(keys: Iterable[int], since: date) -> int:
    """These doors are vacant, as far as no household lives behind them and none is on record as vacant already."""
    return db.execute(
        """
        UPDATE door d SET vacant_since = %s
        WHERE d.key = ANY(%s) AND d.vacant_since IS NULL
          AND NOT EXISTS (SELECT 1 FROM household h WHERE h.key = d.key AND h.ended_at IS NULL)
        """,
        [since, list(keys)],
    )
