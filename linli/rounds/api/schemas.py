"""What the API of rounds says and takes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from linli.core.api import PageQuery
from linli.places.queries import DoorLabel
from linli.places.terms import Kind, PlaceRef
from linli.rounds.gaps import Gap
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Figures, Mark, RoundKind, RoundState

COUNT_BY = {"person": CountBy.PERSON, "household": CountBy.HOUSEHOLD}
KINDS = {kind.name.lower(): kind for kind in Kind}
GAPS_AT_ONCE = 1_000
_PLACE = Field("", description="Code of a place; left out: the narrowest that holds all of the round you may see.")


class FiguresOut(Schema):
    """open = due − done − exempt = not_reached + absent + refused; people, or households in a round per household."""

    due: int
    done: int
    exempt: int
    absent: int
    refused: int
    not_reached: int
    open: int
    doors_due: int
    doors_open: int = Field(description="Doors with anybody open behind them.")

    @classmethod
    def of(cls, figures: Figures) -> FiguresOut:
        return cls(
            due=figures.due, done=figures.done, exempt=figures.exempt, absent=figures.absent, refused=figures.refused,
            not_reached=figures.not_reached, open=figures.open, doors_due=figures.doors_due,
            doors_open=figures.doors_open,
        )  # fmt: skip


class PlaceNameOut(Schema):
    code: str
    name: str
    kind: str

    @classmethod
    def of(cls, place: PlaceRef) -> PlaceNameOut:
        return cls(code=place.code, name=place.name, kind=Kind(place.kind).name.lower())


class RoundOut(Schema):
    code: str = Field(examples=["20221004-1"])
    name: str = Field(examples=["第 3 轮核酸检测"])
    kind: RoundKind
    count_by: Literal["person", "household"]
    state: RoundState
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    figures: FiguresOut | None = Field(description="Over the doors that you may see; null for a draft.")

    @classmethod
    def of(cls, found: RoundView, figures: Figures | None) -> RoundOut:
        return cls(
            code=found.code, name=found.name, kind=RoundKind(found.kind), state=RoundState(found.state),
            count_by="person" if found.per_person else "household", starts_at=found.starts_at, ends_at=found.ends_at,
            opened_at=found.opened_at, closed_at=found.closed_at,
            figures=None if figures is None else FiguresOut.of(figures),
        )  # fmt: skip


class RoundQuery(PageQuery):
    state: RoundState | None = None


class RoundIn(Schema):
    name: str = Field(min_length=1, max_length=120, examples=["第 3 轮核酸检测"])
    kind: RoundKind = RoundKind.VISIT
    count_by: Literal["person", "household"] = "person"
    starts_at: datetime = Field(examples=["2022-10-04T08:00:00+08:00"])
    ends_at: datetime = Field(examples=["2022-10-04T20:00:00+08:00"])
    places: list[str] = Field(min_length=1, max_length=1000, description="Codes of places.", examples=[["150102001"]])
    exclude: list[str] = Field([], max_length=1000, description="Codes of places to leave out.")


class CertificateOut(Schema):
    """The figures with which a round was closed; they do not change any more."""

    round: str
    name: str
    opened_at: datetime
    closed_at: datetime
    certificate: dict[str, Any]


class PlaceQuery(Schema):
    place: str = _PLACE


class ReachOut(Schema):
    """`narrowed`: some doors of the place are out of your sight and not counted."""

    round: str
    place: PlaceNameOut | None
    narrowed: bool
    as_of: datetime


class FiguresAnswer(ReachOut):
    figures: FiguresOut


class UnderQuery(PlaceQuery):
    kind: str = Field("", description="Which kind of places, where several lie under this one: grid, compound ...")


class UnderLine(Schema):
    place: PlaceNameOut
    figures: FiguresOut


class UnderAnswer(FiguresAnswer):
    under: list[UnderLine] = Field(description="Places with anybody due, the most open first.")


class CurvePoint(Schema):
    since: datetime
    done: int


class CurveAnswer(ReachOut):
    """How many were done in each ten minutes, oldest first; with noughts between, at most 24 hours."""

    points: list[CurvePoint]


class RollUpQuery(PlaceQuery):
    level: str = Field("", description="Only places of this kind: " + ", ".join(KINDS) + ".")
    format: Literal["json", "csv"] = "json"


class GapQuery(PlaceQuery):
    reason: Literal["", "not_reached", "absent", "refused"] = ""
    need: list[str] = Field([], description="Only people with any of these marks of need: alone, over_80, pregnant ...")
    after: str = Field("", description="The cursor that the page before gave as `next`.")
    limit: int = Field(100, ge=1, le=GAPS_AT_ONCE)


class GapOut(Schema):
    person: int | None = Field(description="Number of the person; null in a round per household.")
    household: int
    name: str
    door: str = Field(examples=["阳光小区 3号楼 2单元 1203"])
    compound: str
    building: str
    unit: str
    number: str
    reason: Literal["not_reached", "absent", "refused"]
    since: datetime | None = Field(description="When they were found absent or refused.")
    back_at: datetime | None = Field(description="Absent: when to come again.")
    born_on: date | None
    needs: list[str]
    people: int

    @classmethod
    def of(cls, gap: Gap, label: DoorLabel, per_person: bool) -> GapOut:
        return cls(
            person=gap.subject_id if per_person else None, household=gap.household_id, name=gap.name, door=str(label),
            compound=label.compound, building=label.building, unit=label.unit, number=label.number,
            reason=reason_of(gap.state), since=gap.event_at, back_at=gap.back_at, born_on=gap.born_on,
            needs=[need.name.lower() for need in gap.needs if need.name], people=gap.people,
        )  # fmt: skip


def reason_of(state: Mark) -> Literal["not_reached", "absent", "refused"]:
    if state == Mark.ABSENT:
        return "absent"
    return "refused" if state == Mark.REFUSED else "not_reached"


class GapPageOut(ReachOut):
    """In walking order. `open` and `doors_open` count all of the place, before filters."""

    open: int
    doors_open: int
    items: list[GapOut]
    next: str | None


class HistoryLine(Schema):
    mark: str
    at: datetime = Field(description="Corrected event time: what the order of marks goes by.")
    device_at: datetime | None
    received_at: datetime
    reason: str
    back_at: datetime | None
    until_at: datetime | None
    account: str | None
    clamped: bool = Field(description="The event time was beyond any clock error.")
    from_sheet: bool
    withdrawn: bool = Field(description="Its author took it back: it does not count.")


# --- marks: read by hand in `reading`; this says in the documentation what is read


class MarkIn(Schema):
    """Exactly one of `person`, `household`. In a round per person, a household's mark goes to everyone due in it."""

    id: str = Field(
        description="A UUID made by you. The same id twice counts once.",
        examples=["0193a5c2-7b1e-7c3a-9d52-1f0e6a8b4c11"],
    )
    person: int | None = None
    household: int | None = None
    mark: Literal["done", "absent", "refused", "exempt", "moved_out", "vacant"]
    at: datetime = Field(description="When it happened, with offset.", examples=["2022-10-04T09:12:00+08:00"])
    reason: str = Field("", max_length=400)
    back_at: datetime | None = Field(None, description="Absent: when to come again.")
    until_at: datetime | None = Field(None, description="Exempt: until when.")
    device_at: datetime | None = Field(None, description="The device's clock, when `at` has been corrected for it.")


class Receipt(Schema):
    """`marks`: how many people (or households) this command marked. `problem`: why it was refused, and what to do."""

    id: str | None
    outcome: Literal["accepted", "known", "not_in_round", "round_closed", "refused"]
    marks: int = 0
    problem: dict[str, Any] | None = None


class ReceiptsOut(Schema):
    """One a command, in the order of the commands."""

    receipts: list[Receipt]
