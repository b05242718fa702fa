"""Figures of a round over places, and who is still missing. Everything is narrowed to what the caller may see."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Query

from linli.core.api import ApiRequest, CursorWrong, etag_of, permission, unless_known
from linli.core.sheets import csv_cell
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef
from linli.rounds import gaps, pages, queries, rollups, withdrawing
from linli.rounds.api.rounds import take
from linli.rounds.api.router import router
from linli.rounds.api.schemas import (
    KINDS,
    CurveAnswer,
    CurvePoint,
    FiguresAnswer,
    FiguresOut,
    GapOut,
    GapPageOut,
    GapQuery,
    HistoryLine,
    PlaceNameOut,
    PlaceQuery,
    RollUpQuery,
    UnderAnswer,
    UnderLine,
    UnderQuery,
)
from linli.rounds.errors import KindUnknown, NotInRound
from linli.rounds.pages import Reach
from linli.rounds.policies import read_needs
from linli.rounds.queries import RoundView
from linli.rounds.terms import Figures, Flag, Mark

ROLLUP_COLUMNS = ("code", "name", "kind", "due", "done", "exempt", "absent", "refused", "not_reached", "open",
                  "doors_due", "doors_open")  # fmt: skip


def _reach(request: ApiRequest, code: str, place: str, needed: str = "rounds.view") -> tuple[RoundView, Reach]:
    found = take(request, code, needed)
    return found, pages.find_reach(found, place, needed, actor=request.actor, at=request.at)


def _head(found: RoundView, reach: Reach) -> dict[str, Any]:
    return {
        "round": found.code,
        "place": PlaceNameOut.of(reach.place) if reach.place else None,
        "narrowed": reach.narrowed,
        "as_of": reach.moment,
    }


def _kind(name: str) -> Kind | None:
    if name and name not in KINDS:
        raise KindUnknown(kind=name, kinds=", ".join(KINDS))
    return KINDS.get(name)


def _tagged(request: ApiRequest, found: RoundView, reach: Reach, version: object, answer: Any) -> HttpResponse:
    """304 while the figures are what the caller has: `as_of` alone does not make a new version."""
    etag = etag_of(found.code, found.state, reach.extent.spans, version, get_language())
    return unless_known(request, etag, lambda: orjson.dumps(answer.model_dump(mode="json")))


@router.get("/{code}/figures", response=FiguresAnswer, summary="Figures of a round over a place")
@permission("rounds.view")
def get_figures(request: ApiRequest, code: str, query: Annotated[PlaceQuery, Query()]) -> HttpResponse:
    """Exact at this instant. Send the ETag back as If-None-Match: 304 while nothing has changed."""
    found, reach = _reach(request, code, query.place)
    figures = queries.get_figures(round_id=found.id, extent=reach.extent, at=request.at)
    answer = FiguresAnswer(**_head(found, reach), figures=FiguresOut.of(figures))
    return _tagged(request, found, reach, answer.figures, answer)


@router.get("/{code}/under", response=UnderAnswer, summary="Figures of the places under a place")
@permission("rounds.view")
def get_under(request: ApiRequest, code: str, query: Annotated[UnderQuery, Query()]) -> HttpResponse:
    found, reach = _reach(request, code, query.place)
    board = pages.get_board(found, reach, request.at, by=_kind(query.kind))
    lines = [UnderLine(place=PlaceNameOut.of(line.place), figures=FiguresOut.of(line.figures)) for line in board.lines]
    answer = UnderAnswer(**_head(found, reach), figures=FiguresOut.of(board.figures), under=lines)
    return _tagged(request, found, reach, (answer.figures, lines), answer)


@router.get("/{code}/curve", response=CurveAnswer, summary="How many were done in each ten minutes")
@permission("rounds.view")
def get_curve(request: ApiRequest, code: str, query: Annotated[PlaceQuery, Query()]) -> HttpResponse:
    found, reach = _reach(request, code, query.place)
    points = [CurvePoint(since=since, done=done) for since, done in pages.get_curve(found, reach, request.at)]
    answer = CurveAnswer(**_head(found, reach), points=points)
    return _tagged(request, found, reach, points, answer)


@router.get(
    "/{code}/rollup",
    response=list[UnderLine],
    summary="Figures of every place under a place, at all levels",
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
@permission("rounds.view")
def get_rollup(request: ApiRequest, code: str, query: Annotated[RollUpQuery, Query()]) -> HttpResponse:
    """The place itself first. As CSV with `format=csv`, or `Accept: text/csv`."""
    found, reach = _reach(request, code, query.place)
    lines = _roll_up(found, reach, _kind(query.level))
    # Written out whole: a stream would be read after the transaction, and with it the wall, has ended.
    if query.format == "csv" or _wants_csv(request):
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(ROLLUP_COLUMNS)
        # Codes and names that a spreadsheet would take for a formula are shown as the text they are.
        writer.writerows((csv_cell(place), csv_cell(name), *rest) for place, name, *rest in lines)
        answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{found.code}.csv"'
        return answer
    named = [
        {
            "place": dict(zip(ROLLUP_COLUMNS[:3], line[:3], strict=True)),
            "figures": dict(zip(ROLLUP_COLUMNS[3:], line[3:], strict=True)),
        }
        for line in lines
    ]
    return HttpResponse(orjson.dumps(named), content_type="application/json")


def _wants_csv(request: HttpRequest) -> bool:
    preferred = request.get_preferred_type(["application/json", "text/csv"])
    return preferred == "text/csv"


def _roll_up(found: RoundView, reach: Reach, level: Kind | None) -> Iterator[tuple[Any, ...]]:
    rolled = rollups.roll_up_all(round_id=found.id, extent=reach.extent, at=reach.moment)
    above = {place.id for place in reach.path if reach.place is None or place.id != reach.place.id}
    named = places.get_places(rolled.place_ids.tolist())
    rows = zip(rolled.place_ids.tolist(), rolled.figures.tolist(), strict=True)
    lines = [(named[place_id], figures) for place_id, figures in rows if place_id not in above and place_id in named]
    if reach.place is not None and reach.place.kind > Kind.PROVINCE:  # which no path names
        lines = [line for line in lines if line[0].kind > Kind.PROVINCE]
    lines.sort(key=lambda line: (line[0].kind, line[0].lo or 0, line[0].code))
    return (
        (*_plain(place), *_counts(Figures(*figures)))
        for place, figures in lines
        if level is None or place.kind == level
    )


def _counts(found: Figures) -> tuple[int, ...]:
    return (found.due, found.done, found.exempt, found.absent, found.refused, found.not_reached, found.open,
            found.doors_due, found.doors_open)  # fmt: skip


def _plain(place: PlaceRef) -> tuple[str, str, str]:
    return place.code, place.name, Kind(place.kind).name.lower()


@router.get("/{code}/gaps", response=GapPageOut, summary="Who is still missing, in walking order")
@permission("rounds.gaps")
def list_gaps(request: ApiRequest, code: str, query: Annotated[GapQuery, Query()]) -> GapPageOut:
    """Not reached, absent, or refused; by present address. At most 1,000 a page."""
    found, reach = _reach(request, code, query.place, "rounds.gaps")
    try:
        after = gaps.Cursor.parse(query.after)
    except (ValueError, TypeError):
        raise CursorWrong from None
    filters = gaps.Filters(state=Mark[query.reason.upper()] if query.reason else None, needs=read_needs(query.need))
    page = gaps.list_gaps(
        round_=found, extent=reach.extent, at=request.at, filters=filters, after=after, limit=query.limit
    )
    labels = places.door_labels(gap.key for gap in page.gaps)
    return GapPageOut(
        **_head(found, reach),
        open=page.total,
        doors_open=page.doors,
        items=[GapOut.of(gap, labels[gap.key], found.per_person) for gap in page.gaps],
        next=str(page.next) if page.next else None,
    )


@router.get("/{code}/people/{subject_id}/marks", response=list[HistoryLine], summary="Every mark a person was given")
@permission("rounds.gaps")
def list_marks_of_person(request: ApiRequest, code: str, subject_id: int) -> list[HistoryLine]:
    """Newest event first, those that did not count included: all stay on record. For a round per person."""
    return _history(request, code, subject_id, per_person=True)


@router.get(
    "/{code}/households/{subject_id}/marks", response=list[HistoryLine], summary="Every mark a household was given"
)
@permission("rounds.gaps")
def list_marks_of_household(request: ApiRequest, code: str, subject_id: int) -> list[HistoryLine]:
    """The same, for a round per household."""
    return _history(request, code, subject_id, per_person=False)


def _history(request: ApiRequest, code: str, subject_id: int, *, per_person: bool) -> list[HistoryLine]:
    found = take(request, code, "rounds.gaps")
    if found.per_person != per_person or not queries.is_subject(found, subject_id, request.actor):
        raise NotInRound
    lines = queries.list_marks_of(round_id=found.id, subject_id=subject_id, actor=request.actor)
    withdrawn = withdrawing.find_withdrawn([line["client_id"] for line in lines if line["client_id"]])
    return [
        HistoryLine(
            mark=Mark(line["kind"]).name.lower(), at=line["event_at"], device_at=line["device_at"],
            received_at=line["received_at"], reason=line["reason"], back_at=line["back_at"], until_at=line["until_at"],
            account=line["account"], clamped=bool(line["flags"] & Flag.CLAMPED),
            from_sheet=bool(line["flags"] & Flag.SHEET), withdrawn=line["client_id"] in withdrawn,
        )
        for line in lines
    ]  # fmt: skip
