"""Households over the API: read, register, change, move, split, and doors behind which nobody lives."""

from __future__ import annotations

from datetime import date

from linli.core.api import ApiRequest, permission
from linli.residents import queries, services
from linli.residents.api.people import get_person
from linli.residents.api.router import EDIT, REGISTER, VIEW, router
from linli.residents.api.schemas import HouseholdIn, HouseholdOut, HouseholdPatch, PersonIn, PersonOut, SplitIn


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
