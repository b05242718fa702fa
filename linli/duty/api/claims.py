"""Volunteers, and the posts they claim."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.duty import claims
from linli.duty.api.chain import MadeOut, VacancyOut
from linli.duty.api.router import router
from linli.duty.errors import NoVolunteer
from linli.duty.terms import ClaimState
from linli.places import queries as places


class HomeIn(Schema):
    home: str = Field(description="The unit one lives in: its code, or 阳光小区 3号楼 2单元.")


class ClaimIn(Schema):
    place: str = Field(description="Code of a building or unit whose lead's post is vacant.")


class DeclineIn(Schema):
    reason: str = ""


class ClaimOut(Schema):
    id: int
    name: str
    role: str
    place: str
    address: str
    state: str
    asked: str = Field(description="Who is to decide; empty: whoever answers there.")
    made_at: datetime
    decided_at: datetime | None
    reason: str

    @classmethod
    def of(cls, one: claims.ClaimLine) -> ClaimOut:
        return cls(
            id=one.id, name=one.name, role=one.role, place=one.place_code, address=one.address, state=one.state,
            asked=one.asked, made_at=one.made_at, decided_at=one.decided_at, reason=one.reason,
        )  # fmt: skip


@router.put("/volunteer", response={204: None}, summary="Register as a volunteer, with the unit one lives in")
@permission(None)
def register(request: ApiRequest, body: HomeIn) -> Status[None]:
    claims.register_volunteer(home=body.home, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/volunteer/posts", response=list[VacancyOut], summary="Vacant posts near my home, the nearest first")
@permission(None)
def near(request: ApiRequest) -> list[VacancyOut]:
    home = claims.find_home(request.actor)
    if home is None:
        raise NoVolunteer
    return [VacancyOut.of(one) for one in claims.list_near(home, request.at)]


@router.get("/volunteer/claims", response=list[ClaimOut], summary="My claims, newest first")
@permission(None)
def mine(request: ApiRequest) -> list[ClaimOut]:
    return [ClaimOut.of(one) for one in claims.list_own_claims(actor=request.actor, at=request.at)]


@router.post("/volunteer/claims", response={201: MadeOut}, summary="Claim a vacant post near my home")
@permission(None)
def claim(request: ApiRequest, body: ClaimIn) -> Status[MadeOut]:
    made = claims.claim_post(place_id=places.get_place(body.place).id, actor=request.actor, at=request.at)
    return Status(201, MadeOut(id=made))


@router.post("/volunteer/claims/{claim_id}/withdraw", response={204: None}, summary="Withdraw my claim")
@permission(None)
def withdraw(request: ApiRequest, claim_id: int) -> Status[None]:
    claims.withdraw_claim(claim_id=claim_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/claims", response=list[ClaimOut], summary="Claims that I may decide")
@permission("duty.confirm")
def list_claims(request: ApiRequest, state: ClaimState | None = ClaimState.WAITING) -> list[ClaimOut]:
    found = claims.list_claims(actor=request.actor, at=request.at, state=state or "")
    return [ClaimOut.of(one) for one in found]


@router.post("/claims/{claim_id}/confirm", response={201: MadeOut}, summary="Appoint the volunteer")
@permission("duty.confirm")
def confirm(request: ApiRequest, claim_id: int) -> Status[MadeOut]:
    return Status(201, MadeOut(id=claims.confirm_claim(claim_id=claim_id, actor=request.actor, at=request.at)))


@router.post("/claims/{claim_id}/decline", response={204: None}, summary="Decline a claim")
@permission("duty.confirm")
def decline(request: ApiRequest, claim_id: int, body: DeclineIn) -> Status[None]:
    claims.decline_claim(claim_id=claim_id, reason=body.reason, actor=request.actor, at=request.at)
    return Status(204, None)
