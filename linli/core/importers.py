"""What can be brought in from a sheet: each room registers its imports here; the desk draws one page for all of them.

A room says what the sheet holds and gives the work:

    importers.register(Importer(kind="residents.import_roster", label=_("Roster"), ..., work=import_roster))

    def import_roster(run: jobs.Run, source: Source) -> Outcome: ...

`register` makes it a kind of job. The work runs as the owner, in one transaction of its own making, on behalf of
`run.actor`; it may raise any Problem. The same work carries out `linli import` on the command line, and a check: then
all it writes is taken back, and the file waits to be imported (`take_checked`). Otherwise the file that was sent is
removed once the job has ended; it stays while the job may be tried again. A work opens its sheet with
`columns=source.columns`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from linli.core import db, import_columns, jobs, journal
from linli.core.access import Actor
from linli.core.errors import NotFound, Problem, Text
from linli.core.full_disk import is_disk_full
from linli.core.ids import new_id
from linli.core.import_files import (
    MAX_BYTES,
    UploadGone,
    drop_old_files,
    open_rejected,
    rejected_path,
    seal_rejected,
    store,
    uploads,
    wrong_type,
)
from linli.core.import_words import count_reasons, keep_words
from linli.core.models import Job
from linli.core.sheets import (
    Account,
    Columns,
    HeaderMissing,
    HeaderNotFound,
    HeaderTwice,
    MappingWrong,
    Rejection,
    SheetSpec,
    give_back,
)

SHEETS = (".xlsx", ".xls", ".csv")
SHOWN_REJECTIONS = 200  # kept with the job and shown on its page; all of them are in the workbook
UNTOLD = (HeaderMissing, HeaderNotFound, HeaderTwice, MappingWrong)
"""Why a sheet cannot be read that whoever sent it can put right by saying which column is which."""


class NotChecked(Problem):
    code = "core.not_checked"
    status = 409
    title = _("There is no checked file to go on with.")
    advice_text = _("It has been imported or discarded, or is still at work. Look at the list of your imports.")


@dataclass(frozen=True)
class Ask:
    """What the import has to know besides the sheet, such as a round's code. It comes in `Source.answers`."""

    name: str
    label: Text
    hint: Text = ""
    required: bool = True
    choices: Sequence[tuple[str, Text]] = ()  # (answer, label): picked from a list; none: free text


@dataclass(frozen=True)
class Source:
    """What was sent: where it lies, what it was called, what was answered, what is known of its columns."""

    path: Path
    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    columns: Columns = field(default_factory=Columns)


@dataclass(frozen=True)
class Outcome:
    """How an import ended.

    `rejections`: all of them, by row; they come back as the workbook that was sent, unless `write_rejected` writes
    another (for what was sent as no sheet); `facts`: further figures to show, (label, value); `notes`: what whoever
    sent the sheet should know though nothing was refused for it, such as columns that were not read.
    """

    account: Account
    rejections: Sequence[Rejection] = ()
    write_rejected: Callable[[IO[bytes]], object] | None = None
    facts: Sequence[tuple[Text, int]] = ()
    notes: Sequence[Text] = ()


Work = Callable[[jobs.Run, Source], Outcome]


@dataclass(frozen=True)
class Importer:
    """One thing that can be imported.

    `kind` is the kind of its jobs; `spec` and `sample` (rows in the order of its fields) make the template.
    """

    kind: str
    label: Text
    about: Text
    permission: str
    work: Work
    order: int = 50
    icon: str = "file-import"
    suffixes: tuple[str, ...] = SHEETS
    spec: SheetSpec | None = None
    sample: Sequence[Sequence[object]] = ()
    asks: tuple[Ask, ...] = ()


