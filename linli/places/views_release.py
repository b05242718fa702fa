"""From one release of the official divisions to the next: two files sent, tried, looked at, carried out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core import jobs
from linli.core.errors import Problem
from linli.core.import_files import CHECKED_KEPT, MAX_BYTES, REJECTED_KEPT, rejected_path
from linli.core.import_words import say_unread_sheets
from linli.core.jobs import Job
from linli.core.live import render_live
from linli.core.requests import ActingRequest
from linli.core.spoken import hear
from linli.places.imports import release as work
from linli.places.imports.release import Sent
from linli.places.releases import BECAME_WORDS, BY_WORDS, Became
from linli.places.services.releases import PERMISSION
from linli.places.terms import Kind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RECENT = 10


class FilesMissing(Problem):
    code = "places.release_files"
    title = gettext_lazy("Two files are needed: the old release and the new one.")
    advice_text = gettext_lazy("Choose both, then press the button again.")


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: ActingRequest) -> HttpResponse:
    """Asks for the two files; what they were sent for is tried before anything is changed."""
    request.actor.require(PERMISSION)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            job = _start(request)
        except Problem as refused:
            problem = refused
        else:
            return redirect(work.PAGE, job.pk)
    context = {
        "problem": problem,
        "files": [
            ("old", _("The old release"), _("The list by which the register was made.")),
            ("new", _("The new release"), _("The list as it is published now.")),
        ],
        "limit": MAX_BYTES // 1024**2,
        "jobs": jobs.list_jobs(actor=request.actor, limit=RECENT, kind=work.KIND),
        "crumbs": [(_("Places"), reverse("places:index")), (_("New release"), "")],
    }
    return render(request, "places/release.html", context, status=problem.status if problem else 200)


def _start(request: ActingRequest) -> Job:
    old, new = request.FILES.get("old"), request.FILES.get("new")
    if old is None or new is None or not old.name or not new.name:
        raise FilesMissing
    return work.start_release(
        old=Sent(old.name, old.chunks()), new=Sent(new.name, new.chunks()), actor=request.actor, at=request.at
    )


@require_safe
def release_job(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """How far it is, then what would happen or has happened; asked for by htmx, the live part alone."""
    job = work.get_release(job_id)
    context = _describe(job, request)
    if request.headers.get("HX-Request") == "true":
        return render_live(request, "places/_release.html", context, version=(job.state, job.step, job.done))
    context["crumbs"] = [
        (_("Places"), reverse("places:index")), (_("New release"), reverse("places:release")), (_("Report"), ""),
    ]  # fmt: skip
    return render(request, "places/release_job.html", context)


def _describe(job: Job, request: ActingRequest) -> dict[str, Any]:
    result = job.result or {}
    done = job.state == Job.State.DONE
    account: dict[str, int] = result.get("account", {})
    return {
        "job": job,
        "label": _("A new release of the divisions"),
        "share": jobs.share_of(job),
        "problem": jobs.problem_of(job),
        "silent": jobs.is_silent(job, request.at),
        "is_over": done or job.state == Job.State.FAILED,
        "is_check": bool(job.params.get("dry")),
        "is_waiting": bool(work.find_waiting(job)),
        "has_report": done and rejected_path(job.pk).exists(),
        "waits_until": job.ended_at + CHECKED_KEPT if job.ended_at else None,
        "kept_until": job.ended_at + REJECTED_KEPT if job.ended_at else None,
        "account": {**account, "changes": account.get("created", 0) + account.get("updated", 0)},
        "became": [(BECAME_WORDS[one], count) for one, count in result.get("became", {}).items() if one != Became.SAME],
        "outside": result.get("outside", 0),
        "unread": result.get("unread", 0),
        "notes": [note for one in result.get("files", []) for note in say_unread_sheets(one, file=one["file"])],
        "left": [_line(one) for one in result.get("left", [])],
        "changed": [_line(one) for one in result.get("changed", [])],
    }


def _line(one: dict[str, Any]) -> dict[str, Any]:
    told = one["became"] in ([Became.UNKNOWN], [Became.REFUSED])  # in other words already
    return one | {
        "what": hear(one["what"]),
        "advice": hear(one["advice"]),
        "kind_label": Kind(one["kind"]).label if one["kind"] else "",
        "became_words": "" if told else work.say_became(one["became"]),
        "by_words": BY_WORDS.get(one["by"], ""),
    }


@require_safe
def release_report(request: ActingRequest, job_id: UUID) -> HttpResponseBase:
    """Every line of both releases, as a workbook."""
    job = work.get_release(job_id)
    request.actor.require(PERMISSION)
    name = f"{_('Divisions, old and new')}-{timezone.localtime(job.created_at):%Y%m%d-%H%M}.xlsx"
    return FileResponse(work.fetch_report(job), as_attachment=True, filename=name, content_type=XLSX)


@require_POST
def take_release(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """Carry out what was tried: it is worked out anew, for others may have been at work since."""
    job = work.carry_out_release(job=work.get_release(job_id), actor=request.actor, at=request.at)
    return redirect(work.PAGE, job.pk)


@require_POST
def discard_release(request: ActingRequest, job_id: UUID) -> HttpResponse:
    work.discard_release(job=work.get_release(job_id))
    messages.success(request, _("The two files have been discarded. Nothing has been changed."))
    return redirect("places:release")
