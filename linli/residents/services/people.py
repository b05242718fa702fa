"""Writes about one person: who they are, in which household, and looking at what is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.residents import queries
from linli.residents.changes import EDIT, REGISTER, Change, changing, fill_doors, require_on
from linli.residents.errors import (
    ChangedMeanwhile,
    Dispute,
    EntryMerged,
    FieldWrong,
    NothingChanged,
    PersonUnknown,
    SameHousehold,
)
from linli.residents.models import Household, Person
from linli.residents.policies import FIELD_LABELS, settle_person
from linli.residents.queries import mask_id, mask_phone
from linli.residents.services.enter import enter_person, find_same_id, leave, one_home, sealed
from linli.residents.services.households import free_label, join_at_door, lock_household, make_household
from linli.residents.terms import LIVING, Need, PersonInput, Presence, Purpose, Secret, Sex, need_labels

UNMASK = "residents.unmask"
EDITABLE = ("name", "id_number", "phone", "sex", "born_on", "relation", "needs", "note")
_DIGESTED = ("name", "id_number", "phone")


def add_person(
    *, household_id: int, person: PersonInput, seen_at: datetime | None = None, actor: Actor, at: datetime
) -> int:
    """Put a person into a household that is there, where they were found at `seen_at` (None: `at`); returns their id.

    Raises HouseholdUnknown, HouseholdEnded, FieldWrong, PersonTwice, PersonInTwoHomes, Forbidden.
    """

    def work(change: Change) -> int:
        household = lock_household(household_id)
        require_on(actor, [household.key], REGISTER)
        person_id = enter_person(household, person, change, actor)
        fill_doors([household.key])
        journal.record(
            actor=actor,
            at=at,
            verb="residents.add_person",
            permission=REGISTER,
            key=household.key,
            subject=f"person:{person_id}",
            household=household.pk,
            name=journal.digest(person.name),
        )
        return person_id

    return changing(at, work, seen_at=seen_at)


def lock_person(person_id: int, *, merged: bool = False) -> Person:
    """Raises PersonUnknown, and EntryMerged unless merged ones are asked for too."""
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise PersonUnknown(person=person_id)
    if person.presence == Presence.MERGED and not merged:
        raise EntryMerged()
    return person


def as_input(person: Person) -> PersonInput:
    """What is known of somebody as it would be entered: the other side of an edit. Numbers are in clear."""
    return PersonInput(
        name=person.name,
        id_number=crypto.unseal(bytes(person.id_sealed)),
        phone=crypto.unseal(bytes(person.phone_sealed)),
        sex=Sex(person.sex),
        born_on=person.born_on,
        relation=person.relation,
        needs=Need(person.needs),
        note=person.note,
        presence=Presence(person.presence),
    )


def edit_person(
    *, person_id: int, changes: Mapping[str, Any], seen_at: datetime, actor: Actor, at: datetime
) -> list[str]:
    """Change what is known of a person; returns the names of the fields that changed.

    `changes`: any of EDITABLE; `seen_at`: the `updated_at` that was on the editor's screen. Raises PersonUnknown,
    FieldWrong, NothingChanged, ChangedMeanwhile (with both values), PersonInTwoHomes, Forbidden.
    """
    for name in changes:
        if name not in EDITABLE:
            raise FieldWrong(field=name, label=FIELD_LABELS.get(name, name))

    def work(change: Change) -> list[str]:
        person = lock_person(person_id)
        require_on(actor, [person.key])
        before = as_input(person)
        base = before
        if changes.get("id_number"):
            # The number says both; what an earlier number said does not bind the corrected one.
            base = replace(base, born_on=None, sex=Sex.UNKNOWN)
        wanted = settle_person(replace(base, **changes), on=timezone.localdate(at))
        changed = [name for name in EDITABLE if getattr(wanted, name) != getattr(before, name)]
        if not changed:
            raise NothingChanged()
        if seen_at != person.updated_at:
            disputes = [Dispute(name, FIELD_LABELS[name], _say(name, before), _say(name, wanted)) for name in changed]
            raise ChangedMeanwhile(disputes, person.updated_at)
        _write(person, wanted, changed, actor, at)
        change.touch(keys=[person.key])  # for the count of needs; nobody came or went
        journal.record(
            actor=actor,
            at=at,
            verb="residents.edit_person",
            permission=EDIT,
            key=person.key,
            subject=f"person:{person.pk}",
            changed=changed,
            digests={name: journal.digest(getattr(wanted, name)) for name in changed if name in _DIGESTED},
        )
        return changed

    return changing(at, work)


def _write(person: Person, wanted: PersonInput, changed: list[str], actor: Actor, at: datetime) -> None:
    values: dict[str, Any] = {"updated_at": at}
    for name in changed:
        if name == "id_number":
            if person.presence in LIVING:
                find_same_id(wanted.id_number, person.household_id, actor, besides=person.pk)
            values |= sealed("id", wanted.id_number)
        elif name == "phone":
            values |= sealed("phone", wanted.phone)
        else:
            values[name] = int(wanted.needs) if name == "needs" else getattr(wanted, name)
    with one_home():
        Person.objects.filter(pk=person.pk).update(**values)


def _say(name: str, person: PersonInput) -> str:
    """A value as an error shows it, personal numbers masked."""
    shown: dict[str, Any] = {
        "id_number": mask_id(person.id_number),
        "phone": mask_phone(person.phone),
        "sex": person.sex.label,
        "needs": "、".join(need_labels(person.needs)),
    }
    value = shown.get(name, getattr(person, name))
    return "" if value is None else str(value)


def move_person(
    *,
    person_id: int,
    to_key: int | None = None,
    to_household_id: int | None = None,
    new_household: bool = False,
    seen_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> int:
    """Move a person into a household, or behind a door; returns the household they are in then.

    Behind a door: into the household there, into a new one when nobody lives there or `new_household` is set.
    Whoever had moved out is present again, as of `seen_at` (None: `at`). Raises PersonUnknown, DoorUnknown,
    HouseholdUnknown, HouseholdEnded, HouseholdUnclear (several households behind the door), SameHousehold,
    PersonInTwoHomes, Forbidden (either door).
    """

    def work(change: Change) -> int:
        person = lock_person(person_id)
        target = _target(to_key, to_household_id, new_household, change)
        require_on(actor, [person.key, target.key])
        if target.pk == person.household_id and person.presence in LIVING:
            raise SameHousehold()
        left, from_key = person.household_id, person.key
        values: dict[str, Any] = {"household": target, "key": target.key, "updated_at": at}
        if person.presence not in LIVING:
            values |= {"presence": Presence.PRESENT, "presence_since": timezone.localdate(at)}
            values["presence_at"] = change.seen_at
        with one_home():
            Person.objects.filter(pk=person.pk).update(**values)
        change.touch(people=[person.pk], households=[target.pk], keys=[from_key, target.key])
        leave([left], change)
        fill_doors([target.key])
        journal.record(
            actor=actor,
            at=at,
            verb="residents.move_person",
            permission=EDIT,
            key=target.key,
            subject=f"person:{person.pk}",
            from_key=from_key,
            from_household=left,
            household=target.pk,
        )
        return int(target.pk)

    return changing(at, work, seen_at=seen_at)


def _target(to_key: int | None, to_household_id: int | None, new_household: bool, change: Change) -> Household:
    if to_household_id is not None:
        return lock_household(to_household_id)
    if to_key is None:
        raise SameHousehold()
    queries.get_door(to_key)
    return make_household(to_key, free_label(to_key), change) if new_household else join_at_door(to_key, change)


def unmask(*, person_id: int, secret: Secret, purpose: Purpose, actor: Actor, at: datetime) -> str:
    """The whole ID number or phone of a person, for a purpose; journalled. Raises PersonUnknown, Forbidden."""
    with db.atomic():
        person = Person.objects.filter(pk=person_id).first()
        if person is None or person.key not in actor.extent_for(queries.VIEW):
            raise PersonUnknown(person=person_id)
        require_on(actor, [person.key], UNMASK)
        journal.record(
            actor=actor,
            at=at,
            verb="residents.unmask",
            permission=UNMASK,
            key=person.key,
            subject=f"person:{person.pk}",
            secret=str(secret),
            purpose=str(purpose),
        )
        return crypto.unseal(bytes(person.id_sealed if secret == Secret.ID_NUMBER else person.phone_sealed))
