"""Marks given by mistake, taken back over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.rounds import queries, undo
from linli.rounds.api.router import router
from linli.rounds.services import MARKS_AT_ONCE

Number = Annotated[int, Field(ge=1, lt=2**63)]


class MistakeIn(Schema):
    """A mark of yours, as it was sent: its id, and whom it meant."""

    id: UUID
    person: Number | None = None
    household: Number | None = None


class MistakesIn(Schema):
    marks: list[MistakeIn] = Field(min_length=1, max_length=MARKS_AT_ONCE)


class TakenBackOut(Schema):
    marks: int = Field(description="How many people (or households) count again as they did before.")


@router.post("/{code}/marks/undo", response=TakenBackOut, summary="Take back marks given by mistake")
@permission("rounds.mark")
def take_back(request: ApiRequest, code: str, body: MistakesIn) -> TakenBackOut:
    """Your own marks of the last fifteen minutes, as long as nobody marked after them; what else is named stays as it
    is, and asking twice changes nothing more. Nothing is removed: the mistake and its undoing stay on record. Who was
    marked as moved out or vacant is entered again instead.
    """
    round_ = queries.get_round_by_code(code)
    subjects = undo.find_subjects(
        round_=round_,
        people=[one.person for one in body.marks if one.person is not None],
        households=[one.household for one in body.marks if one.household is not None],
        actor=request.actor,
    )
    taken = undo.take_back(
        round_id=round_.id, subject_ids=subjects, mark_ids=[one.id for one in body.marks], actor=request.actor,
        at=request.at,
    )  # fmt: skip
    return TakenBackOut(marks=taken)
