"""Pages on which boundaries are redrawn: choose, look at before and after, do it, take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.errors import Problem
from linli.core.extents import Extent, unite
from linli.core.requests import ActingRequest
from linli.places import pictures, queries, services
from linli.places.facets import Part, list_facets
from linli.places.forms import RedrawForm
from linli.places.layouts import Change, Take, Target
from linli.places.services.regridding import LAYERS
from linli.places.terms import Kind, PlaceRef
from linli.places.views import crumbs_of, describe_map, get_seen

EARLIER = 10  # changes listed below the form


@require_http_methods(["GET", "HEAD", "POST"])
def redraw(request: ActingRequest, code: str) -> HttpResponse:
    """Split a grid, area or community, merge it with others, or give parts of it to another."""
    place = get_seen(request, code)
    held = queries.extent_of(place.id, request.at)
    request.actor.require("places.edit", held)
    if place.kind not in LAYERS:
        return redirect("places:place", code=place.code)
    siblings = _siblings(place, request.at)
    form = RedrawForm(request.POST or None, siblings=siblings)
    change, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change = _plan(request, place, form)
                status = 200
                if "confirm" in request.POST:
                    number = _carry_out(request, place, form)
                    messages.success(
                        request, _("The boundaries have been changed. Doors, people and marks are untouched.")
                    )
                    return redirect("places:redrawing", number=number)
            except Problem as problem:
                form.add_error(None, f"{problem.detail} {problem.advice}".strip())
                status = problem.status
    chosen = {int(one) for one in request.POST.getlist("piece") if one.isdigit()}
    context = {
        "place": place, "form": form, "pieces": _pieces(place, held, chosen, request), "siblings": siblings,
        "chosen": chosen,
        "merged": {int(one) for one in request.POST.getlist("merge") if one.isdigit()},
        "preview": show_change(request, change) if change else None,
        "earlier": queries.list_regrids(held, limit=EARLIER),
        "crumbs": crumbs_of(place, request.at, _("Redraw")), **describe_map(place, request.at),
    }  # fmt: skip
    return render(request, "places/redraw.html", context, status=status)


def _siblings(place: PlaceRef, at: datetime) -> list[PlaceRef]:
    """Places of the same kind that may take parts: those under the same parent."""
    beside = queries.list_children(place.parent_id, at) if place.parent_id else []
    return [one for one in beside if one.kind == place.kind and one.id != place.id]


def _takes(request: ActingRequest, place: PlaceRef, form: RedrawForm) -> list[Take]:
    pieces = tuple(int(one) for one in request.POST.getlist("piece") if one.isdigit())
    how, given = form.cleaned_data["how"], form.cleaned_data
    if how == "merge":
        merged = tuple(int(one) for one in request.POST.getlist("merge") if one.isdigit())
        return [Take(merged, Target(place.id))]
    if how == "move":
        return [Take(pieces, Target(given["to"]))]
    return [Take(pieces, Target(name=given["name"], code=given["code"], parent_id=place.parent_id))]


def _arguments(request: ActingRequest, place: PlaceRef, form: RedrawForm) -> dict[str, Any]:
    return {
        "kind": Kind(place.kind), "takes": _takes(request, place, form), "actor": request.actor, "at": request.at,
        "since": form.cleaned_data["since"] or request.at, "backdated": form.cleaned_data["backdated"],
    }  # fmt: skip


def _plan(request: ActingRequest, place: PlaceRef, form: RedrawForm) -> Change:
    return services.plan_regrid(**_arguments(request, place, form))


def _carry_out(request: ActingRequest, place: PlaceRef, form: RedrawForm) -> int:
    return services.regrid(**_arguments(request, place, form), token=form.cleaned_data["token"] or "-")


def _pieces(place: PlaceRef, held: Extent, chosen: set[int], request: ActingRequest) -> list[dict[str, Any]]:
    """What may be ticked: compounds; of areas and grids their buildings, of grids their units as well.

    A compound is unfolded where only a part of it is here, and where something in it is ticked already.
    """
    at = request.at
    compounds = queries.list_overlapping(held, Kind.COMPOUND, at)
    buildings = queries.list_overlapping(held, Kind.BUILDING, at) if place.kind != Kind.COMMUNITY else []
    units = queries.list_inside(held, Kind.UNIT, at) if place.kind >= Kind.GRID_LARGE else []
    inside = unite(one.block for one in (*buildings, *units) if one.id in chosen)
    return [
        {
            "place": compound, "whole": compound.block <= held,
            "unfolded": not compound.block <= held or bool(compound.block & inside),
            "doors": queries.count_inside(compound.block & held).doors,
            "buildings": [
                {
                    "place": one, "whole": one.block <= held,
                    "units": [unit for unit in units if unit.parent_id == one.id],
                }
                for one in buildings
                if one.parent_id == compound.id
            ],
        }
        for compound in compounds
    ]  # fmt: skip


def show_change(request: ActingRequest, change: Change) -> dict[str, Any]:
    """The picture and the table of a change."""
    at, actor = request.at, request.actor
    units = queries.list_inside(change.extent, Kind.UNIT, at)
    compounds = queries.list_overlapping(change.extent, Kind.COMPOUND, at)
    outlines = queries.outlines_of([compound.id for compound in compounds])
    drawn = pictures.draw(change, units, compounds, outlines)
    before = [Part(line.before.id if line.before else None, line.was) for line in change.lines]
    after = [Part(part.place_id, line.will) for part, line in zip(before, change.lines, strict=True)]
    facets = [
        (facet, list(facet.read(before, actor, at)), list(facet.read(after, actor, at))) for facet in list_facets()
    ]
    rows = [
        {
            "line": line, "look": drawn.looks[line.holding.id],
            "before": queries.count_inside(line.was), "after": queries.count_inside(line.will),
            "facets": [(facet, was[n], will[n]) for facet, was, will in facets],
        }
        for n, line in enumerate(change.lines)
    ]  # fmt: skip
    return {
        "change": change, "picture": drawn,
        "maps": [(_("Before"), drawn.map_before), (_("After"), drawn.map_after)],
        "rows": rows, "facets": [facet for facet, _was, _will in facets],
        "carried": [line for line in change.inner if line.before and line.before.parent_id != line.holding.parent_id],
        "cut": [line for line in change.inner if line.was != line.will],
        "released": queries.count_inside(change.released).doors if change.released else 0,
    }  # fmt: skip


@require_safe
def redrawing(request: ActingRequest, number: int) -> HttpResponse:
    """A change that was carried out, with the way back."""
    found = queries.get_regrid(number)
    change = found.change
    request.actor.require("places.edit", change.extent)
    first = queries.get_place(change.lines[0].holding.id)
    context = {
        "regrid": found, "preview": show_change(request, change),
        "crumbs": [*crumbs_of(first, request.at, _("Change of boundaries"))],
    }  # fmt: skip
    return render(request, "places/redrawing.html", context)


@require_POST
def undo(request: ActingRequest, number: int) -> HttpResponse:
    try:
        services.undo_regrid(number=number, actor=request.actor, at=request.at)
    except Problem as problem:
        if problem.status != 409:
            raise
        messages.error(request, f"{problem.detail} {problem.advice}".strip())
    else:
        messages.success(request, _("The change has been taken back: the boundaries are as before."))
    return redirect(reverse("places:redrawing", args=[number]))
