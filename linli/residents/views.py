"""Pages of residents: search, household, person, and the forms that change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.errors import Problem
from linli.core.extents import Extent
from linli.core.requests import ActingRequest
from linli.places import queries as places
from linli.places.terms import Kind
from linli.residents import queries, services
from linli.residents.duplicates.aliases import find_survivor
from linli.residents.errors import ChangedMeanwhile, DoorUnknown, NothingChanged
from linli.residents.forms import HouseholdForm, MoveForm, PersonForm, PresenceForm, SearchForm, UnmaskForm
from linli.residents.terms import EntryKind, HouseholdView, PersonView, Presence

EDIT, REGISTER, UNMASK = "residents.edit", "residents.register", "residents.unmask"


@never_cache
@require_http_methods(["GET", "POST"])
def search(request: ActingRequest) -> HttpResponse:
    """Search by POST: an ID number in an address would stay in histories and logs."""
    request.actor.require(queries.VIEW)
    form, found = SearchForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        found = queries.search_residents(form.cleaned_data["text"], actor=request.actor, at=request.at)
    context = {"form": form, "found": found, "crumbs": [(_("Residents"), "")]}
    return render(request, "residents/_found.html" if _is_fragment(request) else "residents/search.html", context)


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _may(request: ActingRequest, permission: str, key: int) -> bool:
    return request.actor.may(permission, Extent.of([(key, key + 1)]))


# --- households --------------------------------------------------------------------------------------


@never_cache
@require_safe
def household(request: ActingRequest, id: int) -> HttpResponse:
    """Who lives there, what they need, who has left."""
    found = queries.get_household(id, actor=request.actor, at=request.at)
    return render(request, "residents/household.html", _household_context(request, found))


def _household_context(request: ActingRequest, found: HouseholdView) -> dict[str, Any]:
    others = queries.list_households(found.key, actor=request.actor, at=request.at)
    return {
        "household": found,
        "others": [other for other in others if other.id != found.id],
        "may_edit": _may(request, EDIT, found.key),
        "may_register": _may(request, REGISTER, found.key),
        "crumbs": _crumbs(found.key, request.at, (found.door.split()[-1], "")),
    }


def _crumbs(key: int, at: datetime, *last: tuple[str, str]) -> list[tuple[str, str]]:
    above = [
        place for place in places.places_of_key(key, at) if place.kind in (Kind.COMPOUND, Kind.BUILDING, Kind.UNIT)
    ]
    links = [(place.name, reverse("places:place", args=[place.code])) for place in above]
    return [(_("Residents"), reverse("residents:search")), *links, *last]


@never_cache
@require_safe
def door(request: ActingRequest, key: int) -> HttpResponse:
    """Behind a door: the one household, or the list of them, or the form for the first."""
    found = queries.list_households(key, actor=request.actor, at=request.at)
    if len(found) == 1:
        return redirect("residents:household", id=found[0].id)
    about = queries.require_door(key, actor=request.actor)
    context = {
        "door": about, "households": found, "may_register": _may(request, REGISTER, key),
        "crumbs": _crumbs(key, request.at),
    }  # fmt: skip
    return render(request, "residents/door.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def new_household(request: ActingRequest, key: int) -> HttpResponse:
    about = queries.get_door(key)
    request.actor.require(REGISTER, Extent.of([(key, key + 1)]))
    form, person = HouseholdForm(request.POST or None), PersonForm(request.POST or None, prefix="first")

    def save() -> HttpResponse:
        made = services.register_household(
            key=key, people=[person.entered()], actor=request.actor, at=request.at, **form.cleaned_data
        )
        messages.success(request, _("The household is registered."))
        return redirect("residents:household", id=made)

    done = _submit(request, person, save) if form.is_valid() else None
    heading = _("New household")
    return done or _form(request, heading, about["door"], [form, person], _crumbs(key, request.at, (heading, "")))


@never_cache
@require_http_methods(["GET", "POST"])
def edit_household(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = HouseholdForm(request.POST or None, initial={"label": found.label, "note": found.note})

    def save() -> HttpResponse:
        with _theirs_may_stand(request):
            services.edit_household(
                household_id=id, seen_at=_seen(request), actor=request.actor, at=request.at,
                **_insisted(request, form.cleaned_data),
            )  # fmt: skip
        return redirect("residents:household", id=id)

    return _submit(request, form, save) or _edit(request, _("Edit household"), found.door, form, found)


@never_cache
@require_http_methods(["GET", "POST"])
def add_person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = PersonForm(request.POST or None)

    def save() -> HttpResponse:
        services.add_person(household_id=id, person=form.entered(), actor=request.actor, at=request.at)
        return redirect("residents:household", id=id)

    return _submit(request, form, save) or _edit(request, _("Add a person"), found.door, form, found, REGISTER)


@never_cache
@require_http_methods(["GET", "POST"])
def move_household(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = MoveForm(request.POST or None)
    del form.fields["alone"]

    def save() -> HttpResponse:
        to_key = _find_door(form.cleaned_data["door"], request)
        services.move_household(household_id=id, to_key=to_key, actor=request.actor, at=request.at)
        return redirect("residents:household", id=id)

    return _submit(request, form, save) or _edit(request, _("Move the household"), found.door, form, found)


@require_POST
def vacant(request: ActingRequest, id: int) -> HttpResponse:
    """Everyone of the household has moved out. Taken back person by person, on the same page."""
    found = queries.get_household(id, actor=request.actor, at=request.at)
    services.record_vacant(household_ids=[found.id], actor=request.actor, at=request.at)
    messages.success(request, _("Recorded: nobody of this household lives here any more."))
    return redirect("residents:household", id=id)


# --- people --------------------------------------------------------------------------------------------


@never_cache
@require_safe
def person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    if found.presence == Presence.MERGED and (survivor := find_survivor(EntryKind.PERSON, id)):
        return redirect("residents:person", id=survivor)
    return render(request, "residents/person.html", _person_context(request, found))


def _person_context(request: ActingRequest, found: PersonView) -> dict[str, Any]:
    form = PresenceForm(initial={"presence": int(found.presence), "back_on": found.back_on})
    may_edit = _may(request, EDIT, found.key)
    return {
        "person": found,
        "presence_form": form if may_edit else form.without_deceased(),
        "unmask_form": UnmaskForm(),
        "may_edit": may_edit,
        "may_register": _may(request, REGISTER, found.key),
        "may_unmask": _may(request, UNMASK, found.key),
        "crumbs": _crumbs(
            found.key,
            request.at,
            (found.door.split()[-1], reverse("residents:household", args=[found.household_id])),
            (found.name, ""),
        ),
    }


@never_cache
@require_http_methods(["GET", "POST"])
def edit_person(request: ActingRequest, id: int) -> HttpResponse:
    """In place on the household's page (htmx), or as a page of its own."""
    found = queries.get_person(id, actor=request.actor, at=request.at)
    request.actor.require(EDIT, Extent.of([(found.key, found.key + 1)]))
    form = PersonForm.of(found, request.POST or None)

    def save() -> HttpResponse:
        with _theirs_may_stand(request):
            services.edit_person(
                person_id=id, changes=_insisted(request, form.changes()), seen_at=_seen(request),
                actor=request.actor, at=request.at,
            )  # fmt: skip
        if not _is_fragment(request):
            return redirect("residents:person", id=id)
        return _person_row(request, id)

    done = _submit(request, form, save)
    if done is not None:
        return done
    if _is_fragment(request):
        context = {"person": found, "form": form, "seen_at": _seen_first(request, form, found)}
        return render(request, "residents/_person_form.html", {**context, "conflict": getattr(form, "conflict", None)})
    return _edit(request, _("Edit person"), found.name, form, found)


