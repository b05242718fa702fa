"""Writes about whether people are there: one person with a date, or sets of them when a round finds them gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from linli.core import db, journal
from linli.core.access import Actor
from linli.residents import queries
from linli.residents.changes import (
    EDIT,
    REGISTER,
    Change,
    changing,
    empty_doors,
    end_empty_households,
    fill_doors,
    require_on,
)
from linli.residents.duplicates.aliases import find_survivor
from linli.residents.errors import NothingChanged
from linli.residents.models import Household, Person
from linli.residents.policies import check_back
from linli.residents.services.enter import leave, one_home
from linli.residents.services.households import free_label, lock_household, make_household
from linli.residents.services.people import lock_person
from linli.residents.terms import LIVING, EntryKind, Presence


def record_presence(
    *,
    person_id: int,
    presence: Presence,
    since: date | None = None,
    back_on: date | None = None,
    seen_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Present, away (perhaps with a day of return), moved out or deceased, `since` a day (None: today).

    `seen_at`: when a phone saw it, perhaps hours ago (None: just now). The later counts: what is older than what has
    been said since is journalled and changes nothing; what is so already is no error then. Present again after moving
    out takes back what was recorded: the household goes on too. Raises PersonUnknown, BackTooEarly, FieldWrong,
    NothingChanged, PersonInTwoHomes, Forbidden.
    """
    day = timezone.localdate(at)
    check_back(presence, back_on, on=day)

    def work(change: Change) -> None:
        person = lock_person(person_id)
        # Who died is entered by those who keep the register.
        permission = EDIT if Presence.DECEASED in (presence, person.presence) else REGISTER
        require_on(actor, [person.key], permission)
        overtaken = seen_at is not None and person.presence_at is not None and seen_at < person.presence_at
        if (person.presence, person.back_on) == (presence, back_on):
            if seen_at is None:
                raise NothingChanged()
            if not overtaken:  # seen again: who saw otherwise before that does not overrule it
                Person.objects.filter(pk=person.pk).update(presence_at=seen_at)
            return
        if not overtaken:
            _set_presence(person, presence, since or day, back_on, change)
        journal.record(
            actor=actor,
            at=at,
            verb="residents.record_presence",
            permission=permission,
            key=person.key,
            subject=f"person:{person.pk}",
            before=Presence(person.presence).name.lower(),
            presence=presence.name.lower(),
            back_on=back_on,
            seen_at=seen_at,
            overtaken=overtaken or None,
        )

    changing(at, work, seen_at=seen_at)


def _set_presence(person: Person, presence: Presence, since: date, back_on: date | None, change: Change) -> None:
    values: dict[str, Any] = {"presence": presence, "presence_at": change.seen_at, "back_on": back_on}
    if person.presence != presence:
        values["presence_since"] = since
    with one_home():
        Person.objects.filter(pk=person.pk).update(**values, updated_at=change.at)
    change.touch(people=[person.pk], households=[person.household_id], keys=[person.key])
    if presence in LIVING:
        go_home(person, change)
        fill_doors([person.key])
    else:
        leave([person.household_id], change)


def go_home(person: Person, change: Change) -> None:
    """Somebody lives where they lived again: their household goes on. One that was merged into another stays so, and
    they are with the one that stands for it - or, when that lives behind another door by now, in one of their own.
    """
    into = find_survivor(EntryKind.HOUSEHOLD, person.household_id)
    if into is None:
        revive_household(person.household_id, change.at)
        return
    home = lock_household(into, living=False)
    if home.key == person.key:
        revive_household(home.pk, change.at)
    else:
        home = make_household(person.key, free_label(person.key), change)
    Person.objects.filter(pk=person.pk).update(household=home)
    change.touch(people=[person.pk], households=[person.household_id, home.pk])


def revive_household(household_id: int, at: datetime) -> None:
    """Somebody lives in it again: it goes on, under its own label if that is still free."""
    household = Household.objects.select_for_update().get(pk=household_id)
    if household.ended_at is None:
        return
    taken = Household.objects.filter(key=household.key, ended_at=None, label=household.label).exists()
    label = free_label(household.key) if taken else household.label
    Household.objects.filter(pk=household.pk).update(ended_at=None, label=label, updated_at=at)


def record_moved_out(
    *,
    person_ids: Sequence[int],
    seen_at: Mapping[int, datetime] | None = None,
    actor: Actor,
    at: datetime,
    permission: str = REGISTER,
) -> int:
    """All of these people have moved out today; who had left already is left alone. Returns how many left.

    Any number at once. `seen_at`: when that was seen of a person, where it was not just now. `permission` is what
    allows it: rounds pass the one to mark, because who may say at the door that somebody is gone may also say so to the
    register. Raises Forbidden.
    """
    return changing(at, lambda change: _move_out(person_ids, seen_at or {}, change, actor, permission))


