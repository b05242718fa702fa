"""The desk's list of special situations: who, where, when, settled by whom. New ones appear by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.core.access import Actor
from linli.core.live import render_live
from linli.core.requests import ActingRequest
from linli.notices import file_queries, queries, services


def count_open(actor: Actor, _at: datetime) -> int:
    return queries.count_open(actor.extent_for(queries.VIEW))


def home_card(actor: Actor, _at: datetime) -> dict[str, object] | None:
    """For the home page: what is not settled."""
    found = queries.list_specials(actor=actor, limit=5) if actor.may(queries.VIEW) else []
    return {"lines": found} if found else None


def _context(request: ActingRequest) -> dict[str, Any]:
    actor = request.actor
    actor.require(queries.VIEW)
    everything = bool(request.GET.get("all"))
    held = actor.extent_for(services.SETTLE)
    found = queries.list_specials(actor=actor, everything=everything)
    files = file_queries.list_files_of_specials([one.id for one in found], actor=actor)
    rows = [{"one": one, "may_settle": one.is_open and one.key in held, "files": files[one.id]} for one in found]
    return {"rows": rows, "everything": everything, "crumbs": [(_("Special situations"), "")]}


@require_safe
def index(request: ActingRequest) -> HttpResponse:
    """Those that are not settled; with ?all=1 the settled ones, too."""
    return render(request, "notices/specials.html", _context(request))


@require_safe
def live(request: ActingRequest) -> HttpResponse:
    """The list alone, asked for every few seconds."""
    context = _context(request)
    files = file_queries.count_files_of_specials(actor=request.actor)
    version = (queries.get_version(actor=request.actor), files, context["everything"])
    return render_live(request, "notices/_specials.html", context, version=version)


@require_POST
def settle(request: ActingRequest, special_id: int) -> HttpResponse:
    services.settle_special(
        special_id=special_id, outcome=request.POST.get("outcome", ""), actor=request.actor, at=request.at
    )
    messages.success(request, _("Noted as settled."))
    return redirect("notices:specials")
