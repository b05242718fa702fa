"""HTTP API of special situations."""

from __future__ import annotations

from datetime import datetime

from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.notices import queries, services
from linli.notices.terms import OUTCOME_LENGTH, SpecialLine

router = Router(tags=["notices"])


class SpecialOut(Schema):
    id: int
    where: str
    door: int | None = Field(description="Key of the door; null where it was reported of a place.")
    person_id: int | None
    what: str
    text: str
    reported_by: str
    happened_at: datetime
    received_at: datetime
    settled_at: datetime | None
    settled_by: str
    outcome: str

    @classmethod
    def of(cls, one: SpecialLine) -> SpecialOut:
        return cls(
            id=one.id, where=one.where, door=one.key if one.place_id is None else None, person_id=one.person_id,
            what=one.what, text=one.text, reported_by=one.reported_by, happened_at=one.happened_at,
            received_at=one.received_at, settled_at=one.settled_at, settled_by=one.settled_by, outcome=one.outcome,
        )  # fmt: skip


class OutcomeIn(Schema):
    outcome: str = Field(max_length=OUTCOME_LENGTH, description="How it was settled, in a few words.")


@router.get("/specials", response=list[SpecialOut], summary="Special situations that are not settled, newest first")
@permission("residents.view")
def list_specials(request: ApiRequest, everything: bool = False) -> list[SpecialOut]:
    """`everything`: the settled ones, too. At most 100."""
    return [SpecialOut.of(one) for one in queries.list_specials(actor=request.actor, everything=everything)]


@router.post("/specials/{special_id}/settle", response={204: None}, summary="Note how one was settled")
@permission("notices.settle")
def settle_special(request: ApiRequest, special_id: int, body: OutcomeIn) -> Status[None]:
    services.settle_special(special_id=special_id, outcome=body.outcome, actor=request.actor, at=request.at)
    return Status(204, None)