_importers: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Called from `AppConfig.ready`."""
    _importers[importer.kind] = importer
    jobs.job_kind(importer.kind)(lambda run: _carry_out(importer, run))


def list_importers(actor: Actor) -> list[Importer]:
    """What this actor may import anywhere, in order."""
    return sorted((one for one in _importers.values() if actor.may(one.permission)), key=lambda one: one.order)


def find_importer(kind: str) -> Importer | None:
    return _importers.get(kind)


def start_import(
    *,
    importer: Importer,
    chunks: Iterable[bytes],
    name: str,
    answers: Mapping[str, str],
    actor: Actor,
    at: datetime,
    dry: bool = False,
) -> Job:
    """Store what was sent and ask for the job. Raises UploadTooLarge, UploadType; leaves no file behind then.

    `dry`: only find out what would come of it; the file then waits for `take_checked`.
    """
    with _stored(importer, chunks, name, answers, actor, at) as params:
        return jobs.enqueue(kind=importer.kind, params={**params, "dry": dry}, actor=actor, at=at)


def import_here(
    *,
    importer: Importer,
    path: Path,
    answers: Mapping[str, str],
    actor: Actor,
    at: datetime,
    dry: bool = False,
    chosen: Mapping[str, str] | None = None,
    watch: jobs.Watch | None = None,
) -> Job:
    """The same in this process, from a file that is left where it is, for the command line. The job has ended then.

    `chosen`: column's key → field, for this sheet and, when it could be read so, every further one with its titles.
    """
    with path.open("rb") as file, db.owner():
        chunks = iter(lambda: file.read(1 << 20), b"")
        with _stored(importer, chunks, path.name, answers, actor, at) as params:
            params |= {"dry": dry, "chosen": dict(chosen or {}), "here": True}
            job = jobs.create_job(kind=importer.kind, params=params, actor=actor, at=at)
        job = jobs.carry_out(job.id, watch=watch)
        seen = (job.result or {}).get("columns")
        if chosen and seen and importer.spec and job.state == Job.State.DONE:
            import_columns.remember_columns(
                kind=importer.kind, signature=seen["signature"], chosen=chosen, spec=importer.spec, actor=actor, at=at
            )
    return job


@contextlib.contextmanager
def _stored(
    importer: Importer, chunks: Iterable[bytes], name: str, answers: Mapping[str, str], actor: Actor, at: datetime
) -> Iterator[dict[str, Any]]:
    """Inside the block what was sent lies in `uploads`; removed again when the block fails. Gives the job's params."""
    actor.require(importer.permission)
    suffix = Path(name).suffix.lower()
    if suffix not in importer.suffixes:
        raise wrong_type(suffix, importer.suffixes)
    drop_old_files(at)
    path = uploads() / f"{new_id()}{suffix}"
    try:
        store(path, chunks, limit=MAX_BYTES)
        # The rows are refused in the language of whoever sent them.
        yield {"path": path.name, "name": Path(name).name, "answers": dict(answers), "language": get_language()}
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def find_waiting(job: Job) -> Path | None:
    """The file that a job has left to be imported, read in another way, or discarded; None when there is none."""
    if job.ended_at is None or job.params.get("here") or job.kind not in _importers:
        return None
    path = uploads() / str(job.params.get("path", ""))
    return path if path.is_file() else None


def take_checked(*, job: Job, actor: Actor, at: datetime) -> Job:
    """Import the file that `job` has checked; once. Raises NotChecked, Forbidden."""
    if job.state != Job.State.DONE:
        raise NotChecked
    return _go_on(job, actor, at, dry=False)


def check_again(*, job: Job, chosen: Mapping[str, str], actor: Actor, at: datetime) -> Job:
    """Check the file of `job` anew, its columns read as `chosen` says, as from now on every one with such titles."""
    importer, seen = _importers[job.kind], (job.result or {}).get("columns")
    if find_waiting(job) is None or importer.spec is None or not seen:
        raise NotChecked
    import_columns.remember_columns(
        kind=job.kind, signature=seen["signature"], chosen=chosen, spec=importer.spec, actor=actor, at=at
    )
    return _go_on(job, actor, at, dry=True)


def _go_on(job: Job, actor: Actor, at: datetime, *, dry: bool) -> Job:
    """The file passes to a job of its own; by its new name, so that two clicks cannot both have it."""
    path = find_waiting(job)
    if path is None:
        raise NotChecked
    actor.require(_importers[job.kind].permission)
    mine = path.with_name(f"{new_id()}{path.suffix}")
    try:
        path.rename(mine)
    except FileNotFoundError:
        raise NotChecked from None
    try:
        params = {**job.params, "path": mine.name, "dry": dry, "language": get_language(), "checked_by": str(job.pk)}
        return jobs.enqueue(kind=job.kind, params=params, actor=actor, at=at)
    except BaseException:
        mine.rename(path)
        raise


def discard_checked(*, job: Job) -> None:
    """Remove what was checked, and its rejected rows. Nothing of it was ever written."""
    path = find_waiting(job)
    if path is None:
        raise NotChecked
    path.unlink(missing_ok=True)
    rejected_path(job.pk).unlink(missing_ok=True)


