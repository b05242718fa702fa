"""From one release of the divisions to the next: the two files read, the report as a workbook, and the job of the page.

The job first only tries (a check); its files then wait, as those of imports do, to be carried out or discarded. What it
reports is kept in every language; the workbook is written when it is fetched, in the language of whoever fetches it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from linli.core import importers, jobs
from linli.core.access import Actor
from linli.core.errors import NotFound, Text
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
from linli.core.importers import NotChecked, Source
from linli.core.jobs import Job, Run
from linli.core.sheets import ExportColumn, write_xlsx
from linli.core.spoken import filled, hear, joined, keep
from linli.places.imports.divisions import read_release
from linli.places.releases import BECAME_WORDS, BY_WORDS, Division
from linli.places.services.releases import PERMISSION, Line, Migration, Watch, migrate_divisions

KIND = "places.migrate_divisions"
PAGE = "places:release-job"
PATHS = ("path", "path_new")  # as the job's parameters name the two files
SHOWN = 300  # lines kept with the job and shown on its page; all of them are in the workbook
RESULTS = ("created", "updated", "unchanged", "rejected")
_RESULT_WORDS = {
    "created": gettext_lazy("created"), "updated": gettext_lazy("updated"), "unchanged": gettext_lazy("unchanged"),
    "rejected": gettext_lazy("rejected"),
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A file as it comes in."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Unread:
    """A cell for which a row of a file could not be read, and why."""

    row: int
    cell: str
    message: Text
    advice: Text


@dataclass(frozen=True)
class Report:
    """What became of every line; `old_faults`, `new_faults`: rows of the files that could not be read; `files`: of
    each file its name, and which of its sheets was read (`Columns.describe_sheets`).
    """

    done: Migration
    old_faults: list[Unread]
    new_faults: list[Unread]
    files: Sequence[dict[str, Any]] = ()

    @property
    def unread(self) -> int:
        return len({one.row for one in self.old_faults}) + len({one.row for one in self.new_faults})


def follow_release(
    old: Source, new: Source, *, dry_run: bool, actor: Actor, at: datetime, watch: Watch = lambda *_: None
) -> Report:
    """Raises SheetProblem, Forbidden."""
    actor.require(PERMISSION)
    watch(_("Reading the old release"), 0, None)
    olds, old_faults = _read(old, at)
    watch(_("Reading the new release"), 0, None)
    news, new_faults = _read(new, at)
    done = migrate_divisions(old=olds, new=news, dry_run=dry_run, actor=actor, at=at, watch=watch)
    return Report(
        done, old_faults, new_faults,
        [{"file": one.name, **(one.columns.describe_sheets() or {})} for one in (old, new)],
    )  # fmt: skip


def _read(source: Source, at: datetime) -> tuple[list[Division], list[Unread]]:
    """A file's lines, and what is wrong with the others."""
    divisions, faults = read_release(source, at)
    return divisions, [Unread(one.row, one.cell, one.message, one.advice) for one in faults]


def write_report(file: IO[bytes], report: Report, at: datetime) -> None:
    """Every line of both releases, and every row that could not be read."""
    _write(file, ([str(cell) for cell in row] for row in _rows(report)), at)


def _write(file: IO[bytes], rows: Iterable[Sequence[str]], at: datetime) -> None:
    titles = [
        _("Old code"), _("Old name"), pgettext("title", "New code"), _("New name"), _("Result"), _("What became of it"),
        _("In detail"), _("Told by"), _("What to do"),
    ]  # fmt: skip
    as_of = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    write_xlsx(file, [ExportColumn(title) for title in titles], rows, title=_("Divisions, old and new"), as_of=as_of)


def _rows(report: Report) -> Iterator[list[Text]]:
    for line in report.done.lines:
        old, new = line.old, line.new
        yield [
            old.code if old else "", old.name if old else "", new.code if new else "", new.name if new else "",
            _RESULT_WORDS[line.result], say_became(line.became), line.what, BY_WORDS[line.by] if line.by else "",
            line.advice,
        ]  # fmt: skip
    old_label, new_label = gettext_lazy("Old release"), gettext_lazy("New release")
    for label, faults in ((old_label, report.old_faults), (new_label, report.new_faults)):
        for one in faults:
            where = filled(gettext_lazy("%(file)s, cell %(cell)s"), file=label, cell=one.cell)
            yield ["", "", "", "", gettext_lazy("not readable"), where, one.message, "", one.advice]


def say_became(became: Iterable[str]) -> Text:
    return joined("、", [BECAME_WORDS[one] for one in became])


