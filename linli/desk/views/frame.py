"""Home, and the switches that stand on every page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.core import faces, jobs
from linli.core.live import render_live
from linli.core.models import Job
from linli.core.requests import ActingRequest, acting
from linli.desk import services
from linli.desk.queries import view_job
from linli.desk.shell import LANGUAGES, LARGE, SIZE_COOKIE, set_cookie

ASIDE = 100  # cards of this order and above stand in the right column


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language: in a cookie for this browser, with the account for the next one."""
    language = request.POST.get("language", "")
    response = _back(request)
    if language in LANGUAGES:
        set_cookie(response, settings.LANGUAGE_COOKIE_NAME, language)
        if request.user.is_authenticated:
            services.set_preferences(language=language, actor=acting(request).actor, at=acting(request).at)
    return response


@login_not_required
@require_POST
def set_size(request: HttpRequest) -> HttpResponse:
    """Switch large type on or off, kept like the language."""
    large = request.POST.get("size") == LARGE
    response = _back(request)
    if large:
        set_cookie(response, SIZE_COOKIE, LARGE)
    else:
        response.delete_cookie(SIZE_COOKIE, samesite="Lax")
    if request.user.is_authenticated:
        services.set_preferences(large_type=large, actor=acting(request).actor, at=acting(request).at)
    return response


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask here for pages that name no icon, such as a printed answer of the API."""
    return redirect(static("desk/icon.svg"))


@require_safe
def home(request: ActingRequest) -> HttpResponseBase:
    """What is open and where it is worst: the cards that rooms registered; else what to do without an appointment."""
    actor = request.actor
    context: dict[str, Any] = {"crumbs": [(_("Command desk"), "")], "has_appointment": bool(actor.grants)}
    if actor.grants:
        cards = _render_cards(request)
        context["main"] = [card for order, card in cards if order < ASIDE]
        context["aside"] = [card for order, card in cards if order >= ASIDE]
        mine = [view_job(job, request.at) for job in jobs.list_jobs(actor=actor, limit=5)]
        context["jobs"] = mine
        context["troubled"] = [job for job in mine if job.state == Job.State.FAILED]
        context["silent"] = [job for job in mine if job.is_silent]
        if request.headers.get("HX-Request") == "true":
            return render_live(request, "desk/_home.html", context)
    return render(request, "desk/home.html", context)


def _render_cards(request: ActingRequest) -> list[tuple[int, str]]:
    drawn: list[tuple[int, str]] = []
    for card in faces.list_cards():
        context = card.context(request.actor, request.at)
        if context is not None:
            drawn.append((card.order, render_to_string(card.template, context, request)))
    return drawn


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the switch was pressed on, if it is one of ours."""
    target = request.POST.get("next", "")
    host, secure = {request.get_host()}, request.is_secure()
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=host, require_https=secure):
        target = "/"
    return HttpResponseRedirect(target)