def fetch_rejected(*, job: Job, actor: Actor, at: datetime) -> IO[bytes]:
    """The workbook of rejected rows, for whoever sent the sheet and still may; a personal export, so it is journalled.

    Raises NotFound, Forbidden.
    """
    importer = _importers.get(job.kind)
    if importer is None or job.account_id != actor.account_id or not rejected_path(job.pk).exists():
        raise NotFound(
            _("There is no workbook of rejected rows for this import."),
            advice=_("It is kept for seven days. Import the sheet again to get a new one."),
        )
    actor.require(importer.permission)
    journal.record(
        actor=actor, at=at, verb="core.fetch_rejected", permission=importer.permission, subject=job.kind,
        rows=(job.result or {}).get("account", {}).get("rejected", 0), purpose="correction",
    )  # fmt: skip
    return open_rejected(job.pk)


def _carry_out(importer: Importer, run: jobs.Run) -> dict[str, Any]:
    """Ends with a result or a Problem, and then removes the file, unless it was only checked, or its columns could not
    be told: then it waits. Any other error leaves it for the next try.
    """
    path = uploads() / str(run.params["path"])
    if not path.exists():
        raise UploadGone
    remembered = import_columns.find_remembered(account_id=run.actor.account_id, kind=importer.kind)
    columns = Columns(run.params.get("chosen", {}), remembered)
    source = Source(path, run.params["name"], run.params.get("answers", {}), columns)
    waits = run.is_rehearsal
    try:
        with _taken_back() if run.is_rehearsal else contextlib.nullcontext():
            outcome = importer.work(run, source)
        result = as_result(outcome, run.id, importer, source)
    except Problem as problem:
        waits = isinstance(problem, UNTOLD) and _keep_columns(run, importer, columns)
        _let_go(path, run, waits)
        raise
    _let_go(path, run, waits)
    return {**result, "dry": run.is_rehearsal}


def _let_go(path: Path, run: jobs.Run, waits: bool) -> None:
    """The file goes once the job's end is on record: a worker that dies before that leaves it for the next try."""
    if not waits or run.params.get("here"):
        run.afterwards.append(lambda: path.unlink(missing_ok=True))


@contextlib.contextmanager
def _taken_back() -> Iterator[None]:
    """Whatever the block writes is taken back: the same road as an import, to its end, and nothing of it stays."""
    with db.owner(), db.atomic():
        yield
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would have found wrong
        transaction.set_rollback(True, using=db.using())


def _keep_columns(run: jobs.Run, importer: Importer, columns: Columns) -> bool:
    described = columns.describe(importer.spec) if importer.spec else None
    if described is not None:
        Job.objects.filter(id=run.id).update(result={"columns": described})
    return described is not None


def as_result(outcome: Outcome, job_id: UUID, importer: Importer, source: Source) -> dict[str, Any]:
    """The job's result: account, reasons, the first rejections, rejection_count, facts, notes, columns, sheets.

    Puts the workbook of rejected rows beside it.
    """
    outcome.account.check()
    notes: list[Text] = list(outcome.notes)
    try:
        _seal_rejections(outcome, job_id, importer, source)
    except OSError as error:
        if not is_disk_full(error):
            raise
        # What was taken is on record by now: the import is done, and says what it could not do.
        rejected_path(job_id).unlink(missing_ok=True)
        said = _("The disk of the server is full: the workbook of rejected rows could not be written.")
        notes.append(said)
    return {
        "account": outcome.account.as_dict(),
        **keep_words(outcome.rejections[:SHOWN_REJECTIONS], count_reasons(outcome.rejections), outcome.facts, notes),
        "rejection_count": len(outcome.rejections),
        "columns": source.columns.describe(importer.spec) if importer.spec else None,
        "sheets": source.columns.describe_sheets(),
    }


def _seal_rejections(outcome: Outcome, job_id: UUID, importer: Importer, source: Source) -> None:
    if not outcome.rejections:
        return
    if outcome.write_rejected is not None:
        seal_rejected(job_id, outcome.write_rejected)
    elif importer.spec is not None:
        spec = importer.spec
        seal_rejected(
            job_id,
            lambda file: give_back(
                source.path, file, outcome.rejections, spec=spec, name=source.name, columns=source.columns
            ),
        )
