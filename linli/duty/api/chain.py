"""Who answers for a door, posts held and vacant, handing over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Query, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, Page, PageQuery, make_cursor, permission, read_cursor
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.duty import queries, services, staff
from linli.duty.api.router import router
from linli.duty.coverage import Coverage, Vacancy, count_posts, list_vacancies
from linli.duty.terms import Chain, Holder, Level
from linli.places import queries as places


class HolderOut(Schema):
    appointment_id: int
    name: str
    role: str
    place: str = Field(description="Code of the place.")
    place_name: str
    deputy: bool
    officer_kind: str
    organisation: str
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, one: Holder) -> HolderOut:
        return cls(
            appointment_id=one.appointment_id, name=one.name, role=one.role, place=one.place.code,
            place_name=one.place.name, deputy=one.is_deputy, officer_kind=one.officer_kind,
            organisation=one.organisation, since=one.since, until=one.until,
        )  # fmt: skip


class LevelOut(Schema):
    level: str = Field(description="area_lead, grid_lead, building_lead, unit_lead, information_officer.")
    place: str | None = Field(description="Code of the place; null: no place of this level is drawn there.")
    place_name: str | None
    vacant: bool
    holders: list[HolderOut]
    deputies: list[HolderOut]

    @classmethod
    def of(cls, one: Level) -> LevelOut:
        return cls(
            level=one.role, place=one.place.code if one.place else None,
            place_name=one.place.name if one.place else None, vacant=one.is_vacant,
            holders=[HolderOut.of(h) for h in one.holders],
            deputies=[HolderOut.of(h) for h in one.deputies],
        )  # fmt: skip


class ChainOut(Schema):
    door: int
    at: datetime
    levels: list[LevelOut]
    others: list[HolderOut]

    @classmethod
    def of(cls, chain: Chain, at: datetime) -> ChainOut:
        return cls(
            door=chain.key, at=at, levels=[LevelOut.of(one) for one in chain.levels],
            others=[HolderOut.of(one) for one in chain.others],
        )  # fmt: skip


class AnsweringQuery(Schema):
    door: int = Field(description="Key of the door.", ge=0, lt=1 << 53)
    at: datetime | None = Field(None, description="Default: now.")


class PostsOut(Schema):
    level: str
    posts: int | None = Field(description="null: of information officers there are as many as are needed.")
    held: int | None
    deputy_only: int | None
    people: int


class CoverageOut(Schema):
    place: str
    place_name: str
    levels: list[PostsOut]
    officers: dict[str, int]
    people: dict[str, int] = Field(description="By role, of all roles; deputies are not counted.")
    vacant: int
    units_nobody_answers_for: int

    @classmethod
    def of(cls, code: str, name: str, found: Coverage) -> CoverageOut:
        levels = [
            PostsOut(
                level=role.value, posts=count.posts if count else None, held=count.held if count else None,
                deputy_only=count.stood_in if count else None, people=people,
            )
            for role, count, people in found.levels
        ]  # fmt: skip
        return cls(
            place=code, place_name=name, levels=levels, officers=found.officers, people=found.people,
            vacant=found.vacant, units_nobody_answers_for=found.nobody,
        )  # fmt: skip


class PostCountsOut(Schema):
    all: CoverageOut
    children: list[CoverageOut]


class VacancyOut(Schema):
    place: str
    place_name: str
    role: str
    deputy_only: bool
    nobody: bool = Field(description="A unit without a lead in a building without one, and no deputies.")

    @classmethod
    def of(cls, one: Vacancy) -> VacancyOut:
        return cls(
            place=one.place.code, place_name=one.place.name, role=one.role.value, deputy_only=one.stood_in,
            nobody=one.nobody,
        )  # fmt: skip


class VacancyQuery(PageQuery):
    place: str = Field(description="Code of a place.")
    nobody: bool = Field(False, description="Only units that nobody answers for.")


class HandOverIn(Schema):
    account: str = Field(description="Account name of whoever receives the post.")


class MadeOut(Schema):
    id: int


class PhoneOut(Schema):
    phone: str


def part_of(request: ApiRequest, code: str, needed: str) -> Extent:
    """The part of a place on which the caller holds a permission. Raises PlaceUnknown, Forbidden."""
    extent = places.extent_of(places.get_place(code).id, request.at) & request.actor.extent_for(needed)
    if not extent:
        raise Forbidden(permission=needed)
    return extent


@router.get("/answering", response=ChainOut, summary="Who answers for a door at each level, and who stands in")
@permission("places.view")
def answering(request: ApiRequest, query: Annotated[AnsweringQuery, Query()]) -> ChainOut:
    if query.door not in request.actor.extent_for("places.view"):
        raise Forbidden(permission="places.view")
    at = query.at or request.at
    return ChainOut.of(queries.find_chain(query.door, at), at)


@router.get(
    "/posts/counts", response=PostCountsOut, summary="Posts held and vacant by level, in a place and what is in it"
)
@permission("duty.view")
def counts(request: ApiRequest, place: str) -> PostCountsOut:
    held = part_of(request, place, "duty.view")
    about = places.get_place(place)
    children = places.list_children(about.id, request.at)
    parts = {one: extent & held for one, extent in places.extents_of([c.id for c in children], request.at).items()}
    found = count_posts({about.id: held} | {one: part for one, part in parts.items() if part}, request.at)
    return PostCountsOut(
        all=CoverageOut.of(about.code, about.name, found[about.id]),
        children=[CoverageOut.of(c.code, c.name, found[c.id]) for c in children if c.id in found],
    )


@router.get("/posts/vacant", response=Page[VacancyOut], summary="Vacant posts of leads, street by street")
@permission("duty.view")
def vacant(request: ApiRequest, query: Annotated[VacancyQuery, Query()]) -> Page[VacancyOut]:
    held = part_of(request, query.place, "duty.view")
    after = read_cursor(query.after, int, int) or (-1, 0)
    found = list_vacancies(held, request.at, nobody=query.nobody, after=after, limit=query.limit + 1)
    page = found[: query.limit]
    more = make_cursor(page[-1].lo, page[-1].place.kind) if len(found) > query.limit else None
    return Page[VacancyOut](items=[VacancyOut.of(one) for one in page], next=more)


@router.post("/appointments/{appointment_id}/hand-over", response={201: MadeOut}, summary="Hand over a post")
@permission("duty.appoint")
def hand_over(request: ApiRequest, appointment_id: int, body: HandOverIn) -> Status[MadeOut]:
    receiver = queries.find_account_id(body.account)
    made = services.hand_over(appointment_id=appointment_id, to_account_id=receiver, actor=request.actor, at=request.at)
    return Status(201, MadeOut(id=made))


@router.post("/appointments/{appointment_id}/phone", response=PhoneOut, summary="See a phone; it is journalled")
@permission("duty.call")
def phone(request: ApiRequest, appointment_id: int) -> PhoneOut:
    return PhoneOut(phone=staff.reveal_phone(appointment_id=appointment_id, actor=request.actor, at=request.at))
