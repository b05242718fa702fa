"""HTTP API of residents: households, people, search, counts. Searches are POSTs: no ID number stands in an address."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.places import queries as places
from linli.residents import queries, services
from linli.residents.errors import WordUnknown
from linli.residents.policies import need_names, parse_needs
from linli.residents.terms import (
    SAID,
    Counts,
    HouseholdView,
    PersonInput,
    PersonView,
    Presence,
    Purpose,
    Secret,
    Sex,
)

router = Router(tags=["residents"])
EDIT, REGISTER, VIEW = "residents.edit", "residents.register", "residents.view"
NARROWED = "Some doors of the place are out of your sight and not counted."
NEEDS_HELP = "alone, disabled, pregnant, chronic, medicine, no_smartphone, bedridden, hardship"


class PersonOut(Schema):
    id: int
    household_id: int
    key: int = Field(description="Door key.")
    door: str
    name: str
    sex: str
    born_on: date | None
    age: int | None
    relation: str
    id_number: str = Field(description="Masked.")
    phone: str = Field(description="Masked.")
    needs: list[str]
    note: str
    presence: str
    presence_since: date
    back_on: date | None
    updated_at: datetime

    @classmethod
    def of(cls, person: PersonView) -> PersonOut:
        return cls(
            id=person.id,
            household_id=person.household_id,
            key=person.key,
            door=person.door,
            name=person.name,
            sex=person.sex.name.lower(),
            born_on=person.born_on,
            age=person.age,
            relation=person.relation,
            id_number=person.id_masked,
            phone=person.phone_masked,
            needs=need_names(person.needs),
            note=person.note,
            presence=person.presence.name.lower(),
            presence_since=person.presence_since,
            back_on=person.back_on,
            updated_at=person.updated_at,
        )


class HouseholdOut(Schema):
    id: int
    key: int
    door: str
    unit: str = Field(description="Code of the unit.")
    label: str
    note: str
    updated_at: datetime
    ended_at: datetime | None
    people: list[PersonOut]

    @classmethod
    def of(cls, household: HouseholdView) -> HouseholdOut:
        return cls(
            id=household.id,
            key=household.key,
            door=household.door,
            unit=household.unit_code,
            label=household.label,
            note=household.note,
            updated_at=household.updated_at,
            ended_at=household.ended_at,
            people=[PersonOut.of(person) for person in household.people],
        )


class PersonIn(Schema):
    name: str
    id_number: str = ""
    phone: str = ""
    sex: str = Field("unknown", description="male, female, unknown")
    born_on: date | None = None
    relation: str = ""
    needs: list[str] = Field([], description=NEEDS_HELP)
    note: str = ""
    client_id: UUID | None = Field(None, description="Made by the sender: the same again changes nothing.")

    def entered(self) -> PersonInput:
        return PersonInput(
            name=self.name,
            id_number=self.id_number,
            phone=self.phone,
            sex=sex_of(self.sex),
            born_on=self.born_on,
            relation=self.relation,
            needs=parse_needs(self.needs),
            note=self.note,
            client_id=self.client_id,
        )


class HouseholdIn(Schema):
    key: int = Field(description="Door key.")
    people: list[PersonIn] = Field([], max_length=200)
    label: str = ""
    note: str = ""
    client_id: UUID | None = None


class HouseholdPatch(Schema):
    seen_at: datetime = Field(description="`updated_at` of what was changed.")
    label: str | None = None
    note: str | None = None


class PersonPatch(Schema):
    seen_at: datetime = Field(description="`updated_at` of what was changed.")
    name: str | None = None
    id_number: str | None = None
    phone: str | None = None
    sex: str | None = None
    born_on: date | None = None
    relation: str | None = None
    needs: list[str] | None = Field(None, description=NEEDS_HELP)
    note: str | None = None


class MovePersonIn(Schema):
    to_key: int | None = Field(None, description="Door key; or")
    to_household_id: int | None = None
    new_household: bool = False


class SplitIn(Schema):
    person_ids: list[int]
    label: str = ""


class PresenceIn(Schema):
    presence: str = Field(description="present, away, moved_out, deceased")
    since: date | None = None
    back_on: date | None = None


class SearchIn(Schema):
    text: str = Field(min_length=1, max_length=80, description="A whole ID number, phone number or name.")


class FoundOut(Schema):
    by: str
    more: bool
    people: list[PersonOut]


class UnmaskIn(Schema):
    field: str = Field(description="id_number, phone")
    purpose: str = Field(description="contact, verify, transfer, correct")


class ValueOut(Schema):
    value: str


class CountsOut(Schema):
    narrowed: bool = Field(description=NARROWED)
    doors: int
    households: int
    people: int
    present: int
    needs: dict[str, int]

    @classmethod
    def of(cls, counts: Counts, narrowed: bool) -> CountsOut:
        needs = {name: count for need, count in counts.needs.items() for name in need_names(need)}
        return cls(
            narrowed=narrowed, doors=counts.doors, households=counts.households, people=counts.people,
            present=counts.present, needs=needs,
        )  # fmt: skip


class PeopleQuery(Schema):
    place: str = Field(description="Code of a place.")
    needs: list[str] = Field([], description=f"Only people with any of: {NEEDS_HELP}")
    after: str = Field("", description="`next` of the page before.", pattern=r"^(\d+-\d+)?$")
    limit: int = Field(100, ge=1, le=500)


class PeopleOut(Schema):
    narrowed: bool = Field(description=NARROWED)
    people: list[PersonOut]
    next: str | None


def one_of(word: str, words: list[str], field: str) -> str:
    """The word, when it is one of these. Raises WordUnknown."""
    if word not in words:
        raise WordUnknown(word=word[:40], known=", ".join(words), field=field)
    return word


def sex_of(word: str) -> Sex:
    return Sex[one_of(word, [sex.name.lower() for sex in Sex], "sex").upper()]


def presence_of(word: str) -> Presence:
    return Presence[one_of(word, [one.name.lower() for one in SAID], "presence").upper()]


@router.get("/households/{household_id}", response=HouseholdOut, summary="A household with its people")
@permission(VIEW)
def get_household(request: ApiRequest, household_id: int) -> HouseholdOut:
    return HouseholdOut.of(queries.get_household(household_id, actor=request.actor, at=request.at))


@router.get("/doors/{key}/households", response=list[HouseholdOut], summary="The households behind a door")
@permission(VIEW)
def list_households(request: ApiRequest, key: int) -> list[HouseholdOut]:
    queries.require_door(key, actor=request.actor)
    return [HouseholdOut.of(one) for one in queries.list_households(key, actor=request.actor, at=request.at)]


@router.post("/households", response=HouseholdOut, summary="Register a household")
@permission(REGISTER)
def register_household(request: ApiRequest, body: HouseholdIn) -> HouseholdOut:
    made = services.register_household(
        key=body.key,
        people=[person.entered() for person in body.people],
        label=body.label,
        note=body.note,
        client_id=body.client_id,
        actor=request.actor,
        at=request.at,
    )
    return get_household(request, made)


@router.patch("/households/{household_id}", response=HouseholdOut, summary="Change label or note")
@permission(EDIT)
def edit_household(request: ApiRequest, household_id: int, body: HouseholdPatch) -> HouseholdOut:
    services.edit_household(
        household_id=household_id,
        label=body.label,
        note=body.note,
        seen_at=body.seen_at,
        actor=request.actor,
        at=request.at,
    )
    return get_household(request, household_id)


@router.post("/households/{household_id}/people", response=PersonOut, summary="Add a person")
@permission(REGISTER)
def add_person(request: ApiRequest, household_id: int, body: PersonIn) -> PersonOut:
    made = services.add_person(household_id=household_id, person=body.entered(), actor=request.actor, at=request.at)
    return get_person(request, made)


@router.post("/households/{household_id}/move", response=HouseholdOut, summary="Move a household to a door")
@permission(EDIT)
def move_household(request: ApiRequest, household_id: int, to_key: int) -> HouseholdOut:
    services.move_household(household_id=household_id, to_key=to_key, actor=request.actor, at=request.at)
    return get_household(request, household_id)


@router.post("/households/{household_id}/split", response=HouseholdOut, summary="Make some of its people a household")
@permission(EDIT)
def split_household(request: ApiRequest, household_id: int, body: SplitIn) -> HouseholdOut:
    made = services.split_household(
        household_id=household_id,
        person_ids=body.person_ids,
        label=body.label,
        actor=request.actor,
        at=request.at,
    )
    return get_household(request, made)


@router.post("/doors/{key}/vacant", response=list[HouseholdOut], summary="Nobody lives behind this door")
@permission(REGISTER)
def record_vacant(request: ApiRequest, key: int, since: date | None = None) -> list[HouseholdOut]:
    services.record_door_vacant(key=key, since=since, actor=request.actor, at=request.at)
    return list_households(request, key)


@router.get("/people", response=PeopleOut, summary="People who live in a place, page by page")
@permission(VIEW)
def list_people(request: ApiRequest, query: Annotated[PeopleQuery, Query()]) -> PeopleOut:
    part, narrowed = queries.find_part(places.get_place(query.place), actor=request.actor, at=request.at)
    key, _, person = query.after.partition("-")
    found = queries.list_people(
        part,
        actor=request.actor,
        at=request.at,
        needs=parse_needs(query.needs) if query.needs else None,
        after=(int(key or 0), int(person or 0)),
        limit=query.limit,
    )
    last = f"{found[-1].key}-{found[-1].id}" if len(found) == query.limit else None
    return PeopleOut(narrowed=narrowed, people=[PersonOut.of(one) for one in found], next=last)


@router.get("/count", response=CountsOut, summary="How many live in a place and need what")
@permission(VIEW)
def count_residents(request: ApiRequest, place: str) -> CountsOut:
    return CountsOut.of(*queries.count_part(places.get_place(place), actor=request.actor, at=request.at))


@router.post("/people/search", response=FoundOut, summary="Find people by whole ID number, phone or name")
@permission(VIEW)
def search_people(request: ApiRequest, body: SearchIn) -> FoundOut:
    found = queries.search_residents(body.text, actor=request.actor, at=request.at)
    return FoundOut(by=found.by, more=found.more, people=[PersonOut.of(one) for one in found.people])


@router.get("/people/{person_id}", response=PersonOut, summary="A person")
@permission(VIEW)
def get_person(request: ApiRequest, person_id: int) -> PersonOut:
    return PersonOut.of(queries.get_person(person_id, actor=request.actor, at=request.at))


@router.patch("/people/{person_id}", response=PersonOut, summary="Change what is known of a person")
@permission(EDIT)
def edit_person(request: ApiRequest, person_id: int, body: PersonPatch) -> PersonOut:
    changes = body.dict(exclude_unset=True, exclude={"seen_at"})
    if "sex" in changes:
        changes["sex"] = sex_of(changes["sex"] or "unknown")
    if "needs" in changes:
        changes["needs"] = parse_needs(changes["needs"] or ())
    for name in ("name", "id_number", "phone", "relation", "note"):
        if name in changes:
            changes[name] = changes[name] or ""
    services.edit_person(person_id=person_id, changes=changes, seen_at=body.seen_at, actor=request.actor, at=request.at)
    return get_person(request, person_id)


@router.post("/people/{person_id}/move", response=PersonOut, summary="Move a person to a door or household")
@permission(EDIT)
def move_person(request: ApiRequest, person_id: int, body: MovePersonIn) -> PersonOut:
    services.move_person(
        person_id=person_id,
        to_key=body.to_key,
        to_household_id=body.to_household_id,
        new_household=body.new_household,
        actor=request.actor,
        at=request.at,
    )
    return get_person(request, person_id)


@router.post("/people/{person_id}/presence", response=PersonOut, summary="Present, away, moved out, deceased")
@permission(REGISTER)
def record_presence(request: ApiRequest, person_id: int, body: PresenceIn) -> PersonOut:
    services.record_presence(
        person_id=person_id,
        presence=presence_of(body.presence),
        since=body.since,
        back_on=body.back_on,
        actor=request.actor,
        at=request.at,
    )
    return get_person(request, person_id)


@router.post("/people/{person_id}/unmask", response=ValueOut, summary="The whole ID number or phone, for a purpose")
@permission("residents.unmask")
def unmask(request: ApiRequest, person_id: int, body: UnmaskIn) -> ValueOut:
    value = services.unmask(
        person_id=person_id,
        secret=Secret(one_of(body.field, list(Secret.values), "field")),
        purpose=Purpose(one_of(body.purpose, list(Purpose.values), "purpose")),
        actor=request.actor,
        at=request.at,
    )
    return ValueOut(value=value)
