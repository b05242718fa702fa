"""Imports: choose what, send a file, watch it, read the account, fetch what was rejected. Jobs have their page here."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linli.core import importers, jobs
from linli.core.errors import Problem
from linli.core.import_asking import XLSX, NothingSent, find_offered, read_answers, write_template
from linli.core.import_files import CHECKED_KEPT, MAX_BYTES, REJECTED_KEPT
from linli.core.live import render_live
from linli.core.models import Job
from linli.core.requests import ActingRequest
from linli.desk.queries import view_job

RECENT = 20


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: ActingRequest) -> HttpResponse:
    offered = importers.list_importers(request.actor)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            job = _start(request)
        except Problem as refused:
            problem = refused
        else:
            return redirect("desk:job", job.id)
    asked = request.POST or request.GET
    chosen = asked.get("kind") or (offered[0].kind if offered else "")
    context = {
        "importers": offered,
        "chosen": chosen,
        "answers": {ask.name: asked.get(ask.name, "") for one in offered for ask in one.asks},
        "problem": problem,
        "limit": MAX_BYTES // 1024**2,
        "checked_hours": int(CHECKED_KEPT.total_seconds() // 3600),
        "jobs": [view_job(job, request.at) for job in jobs.list_jobs(actor=request.actor, limit=RECENT)],
        "crumbs": [(_("Import"), "")],
    }
    return render(request, "desk/imports.html", context, status=problem.status if problem else 200)


def _start(request: ActingRequest) -> Job:
    importer = find_offered(request.POST.get("kind", ""), request.actor)
    sent = request.FILES.get("file")
    if sent is None or not sent.name:
        raise NothingSent
    return importers.start_import(
        importer=importer,
        chunks=sent.chunks(),
        name=sent.name,
        answers=read_answers(importer, request.POST),
        actor=request.actor,
        at=request.at,
        dry="at_once" not in request.POST,
    )


@require_safe
def show_job(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """A job as it stands; asked for by htmx, the live part alone."""
    job = jobs.get_job(job_id)
    shown = view_job(job, request.at)
    if jobs.page_of(job):
        return redirect(shown.url)
    kept = {"kept_until": shown.ended_at + REJECTED_KEPT} if shown.ended_at else {}
    kept |= {"waits_until": shown.ended_at + CHECKED_KEPT} if shown.ended_at else {}
    if request.headers.get("HX-Request") == "true":
        return render_live(request, "desk/_job.html", {"job": shown, **kept}, version=shown)
    crumbs = [(_("Import"), reverse("desk:imports")), (str(shown.label), "")]
    context = {"job": shown, **kept, "crumbs": crumbs, "may_again": importers.find_importer(shown.kind) is not None}
    return render(request, "desk/job.html", context)


@require_safe
def rejected(request: ActingRequest, job_id: UUID) -> HttpResponseBase:
    """The rejected rows as a workbook, for a week. Only who sent them may have them back."""
    job = jobs.get_job(job_id)
    workbook = importers.fetch_rejected(job=job, actor=request.actor, at=request.at)
    name = f"{Path(job.params.get('name', 'sheet')).stem}-{_('rejected')}.xlsx"
    response = FileResponse(workbook, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def template(request: ActingRequest, kind: str) -> HttpResponseBase:
    """An empty sheet with the right titles and a few rows to show what is meant."""
    importer = find_offered(kind, request.actor)
    file = write_template(importer, request.at)
    return FileResponse(file, as_attachment=True, filename=f"{importer.label}.xlsx", content_type=XLSX)
