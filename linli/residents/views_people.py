"""Pages of people: search, a person, and the forms that change one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.extents import Extent
from linli.core.requests import ActingRequest
from linli.residents import queries, services
from linli.residents.duplicates.aliases import find_survivor
from linli.residents.editing import (
    EDIT,
    REGISTER,
    UNMASK,
    crumbs_of,
    find_door,
    insisted,
    is_fragment,
    may,
    seen_at,
    seen_first,
    show_edit,
    submit,
    theirs_may_stand,
)
from linli.residents.forms import MoveForm, PersonForm, PresenceForm, SearchForm, UnmaskForm
from linli.residents.terms import EntryKind, PersonView, Presence


@never_cache
@require_http_methods(["GET", "POST"])
def search(request: ActingRequest) -> HttpResponse:
    """Search by POST: an ID number in an address would stay in histories and logs."""
    request.actor.require(queries.VIEW)
    form, found = SearchForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        found = queries.search_residents(form.cleaned_data["text"], actor=request.actor, at=request.at)
    context = {"form": form, "found": found, "crumbs": [(_("Residents"), "")]}
    return render(request, "residents/_found.html" if is_fragment(request) else "residents/search.html", context)


@never_cache
@require_safe
def person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    if found.presence == Presence.MERGED and (survivor := find_survivor(EntryKind.PERSON, id)):
        return redirect("residents:person", id=survivor)
    return render(request, "residents/person.html", _person_context(request, found))


def _person_context(request: ActingRequest, found: PersonView) -> dict[str, Any]:
    form = PresenceForm(initial={"presence": int(found.presence), "back_on": found.back_on})
    may_edit = may(request, EDIT, found.key)
    return {
        "person": found,
        "presence_form": form if may_edit else form.without_deceased(),
        "unmask_form": UnmaskForm(),
        "may_edit": may_edit,
        "may_register": may(request, REGISTER, found.key),
        "may_unmask": may(request, UNMASK, found.key),
        "crumbs": crumbs_of(
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
        with theirs_may_stand(request):
            services.edit_person(
                person_id=id, changes=insisted(request, form.changes()), seen_at=seen_at(request),
                actor=request.actor, at=request.at,
            )  # fmt: skip
        if not is_fragment(request):
            return redirect("residents:person", id=id)
        return _person_row(request, id)

    done = submit(request, form, save)
    if done is not None:
        return done
    if is_fragment(request):
        context = {"person": found, "form": form, "seen_at": seen_first(request, form, found)}
        return render(request, "residents/_person_form.html", {**context, "conflict": getattr(form, "conflict", None)})
    return show_edit(request, _("Edit person"), found.name, form, found)


@never_cache
@require_safe
def person_row(request: ActingRequest, id: int) -> HttpResponse:
    """The person's part of the household's page: what Cancel puts back."""
    return _person_row(request, id)


def _person_row(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    return render(request, "residents/_person.html", {"person": found, "may_edit": may(request, EDIT, found.key)})


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
        if is_fragment(request):
            return _person_row(request, id)
        said = Presence(form.cleaned_data["presence"]).label
        messages.success(request, _("%(name)s: %(state)s.") % {"name": found.name, "state": said})
        return redirect("residents:person", id=id)

    done = submit(request, form, save)
    return done or render(
        request, "residents/person.html", {**_person_context(request, found), "presence_form": form}, status=422
    )


@never_cache
@require_http_methods(["GET", "POST"])
def move_person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_person(id, actor=request.actor, at=request.at)
    form = MoveForm(request.POST or None)

    def save() -> HttpResponse:
        to_key = find_door(form.cleaned_data["door"], request)
        to = services.move_person(
            person_id=id,
            to_key=to_key,
            new_household=form.cleaned_data["alone"],
            actor=request.actor,
            at=request.at,
        )
        return redirect("residents:household", id=to)

    return submit(request, form, save) or show_edit(request, _("Move a person"), found.name, form, found)


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
    template = "residents/_unmask.html" if is_fragment(request) else "residents/person.html"
    return render(request, template, context)