def start_release(*, old: Sent, new: Sent, actor: Actor, at: datetime) -> Job:
    """Store both files and ask for a try, which changes nothing. Raises UploadTooLarge, UploadType, Forbidden."""
    actor.require(PERMISSION)
    for one in (old, new):
        suffix = Path(one.name).suffix.lower()
        if suffix not in importers.SHEETS:
            raise wrong_type(suffix, importers.SHEETS)
    drop_old_files(at)
    paths = [uploads() / f"{new_id()}{Path(one.name).suffix.lower()}" for one in (old, new)]
    try:
        for path, one in zip(paths, (old, new), strict=True):
            store(path, one.chunks, limit=MAX_BYTES)
        names = [Path(one.name).name for one in (old, new)]
        return _enqueue(paths, names, actor, at, dry=True)
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def _enqueue(paths: list[Path], names: list[str], actor: Actor, at: datetime, *, dry: bool) -> Job:
    params: dict[str, Any] = {name: path.name for name, path in zip(PATHS, paths, strict=True)}
    params |= {"names": names, "name": " → ".join(names), "dry": dry, "language": get_language()}
    return jobs.enqueue(kind=KIND, params=params, actor=actor, at=at)


def get_release(job_id: UUID) -> Job:
    """A job of this kind. Raises NotFound."""
    job = jobs.get_job(job_id)
    if job.kind != KIND:
        raise NotFound(_("There is no such job."))
    return job


def find_waiting(job: Job) -> list[Path]:
    """The two files, while they wait to be carried out or discarded; else none."""
    paths = [uploads() / str(job.params.get(name, "")) for name in PATHS]
    ready = job.state == Job.State.DONE and bool(job.params.get("dry")) and all(path.is_file() for path in paths)
    return paths if ready else []


def carry_out_release(*, job: Job, actor: Actor, at: datetime) -> Job:
    """What was tried, for good; once. Raises NotChecked, Forbidden."""
    actor.require(PERMISSION)
    paths = find_waiting(job)
    if not paths:
        raise NotChecked
    # By new names, so that of two clicks only one has the files.
    mine = [path.with_name(f"{new_id()}{path.suffix}") for path in paths]
    try:
        for path, name in zip(paths, mine, strict=True):
            path.rename(name)
    except FileNotFoundError:
        raise NotChecked from None
    try:
        return _enqueue(mine, job.params["names"], actor, at, dry=False)
    except BaseException:
        for path, name in zip(paths, mine, strict=True):
            name.rename(path)
        raise


def discard_release(*, job: Job) -> None:
    """Remove the files and the report of a try. Raises NotChecked."""
    paths = find_waiting(job)
    if not paths:
        raise NotChecked
    for path in (*paths, rejected_path(job.pk)):
        path.unlink(missing_ok=True)


def fetch_report(job: Job) -> IO[bytes]:
    """The report as a workbook, in the language of the moment. Raises NotFound once it is gone."""
    if not rejected_path(job.pk).exists():
        raise NotFound(
            _("There is no report of this any more."), advice=_("It is kept for seven days. Send both files again.")
        )
    with open_rejected(job.pk) as kept:
        rows = orjson.loads(kept.read())
    file = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller, who closes it
    _write(file, ([hear(cell) for cell in row] for row in rows), job.created_at)
    file.seek(0)
    return file


@jobs.job_kind(KIND, page=PAGE)
def _carry_out(run: Run) -> dict[str, Any]:
    paths = [uploads() / str(run.params[name]) for name in PATHS]
    if not all(path.is_file() for path in paths):
        raise UploadGone
    if not run.is_rehearsal:
        run.afterwards += [partial(path.unlink, missing_ok=True) for path in paths]
    old, new = (Source(path, name) for path, name in zip(paths, run.params["names"], strict=True))
    report = follow_release(old, new, dry_run=run.is_rehearsal, actor=run.actor, at=run.at, watch=run.progress)
    run.progress(_("Writing the report"))
    seal_rejected(run.id, lambda file: file.write(orjson.dumps(keep(list(_rows(report))))))
    return as_result(report) | {"dry": run.is_rehearsal}


def as_result(report: Report) -> dict[str, Any]:
    """Counts, and the first lines of what changes and of what is left, as JSON."""
    done = report.done
    left = [line for line in done.lines if line.result == "rejected"]
    changed = [line for line in done.lines if line.result in ("created", "updated")]
    return {
        "account": {"rows_in": len(done.lines), **{result: done.count(result) for result in RESULTS}},
        "became": done.count_became(), "outside": done.outside, "unread": report.unread,
        "left": _as_dicts(left[:SHOWN]), "changed": _as_dicts(changed[:SHOWN]), "files": list(report.files),
    }  # fmt: skip


def _as_dicts(lines: Sequence[Line]) -> list[dict[str, Any]]:
    words = keep([(line.what, line.advice) for line in lines])
    return [
        _as_dict(line) | {"what": what, "advice": advice} for line, (what, advice) in zip(lines, words, strict=True)
    ]


def _as_dict(line: Line) -> dict[str, Any]:
    one = line.new or line.old
    return {
        "old_code": line.old.code if line.old else "", "old_name": line.old.name if line.old else "",
        "new_code": line.new.code if line.new else "", "new_name": line.new.name if line.new else "",
        "kind": one.kind.value if one else 0, "result": line.result, "became": [str(part) for part in line.became],
        "by": line.by.value if line.by else "",
    }  # fmt: skip
