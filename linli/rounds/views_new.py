"""A new round: its scope is picked in the tree, searched or pasted, and counted before it is made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linli.core.access import Actor
from linli.core.errors import Problem
from linli.core.extents import Extent
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef
from linli.residents import queries as residents
from linli.rounds import services
from linli.rounds.errors import BeyondPlaces
from linli.rounds.forms import RoundForm, split_codes
from linli.rounds.frame import who
from linli.rounds.maps import list_draw_levels
from linli.rounds.terms import CountBy, RoundKind

SHOWN = 400  # children of one place in the tree
HITS = 15


@require_http_methods(["GET", "POST"])
def new_round(request: HttpRequest) -> HttpResponse:
    actor, at = who(request)
    actor.require("rounds.open")
    form = RoundForm(request.POST, request.FILES) if request.method == "POST" else RoundForm(initial=_first(at))
    if request.method == "POST" and form.is_valid():
        try:
            return _create(request, form.cleaned_data, form.notes, actor, at)
        except Problem as problem:
            form.add_error(None, str(problem))
    context: dict[str, Any] = {"form": form, "roots": _nodes(_roots(actor, at), actor, at)}
    context["included"] = _picked(request, "include")
    context["excluded"] = _picked(request, "exclude")
    context |= list_draw_levels(actor.extent_for("rounds.open"), at)
    context["crumbs"] = [(_("Rounds"), reverse("rounds:index")), (_("New round"), "")]
    return render(request, "rounds/new.html", context, status=422 if form.errors else 200)


def _first(at: Any) -> dict[str, Any]:
    """From the next full hour, for twelve hours."""
    start = timezone.localtime(at).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return {
        "starts_at": start,
        "ends_at": start + timedelta(hours=12),
        "kind": RoundKind.VISIT,
        "count_by": CountBy.PERSON,
    }


def _create(request: HttpRequest, cleaned: dict[str, Any], notes: list[str], actor: Actor, at: Any) -> HttpResponse:
    """`notes`: what of the sheets was left unread. Then the round waits in draft, because its scope stays as it is."""
    made = services.create_round(
        name=cleaned["name"],
        kind=RoundKind(cleaned["kind"]),
        count_by=CountBy(cleaned["count_by"]),
        starts_at=cleaned["starts_at"],
        ends_at=cleaned["ends_at"],
        scope=_held(cleaned["include"], actor, at),
        exclude=places.extent_of_all([place.id for place in cleaned["exclude"]], at),
        actor=actor,
        at=at,
    )
    for note in notes:
        messages.warning(request, note)
    if notes:
        messages.warning(request, _("The round is in draft: look at whom it reaches, then open it, or make it anew."))
    if notes or request.POST.get("then") != "open":
        return redirect("rounds:board", made.code)
    job = services.request_open(round_id=made.pk, actor=actor, at=at)
    return redirect("rounds:work", made.code, job.id)


def _held(chosen: list[PlaceRef], actor: Actor, at: Any) -> Extent:
    """The doors of the places chosen. Raises BeyondPlaces, naming the first over which the actor may open none."""
    held = actor.extent_for("rounds.open")
    for place in chosen:
        if not places.extent_of(place.id, at) <= held:
            raise BeyondPlaces(place=place.name)
    return places.extent_of_all([place.id for place in chosen], at)


def _picked(request: HttpRequest, side: str) -> list[PlaceRef]:
    if request.method != "POST":
        return []
    known = places.get_places_by_code(request.POST.getlist(side))
    return list(known.values())


def _roots(actor: Actor, at: Any) -> list[PlaceRef]:
    """Where the actor may open rounds: the places they are appointed to."""
    ids = {grant.place_id for grant in actor.grants if "rounds.open" in grant.permissions}
    roots = places.get_places(ids).values() if ids else (places.list_roots(at) if actor.is_system else [])
    return sorted(roots, key=lambda place: (place.kind, place.sort, place.name))


def _nodes(found: list[PlaceRef], actor: Actor, at: Any) -> list[dict[str, Any]]:
    """Lines of the tree: those the actor may choose whole, with how many live there."""
    held = actor.extent_for("rounds.open")
    spans = places.extents_of([place.id for place in found], at)
    shown = [place for place in found if spans[place.id] and spans[place.id] <= held]
    counts = residents.count_many([spans[place.id] for place in shown], actor=actor)
    paths = {place.id: "" for place in shown}
    return [
        {"place": place, "people": count.present, "opens": place.kind < Kind.UNIT, "path": paths[place.id]}
        for place, count in zip(shown, counts, strict=True)
    ]


@require_safe
def list_places(request: HttpRequest) -> HttpResponse:
    """Lines of the tree under a place (`under`), or the hits of a search (`q`)."""
    actor, at = who(request)
    actor.require("rounds.open")
    text, under = request.GET.get("q", "").strip(), request.GET.get("under", "")
    if under:
        found = places.list_children(places.get_place(under).id, at)[:SHOWN]
        nodes = _nodes(found, actor, at)
    else:
        held = actor.extent_for("rounds.open")
        found = places.search_places(text, actor=actor, at=at, limit=HITS, within=held) if text else []
        nodes = _nodes(found, actor, at)
        paths = places.paths_of([node["place"].id for node in nodes], at)
        for node in nodes:
            node["path"] = " ".join(place.name for place in paths[node["place"].id][-3:])
    return render(request, "rounds/_nodes.html", {"nodes": nodes, "q": text, "searched": bool(text) and not under})


@require_http_methods(["GET", "POST"])
def count_scope(request: HttpRequest) -> HttpResponse:
    """How many people and households the scope holds as it is chosen now; sheets are counted when the form is sent."""
    actor, at = who(request)
    actor.require("rounds.open")
    sides, unknown = {}, []
    for side in ("include", "exclude"):
        codes = [*request.POST.getlist(side), *split_codes(request.POST.get(f"{side}_codes", ""))]
        known = places.get_places_by_code(codes, or_old=True)
        unknown += [code for code in codes if code not in known]
        sides[side] = places.extent_of_all([place.id for place in known.values()], at)
    scope = sides["include"] - sides["exclude"]
    context = {
        "counts": residents.count_residents(scope, actor=actor) if scope else None,
        "inside": places.count_inside(scope) if scope else None,
        "beyond": bool(scope) and not scope <= actor.extent_for("rounds.open"),
        "unknown": "、".join(unknown[:8]),
        "per_person": request.POST.get("count_by") != str(int(CountBy.HOUSEHOLD)),
    }
    return render(request, "rounds/_count.html", context)
