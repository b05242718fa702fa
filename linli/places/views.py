"""Pages of places: search, one place, and the forms that change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.core.errors import Problem
from linli.core.faces import DoorFace, read_doors
from linli.core.requests import ActingRequest
from linli.core.shapes import Floor, Stairwell, Tile
from linli.places import policies, queries, services
from linli.places.forms import AddForm, DoorsForm, EndForm, MoveForm, RenameForm
from linli.places.queries import maps
from linli.places.services.regridding import LAYERS
from linli.places.terms import OVERLAYS, PARENTS, DoorRef, Kind, PlaceRef

SHOWN = 50
MOVABLE = (Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY, Kind.COMPOUND)


@require_safe
def index(request: ActingRequest) -> HttpResponse:
    """The search box, what it found, and the places that the actor answers for."""
    actor, at = request.actor, request.at
    actor.require("places.view")
    text = request.GET.get("text", "").strip()[:120]
    found, doors = queries.search(text, actor=actor, at=at, limit=SHOWN) if text else ([], [])
    own = list(queries.get_places({grant.place_id for grant in actor.grants}).values())
    shown = found if text else sorted(own, key=lambda place: (place.kind, place.code)) or queries.list_roots(at)
    context = {
        "text": text, "rows": _rows(shown, at), "doors": doors, "is_full": len(found) == SHOWN,
        "may_import": actor.may("places.import"),
        "crumbs": [(_("Places"), "")],
    }  # fmt: skip
    return render(request, "places/_found.html" if _is_fragment(request) else "places/index.html", context)


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _rows(places: list[PlaceRef], at: datetime) -> list[dict[str, Any]]:
    ids = [place.id for place in places]
    counts, paths = queries.counts_of(ids, at), queries.paths_of(ids, at)
    return [{"place": place, "counts": counts[place.id], "path": paths[place.id]} for place in places]


@require_safe
def place(request: ActingRequest, code: str) -> HttpResponse:
    """One place: where it lies, what stands in it, its shape, and what may be done with it."""
    found = get_seen(request, code)
    at = request.at
    children = queries.list_children(found.id, at)
    can_edit = found.ended_at is None and request.actor.may("places.edit", queries.extent_of(found.id, at))
    context = {
        "place": found,
        "counts": queries.counts_of([found.id], at)[found.id],
        "children": _children(children, found, at),
        "overlays": _overlays(found, at),
        "stairwells": _stairwells(request, found, children),
        "outline": _outline(found),
        "map": _map(found, at),
        "can_edit": can_edit,
        "can_add": can_edit and bool(kinds_under(found)),
        "can_move": can_edit and found.kind in MOVABLE,
        "can_redraw": can_edit and found.kind in LAYERS,
        "other_names": queries.list_aliases(found.id),
        "successors": queries.list_successors(found.id) if found.ended_at else [],
        "is_unit": found.kind == Kind.UNIT,
        "has_codes": found.kind in (Kind.BUILDING, Kind.UNIT) and found.ended_at is None,
        "crumbs": crumbs_of(found, at),
    }
    return render(request, "places/place.html", context)


def get_seen(request: ActingRequest, code: str) -> PlaceRef:
    found = queries.get_place(code)
    queries.require_sight(found, request.actor, request.at)
    return found


def crumbs_of(place: PlaceRef, at: datetime, *more: str) -> list[tuple[str, str]]:
    path = [(one.name, reverse("places:place", args=[one.code])) for one in queries.path_of(place.id, at)]
    here = (place.name, reverse("places:place", args=[place.code]) if more else "")
    return [(_("Places"), reverse("places:index")), *path, here, *((label, "") for label in more)]


def _children(children: list[PlaceRef], above: PlaceRef, at: datetime) -> list[dict[str, Any]]:
    """With what of each lies in the place above: a grid may hold a part of a compound."""
    ids = [child.id for child in children]
    whole = here = queries.counts_of(ids, at)
    if above.kind in OVERLAYS:
        here = queries.counts_of(ids, at, within=queries.extent_of(above.id, at))
    return [
        {"place": child, "counts": here[child.id], "is_part": here[child.id] != whole[child.id]} for child in children
    ]


def _overlays(place: PlaceRef, at: datetime) -> list[PlaceRef]:
    """The areas and grids that a compound, building or unit lies in."""
    if not place.is_physical or place.lo is None:
        return []
    return [one for one in queries.places_of_key(place.lo, at) if Kind.AREA <= one.kind < Kind.COMPOUND]


def _stairwells(request: ActingRequest, place: PlaceRef, children: list[PlaceRef]) -> list[Stairwell]:
    """A building as it stands, or one unit of it, with what other rooms say of its doors."""
    units = [place] if place.kind == Kind.UNIT else children if place.kind == Kind.BUILDING else []
    faces = read_doors(request.actor, request.at, queries.extent_of(place.id, request.at)) if units else {}
    return [stairwell(unit.name, queries.list_doors(unit.id), faces) for unit in units]


def stairwell(name: str, doors: list[DoorRef], faces: dict[int, DoorFace]) -> Stairwell:
    """Floors from the top down; doors whose floor is unknown stand last, in a line of their own."""
    floors: dict[int | None, list[Tile]] = {}
    for door in doors:
        face = faces.get(door.key, DoorFace())
        tile = Tile(number=door.number, people=face.people, needs=face.needs, url=face.url, label=face.label)
        floors.setdefault(door.floor, []).append(tile)
    known = sorted((floor for floor in floors if floor is not None), reverse=True)
    lines = [Floor(f"{floor}F", floors[floor]) for floor in known]
    return Stairwell(name, [*lines, *([Floor("", floors[None])] if None in floors else [])])


def _map(place: PlaceRef, at: datetime) -> dict[str, str] | None:
    """Addresses of the outlines of a place and of what lies under it; None where a map would show nothing."""
    if place.kind >= Kind.COMPOUND or place.ended_at is not None:
        return None
    level = maps.choose_level(maps.list_levels(queries.extent_of(place.id, at), at, above=place.kind), None)
    if level is None or not level.fits:
        return None
    address = reverse("api:list_shapes") + f"?under={place.code}&level="
    own = address + maps.level_name(level.kind) + "&self=true"
    return {"shapes": address + maps.level_name(level.kind), "around": own, "kind": str(level.kind.label)}


def describe_map(place: PlaceRef, at: datetime) -> dict[str, Any]:
    """What `desk/_map_draw.html` needs to pick compounds of a place; without any outlines it says so itself."""
    address = reverse("api:list_shapes") + f"?under={place.code}&level="
    compounds = address + maps.level_name(Kind.COMPOUND)
    around = f"{address}{maps.level_name(place.kind)}&self=true" if place.kind < Kind.COMPOUND else ""
    return {
        "draw_levels": [(Kind.COMPOUND.label, compounds, True)], "shapes": compounds, "around": around,
        "ask": reverse("places:drawn", args=[place.code]),
    }  # fmt: skip


def _outline(place: PlaceRef) -> dict[str, Any] | None:
    found = queries.find_outline(place.id)
    if found is None:
        return None
    drawn = policies.draw_outline(found["geometry"], found["box"])
    return {"path": drawn.path, "width": drawn.width, "height": drawn.height, "source": found["source"]}


def kinds_under(place: PlaceRef) -> list[Kind]:
    """What may be added under a place."""
    kinds = [kind for kind, parents in PARENTS.items() if place.kind in parents]
    return [*kinds, Kind.COMPOUND] if place.kind == Kind.COMMUNITY else kinds


def _act(
    request: ActingRequest,
    found: PlaceRef,
    form: forms.Form,
    words: tuple[str, str],
    act: Callable[[], PlaceRef],
    done: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show a form, or carry it out and go to the place; a problem stands above the form. `words`: title, button."""
    request.actor.require("places.edit", queries.extent_of(found.id, request.at))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                target = act()
            except Problem as problem:
                form.add_error(None, f"{problem.detail} {problem.advice}".strip())
                status = problem.status
            else:
                messages.success(request, done)
                return redirect("places:place", code=target.code)
    context = {
        "place": found, "form": form, "title": words[0], "button": words[1],
        "crumbs": crumbs_of(found, request.at, words[0]), **(more or {}),
    }  # fmt: skip
    return render(request, "places/form.html", context, status=status)


