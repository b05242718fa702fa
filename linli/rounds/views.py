"""The list of rounds, the board of one, its closing and reopening, and the progress of such work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core import jobs
from linli.core.errors import Forbidden
from linli.core.live import render_live
from linli.core.models import Job
from linli.places.terms import Kind
from linli.residents import queries as residents
from linli.rounds import pages, queries, services
from linli.rounds.errors import NameDiffers
from linli.rounds.frame import base, crumbs_of, number_or_none, take, url_of, who
from linli.rounds.queries import RoundView
from linli.rounds.terms import RoundState

# Above this many, curve and worst units come after the page, so that a city's board stands at once.
LAZY_FROM = 300_000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    actor, at = who(request)
    actor.require("rounds.view")
    lines = pages.list_lines(actor=actor, at=at)
    states = [line.round.state for line in lines]
    context = {
        "open": [line for line in lines if line.round.state == RoundState.OPEN],
        "drafts": [line for line in lines if line.round.state == RoundState.DRAFT],
        "closed": [line for line in lines if line.round.state == RoundState.CLOSED],
        "may_open": actor.may("rounds.open"),
        "none": not states,
        "crumbs": [(_("Rounds"), "")],
    }
    return render(request, "rounds/index.html", context)


@require_safe
def board(request: HttpRequest, code: str) -> HttpResponse:
    """The figures of a place in a round and of what lies under it; for a draft, what it will cover."""
    round_, _actor, _at = take(request, code)
    if round_.state == RoundState.DRAFT:
        return _draft(request, round_)
    context = _board_context(request, round_)
    context["lazy"] = context["board"].figures.due > LAZY_FROM
    if not context["lazy"]:
        context |= _aside(context, round_)
    context["crumbs"] = crumbs_of(round_, context["reach"])
    return render(request, "rounds/board.html", context)


@require_safe
def board_live(request: HttpRequest, code: str) -> HttpResponse:
    """The live part of the board: 304 while no figure has changed."""
    round_, _actor, _at = take(request, code)
    context = _board_context(request, round_)
    version = (round_.state, context["board"].version, [name for _line, name, _vacant in context["rows"]])
    return render_live(request, "rounds/_board.html", context, version=version)


@require_safe
def board_aside(request: HttpRequest, code: str) -> HttpResponse:
    """Curve of the day and the units that need a walk most."""
    round_, actor, at = take(request, code)
    reach = pages.find_reach(round_, request.GET.get("place", ""), "rounds.view", actor=actor, at=at)
    context = base(round_, actor, reach) | {"at": at}
    context |= _aside(context, round_)
    return render_live(
        request, "rounds/_aside.html", context, version=(round_.state, context["curve"], context["worst"])
    )


def _board_context(request: HttpRequest, round_: RoundView) -> dict[str, Any]:
    actor, at = who(request)
    reach = pages.find_reach(round_, request.GET.get("place", ""), "rounds.view", actor=actor, at=at)
    by = number_or_none(request.GET.get("by", ""))
    if not request.GET.get("place"):
        reach = pages.descend_to_choice(round_, reach, actor=actor, at=at)
    found = pages.get_board(round_, reach, at, by=by)
    if not request.GET.get("place"):
        reach, found = pages.descend(round_, reach, found, actor=actor, at=at)
    context = base(round_, actor, reach)
    context |= {"board": found, "at": at, "by": by or "", "kind_label": found.kind.label if found.kind else ""}
    context["kinds"] = [(int(kind), kind.label, kind == found.kind) for kind in found.kinds]
    names = pages.list_answering([line.place for line in found.lines], at)
    context["rows"] = [
        (line, name, pages.is_led(line.place) and not name)
        for line, name in ((line, names.get(line.place.id, "")) for line in found.lines)
    ]
    context["answered"] = bool(names)
    context["is_drawn"] = reach.place is not None and reach.place.kind in (Kind.BUILDING, Kind.UNIT)
    # A unit stands in its building's picture.
    context["drawn"] = reach.path[-1] if reach.place and reach.place.kind == Kind.UNIT else reach.place
    return context


def _aside(context: dict[str, Any], round_: RoundView) -> dict[str, Any]:
    reach, at = context["reach"], context["at"]
    return {"curve": pages.get_curve(round_, reach, at), "worst": pages.list_worst(round_, reach)}


def _draft(request: HttpRequest, round_: RoundView) -> HttpResponse:
    actor, at = who(request)
    scope = queries.scope_of(round_.id)
    if not scope & actor.extent_for("rounds.view"):
        raise Forbidden(permission="rounds.view")
    names, count = pages.list_scope_names(scope, at)
    context = base(round_, actor) | {"names": names, "more": count - len(names), "narrowed": False}
    held = actor.extent_for("residents.view")
    context["counts"] = residents.count_residents(scope, actor=actor) if held else None
    context["narrowed"] = not scope <= held
    context["crumbs"] = crumbs_of(round_)
    return render(request, "rounds/draft.html", context)


@require_POST
def open_round(request: HttpRequest, code: str) -> HttpResponse:
    round_, actor, at = take(request, code, "rounds.open")
    job = services.request_open(round_id=round_.id, actor=actor, at=at)
    return redirect("rounds:work", code, job.id)


@require_http_methods(["GET", "POST"])
def close_round(request: HttpRequest, code: str) -> HttpResponse:
    """Closing freezes the figures, so it asks by name: the round's code is typed."""
    round_, actor, at = take(request, code, "rounds.close")
    actor.require("rounds.close", queries.scope_of(round_.id))
    if request.method == "POST":
        _check_name(request, round_)
        job = services.request_close(round_id=round_.id, actor=actor, at=at)
        return redirect("rounds:work", code, job.id)
    if not round_.is_open:
        return redirect("rounds:board", code)
    figures = queries.get_figures(round_id=round_.id, extent=queries.scope_of(round_.id), at=at)
    context = base(round_, actor) | {"figures": figures, "crumbs": crumbs_of(round_, None, (_("Close the round"), ""))}
    return render(request, "rounds/close.html", context)


