"""Pages of the chain: posts by level and place, vacancies, who answers for a door, handing over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.core.forms import try_in
from linli.core.large import large
from linli.core.requests import ActingRequest
from linli.core.shapes import Pager
from linli.duty import claims, posts, queries, sheets, staff
from linli.duty.authority import find_place_extent
from linli.duty.coverage import count_posts, list_vacancies
from linli.duty.dissolved import list_dissolved
from linli.duty.forms_chain import HandOverForm, WhenForm
from linli.duty.terms import Chain, Holder, Role
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef

PAGE_ROWS = 100
VIEW, APPOINT = "duty.view", "duty.appoint"


@require_safe
def index(request: ActingRequest) -> HttpResponse:
    """The chain of the widest place that the actor may see it of."""
    actor = request.actor
    actor.require(VIEW)
    wanted = [grant.place_id for grant in actor.grants if VIEW in grant.permissions]
    found = sorted(places.get_places(wanted).values(), key=lambda place: (place.kind, place.code))
    return redirect("duty:chain-place", code=found[0].code)


@require_safe
def place(request: ActingRequest, code: str) -> HttpResponse:
    """Posts held and vacant in a place, by level and by what stands under it; who holds a post at the place itself."""
    found, held = take_part(request, code)
    at = request.at
    children = places.list_children(found.id, at)
    parts = {one: extent & held for one, extent in places.extents_of([c.id for c in children], at).items()}
    counts = count_posts({0: held} | {one: part for one, part in parts.items() if part}, at)
    context = {
        "place": found,
        "all": counts[0],
        "groups": _by_kind([{"place": child, "counts": counts[child.id]} for child in children if child.id in counts]),
        "holders": _holders(queries.find_holders(found.id, at), request),
        "lead": queries.find_leads([found.id], at)[found.id],
        "dissolved": len(list_dissolved(held, at)),
        "is_part": held != find_place_extent(found.id, at),
        "can_export": request.actor.may(VIEW, find_place_extent(found.id, at)),
        "crumbs": crumbs_of(found, at),
    }
    return render(request, "duty/chain.html", context)


@require_safe
def vacant(request: ActingRequest, code: str) -> HttpResponse:
    """Vacant posts of leads, street by street; with ?nobody=1 only units that nobody answers for."""
    found, held = take_part(request, code)
    at, nobody = request.at, bool(request.GET.get("nobody"))
    position = [int(part) for part in request.GET.get("after", "").split("-") if part.isdecimal()]
    after = (position[0], position[1]) if len(position) == 2 else (-1, 0)
    rows = list_vacancies(held, at, nobody=nobody, after=after, limit=PAGE_ROWS + 1)
    page = rows[:PAGE_ROWS]
    named = claims.name_places([one.place.id for one in page], at)
    more = {"after": f"{page[-1].lo}-{page[-1].place.kind}"} if len(rows) > PAGE_ROWS else None
    context = {
        "place": found,
        "all": count_posts({0: held}, at)[0],
        "rows": [(one, named[one.place.id]) for one in page],
        "nobody": nobody,
        "can_appoint": request.actor.may(APPOINT),
        "pager": Pager(next_url=f"?{urlencode((more | {'nobody': 1}) if nobody else more)}" if more else ""),
        "crumbs": [*crumbs_of(found, at, linked=True), (_("Vacant posts"), "")],
    }
    return render(request, "duty/vacant.html", context)


@require_safe
@large()
def export(request: ActingRequest, code: str) -> HttpResponseBase:
    """The chain of a place as a sheet, phones masked; with ?vacant=1 only vacant posts."""
    found = places.get_place(code)
    extent = find_place_extent(found.id, request.at)
    request.actor.require(VIEW, extent)
    if not extent:
        raise Forbidden(permission=VIEW)
    vacant_only = bool(request.GET.get("vacant"))
    if request.GET.get("format") == "csv":
        return StreamingHttpResponse(
            list(sheets.chain_csv(found, extent, request.at, vacant_only=vacant_only)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="chain-{found.code}.csv"'},
        )
    book = sheets.chain_xlsx(found, extent, request.at, vacant_only=vacant_only)
    return FileResponse(book, as_attachment=True, filename=f"chain-{found.code}.xlsx")


@require_safe
def door(request: ActingRequest, key: int) -> HttpResponse:
    """Who answers for a door at each level, now or at ?at=, and who stands in."""
    if key not in request.actor.extent_for("places.view"):
        raise Forbidden(permission="places.view")
    form = WhenForm(request.GET or None)
    asked = form.cleaned_data["at"] if form.is_valid() else None
    at = asked or request.at
    holders = places.places_of_key(key, at)
    labels = places.door_labels([key])
    context = {
        "key": key,
        "name": str(labels[key]) if key in labels else " ".join(one.name for one in holders if one.is_physical),
        "asked": asked,
        "form": form,
        "chain": queries.find_chain(key, at),
        "may_call": asked is None,
        "crumbs": [
            *((one.name, reverse("places:place", args=[one.code])) for one in holders if one.kind >= Kind.COMMUNITY),
            (_("Who answers"), ""),
        ],
    }
    return render(request, "duty/door.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def hand_over(request: ActingRequest, appointment_id: int) -> HttpResponse:
    """Give a post to somebody else; what is open goes along."""
    actor, at = request.actor, request.at
    line = queries.get_appointment(appointment_id=appointment_id, actor=actor, at=at)
    extent = posts.require_appoint(place_id=line.place_id, role=Role(line.role), actor=actor, at=at, new=False)
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def act() -> int:
            receiver = staff.find_or_make_person(**form.person(), actor=actor, at=at)
            return posts.hand_over(appointment_id=appointment_id, to_account_id=receiver, actor=actor, at=at)

        if try_in(form, act):
            messages.success(request, _("The post has been handed over."))
            return redirect("duty:chain-place", code=line.place_code)
    context = {
        "line": line,
        "form": form,
        "waiting": posts.count_open_work(account_id=line.account_id, extent=extent),
        "crumbs": [*crumbs_of(places.get_place(line.place_id), at, linked=True), (_("Hand over"), "")],
    }
    return render(request, "duty/hand_over.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
def phone(request: ActingRequest, appointment_id: int) -> HttpResponse:
    """A phone in full, to be pressed; it is journalled."""
    number = staff.reveal_phone(appointment_id=appointment_id, actor=request.actor, at=request.at)
    fragment = request.headers.get("HX-Request") == "true"
    context = {"number": number, "crumbs": [(_("Phone"), "")]}
    return render(request, "duty/_phone.html" if fragment else "duty/phone.html", context)


# --- panels on the pages of other rooms ------------------------------------------------------------------------------


def place_panel(actor: Actor, at: datetime, place_id: int) -> dict[str, Any]:
    """Who answers for a place: the levels over a compound, building or unit, else who is appointed at it."""
    found = places.get_place(place_id)
    over = queries.find_chain(found.lo, at) if found.is_physical and found.lo is not None else None
    levels = [one for one in over.levels if one.place and one.place.kind <= found.kind] if over else []
    return {
        "place": found,
        "levels": levels,
        "chain": Chain(0, tuple(levels), ()),
        "lead": queries.find_leads([place_id], at)[place_id],
        "door_key": found.lo if found.kind == Kind.UNIT else None,
        "may_view": actor.may(VIEW) and bool(find_place_extent(place_id, at) & actor.extent_for(VIEW)),
        "may_call": actor.may("duty.call"),
    }


def door_panel(actor: Actor, at: datetime, key: int) -> dict[str, Any]:
    """Who answers for a door."""
    return {"chain": queries.find_chain(key, at), "door_key": key, "may_call": actor.may("duty.call")}


# --- shared ----------------------------------------------------------------------------------------------------------


def take_part(request: ActingRequest, code: str) -> tuple[PlaceRef, Extent]:
    """A place, and the part of it whose posts the actor may see. Raises PlaceUnknown, Forbidden."""
    found = places.get_place(code)
    held = find_place_extent(found.id, request.at) & request.actor.extent_for(VIEW)
    if not held:
        raise Forbidden(permission=VIEW)
    return found, held


def _by_kind(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Areas, grids and compounds of a community hold the same doors: each kind is a list of its own."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["place"].kind_label, []).append(row)
    return list(groups.items())


def _holders(holders: list[Holder], request: ActingRequest) -> list[dict[str, Any]]:
    may = request.actor.may(APPOINT)
    return [{"holder": one, "can_appoint": may} for one in holders]


def crumbs_of(place: PlaceRef, at: datetime, *, linked: bool = False) -> list[tuple[str, str]]:
    def to(one: PlaceRef) -> str:
        return reverse("duty:chain-place", args=[one.code])

    above = [(one.name, to(one)) for one in places.path_of(place.id, at)]
    return [(_("Chain of posts"), reverse("duty:chain")), *above, (place.name, to(place) if linked else "")]