def _move_out(
    ids: Sequence[int], seen_at: Mapping[int, datetime], change: Change, actor: Actor, permission: str
) -> int:
    rows = db.rows(
        "SELECT id, household_id, key FROM person WHERE id = ANY(%s) AND presence IN (1, 2) ORDER BY id FOR UPDATE",
        [list(ids)],
    )
    if not rows:
        return 0
    keys = {key for _, _, key in rows}
    require_on(actor, keys, permission)
    gone = [person for person, _, _ in rows]
    db.execute(
        "UPDATE person p SET presence = 3, presence_since = %s, presence_at = seen.at, back_on = NULL, updated_at = %s"
        " FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen (id, at)"
        " WHERE p.id = seen.id AND p.presence IN (1, 2)",
        [timezone.localdate(change.at), change.at, gone, [seen_at.get(one, change.at) for one in gone]],
    )
    change.touch(people=gone, keys=keys)
    leave(sorted({household for _, household, _ in rows}), change)
    journal.record(
        actor=actor,
        at=change.at,
        verb="residents.record_moved_out",
        permission=permission,
        key=min(keys),
        subject=f"person:{gone[0]}" if len(gone) == 1 else "",
        people=gone if len(gone) <= JOURNALLED else len(gone),
    )
    return len(gone)


JOURNALLED = 100  # ids in one entry; of a larger set its size, the rows themselves tell the rest


def record_vacant(
    *,
    household_ids: Sequence[int],
    seen_at: Mapping[int, datetime] | None = None,
    actor: Actor,
    at: datetime,
    permission: str = REGISTER,
) -> int:
    """Nobody lives in these households any more: their people have moved out, and where no other household is left the
    door is vacant. `seen_at`: when that was seen of a household, where it was not just now. Returns how many people
    left. Any number at once. Raises Forbidden.
    """

    def work(change: Change) -> int:
        rows = db.rows(
            "SELECT id, key FROM household WHERE id = ANY(%s) AND ended_at IS NULL ORDER BY id FOR UPDATE",
            [list(household_ids)],
        )
        empty = {household: (seen_at or {}).get(household, at) for household, _key in rows}
        return _vacate(empty, {key for _household, key in rows}, change, actor, permission)

    return changing(at, work)


def record_door_vacant(
    *, key: int, since: date | None = None, seen_at: datetime | None = None, actor: Actor, at: datetime
) -> int:
    """Nobody lives behind this door `since` a day (None: today), as was seen at `seen_at` (None: `at`); returns how
    many people left. Raises DoorUnknown, NothingChanged (vacant already), Forbidden.
    """

    def work(change: Change) -> int:
        door = queries.get_door(key)
        require_on(actor, [key], REGISTER)
        rows = db.rows("SELECT id FROM household WHERE key = %s AND ended_at IS NULL ORDER BY id FOR UPDATE", [key])
        if not rows and door["vacant_since"] is not None:
            raise NothingChanged()
        return _vacate({row[0]: change.seen_at for row in rows}, {key}, change, actor, REGISTER, since)

    return changing(at, work, seen_at=seen_at)


def _vacate(
    households: Mapping[int, datetime],
    keys: set[int],
    change: Change,
    actor: Actor,
    permission: str,
    since: date | None = None,
) -> int:
    """`households`: those that are empty, with when that was seen."""
    if not keys:
        return 0
    require_on(actor, keys, permission)
    gone = [
        int(person)
        for (person,) in db.rows(
            "UPDATE person p"
            " SET presence = 3, presence_since = %s, presence_at = seen.at, back_on = NULL, updated_at = %s"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen (household, at)"
            " WHERE p.household_id = seen.household AND p.presence IN (1, 2) RETURNING p.id",
            [since or timezone.localdate(change.at), change.at, list(households), list(households.values())],
        )
    ]
    end_empty_households(households, change.at)
    empty_doors(keys, since or timezone.localdate(change.at))
    change.touch(people=gone, households=households, keys=keys)
    journal.record(
        actor=actor,
        at=change.at,
        verb="residents.record_vacant",
        permission=permission,
        key=min(keys),
        subject=f"door:{min(keys)}" if len(keys) == 1 else "",
        doors=len(keys),
        people=len(gone),
    )
    return len(gone)
