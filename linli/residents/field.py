"""What phones add to the register on the spot: a household, a person, that somebody has gone.

Who is registered without signal bears a UUID of the phone's making; the server gives the number, and both are
understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from linli.core import field
from linli.core.access import Actor
from linli.core.errors import Problem
from linli.core.field import Command, CommandKind, CommandWrong, Disputed, Reader, number_of
from linli.residents import queries, services, whereabouts
from linli.residents.errors import (
    ChangedMeanwhile,
    EnteredSince,
    LabelTaken,
    NothingChanged,
    PersonInTwoHomes,
    PersonTwice,
    SameHousehold,
)
from linli.residents.policies import need_names
from linli.residents.terms import NEED_WORDS, NO_NEED, STORED_NEEDS, Need, PersonInput, PersonView, Presence, Sex

RANK_HOUSEHOLD, RANK_PERSON, RANK_MOVE, RANK_CORRECT, RANK_STATUS = 20, 30, 34, 36, 40
HOUSEHOLD = frozenset({"household", "door", "label", "note", "people"})
PERSON = frozenset({"person", "name", "sex", "born_on", "id_number", "phone", "relation", "needs", "note"})
STATUS = frozenset({"person", "household", "door", "status", "back_on"})
MOVE = frozenset({"person", "household", "door"})
CORRECTED = ("name", "phone", "sex", "born_on", "relation", "needs", "note")
CORRECT = frozenset({"person", "seen_at", *CORRECTED})
MOST_PEOPLE = 50  # of one household in one command
SEXES = {sex.name.lower(): sex for sex in Sex}
OF_PERSON = {"present": Presence.PRESENT, "away": Presence.AWAY, "moved_out": Presence.MOVED_OUT}
VACANT = {"vacant": True}
Given = Mapping[str, Any]


# --- what is there under a phone's id -------------------------------------------------------------------------------


def find_person(named: int | UUID) -> int:
    """Raises ComesFirst for a UUID that has not arrived."""
    return number_of(named, queries.find_people_made)


def find_household(named: int | UUID) -> int:
    """Raises ComesFirst for a UUID that has not arrived."""
    return number_of(named, queries.find_households_made)


# --- commands -------------------------------------------------------------------------------------------------------


def register_household(command: Command, actor: Actor, at: datetime) -> Given:
    """A new household behind a door, with its people."""
    reader = Reader(command.payload, HOUSEHOLD)
    client, key = reader.uuid("household"), reader.door()
    people = [read_person(one) for one in _list(command.payload, "people")]
    label = reader.text("label", longest=40)
    try:
        number = services.register_household(
            key=key,
            people=people,
            label=label,
            note=reader.text("note"),
            client_id=client,
            seen_at=command.at,
            actor=actor,
            at=at,
        )
    except LabelTaken as problem:
        yours = {"door": key, "label": label, "people": [one.name for one in people]}
        raise Disputed(problem, yours=yours, theirs=_household_there(key, label, actor, at)) from None
    except (PersonInTwoHomes, PersonTwice) as problem:
        meant = next((one for one in people if one.client_id == problem.params.get("entered")), None)
        yours = {"door": key, "people": [one.name for one in people], **(_said(meant) if meant else {})}
        raise Disputed(problem, yours=yours, theirs=_person_there(problem, actor, at)) from None
    made = queries.find_people_made([one.client_id for one in people if one.client_id is not None])
    return {"household": f"h{number}", "people": {str(client): f"p{person}" for client, person in made.items()}}


def add_person(command: Command, actor: Actor, at: datetime) -> Given:
    """Somebody more in a household that is there."""
    payload = dict(command.payload)
    household = find_household(
        Reader({"household": payload.pop("household", None)}, ["household"]).named("household", "h")
    )
    person = read_person(payload)
    try:
        number = services.add_person(household_id=household, person=person, seen_at=command.at, actor=actor, at=at)
    except (PersonInTwoHomes, PersonTwice) as problem:
        yours = {"household": f"h{household}", **_said(person)}
        raise Disputed(problem, yours=yours, theirs=_person_there(problem, actor, at)) from None
    return {"person": f"p{number}"}


def move_person(command: Command, actor: Actor, at: datetime) -> Given:
    """Somebody registered elsewhere lives here now: into a household, or behind a door into the one that is there."""
    reader = Reader(command.payload, MOVE)
    person = find_person(reader.named("person", "p"))
    if (command.payload.get("household") is None) == (command.payload.get("door") is None):
        raise CommandWrong(field="household", why=_("give one of household and door"))
    home = None if command.payload.get("door") is not None else find_household(reader.named("household", "h"))
    key = reader.door() if home is None else None
    try:
        home = services.move_person(
            person_id=person, to_key=key, to_household_id=home, seen_at=command.at, actor=actor, at=at
        )
    except SameHousehold:
        home = queries.get_person(person, actor=actor, at=at).household_id  # somebody else said so before: all is well
    return {"household": f"h{home}"}


def correct_person(command: Command, actor: Actor, at: datetime) -> None:
    """What was entered differently of somebody who is registered, after both values were seen. Only what is named."""
    reader = Reader(command.payload, CORRECT)
    person, seen_at = find_person(reader.named("person", "p")), reader.moment("seen_at", required=True)
    rest = {name: value for name, value in command.payload.items() if name in CORRECTED}
    given = read_person({"person": str(command.id), "name": "-", **rest})
    changes = {name: getattr(given, name) for name in CORRECTED if name in rest}
    if not changes or seen_at is None:
        raise CommandWrong(field="name", why=_("nothing is given"))
    try:
        services.edit_person(person_id=person, changes=changes, seen_at=seen_at, actor=actor, at=at)
    except NothingChanged:
        return  # somebody else said so before: then all is well
    except ChangedMeanwhile as problem:
        there = queries.get_person(person, actor=actor, at=at)
        yours = {**_said(given, changes), "person": f"p{person}"}
        raise Disputed(problem, yours=yours, theirs=_told(there)) from None


def set_status(command: Command, actor: Actor, at: datetime) -> None:
    """Somebody is there, away or gone; a household, or a door, is vacant. What is so already is not refused, and what
    was seen before what the register was told since changes nothing."""
    reader = Reader(command.payload, STATUS)
    given = [name for name in ("person", "household", "door") if command.payload.get(name) is not None]
    if len(given) != 1:
        raise CommandWrong(field="person", why=field.ONE_OF_THREE)
    try:
        if given == ["person"]:
            presence, person = reader.word("status", OF_PERSON), find_person(reader.named("person", "p"))
            if presence == Presence.MOVED_OUT:
                _require_not_entered_since([person], command, actor)
            services.record_presence(
                person_id=person,
                presence=presence,
                back_on=_day(command.payload, "back_on"),
                seen_at=command.at,
                actor=actor,
                at=at,
            )
        elif reader.word("status", VACANT) and given == ["household"]:
            household = find_household(reader.named("household", "h"))
            _require_not_entered_since(_living_in([household]), command, actor)
            services.record_vacant(household_ids=[household], seen_at={household: command.at}, actor=actor, at=at)
        else:
            key = reader.door()
            _require_not_entered_since(_living_in(queries.list_households_behind([key]).get(key, [])), command, actor)
            services.record_door_vacant(key=key, seen_at=command.at, actor=actor, at=at)
    except NothingChanged:
        return  # somebody else said so before: then all is well


def _living_in(households: list[int]) -> list[int]:
    return [person for people in whereabouts.list_living_in(households).values() for person in people]


def _require_not_entered_since(people: list[int], command: Command, actor: Actor) -> None:
    """What a phone saw hours ago sends nobody away who was entered, moved or back meanwhile. Raises EnteredSince."""
    seen = dict.fromkeys(people, command.at)
    if whereabouts.list_entered_after(seen, account_id=actor.account_id):
        raise EnteredSince


# --- reading --------------------------------------------------------------------------------------------------------


def read_person(payload: Any) -> PersonInput:
    """Raises CommandWrong; whether the values are right, the register judges."""
    if not isinstance(payload, dict):
        raise CommandWrong(field="people", why=_("is not a list of people"))
    reader = Reader(payload, PERSON)
    return PersonInput(
        name=reader.text("name", required=True, longest=80),
        id_number=reader.text("id_number", longest=40),
        phone=reader.text("phone", longest=40),
        sex=reader.word("sex", SEXES) if payload.get("sex") is not None else Sex.UNKNOWN,
        born_on=_day(payload, "born_on"),
        relation=reader.text("relation", longest=20),
        needs=_needs(payload),
        note=reader.text("note"),
        client_id=reader.uuid("person"),
    )


def _list(payload: dict[str, Any], name: str) -> list[Any]:
    value = payload.get(name, [])
    if not isinstance(value, list) or len(value) > MOST_PEOPLE:
        raise CommandWrong(field=name, why=_("is not a list of people"))
    return value


def _day(payload: dict[str, Any], name: str) -> date | None:
    value = payload.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise CommandWrong(field=name, why=_("is not a day, such as 2022-10-04")) from None


def _needs(payload: dict[str, Any]) -> Need:
    words = payload.get("needs", [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word in NEED_WORDS for word in words):
        raise CommandWrong(field="needs", why=field.NO_SUCH_WORD)
    needs = NO_NEED
    for word in words:
        needs |= NEED_WORDS[word] & STORED_NEEDS  # what follows from the age is not stored
    return needs


# --- the other side of a conflict -----------------------------------------------------------------------------------


def _household_there(key: int, label: str, actor: Actor, at: datetime) -> Given:
    for one in queries.list_households(key, actor=actor, at=at):
        if one.label == label:
            names = [person.name for person in one.living]
            return {"household": f"h{one.id}", "door": key, "label": label, "people": names}
    return {}


def _person_there(problem: Problem, actor: Actor, at: datetime) -> Given:
    """Who bears the ID number already; nothing where the author may not see them."""
    number = problem.params.get("person")
    if number is None:
        return {}
    return _told(queries.get_person(number, actor=actor, at=at))


def _told(there: PersonView) -> Given:
    """A person as the other side of a conflict: in words, the phone masked; `seen_at` goes back with a correction."""
    return field.without_empty(
        person=f"p{there.id}",
        household=f"h{there.household_id}",
        door=there.key,
        where=there.door,
        name=there.name,
        sex=there.sex.name.lower() if there.sex else "",
        born_on=there.born_on,
        relation=there.relation,
        phone=there.phone_masked,
        needs=need_names(there.needs & STORED_NEEDS),
        note=there.note,
        seen_at=there.updated_at,
    )


def _said(given: PersonInput, names: Iterable[str] = CORRECTED) -> Given:
    """A person as the author entered them."""
    known: dict[str, Any] = {name: getattr(given, name) for name in names}
    if "sex" in known:
        known["sex"] = known["sex"].name.lower() if known["sex"] else ""
    if "needs" in known:
        known["needs"] = need_names(known["needs"])
    client = str(given.client_id) if given.client_id else ""
    return field.without_empty(person=client, **known)


def register() -> None:
    field.register_command(CommandKind("residents.household", RANK_HOUSEHOLD, one=register_household))
    field.register_command(CommandKind("residents.person", RANK_PERSON, one=add_person))
    field.register_command(CommandKind("residents.move", RANK_MOVE, one=move_person))
    field.register_command(CommandKind("residents.correct", RANK_CORRECT, one=correct_person))
    field.register_command(CommandKind("residents.status", RANK_STATUS, one=set_status))