@require_POST
def reopen_round(request: HttpRequest, code: str) -> HttpResponse:
    round_, actor, at = take(request, code, "rounds.close")
    _check_name(request, round_)
    job = services.request_reopen(round_id=round_.id, actor=actor, at=at)
    return redirect("rounds:work", code, job.id)


def _check_name(request: HttpRequest, round_: RoundView) -> None:
    if request.POST.get("name", "").strip() != round_.code:
        raise NameDiffers(round=round_.code)


@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """The figures at closing, as one sheet of paper."""
    round_, actor, at = take(request, code)
    scope = queries.scope_of(round_.id)
    actor.require("rounds.view", scope)
    if round_.certificate is None:
        return redirect("rounds:board", code)
    names, count = pages.list_scope_names(scope, pages.moment_of(round_, at))
    context = base(round_, actor) | {
        "figures": pages.figures_for(round_, scope, scope, at),
        "marks": round_.certificate["marks"],
        "closed_by": round_.certificate["closed_by"],
        "names": names,
        "more": count - len(names),
        "crumbs": crumbs_of(round_, None, (_("Certificate"), "")),
    }
    return render(request, "rounds/certificate.html", context)


@require_safe
def work(request: HttpRequest, code: str, job_id: UUID) -> HttpResponse:
    """Opening, closing or reopening on its way: polled until it has ended, then the board (or the certificate)."""
    round_, actor, _at = take(request, code)
    job = jobs.get_job(job_id)
    if job.state == Job.State.DONE:
        return _go(
            request, reverse("rounds:certificate" if job.kind == "rounds.close" else "rounds:board", args=[code])
        )
    context = base(round_, actor) | {"job": job, "problem": jobs.problem_of(job), "crumbs": crumbs_of(round_)}
    context["title"] = {
        "rounds.open": _("The round is being opened"),
        "rounds.close": _("The round is being closed"),
        "rounds.reopen": _("The round is being reopened"),
    }.get(job.kind, job.kind)
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "rounds/_work.html" if fragment else "rounds/work.html", context)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def list_home_card(actor: Any, at: Any) -> dict[str, object] | None:
    """For the home page: the open rounds with what is missing, and where it is worst in the one that misses most."""
    if not actor.may("rounds.view"):
        return None
    found = pages.look_at_worst(actor=actor, at=at)
    if found is None:
        return None
    lines, worst, board = found
    context: dict[str, object] = {
        "lines": lines,
        "board": board,
        "worst": worst,
        "url": url_of("board", worst.round.code),
    }
    context["rows"] = [line for line in board.lines if line.figures.open][:6]
    context["kind_label"] = board.kind.label if board.kind else ""
    return context


def count_open(actor: Any, at: Any) -> int:
    """For the navigation: open rounds."""
    return len(queries.list_rounds(actor=actor, state=RoundState.OPEN, limit=99))
