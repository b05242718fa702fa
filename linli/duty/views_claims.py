"""Pages of volunteers, made for a phone, and of those who decide about their claims."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core import clock
from linli.core.forms import try_in
from linli.core.requests import ActingRequest
from linli.duty import claims, staff
from linli.duty.forms_chain import DeclineForm, HomeForm, JoinForm
from linli.duty.terms import ClaimState
from linli.places import queries as places


@sensitive_post_parameters()
@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Make oneself an account and register as a volunteer; then sign in."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if try_in(form, lambda: claims.join(**given, at=clock.now())):
            messages.success(request, _("You are registered. Sign in to choose a post near your home."))
            return redirect("duty:volunteer")
    context = {"form": form, "crumbs": [(_("Become a volunteer"), "")]}
    return render(request, "duty/join.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def volunteer(request: ActingRequest) -> HttpResponse:
    """Where I live, vacant posts near it, what I asked for."""
    actor, at = request.actor, request.at
    home = claims.find_home(actor)
    form = HomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["home"]
        if try_in(form, lambda: claims.register_volunteer(home=text, actor=actor, at=at)):
            return redirect("duty:volunteer")
    near = claims.list_near(home, at) if home else []
    mine = claims.list_own_claims(actor=actor, at=at)
    asked = {(one.role, one.place_id) for one in mine if one.is_waiting}
    named = claims.name_places([one.place.id for one in near] + ([home.id] if home else []), at)
    context = {
        "home": home,
        "address": named[home.id] if home else "",
        "form": form,
        "near": [
            {"vacancy": one, "address": named[one.place.id], "asked": (one.role, one.place.id) in asked} for one in near
        ],
        "mine": mine,
        "crumbs": [(_("Volunteer"), "")],
    }
    return render(request, "duty/volunteer.html", context, status=422 if form.errors else 200)


@require_POST
def claim(request: ActingRequest) -> HttpResponse:
    found = places.get_place(request.POST.get("place", ""))
    claims.claim_post(place_id=found.id, actor=request.actor, at=request.at)
    messages.success(request, _("Your claim has been sent. Whoever answers for the grid decides."))
    return redirect("duty:volunteer")


@require_POST
def withdraw(request: ActingRequest, claim_id: int) -> HttpResponse:
    claims.withdraw_claim(claim_id=claim_id, actor=request.actor, at=request.at)
    messages.success(request, _("The claim has been withdrawn."))
    return redirect("duty:volunteer")


@require_safe
def list_all(request: ActingRequest) -> HttpResponse:
    """Claims that wait for a decision, one's own first; with ?all=1 those that were decided, too."""
    actor, at = request.actor, request.at
    actor.require("duty.confirm")
    everything = bool(request.GET.get("all"))
    found = claims.list_claims(actor=actor, at=at, state="" if everything else ClaimState.WAITING)
    phones = staff.list_masked_phones([one.account_id for one in found])
    context = {
        "rows": [
            {"claim": one, "phone": phones.get(one.account_id, ""), "mine": one.asked_id == actor.account_id}
            for one in found
        ],
        "everything": everything,
        "join_url": request.build_absolute_uri(reverse("duty:join")),
        "crumbs": [(_("Volunteers' claims"), "")],
    }
    return render(request, "duty/claims.html", context)


@require_POST
def confirm(request: ActingRequest, claim_id: int) -> HttpResponse:
    claims.confirm_claim(claim_id=claim_id, actor=request.actor, at=request.at)
    messages.success(request, _("The volunteer holds the post from now on."))
    return redirect("duty:claims")


@require_POST
def decline(request: ActingRequest, claim_id: int) -> HttpResponse:
    form = DeclineForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    claims.decline_claim(claim_id=claim_id, reason=reason, actor=request.actor, at=request.at)
    messages.success(request, _("The claim has been declined."))
    return redirect("duty:claims")
