"""The page of posts at dissolved places: move each to those that took over."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.core.errors import Problem
from linli.core.requests import ActingRequest
from linli.duty import dissolved
from linli.duty.views_chain import APPOINT, crumbs_of, take_part


@require_safe
def index(request: ActingRequest, code: str) -> HttpResponse:
    """Posts whose place was dissolved by a change of boundaries, in the part of a place that the actor may see."""
    found, held = take_part(request, code)
    context = {
        "place": found,
        "rows": dissolved.list_dissolved(held, request.at),
        "can_appoint": request.actor.may(APPOINT),
        "crumbs": [*crumbs_of(found, request.at, linked=True), (_("Posts at dissolved places"), "")],
    }
    return render(request, "duty/dissolved.html", context)


@require_POST
def move(request: ActingRequest, appointment_id: int) -> HttpResponse:
    """Move a post to what is ticked, and come back to the list."""
    actor, at = request.actor, request.at
    to = [int(one) for one in request.POST.getlist("to") if one.isdecimal()]
    try:
        dissolved.move_post(appointment_id=appointment_id, to_place_ids=to, actor=actor, at=at)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        messages.error(request, f"{problem.detail} {problem.advice}".strip())
    else:
        messages.success(request, _("The post has been moved."))
    code = request.POST.get("back", "")
    return redirect("duty:dissolved", code=code) if code else redirect("duty:chain")
