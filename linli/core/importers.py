"""What can be brought in from a sheet: each room registers its imports here; the desk draws one page for all of them.

A room says what the sheet holds and gives the work:

    importers.register(Importer(kind="residents.import_roster", label=_("Roster"), ..., work=import_roster))

    def import_roster(run: jobs.Run, source: Source) -> Outcome: ...

`register` makes it a kind of job. The work runs as the owner, in one transaction of its own making, on behalf of
`run.actor`; it may raise any Problem. The same work carries out `linli import` on the command line. The file that was
sent is removed once the job has ended; it stays while the job may be tried again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from linli.core import db, jobs
from linli.core.access import Actor
from linli.core.errors import Problem, Text
from linli.core.ids import new_id
from linli.core.models import Job
from linli.core.sheets import Account, Rejection, SheetSpec

SHEETS = (".xlsx", ".xls", ".csv")
MAX_BYTES = 64 * 1024 * 1024
SHOWN_REJECTIONS = 200  # kept with the job and shown on its page; all of them are in the workbook
KEPT_SECONDS = 7 * 24 * 3600  # how long a workbook of rejected rows can be fetched


class UploadTooLarge(Problem):
    code = "core.upload_too_large"
    status = 413
    title = _("The file is larger than %(limit)s MB.")
    advice_text = _("Split it into several files, or delete sheets, pictures and formats that are not needed.")


class UploadType(Problem):
    code = "core.upload_type"
    status = 415
    title = _("A file that ends in %(suffix)s cannot be imported here.")
    advice_text = _("Save it as one of: %(allowed)s.")


class UploadGone(Problem):
    code = "core.upload_gone"
    status = 410
    title = _("The file that was sent is no longer there.")
    advice_text = _("Nothing of it was kept. Send it again.")


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
    """What was sent: where it lies, what it was called, what was answered."""

    path: Path
    name: str
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How an import ended.

    `rejections`: all of them, by row; `write_rejected` writes the rejected rows as a workbook that can be corrected and
    sent again (None when no row was rejected); `facts`: further figures to show, (label, value); `notes`: what whoever
    sent the sheet should know though nothing was refused for it, such as columns that were not read.
    """

    account: Account
    rejections: Sequence[Rejection] = ()
    write_rejected: Callable[[IO[bytes]], object] | None = None
    facts: Sequence[tuple[str, int]] = ()
    notes: Sequence[str] = ()


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


def uploads() -> Path:
    """The folder of files that wait for their job, readable by the server's own account alone."""
    folder = Path(settings.LINLI_HOME) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def rejected_path(job_id: UUID) -> Path:
    """Where the workbook of a job's rejected rows lies; it need not exist."""
    return uploads() / f"{job_id}.rejected.xlsx"


def start_import(
    *, importer: Importer, chunks: Iterable[bytes], name: str, answers: Mapping[str, str], actor: Actor, at: datetime
) -> Job:
    """Store what was sent and ask for the job. Raises UploadTooLarge, UploadType; leaves no file behind then."""
    with _stored(importer, chunks, name, answers, actor, at) as params:
        return jobs.enqueue(kind=importer.kind, params=params, actor=actor, at=at)


def import_here(
    *,
    importer: Importer,
    path: Path,
    answers: Mapping[str, str],
    actor: Actor,
    at: datetime,
    watch: jobs.Watch | None = None,
) -> Job:
    """The same in this process, from a file that is left where it is, for the command line. The job has ended then."""
    with path.open("rb") as file, db.owner():
        chunks = iter(lambda: file.read(1 << 20), b"")
        with _stored(importer, chunks, path.name, answers, actor, at) as params:
            job = jobs.create_job(kind=importer.kind, params=params, actor=actor, at=at)
    return jobs.carry_out(job.id, watch=watch)


@contextlib.contextmanager
def _stored(
    importer: Importer, chunks: Iterable[bytes], name: str, answers: Mapping[str, str], actor: Actor, at: datetime
) -> Iterator[dict[str, Any]]:
    """Inside the block what was sent lies in `uploads`; removed again when the block fails. Gives the job's params."""
    actor.require(importer.permission)
    suffix = Path(name).suffix.lower()
    if suffix not in importer.suffixes:
        raise UploadType(suffix=suffix or "?", allowed=", ".join(importer.suffixes))
    drop_old_files(at)
    path = uploads() / f"{new_id()}{suffix}"
    try:
        _store(path, chunks)
        # The rows are refused in the language of whoever sent them.
        yield {"path": path.name, "name": Path(name).name, "answers": dict(answers), "language": get_language()}
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _store(path: Path, chunks: Iterable[bytes]) -> None:
    size = 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise UploadTooLarge(limit=MAX_BYTES // 1024**2)
            file.write(chunk)


def drop_old_files(at: datetime) -> None:
    """What is left here holds personal values: rejected rows are fetched within a week, or made anew."""
    for path in uploads().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < at.timestamp() - KEPT_SECONDS:
                path.unlink()


def _carry_out(importer: Importer, run: jobs.Run) -> dict[str, Any]:
    """Ends with a result or a Problem, and then removes the file; any other error leaves it for the next try."""
    path = uploads() / str(run.params["path"])
    if not path.exists():
        raise UploadGone
    try:
        outcome = importer.work(run, Source(path, run.params["name"], run.params.get("answers", {})))
    except Problem:
        path.unlink(missing_ok=True)
        raise
    result = as_result(outcome, run.id)
    path.unlink(missing_ok=True)
    return result


def as_result(outcome: Outcome, job_id: UUID) -> dict[str, Any]:
    """The job's result: account, the first rejections, rejection_count, facts, notes. Writes the workbook beside it."""
    outcome.account.check()
    if outcome.write_rejected is not None:
        target = rejected_path(job_id)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            outcome.write_rejected(file)
    return {
        "account": outcome.account.as_dict(),
        "rejections": [one.as_dict() for one in outcome.rejections[:SHOWN_REJECTIONS]],
        "rejection_count": len(outcome.rejections),
        "facts": [[str(label), value] for label, value in outcome.facts],
        "notes": list(outcome.notes),
    }
