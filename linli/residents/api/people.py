"""People over the API: lists, search and counts, changes, presence, and whole numbers for a purpose."""

from __future__ import annotations

from typing import Annotated

from ninja import Query

from linli.core.api import ApiRequest, permission
from linli.places import queries as places
from linli.residents import queries, services
from linli.residents.api.router import EDIT, REGISTER, VIEW, router
from linli.residents.api.schemas import (
    CountsOut,
    FoundOut,
    MovePersonIn,
    PeopleOut,
    PeopleQuery,
    PersonOut,
    PersonPatch,
    PresenceIn,
    SearchIn,
    UnmaskIn,
    ValueOut,
    one_of,
    presence_of,
    sex_of,
)
from linli.residents.policies import parse_needs
from linli.residents.terms import Purpose, Secret


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
