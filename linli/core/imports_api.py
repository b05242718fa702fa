"""HTTP API of imports: what the import desk does, for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import Field

from linli.core import import_files, importers, jobs
from linli.core.api import ApiRequest, permission
from linli.core.errors import NotFound
from linli.core.import_asking import XLSX, find_offered, read_answers, settle_columns, write_template
from linli.core.import_words import hear_result
from linli.core.importers import Importer, NotChecked
from linli.core.jobs import Job

MOST = 100
router = Router(tags=["imports"])
WORKBOOK: dict[str, Any] = {
    "responses": {200: {"description": "A workbook", "content": {XLSX: {"schema": {"type": "string"}}}}}
}


class ImportFieldOut(Schema):
    """A column that the sheet may have, under any of its titles."""

    name: str = Field(examples=["id_number"])
    titles: list[str]
    required: bool
    kind: str


class AskOut(Schema):
    """What has to be sent beside the file, as a form field of this name. `choices`: the answers, if not free text."""

    name: str = Field(examples=["round"])
    label: str
    hint: str
    required: bool
    choices: list[str]


class ImporterOut(Schema):
    """Something you may import. `suffixes`: what a file's name may end in."""

    kind: str = Field(examples=["residents.import_roster"])
    label: str
    about: str
    permission: str
    suffixes: list[str]
    asks: list[AskOut]
    fields: list[ImportFieldOut] = Field(description="Empty for what is no sheet.")

    @classmethod
    def of(cls, importer: Importer) -> ImporterOut:
        return cls(
            kind=importer.kind, label=str(importer.label), about=str(importer.about), permission=importer.permission,
            suffixes=list(importer.suffixes),
            asks=[
                AskOut(
                    name=ask.name, label=str(ask.label), hint=str(ask.hint), required=ask.required,
                    choices=[value for value, _label in ask.choices],
                )
                for ask in importer.asks
            ],
            fields=[
                ImportFieldOut(name=one.name, titles=list(one.titles), required=one.required, kind=one.kind.value)
                for one in (importer.spec.fields if importer.spec else ())
            ],
        )  # fmt: skip


class ImportIn(Schema):
    """Beside these, one form field for each of the import's `asks`."""

    dry: bool = Field(True, description="Only check: nothing is written, the file waits a day to be taken.")


class ColumnsIn(Schema):
    """Key of a column, as `result.columns.columns` has it, → name of a field; "" for not to be read."""

    columns: dict[str, str] = Field(examples=[{"住户": "name", "备注2": ""}])


class ImportOut(Schema):
    """One file that was sent. Ask again at `url` until `state` is done or failed."""

    id: str
    kind: str
    name: str = Field(description="What the file was called.")
    state: str = Field(description="queued, doing, done or failed.")
    dry: bool = Field(description="Only checked: nothing of it was written.")
    done: int
    total: int | None
    url: str
    waits: bool = Field(description="The file still waits: take it, discard it, or say which column is which.")
    rejected_url: str | None = Field(description="The workbook of rejected rows; kept for a week.")
    result: dict[str, Any] | None = Field(
        description="account {rows_in, created, updated, unchanged, rejected}, reasons, the first rejections,"
        " rejection_count, facts, notes; columns: what stands in each column and what it was taken for; sheets {read,"
        " others, hidden}: which sheet was read, and which that hold something were not."
    )
    error: dict[str, Any] | None = Field(description="A problem, when it failed.")

    @classmethod
    def of(cls, job: Job) -> ImportOut:
        url = f"/api/imports/sent/{job.pk}"
        has_workbook = job.state == Job.State.DONE and import_files.rejected_path(job.pk).exists()
        return cls(
            id=str(job.pk), kind=job.kind, name=str(job.params.get("name", "")), state=job.state,
            dry=bool(job.params.get("dry")), done=job.done, total=job.total, url=url,
            waits=importers.find_waiting(job) is not None, rejected_url=f"{url}/rejected" if has_workbook else None,
            result=hear_result(job.result), error=jobs.problem_of(job),
        )  # fmt: skip


@router.get("", response=list[ImporterOut], summary="What you may import")
@permission(None)
def list_importers(request: ApiRequest) -> list[ImporterOut]:
    return [ImporterOut.of(one) for one in importers.list_importers(request.actor)]


