"""Pages of work teams and of cadres who report for duty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linli.core.forms import try_in
from linli.core.requests import ActingRequest
from linli.duty import staff, teams
from linli.duty.forms_chain import CadreForm, MemberForm, PersonForm, TeamForm
from linli.places import queries as places

VIEW, APPOINT = "duty.view", "duty.appoint"


def _carry_out(request: ActingRequest, form: PersonForm, work: Callable[[dict[str, Any], int], int]) -> int | None:
    """What `work` made of the fields and the person of a form that was sent; None when there is nothing to be made.

    What is wrong is said in the form.
    """
    if request.method != "POST":
        return None
    request.actor.require(APPOINT)
    if not form.is_valid():
        return None

    def act() -> int:
        person = staff.find_or_make_person(**form.person(), actor=request.actor, at=request.at)
        return work(form.cleaned_data, person)

    return try_in(form, act)


@never_cache
@require_http_methods(["GET", "POST"])
def index(request: ActingRequest) -> HttpResponse:
    """Work teams in being, and the form that makes one."""
    actor, at = request.actor, request.at
    actor.require(VIEW)
    form = TeamForm(request.POST or None, initial={"place": request.GET.get("place", "")})
    made = _carry_out(
        request,
        form,
        lambda given, person: teams.form_team(
            place_id=places.get_place(given["place"]).id, name=given["team"], leader_id=person,
            organisation=given["organisation"], until=given["until"], actor=actor, at=at,
        ),
    )  # fmt: skip
    if made:
        messages.success(request, _("The team has been formed. Now draw its members."))
        return redirect("duty:team", team_id=made)
    context = {
        "teams": teams.list_teams(actor=actor, at=at),
        "form": form,
        "can_appoint": actor.may(APPOINT),
        "crumbs": [(_("Chain of posts"), reverse("duty:chain")), (_("Work teams"), "")],
    }
    return render(request, "duty/teams.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def team(request: ActingRequest, team_id: int) -> HttpResponse:
    """One team, its members by organisation, and the form that draws another."""
    actor, at = request.actor, request.at
    found = teams.get_team(team_id=team_id, actor=actor, at=at)
    form = MemberForm(request.POST or None)
    added = _carry_out(
        request,
        form,
        lambda given, person: teams.add_member(
            team_id=team_id, account_id=person, organisation=given["organisation"], until=given["until"], actor=actor,
            at=at,
        ),
    )  # fmt: skip
    if added:
        return redirect("duty:team", team_id=team_id)
    context = {
        "team": found,
        "is_over": found.until is not None and found.until <= at,
        "form": form,
        "can_appoint": actor.may(APPOINT),
        "crumbs": [
            (_("Chain of posts"), reverse("duty:chain")), (_("Work teams"), reverse("duty:teams")), (found.name, ""),
        ],
    }  # fmt: skip
    return render(request, "duty/team.html", context, status=422 if form.errors else 200)


@require_POST
def dissolve(request: ActingRequest, team_id: int) -> HttpResponse:
    teams.dissolve_team(team_id=team_id, actor=request.actor, at=request.at)
    messages.success(request, _("The team has been dissolved; its members' appointments have ended."))
    return redirect("duty:teams")


@never_cache
@require_http_methods(["GET", "POST"])
def cadres(request: ActingRequest) -> HttpResponse:
    """Cadres on duty, counted by organisation, and the form that takes one in."""
    actor, at = request.actor, request.at
    actor.require(VIEW)
    form = CadreForm(request.POST or None)
    made = _carry_out(
        request,
        form,
        lambda given, person: teams.take_in_cadre(
            place_id=places.get_place(given["place"]).id, account_id=person, organisation=given["organisation"],
            until=given["until"], actor=actor, at=at,
        ),
    )  # fmt: skip
    if made:
        messages.success(request, _("The cadre is on duty from now on."))
        return redirect("duty:cadres")
    held = actor.extent_for(VIEW)
    found = teams.list_cadres(held, at)
    context = {
        "counts": teams.count_cadres(held, at),
        "cadres": found,
        "places": len({one.place_code for one in found}),
        "form": form,
        "can_appoint": actor.may(APPOINT),
        "crumbs": [(_("Chain of posts"), reverse("duty:chain")), (_("Cadres on duty"), "")],
    }
    return render(request, "duty/cadres.html", context, status=422 if form.errors else 200)