def add(request: ActingRequest, code: str) -> HttpResponse:
    parent = get_seen(request, code)
    form = AddForm(request.POST or None, kinds=kinds_under(parent))
    return _act(
        request, parent, form, (_("Add a place"), _("Add")),
        lambda: services.add_place(
            kind=form.cleaned_data["kind"], name=form.cleaned_data["name"], parent=parent,
            code=form.cleaned_data.get("code", ""), holds=form.codes, actor=request.actor, at=request.at,
        ),
        _("The place has been added."), describe_map(parent, request.at) if "holds" in form.fields else None,
    )  # fmt: skip


def rename(request: ActingRequest, code: str) -> HttpResponse:
    found = get_seen(request, code)
    form = RenameForm(request.POST or None, initial={"name": found.name})
    return _act(
        request, found, form, (_("Rename"), _("Rename")),
        lambda: services.rename_place(
            place_id=found.id, name=form.cleaned_data["name"], actor=request.actor, at=request.at
        ),
        _("The place has a new name."),
    )  # fmt: skip


def move(request: ActingRequest, code: str) -> HttpResponse:
    found = get_seen(request, code)
    form = MoveForm(request.POST or None)
    return _act(
        request, found, form, (_("Move"), _("Move")),
        lambda: services.move_place(
            place=found, target=queries.get_place(form.cleaned_data["to"].strip()), actor=request.actor, at=request.at
        ),
        _("The place has been moved. Its doors keep their numbers, people and marks."),
    )  # fmt: skip


def doors(request: ActingRequest, code: str) -> HttpResponse:
    unit = get_seen(request, code)
    form = DoorsForm(request.POST or None)

    def act() -> PlaceRef:
        services.add_doors(unit_id=unit.id, numbers=form.given, actor=request.actor, at=request.at)
        return unit

    return _act(request, unit, form, (_("Add doors"), _("Add doors")), act, _("The doors have been added."))


def end(request: ActingRequest, code: str) -> HttpResponse:
    """Asks for the name, because it cannot be taken back."""
    found = get_seen(request, code)
    form = EndForm(request.POST or None, name=found.name)

    def act() -> PlaceRef:
        services.end_place(place_id=found.id, actor=request.actor, at=request.at)
        return found

    return _act(request, found, form, (_("End this place"), _("End it")), act, _("The place has been ended."))
