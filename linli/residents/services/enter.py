"""A person's row: sealed, put into a household, refused when the same ID number lives elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from linli.core import crypto, db
from linli.core.access import Actor
from linli.residents import queries
from linli.residents.changes import REGISTER, Change, end_empty_households
from linli.residents.errors import PersonInTwoHomes, PersonKnownAt, PersonTwice
from linli.residents.models import Household, Person
from linli.residents.policies import settle_person
from linli.residents.terms import LIVING, PersonInput


def enter_person(household: Household, given: PersonInput, change: Change, actor: Actor) -> int:
    """Put a person into a household; returns their id.

    Somebody with the same ID number who has left another door comes back as the same person, where the actor may write
    both. Raises FieldWrong, PersonTwice, PersonKnownAt, PersonInTwoHomes.
    """
    day = timezone.localdate(change.at)
    person = settle_person(given, on=day)
    if given.client_id and (known := Person.objects.filter(client_id=given.client_id).first()):
        return int(known.pk)
    values = {
        **sealed("id", person.id_number),
        **sealed("phone", person.phone),
        "name": person.name,
        "sex": person.sex,
        "born_on": person.born_on,
        "relation": person.relation,
        "needs": int(person.needs),
        "note": person.note,
        "presence": person.presence,
        "presence_since": day,
        "back_on": person.back_on,
        "household": household,
        "key": household.key,
        "updated_at": change.at,
    }
    try:
        gone = find_same_id(person.id_number, household.pk, actor)
        with one_home():
            if gone is None:
                made = Person.objects.create(**values, client_id=given.client_id, created_at=change.at)
            else:
                values["presence_at"] = change.seen_at
                change.touch(households=[gone.household_id], keys=[gone.key])
                for name, value in values.items():
                    setattr(gone, name, value)
                gone.save()
                made = gone
    except (PersonTwice, PersonInTwoHomes) as problem:
        if given.client_id:
            problem.params["entered"] = given.client_id  # whom of several it means
        raise
    change.touch(people=[made.pk], households=[household.pk], keys=[household.key])
    return int(made.pk)


def sealed(name: str, value: str) -> dict[str, Any]:
    """The two columns of a personal number: encrypted, and the keyed hash by which it is found."""
    return {f"{name}_sealed": crypto.seal(value), f"{name}_hash": crypto.lookup_hash(value)}


def find_same_id(id_number: str, household_id: int, actor: Actor, besides: int = 0) -> Person | None:
    """Who has left and bears this ID number, as far as the actor may change them.

    Raises PersonTwice, PersonKnownAt when somebody living bears it. Behind the wall nobody is seen: then the unique
    index speaks (`one_home`), without naming the door.
    """
    hashed = crypto.lookup_hash(id_number)
    if hashed is None:
        return None
    same = list(
        Person.objects.select_for_update().filter(id_hash=hashed).exclude(pk=besides).order_by("presence", "pk")
    )
    for other in same:
        if other.presence in LIVING:
            if other.household_id == household_id:
                raise PersonTwice(person=other.pk)
            if other.key in actor.extent_for(queries.VIEW):
                raise PersonKnownAt(door=queries.describe_doors([other.key])[other.key], person=other.pk)
            raise PersonInTwoHomes()
    held = actor.extent_for(REGISTER)
    return next((other for other in same if other.key in held), None)


@contextmanager
def one_home() -> Iterator[None]:
    """Around a write of an ID number: its unique index becomes PersonInTwoHomes."""
    try:
        with db.atomic():
            yield
    except IntegrityError as error:
        if "person_id_once" in str(error):
            raise PersonInTwoHomes() from error
        raise


def leave(households: list[int], change: Change) -> None:
    """Somebody left these households: those without anybody end."""
    change.touch(households=households)
    end_empty_households(households, change.at)
