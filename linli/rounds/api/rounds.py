"""Rounds themselves: the list, a new one, opening and closing as jobs, the certificate."""

from __future__ import annotations

from typing import Annotated

from django.utils import timezone
from ninja import Query
from ninja.responses import Status

from linli.core.api import ApiRequest, Page, cut_page, permission, read_cursor
from linli.core.extents import Extent
from linli.core.jobs_api import JobOut
from linli.places import queries as places
from linli.rounds import pages, queries, services
from linli.rounds.api.router import router
from linli.rounds.api.schemas import COUNT_BY, CertificateOut, RoundIn, RoundOut, RoundQuery
from linli.rounds.errors import NoCertificate
from linli.rounds.queries import RoundView


def take(request: ApiRequest, code: str, needed: str) -> RoundView:
    """The round of an address, if it reaches into the places where the caller holds `needed`."""
    found = queries.get_round_by_code(code)
    queries.require_reach(found, request.actor, needed)
    return found


def _out(request: ApiRequest, found: RoundView) -> RoundOut:
    if found.opened_at is None:
        return RoundOut.of(found, None)
    seen = request.actor.extent_for("rounds.view")
    return RoundOut.of(found, pages.figures_for(found, queries.scope_of(found.id), seen, request.at))


@router.get("", response=Page[RoundOut], summary="Rounds that reach into your places")
@permission("rounds.view")
def list_rounds(request: ApiRequest, query: Annotated[RoundQuery, Query()]) -> Page[RoundOut]:
    """The open first, then the newest."""
    after = read_cursor(query.after, int)
    found = queries.list_rounds(
        actor=request.actor, state=query.state or "", limit=query.limit + 1, after_id=after[0] if after else None
    )
    page, following = cut_page(found, query.limit, lambda line: (line.id,))
    return Page[RoundOut](items=[_out(request, line) for line in page], next=following)


@router.post("", response={201: RoundOut}, summary="Make a round, in draft")
@permission("rounds.open")
def create_round(request: ApiRequest, body: RoundIn) -> Status[RoundOut]:
    """Its scope is all doors of `places` without those of `exclude`. Open it next."""
    starts_at, ends_at = (
        timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        for moment in (body.starts_at, body.ends_at)
    )
    made = services.create_round(
        name=body.name,
        kind=body.kind,
        count_by=COUNT_BY[body.count_by],
        starts_at=starts_at,
        ends_at=ends_at,
        scope=_scope(request, body.places),
        exclude=_scope(request, body.exclude),
        actor=request.actor,
        at=request.at,
    )
    return Status(201, RoundOut.of(queries.get_round(made.pk), None))


def _scope(request: ApiRequest, codes: list[str]) -> Extent:
    return Extent.of(span for code in codes for span in places.extent_of(places.get_place(code).id, request.at))


@router.get("/{code}", response=RoundOut, summary="A round with its figures")
@permission("rounds.view")
def get_round(request: ApiRequest, code: str) -> RoundOut:
    return _out(request, take(request, code, "rounds.view"))


@router.post("/{code}/open", response={202: JobOut}, summary="Open a round: everyone due is put on record")
@permission("rounds.open")
def open_round(request: ApiRequest, code: str) -> Status[JobOut]:
    found = take(request, code, "rounds.open")
    return Status(202, JobOut.of(services.request_open(round_id=found.id, actor=request.actor, at=request.at)))


@router.post("/{code}/close", response={202: JobOut}, summary="Close a round: its figures are frozen")
@permission("rounds.close")
def close_round(request: ApiRequest, code: str) -> Status[JobOut]:
    found = take(request, code, "rounds.close")
    return Status(202, JobOut.of(services.request_close(round_id=found.id, actor=request.actor, at=request.at)))


@router.post("/{code}/reopen", response={202: JobOut}, summary="Open a closed round again")
@permission("rounds.close")
def reopen_round(request: ApiRequest, code: str) -> Status[JobOut]:
    found = take(request, code, "rounds.close")
    return Status(202, JobOut.of(services.request_reopen(round_id=found.id, actor=request.actor, at=request.at)))


@router.get("/{code}/certificate", response=CertificateOut, summary="The figures a round was closed with")
@permission("rounds.view")
def get_certificate(request: ApiRequest, code: str) -> CertificateOut:
    """Covers all of the round, so all of it has to lie within your places."""
    found = take(request, code, "rounds.view")
    request.actor.require("rounds.view", queries.scope_of(found.id))
    if found.certificate is None or found.opened_at is None or found.closed_at is None:
        raise NoCertificate(round=found.code)
    return CertificateOut(
        round=found.code, name=found.name, opened_at=found.opened_at, closed_at=found.closed_at,
        certificate=found.certificate,
    )  # fmt: skip
