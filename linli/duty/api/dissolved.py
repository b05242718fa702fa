"""Posts at dissolved places."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.duty import dissolved
from linli.duty.api.chain import part_of
from linli.duty.api.router import router
from linli.places import queries as places


class DissolvedPostOut(Schema):
    appointment_id: int
    name: str
    role: str
    deputy: bool
    place: str = Field(description="Code of the dissolved place.")
    place_name: str
    dissolved_at: datetime
    taken_over_by: list[str] = Field(description="Codes of the places that hold its doors now.")


class MovePostIn(Schema):
    to: list[str] = Field(min_length=1, max_length=100, description="Codes of places that took over.")


class MovedOut(Schema):
    ids: list[int]


@router.get("/posts/dissolved", response=list[DissolvedPostOut], summary="Posts at places that were dissolved")
@permission("duty.view")
def list_dissolved(request: ApiRequest, place: str) -> list[DissolvedPostOut]:
    return [
        DissolvedPostOut(
            appointment_id=one.appointment_id, name=one.name, role=one.role, deputy=one.is_deputy,
            place=one.place.code, place_name=one.place.name, dissolved_at=one.ended_at,
            taken_over_by=[heir.code for heir in one.heirs],
        )
        for one in dissolved.list_dissolved(part_of(request, place, "duty.view"), request.at)
    ]  # fmt: skip


@router.post("/appointments/{appointment_id}/move", response={201: MovedOut}, summary="Move a post to what took over")
@permission("duty.appoint")
def move_post(request: ApiRequest, appointment_id: int, body: MovePostIn) -> Status[MovedOut]:
    to = [places.get_place(code).id for code in body.to]
    made = dissolved.move_post(appointment_id=appointment_id, to_place_ids=to, actor=request.actor, at=request.at)
    return Status(201, MovedOut(ids=made))
