"""Imports: choose what, send a file, watch it, read the account, fetch what was rejected. Jobs have their page here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from linli.core import importers, jobs
from linli.core.access import Actor
from linli.core.errors import NotFound, Problem
from linli.core.import_files import CHECKED_KEPT, REJECTED_KEPT
from linli.core.importers import Importer
from linli.core.live import render_live
from linli.core.models import Job
from linli.core.sheets import ExportColumn, write_xlsx
from linli.desk.queries import view_job

RECENT = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class NothingSent(Problem):
    code = "desk.nothing_sent"
    title = gettext_lazy("No file was sent.")
    advice_text = gettext_lazy("Choose a file first, then press the button again.")


class AnswerMissing(Problem):
    code = "desk.answer_missing"
    title = gettext_lazy("“%(label)s” has not been filled in.")
    advice_text = gettext_lazy("Fill it in, choose the file again and send both.")


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    offered = importers.list_importers(actor)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            job = _start(request, actor, offered)
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
        "limit": importers.MAX_BYTES // 1024**2,
        "checked_hours": int(CHECKED_KEPT.total_seconds() // 3600),
        "jobs": [view_job(job, request.at) for job in jobs.list_jobs(actor=actor, limit=RECENT)],  # type: ignore[attr-defined]
        "crumbs": [(_("Import"), "")],
    }
    return render(request, "desk/imports.html", context, status=problem.status if problem else 200)


def _start(request: HttpRequest, actor: Actor, offered: list[Importer]) -> Job:
    importer = _find(request.POST.get("kind", ""), offered)
    sent = request.FILES.get("file")
    if sent is None or not sent.name:
        raise NothingSent
    answers = {ask.name: request.POST.get(ask.name, "").strip() for ask in importer.asks}
    for ask in importer.asks:
        if ask.required and not answers[ask.name]:
            raise AnswerMissing(label=str(ask.label))
    return importers.start_import(
        importer=importer,
        chunks=sent.chunks(),
        name=sent.name,
        answers=answers,
        actor=actor,
        at=request.at,  # type: ignore[attr-defined]
        dry="at_once" not in request.POST,
    )


@require_safe
def show_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """A job as it stands; asked for by htmx, the live part alone."""
    job = jobs.get_job(job_id)
    shown = view_job(job, request.at)  # type: ignore[attr-defined]
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
def rejected(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The rejected rows as a workbook, for a week. Only who sent them may have them back."""
    job = jobs.get_job(job_id)
    workbook = importers.fetch_rejected(job=job, actor=_actor(request), at=request.at)  # type: ignore[attr-defined]
    name = f"{Path(job.params.get('name', 'sheet')).stem}-{_('rejected')}.xlsx"
    response = FileResponse(workbook, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """An empty sheet with the right titles and a few rows to show what is meant."""
    importer = _find(kind, importers.list_importers(_actor(request)))
    if importer.spec is None:
        raise NotFound
    columns = [ExportColumn(one.titles[0]) for one in importer.spec.fields]
    file = io.BytesIO()
    as_of = timezone.localdate(request.at).isoformat()  # type: ignore[attr-defined]
    write_xlsx(file, columns, importer.sample, title=importer.label, as_of=as_of)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{importer.label}.xlsx", content_type=XLSX)


def _find(kind: str, offered: list[Importer]) -> Importer:
    for importer in offered:
        if importer.kind == kind:
            return importer
    raise NotFound(_("You cannot import this."), advice=_("Choose one of the imports offered on the import page."))


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]
