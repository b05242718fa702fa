"""Writes about households: begin, describe, move, split."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from linli.core import db, journal
from linli.core.access import Actor
from linli.residents import queries
from linli.residents.changes import EDIT, REGISTER, Change, changing, end_empty_households, fill_doors, require_on
from linli.residents.errors import (
    ChangedMeanwhile,
    Dispute,
    HouseholdEnded,
    HouseholdUnclear,
    HouseholdUnknown,
    LabelTaken,
    NobodyChosen,
    NothingChanged,
    SameHousehold,
)
from linli.residents.models import Household, Person
from linli.residents.policies import FIELD_LABELS, LABEL_CHARS, NOTE_CHARS, settle_text
from linli.residents.services.enter import enter_person
from linli.residents.terms import LIVING, PersonInput


def register_household(
    *,
    key: int,
    people: Sequence[PersonInput] = (),
    label: str = "",
    note: str = "",
    client_id: UUID | None = None,
    seen_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> int:
    """A new household behind the door `key`, with its people (none: a household of whom nothing is known yet).

    Returns its id; the same `client_id` again returns the same id and changes nothing. `label` tells households behind
    one door apart; `seen_at`: when they were found there (None: `at`). Raises DoorUnknown,
    LabelTaken, FieldWrong, PersonInTwoHomes, Forbidden.
    """
    queries.get_door(key)
    require_on(actor, [key], REGISTER)
    known = Household.objects.filter(client_id=client_id).first() if client_id else None
    if known is not None:
        return int(known.pk)

    def work(change: Change) -> int:
        household = make_household(
            key, settle_text("label", label, LABEL_CHARS), change, note=note, client_id=client_id
        )
        ids = [enter_person(household, person, change, actor) for person in people]
        fill_doors([key])
        journal.record(
            actor=actor,
            at=at,
            verb="residents.register_household",
            permission=REGISTER,
            key=key,
            subject=f"household:{household.pk}",
            people=ids,
        )
        return int(household.pk)

    return changing(at, work, seen_at=seen_at)


def make_household(key: int, label: str, change: Change, *, note: str = "", client_id: UUID | None = None) -> Household:
    """The row of a new household. Raises LabelTaken."""
    try:
        with db.atomic():
            household = Household.objects.create(
                key=key,
                client_id=client_id,
                label=label,
                note=settle_text("note", note, NOTE_CHARS),
                created_at=change.at,
                updated_at=change.at,
            )
    except IntegrityError as error:
        if "household_label_once" in str(error):
            raise LabelTaken(label=label) from error
        raise
    change.touch(households=[household.pk], keys=[key])
    return household


def lock_household(household_id: int, *, living: bool = True) -> Household:
    """The household, locked. Raises HouseholdUnknown, HouseholdEnded when `living` is asked for."""
    household = Household.objects.select_for_update().filter(pk=household_id).first()
    if household is None:
        raise HouseholdUnknown(household=household_id)
    if living and household.ended_at is not None:
        raise HouseholdEnded(household=household_id)
    return household


def free_label(key: int) -> str:
    """The first label that no household behind the door bears: "", then "2", "3"..."""
    taken = set(Household.objects.filter(key=key, ended_at=None).values_list("label", flat=True))
    number = 1
    while (label := "" if number == 1 else str(number)) in taken:
        number += 1
    return label


def join_at_door(key: int, change: Change) -> Household:
    """The household behind a door that somebody moves into: the one there is, or a new one. Raises HouseholdUnclear."""
    queries.get_door(key)
    there = list(Household.objects.select_for_update().filter(key=key, ended_at=None).order_by("id"))
    if len(there) > 1:
        raise HouseholdUnclear(count=len(there), households=[household.pk for household in there])
    return there[0] if there else make_household(key, "", change)


def edit_household(
    *,
    household_id: int,
    label: str | None = None,
    note: str | None = None,
    seen_at: datetime,
    actor: Actor,
    at: datetime,
) -> None:
    """Change label or note (None: leave as it is). `seen_at`: the `updated_at` that was on the editor's screen.

    Raises HouseholdUnknown, ChangedMeanwhile, LabelTaken, NothingChanged, Forbidden.
    """
    with db.atomic():
        household = lock_household(household_id, living=False)
        require_on(actor, [household.key])
        wanted = {
            "label": household.label if label is None else settle_text("label", label, LABEL_CHARS),
            "note": household.note if note is None else settle_text("note", note, NOTE_CHARS),
        }
        changed = {name: value for name, value in wanted.items() if value != getattr(household, name)}
        if not changed:
            raise NothingChanged()
        if seen_at != household.updated_at:
            disputes = [
                Dispute(name, FIELD_LABELS[name], getattr(household, name), value) for name, value in changed.items()
            ]
            raise ChangedMeanwhile(disputes, household.updated_at)
        try:
            with db.atomic():
                Household.objects.filter(pk=household.pk).update(**changed, updated_at=at)
        except IntegrityError as error:
            raise LabelTaken(label=wanted["label"]) from error
        journal.record(
            actor=actor,
            at=at,
            verb="residents.edit_household",
            permission=EDIT,
            key=household.key,
            subject=f"household:{household.pk}",
            changed=sorted(changed),
        )


def move_household(*, household_id: int, to_key: int, actor: Actor, at: datetime) -> None:
    """The whole household moves behind another door, as a household of its own there.

    Raises HouseholdUnknown, HouseholdEnded, DoorUnknown, SameHousehold, Forbidden (either door).
    """

    def work(change: Change) -> None:
        queries.get_door(to_key)
        household = lock_household(household_id)
        from_key = household.key
        require_on(actor, [from_key, to_key])
        if from_key == to_key:
            raise SameHousehold()
        people = list(Person.objects.filter(household=household).values_list("pk", flat=True))
        taken = Household.objects.filter(key=to_key, ended_at=None, label=household.label).exists()
        label = free_label(to_key) if taken else household.label
        # The people's keys follow in the same statement (foreign key with ON UPDATE CASCADE).
        Household.objects.filter(pk=household.pk).update(key=to_key, label=label, updated_at=at)
        fill_doors([to_key])
        change.touch(people=people, households=[household.pk], keys=[from_key, to_key])
        journal.record(
            actor=actor,
            at=at,
            verb="residents.move_household",
            permission=EDIT,
            key=to_key,
            subject=f"household:{household.pk}",
            from_key=from_key,
            people=len(people),
        )

    changing(at, work)


def split_household(
    *, household_id: int, person_ids: Sequence[int], label: str = "", actor: Actor, at: datetime
) -> int:
    """Some of a household's people become a household of their own behind the same door; returns its id.

    Without a `label` the next number tells it apart. Raises HouseholdUnknown, NobodyChosen (nobody, somebody of another
    household, or everybody), LabelTaken, Forbidden.
    """

    def work(change: Change) -> int:
        household = lock_household(household_id)
        require_on(actor, [household.key])
        living = set(
            Person.objects.select_for_update()
            .filter(household=household, presence__in=LIVING)
            .order_by("id")
            .values_list("pk", flat=True)
        )
        chosen = set(person_ids)
        if not chosen or not chosen < living:
            raise NobodyChosen()
        text = settle_text("label", label, LABEL_CHARS) or free_label(household.key)
        made = make_household(household.key, text, change)
        Person.objects.filter(pk__in=chosen).update(household=made, updated_at=at)
        change.touch(people=chosen, households=[household.pk], keys=[household.key])
        end_empty_households([household.pk], at)
        journal.record(
            actor=actor,
            at=at,
            verb="residents.split_household",
            permission=EDIT,
            key=household.key,
            subject=f"household:{made.pk}",
            from_household=household.pk,
            people=sorted(chosen),
        )
        return int(made.pk)

    return changing(at, work)
