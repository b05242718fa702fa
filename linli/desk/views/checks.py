"""What follows a check of a file: import it, discard it, or say which of its columns is which and check again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linli.core import importers, jobs
from linli.core.access import Actor
from linli.core.importers import Importer, NotChecked
from linli.core.sheets import Field
from linli.desk.queries import JobView, view_job


@require_POST
def take(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Import what was checked: the figures are found anew, for others may have been at work since."""
    job = importers.take_checked(job=jobs.get_job(job_id), actor=_actor(request), at=request.at)  # type: ignore[attr-defined]
    return redirect("desk:job", job.pk)


@require_POST
def discard(request: HttpRequest, job_id: UUID) -> HttpResponse:
    importers.discard_checked(job=jobs.get_job(job_id))
    return redirect("desk:imports")


@dataclass(frozen=True)
class Choice:
    """One column, as the form shows it. `taken`: the field's name; `trouble`: what is wrong with that."""

    key: str
    letter: str
    title: str
    samples: list[str]
    taken: str
    trouble: str


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Which column holds which field; saved for every further sheet of this sender with the same titles."""
    job = jobs.get_job(job_id)
    shown = view_job(job, request.at)  # type: ignore[attr-defined]
    importer = importers.find_importer(job.kind)
    if importer is None or importer.spec is None or not shown.may_choose:
        raise NotChecked
    taken = {one["key"]: one["field"] for one in shown.columns["columns"]}
    if request.method == "POST":
        fields = {one.name for one in importer.spec.fields}
        said = {key: request.POST.get(f"column-{key}", taken[key]) for key in taken}
        taken = {key: name if name in fields else "" for key, name in said.items()}
    choices = [_choice(one, taken, importer) for one in shown.columns["columns"]]
    missing = [one for one in importer.spec.fields if one.required and one.name not in taken.values()]
    is_wrong = bool(missing) or any(choice.trouble for choice in choices)
    if request.method == "POST" and not is_wrong:
        again = importers.check_again(
            job=job,
            chosen=_differing(taken, importer, shown),
            actor=_actor(request),
            at=request.at,  # type: ignore[attr-defined]
        )
        return redirect("desk:job", again.pk)
    context = {
        "job": shown,
        "choices": choices,
        "fields": importer.spec.fields,
        "missing": [one.titles[0] for one in missing],
        "is_wrong": is_wrong,
        "crumbs": [
            (_("Import"), reverse("desk:imports")), (str(shown.label), reverse("desk:job", args=[job.pk])),
            (_("Columns"), ""),
        ],
    }  # fmt: skip
    status = 422 if request.method == "POST" and is_wrong else 200
    return render(request, "desk/columns.html", context, status=status)


def _choice(one: dict[str, Any], taken: dict[str, str], importer: Importer) -> Choice:
    name = taken[one["key"]]
    others = Counter(taken.values())
    trouble = ""
    if name and others[name] > 1:
        spec = importer.spec
        field: Field | None = spec.get(name) if spec else None
        trouble = _("Two columns are taken for %(field)s. Leave one of them out.") % {
            "field": field.titles[0] if field else name
        }
    return Choice(one["key"], one["letter"], one["title"], one["samples"], name, trouble)


def _differing(taken: dict[str, str], importer: Importer, shown: JobView) -> dict[str, str]:
    """What has to be remembered: nothing where titles tell the same by themselves."""
    spec = importer.spec
    assert spec is not None  # noqa: S101 - the caller has looked
    by_title: dict[str, str] = {}
    for one in shown.columns["columns"]:
        field = spec.find(one["title"]) if one["title"] else None
        by_title[one["key"]] = field.name if field else ""
    return {} if taken == by_title else taken


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