@router.get("/sent", response=list[ImportOut], summary="Your imports, newest first")
@permission(None)
def list_sent(request: ApiRequest, limit: int = 20) -> list[ImportOut]:
    """At most 100 of your last pieces of long work are looked through."""
    found = jobs.list_jobs(actor=request.actor, limit=MOST)
    sent = [job for job in found if importers.find_importer(job.kind) is not None]
    return [ImportOut.of(job) for job in sent[: max(1, min(limit, MOST))]]


@router.get("/sent/{job_id}", response=ImportOut, summary="How far an import is, and its account")
@permission(None)
def get_import(request: ApiRequest, job_id: UUID) -> ImportOut:
    """Your own imports only."""
    return ImportOut.of(_get_sent(job_id)[0])


@router.post("/sent/{job_id}/take", response={202: ImportOut}, summary="Import what was checked")
@permission(None)
def take(request: ApiRequest, job_id: UUID) -> Status[ImportOut]:
    """Once. The figures are found anew, for others may have been at work since. Answers the import that follows."""
    job, _importer = _get_sent(job_id)
    return Status(202, ImportOut.of(importers.take_checked(job=job, actor=request.actor, at=request.at)))


@router.post("/sent/{job_id}/columns", response={202: ImportOut}, summary="Say which column holds which field")
@permission(None)
def say_columns(request: ApiRequest, job_id: UUID, body: ColumnsIn) -> Status[ImportOut]:
    """Remembered for every further sheet of yours with these titles; the file is checked anew, by the import answered.

    Columns you say nothing of stay as they were taken.
    """
    job, importer = _get_sent(job_id)
    described = (job.result or {}).get("columns")
    if importer.spec is None or not described or importers.find_waiting(job) is None:
        raise NotChecked
    chosen = settle_columns(importer.spec, described, body.columns)
    again = importers.check_again(job=job, chosen=chosen, actor=request.actor, at=request.at)
    return Status(202, ImportOut.of(again))


@router.post("/sent/{job_id}/discard", response={204: None}, summary="Discard what was checked")
@permission(None)
def discard(request: ApiRequest, job_id: UUID) -> Status[None]:
    """Removes the file and its rejected rows. Nothing of it was ever written."""
    importers.discard_checked(job=_get_sent(job_id)[0])
    return Status(204, None)


@router.get(
    "/sent/{job_id}/rejected", summary="The rejected rows, as the workbook they came in", openapi_extra=WORKBOOK
)
@permission(None)
def get_rejected(request: ApiRequest, job_id: UUID) -> FileResponse:
    """A comment on each bad cell; corrected, it can be sent again. A personal export, so it is journalled."""
    job, _importer = _get_sent(job_id)
    workbook = importers.fetch_rejected(job=job, actor=request.actor, at=request.at)
    name = f"{Path(job.params.get('name', 'sheet')).stem}-{_('rejected')}.xlsx"
    response = FileResponse(workbook, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "no-store"
    return response


@router.post("/{kind}", response={202: ImportOut}, summary="Send a file")
@permission(None)
def send_file(request: ApiRequest, kind: str, asked: Form[ImportIn], file: File[UploadedFile]) -> Status[ImportOut]:
    """As multipart/form-data. It is checked, unless `dry` is false: then it is imported at once.

    `curl -H "Authorization: Bearer ..." -F file=@花名册.xlsx .../api/imports/residents.import_roster`
    """
    importer = find_offered(kind, request.actor)
    job = importers.start_import(
        importer=importer, chunks=file.chunks(), name=file.name or "", answers=read_answers(importer, request.POST),
        actor=request.actor, at=request.at, dry=asked.dry,
    )  # fmt: skip
    return Status(202, ImportOut.of(job))


@router.get("/{kind}/template", summary="An empty sheet with the right titles", openapi_extra=WORKBOOK)
@permission(None)
def get_template(request: ApiRequest, kind: str) -> FileResponse:
    importer = find_offered(kind, request.actor)
    file = write_template(importer, request.at)
    return FileResponse(file, as_attachment=True, filename=f"{importer.label}.xlsx", content_type=XLSX)


def _get_sent(job_id: UUID) -> tuple[Job, Importer]:
    job = jobs.get_job(job_id)
    importer = importers.find_importer(job.kind)
    if importer is None:
        raise NotFound(_("This is no import."))
    return job, importer