@never_cache
@require_safe
def person_row(request: ActingRequest, id: int) -> HttpResponse:
    """The person's part of the household's page: what Cancel puts back."""
    return _person_row(request, id)


def _person_row(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    return render(request, "residents/_person.html", {"person": found, "may_edit": _may(request, EDIT, found.key)})


@require_POST
def presence(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    form = PresenceForm(request.POST)

    def save() -> HttpResponse:
        services.record_presence(
            person_id=id,
            presence=form.cleaned_data["presence"],
            back_on=form.cleaned_data["back_on"],
            actor=request.actor,
            at=request.at,
        )
        if _is_fragment(request):
            return _person_row(request, id)
        said = Presence(form.cleaned_data["presence"]).label
        messages.success(request, _("%(name)s: %(state)s.") % {"name": found.name, "state": said})
        return redirect("residents:person", id=id)

    done = _submit(request, form, save)
    return done or render(
        request, "residents/person.html", {**_person_context(request, found), "presence_form": form}, status=422
    )


@never_cache
@require_http_methods(["GET", "POST"])
def move_person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    form = MoveForm(request.POST or None)

    def save() -> HttpResponse:
        to_key = _find_door(form.cleaned_data["door"], request)
        to = services.move_person(
            person_id=id,
            to_key=to_key,
            new_household=form.cleaned_data["alone"],
            actor=request.actor,
            at=request.at,
        )
        return redirect("residents:household", id=to)

    return _submit(request, form, save) or _edit(request, _("Move a person"), found.name, form, found)


@never_cache
@require_POST
def unmask(request: ActingRequest, id: int) -> HttpResponse:
    """Show one whole value for a purpose. The answer is never kept by a browser."""
    form = UnmaskForm(request.POST)
    found = queries.get_person(id, actor=request.actor, at=request.at)
    context = {**_person_context(request, found), "unmask_form": form}
    if form.is_valid():
        context["value"] = services.unmask(person_id=id, actor=request.actor, at=request.at, **form.cleaned_data)
        context["secret"] = form.cleaned_data["secret"].label
    template = "residents/_unmask.html" if _is_fragment(request) else "residents/person.html"
    return render(request, template, context)


# --- what the forms share ----------------------------------------------------------------------------


def _submit(request: HttpRequest, form: forms.Form, save: Callable[[], HttpResponse]) -> HttpResponse | None:
    """The answer to a form that was sent and saved; None when it is to be shown (again, with what is wrong)."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return save()
    except Problem as problem:
        if problem.status in (403, 404) and "field" not in problem.params:
            raise
        name = str(problem.params.get("field", ""))
        form.add_error(name if name in form.fields else None, str(problem))
        if isinstance(problem, ChangedMeanwhile):
            form.conflict = problem  # type: ignore[attr-defined]
        return None


@contextmanager
def _theirs_may_stand(request: HttpRequest) -> Iterator[None]:
    """After a conflict it is an answer, and no mistake, that nothing is to be changed."""
    try:
        yield
    except NothingChanged:
        if not request.POST.getlist("disputed"):
            raise


def _insisted(request: HttpRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    """Without the fields in dispute of which the other's value was chosen, or nothing was."""
    left = {name for name in request.POST.getlist("disputed") if request.POST.get(f"choice-{name}") != "mine"}
    return {name: value for name, value in wanted.items() if name not in left}


def _seen(request: ActingRequest) -> datetime:
    never = datetime.min.replace(tzinfo=request.at.tzinfo)
    try:
        return parse_datetime(request.POST.get("seen_at", "")) or never
    except ValueError:
        return never


def _edit(
    request: ActingRequest,
    heading: str,
    subject: str,
    form: forms.Form,
    found: HouseholdView | PersonView,
    permission: str = EDIT,
) -> HttpResponse:
    request.actor.require(permission, Extent.of([(found.key, found.key + 1)]))
    crumbs = _crumbs(found.key, request.at, (heading, ""))
    return _form(
        request, heading, subject, [form], crumbs,
        seen_at=_seen_first(request, form, found), conflict=getattr(form, "conflict", None),
    )  # fmt: skip


def _seen_first(request: HttpRequest, form: forms.Form, found: HouseholdView | PersonView) -> str:
    """What was seen first stays what was seen: a form shown again must not overlook somebody else's change.

    After a conflict both values are on the screen, and what was saved first has been seen.
    """
    conflict: ChangedMeanwhile | None = getattr(form, "conflict", None)
    if conflict is not None:
        return conflict.updated_at.isoformat()
    return request.POST.get("seen_at") or found.updated_at.isoformat()


def _form(
    request: HttpRequest, heading: str, subject: str, forms_: list[forms.Form], crumbs: Any, **more: Any
) -> HttpResponse:
    context = {"heading": heading, "subject": subject, "forms": forms_, "crumbs": crumbs, **more}
    return render(request, "residents/form.html", context, status=422 if any(one.errors for one in forms_) else 200)


def _find_door(text: str, request: ActingRequest) -> int:
    """阳光小区 3号楼 2单元 501 → its key, when exactly one door fits. Raises DoorUnknown."""
    *where, number = text.split()
    found = places.search_places(" ".join(where), actor=request.actor, at=request.at) if where else []
    keys = [
        one.key
        for unit in found
        if unit.kind == Kind.UNIT
        for one in places.list_doors(unit.id)
        if one.number == number
    ]
    if len(keys) != 1:
        raise DoorUnknown(
            _("%(count)s doors fit “%(door)s”."),
            advice=_("Give compound, building, unit and number, as they are written on the signs."),
            count=len(keys),
            door=text,
            field="door",
        )
    return keys[0]
