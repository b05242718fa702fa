"""What follows a check of a file: import it, discard it, or say which of its columns is which and check again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linli.core import importers, jobs
from linli.core.import_asking import find_trouble, settle_columns
from linli.core.importers import NotChecked
from linli.core.requests import ActingRequest
from linli.core.sheets import Field
from linli.desk.queries import view_job


@require_POST
def take(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """Import what was checked: the figures are found anew, for others may have been at work since."""
    job = importers.take_checked(job=jobs.get_job(job_id), actor=request.actor, at=request.at)
    return redirect("desk:job", job.pk)


@require_POST
def discard(request: ActingRequest, job_id: UUID) -> HttpResponse:
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
def columns(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """Which column holds which field; saved for every further sheet of this sender with the same titles."""
    job = jobs.get_job(job_id)
    shown = view_job(job, request.at)
    importer = importers.find_importer(job.kind)
    if importer is None or importer.spec is None or not shown.may_choose:
        raise NotChecked
    taken = {one["key"]: one["field"] for one in shown.columns["columns"]}
    if request.method == "POST":
        fields = {one.name for one in importer.spec.fields}
        said = {key: request.POST.get(f"column-{key}", taken[key]) for key in taken}
        taken = {key: name if name in fields else "" for key, name in said.items()}
    missing, twice = find_trouble(importer.spec, taken)
    choices = [_choice(one, taken, twice) for one in shown.columns["columns"]]
    is_wrong = bool(missing or twice)
    if request.method == "POST" and not is_wrong:
        again = importers.check_again(
            job=job,
            chosen=settle_columns(importer.spec, shown.columns, taken),
            actor=request.actor,
            at=request.at,
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


def _choice(one: dict[str, Any], taken: dict[str, str], twice: list[Field]) -> Choice:
    name, trouble = taken[one["key"]], ""
    for field in twice:
        if field.name == name:
            trouble = _("Two columns are taken for %(field)s. Leave one of them out.") % {"field": field.titles[0]}
    return Choice(one["key"], one["letter"], one["title"], one["samples"], name, trouble)
