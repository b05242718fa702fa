"""What the pages that change residents share: a form sent, refused, in conflict with somebody else, and sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from linli.core.errors import Problem
from linli.core.extents import Extent
from linli.core.requests import ActingRequest
from linli.places import queries as places
from linli.places.terms import Kind
from linli.residents.errors import ChangedMeanwhile, DoorUnknown, NothingChanged
from linli.residents.terms import HouseholdView, PersonView

EDIT, REGISTER, UNMASK = "residents.edit", "residents.register", "residents.unmask"
SUGGESTED = 5  # doors named to whoever named several


def is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def may(request: ActingRequest, permission: str, key: int) -> bool:
    return request.actor.may(permission, Extent.of([(key, key + 1)]))


def crumbs_of(key: int, at: datetime, *last: tuple[str, str]) -> list[tuple[str, str]]:
    above = [
        place for place in places.places_of_key(key, at) if place.kind in (Kind.COMPOUND, Kind.BUILDING, Kind.UNIT)
    ]
    links = [(place.name, reverse("places:place", args=[place.code])) for place in above]
    return [(_("Residents"), reverse("residents:search")), *links, *last]


def submit(request: HttpRequest, form: forms.Form, save: Callable[[], HttpResponse]) -> HttpResponse | None:
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
def theirs_may_stand(request: HttpRequest) -> Iterator[None]:
    """After a conflict it is an answer, and no mistake, that nothing is to be changed."""
    try:
        yield
    except NothingChanged:
        if not request.POST.getlist("disputed"):
            raise


def insisted(request: HttpRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    """Without the fields in dispute of which the other's value was chosen, or nothing was."""
    left = {name for name in request.POST.getlist("disputed") if request.POST.get(f"choice-{name}") != "mine"}
    return {name: value for name, value in wanted.items() if name not in left}


def seen_at(request: ActingRequest) -> datetime:
    never = datetime.min.replace(tzinfo=request.at.tzinfo)
    try:
        return parse_datetime(request.POST.get("seen_at", "")) or never
    except ValueError:
        return never


def show_edit(
    request: ActingRequest,
    heading: str,
    subject: str,
    form: forms.Form,
    found: HouseholdView | PersonView,
    permission: str = EDIT,
) -> HttpResponse:
    request.actor.require(permission, Extent.of([(found.key, found.key + 1)]))
    crumbs = crumbs_of(found.key, request.at, (heading, ""))
    return show_form(
        request, heading, subject, [form], crumbs,
        seen_at=seen_first(request, form, found), conflict=getattr(form, "conflict", None),
    )  # fmt: skip


def seen_first(request: HttpRequest, form: forms.Form, found: HouseholdView | PersonView) -> str:
    """What was seen first stays what was seen: a form shown again must not overlook somebody else's change.

    After a conflict both values are on the screen, and what was saved first has been seen.
    """
    conflict: ChangedMeanwhile | None = getattr(form, "conflict", None)
    if conflict is not None:
        return conflict.updated_at.isoformat()
    return request.POST.get("seen_at") or found.updated_at.isoformat()


def show_form(
    request: HttpRequest, heading: str, subject: str, forms_: list[forms.Form], crumbs: Any, **more: Any
) -> HttpResponse:
    context = {"heading": heading, "subject": subject, "forms": forms_, "crumbs": crumbs, **more}
    return render(request, "residents/form.html", context, status=422 if any(one.errors for one in forms_) else 200)


def find_door(text: str, request: ActingRequest) -> int:
    """阳光小区 3号楼 2单元 501, or 阳光 3-2-501, → its key, when exactly one door fits. Raises DoorUnknown."""
    found = dict(_doors_named(text, request))
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise DoorUnknown(
            _("No door fits “%(door)s”."),
            advice=_("Give compound, building, unit and number, as they are written on the signs."),
            door=text, field="door",
        )  # fmt: skip
    more = len(found) > SUGGESTED
    raise DoorUnknown(
        _("More than %(count)s doors fit “%(door)s”.") if more else _("%(count)s doors fit “%(door)s”."),
        advice=_("Say which one, like this: %(doors)s"),
        count=min(len(found), SUGGESTED), doors="; ".join(list(found.values())[:SUGGESTED]),
        door=text, field="door",
    )  # fmt: skip


def _doors_named(text: str, request: ActingRequest) -> list[tuple[int, str]]:
    """Key and label, as the search finds them; those whose number is a name (门卫室) by their unit's."""
    hits = places.search(text, actor=request.actor, at=request.at, limit=SUGGESTED + 1).doors
    if hits:
        return [(one.key, one.label) for one in hits]
    *where, number = text.split()
    units = places.search_places(" ".join(where), actor=request.actor, at=request.at) if where else []
    doors = [one for unit in units if unit.kind == Kind.UNIT for one in places.list_doors(unit.id)]
    return [(one.key, places.door_label(one.key)) for one in doors if one.number == number]
