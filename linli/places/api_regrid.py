"""HTTP API of changes of boundaries: plan, carry out, take back."""

from __future__ import annotations

from datetime import datetime

from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.places import queries, services
from linli.places.layouts import Change, Take, Target

router = Router(tags=["places"])


class TakeIn(Schema):
    pieces: list[str] = Field(
        min_length=1, max_length=5000,
        description="Codes of compounds, buildings or units; or of whole places of the kind, which are merged.",
    )  # fmt: skip
    to: str = Field("", description="Code of the place that takes them; empty: a new one is made.")
    name: str = Field("", description="Name of the new one.")
    code: str = Field("", description="Code of the new one; made when empty.")


class RedrawIn(Schema):
    kind: str = Field(description="grid, grid_small, grid_large, area or community")
    takes: list[TakeIn] = Field(min_length=1, max_length=200)
    since: datetime | None = Field(None, description="From when; empty: now.")
    backdated: bool = Field(False, description="Say so when `since` has passed.")
    dry_run: bool = Field(False, description="Only say what would be.")


class HoldingOut(Schema):
    code: str
    name: str
    doors_before: int
    doors_after: int
    is_new: bool
    ends: bool


class RedrawOut(Schema):
    number: int | None = Field(description="Of the change, to take it back; null after a dry run.")
    since: datetime
    places: list[HoldingOut]


def read_takes(takes: list[TakeIn]) -> list[Take]:
    """Raises PlaceUnknown."""
    return [
        Take(
            tuple(queries.get_place(code).id for code in take.pieces),
            Target(queries.get_place(take.to).id) if take.to else Target(name=take.name, code=take.code),
        )
        for take in takes
    ]


def lines_of(change: Change) -> list[HoldingOut]:
    return [
        HoldingOut(
            code=line.holding.code, name=line.holding.name, doors_before=queries.count_inside(line.was).doors,
            doors_after=queries.count_inside(line.will).doors, is_new=line.is_new, ends=line.ends,
        )
        for line in change.lines
    ]  # fmt: skip


@router.post("/redrawings/new", response=RedrawOut, summary="Split, merge or move grids, areas, communities")
@permission("places.edit")
def redraw(request: ApiRequest, data: RedrawIn) -> RedrawOut:
    since = data.since or request.at
    kind, takes = services.read_kind(data.kind), read_takes(data.takes)
    change = services.plan_regrid(
        kind=kind, takes=takes, since=since, actor=request.actor, at=request.at, backdated=data.backdated
    )
    number = None
    if not data.dry_run:
        number = services.regrid(
            kind=kind, takes=takes, since=since, actor=request.actor, at=request.at, backdated=data.backdated,
            token=change.token,
        )  # fmt: skip
        change = queries.get_regrid(number).change  # with the codes of what was made
    return RedrawOut(number=number, since=since, places=lines_of(change))


@router.post("/redrawings/{number}/undo", response={204: None}, summary="Take a change of boundaries back")
@permission("places.edit")
def undo(request: ApiRequest, number: int) -> Status[None]:
    services.undo_regrid(number=number, actor=request.actor, at=request.at)
    return Status(204, None)
