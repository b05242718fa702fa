"""Pages of households and of the doors they live behind, and the forms that change them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.extents import Extent
from linli.core.requests import ActingRequest
from linli.residents import queries, services
from linli.residents.editing import (
    EDIT,
    REGISTER,
    crumbs_of,
    find_door,
    insisted,
    may,
    seen_at,
    show_edit,
    show_form,
    submit,
    theirs_may_stand,
)
from linli.residents.forms import HouseholdForm, MoveForm, PersonForm
from linli.residents.terms import HouseholdView


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
        "may_edit": may(request, EDIT, found.key),
        "may_register": may(request, REGISTER, found.key),
        "crumbs": crumbs_of(found.key, request.at, (found.door.split()[-1], "")),
    }


@never_cache
@require_safe
def door(request: ActingRequest, key: int) -> HttpResponse:
    """Behind a door: the one household, or the list of them, or the form for the first."""
    found = queries.list_households(key, actor=request.actor, at=request.at)
    if len(found) == 1:
        return redirect("residents:household", id=found[0].id)
    about = queries.require_door(key, actor=request.actor)
    context = {
        "door": about, "households": found, "may_register": may(request, REGISTER, key),
        "crumbs": crumbs_of(key, request.at),
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

    done = submit(request, person, save) if form.is_valid() else None
    heading = _("New household")
    return done or show_form(request, heading, about["door"], [form, person], crumbs_of(key, request.at, (heading, "")))


@never_cache
@require_http_methods(["GET", "POST"])
def edit_household(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = HouseholdForm(request.POST or None, initial={"label": found.label, "note": found.note})

    def save() -> HttpResponse:
        with theirs_may_stand(request):
            services.edit_household(
                household_id=id, seen_at=seen_at(request), actor=request.actor, at=request.at,
                **insisted(request, form.cleaned_data),
            )  # fmt: skip
        return redirect("residents:household", id=id)

    return submit(request, form, save) or show_edit(request, _("Edit household"), found.door, form, found)


@never_cache
@require_http_methods(["GET", "POST"])
def add_person(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = PersonForm(request.POST or None)

    def save() -> HttpResponse:
        services.add_person(household_id=id, person=form.entered(), actor=request.actor, at=request.at)
        return redirect("residents:household", id=id)

    return submit(request, form, save) or show_edit(request, _("Add a person"), found.door, form, found, REGISTER)


@never_cache
@require_http_methods(["GET", "POST"])
def move_household(request: ActingRequest, id: int) -> HttpResponse:
    found = queries.get_household(id, actor=request.actor, at=request.at)
    form = MoveForm(request.POST or None)
    del form.fields["alone"]

    def save() -> HttpResponse:
        to_key = find_door(form.cleaned_data["door"], request)
        services.move_household(household_id=id, to_key=to_key, actor=request.actor, at=request.at)
        return redirect("residents:household", id=id)

    return submit(request, form, save) or show_edit(request, _("Move the household"), found.door, form, found)


@require_POST
def vacant(request: ActingRequest, id: int) -> HttpResponse:
    """Everyone of the household has moved out. Taken back person by person, on the same page."""
    found = queries.get_household(id, actor=request.actor, at=request.at)
    services.record_vacant(household_ids=[found.id], actor=request.actor, at=request.at)
    messages.success(request, _("Recorded: nobody of this household lives here any more."))
    return redirect("residents:household", id=id)
