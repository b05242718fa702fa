"""HTTP API of special situations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.notices import file_queries, files, queries, services
from linli.notices.terms import OUTCOME_LENGTH, FileLine, SpecialLine
from linli.notices.views_files import answer_file

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


class FileOut(Schema):
    id: UUID
    door: int
    person_id: int | None
    household_id: int | None
    special_id: int | None
    kind: str = Field(description="photo, voice")
    by: str
    taken_at: datetime
    received_at: datetime
    size: int = Field(description="bytes")

    @classmethod
    def of(cls, one: FileLine) -> FileOut:
        return cls(
            id=one.id, door=one.key, person_id=one.person_id, household_id=one.household_id, special_id=one.special_id,
            kind=one.kind, by=one.by, taken_at=one.taken_at, received_at=one.received_at, size=one.size,
        )  # fmt: skip


@router.get("/files", response=list[FileOut], summary="Photos and voice notes at a door, newest first")
@permission("residents.view")
def list_files(request: ApiRequest, door: int) -> list[FileOut]:
    """`door`: its key. At most 100."""
    return [FileOut.of(one) for one in file_queries.list_files_at(door, actor=request.actor)]


@router.get("/files/{file_id}", response={200: bytes}, summary="A photo or voice note itself; the look is journalled")
@permission("residents.view")
def get_file(request: ApiRequest, file_id: UUID) -> HttpResponse:
    return answer_file(files.look_at_file(file_id=file_id, actor=request.actor, at=request.at))
