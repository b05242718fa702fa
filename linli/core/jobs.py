"""Long work: asked for in the transaction that needs it, carried out by a worker, with progress anyone may watch.

A room registers a kind of job with `@job_kind("residents.import_roster")`; the function receives a `Run` and returns
the result (JSON). The row in `job` is what people see; `procrastinate` is what carries it out and tries again after a
crash, so a job's work must be one transaction, or safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager

from linli.core import access, clock, db
from linli.core.access import Actor
from linli.core.errors import NotFound, Problem
from linli.core.full_disk import DiskFull, is_disk_full
from linli.core.ids import new_id
from linli.core.models import Job as Job  # what callers hold
from linli.core.spoken import hear_problem, keep_problem

QUEUE = "default"
TASK = "linli.core.tasks.carry_out"
ATTEMPTS = 3  # a job that killed its worker three times is not tried a fourth


@dataclass
class Run:
    """One running job, as its function sees it."""

    id: UUID
    params: dict[str, Any]
    actor: Actor
    at: datetime
    watch: Callable[[str, int, int | None], None] | None = field(default=None)
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """Called once the end of the job is on record, such as to remove what a next try would have needed."""

    @property
    def is_rehearsal(self) -> bool:
        """What the work writes will be taken back: it only tells what would come of it."""
        return bool(self.params.get("dry"))

    def progress(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say how far the work is; seen at once, whatever transaction the work is in."""
        with connections[db.JOBS].cursor() as cursor:
            cursor.execute(
                "UPDATE job SET step = %s, done = %s, total = %s WHERE id = %s", [step, done, total, self.id]
            )
        if self.watch:
            self.watch(step, done, total)


Watch = Callable[[str, int, int | None], None]
Work = Callable[[Run], dict[str, Any]]
_kinds: dict[str, Work] = {}
_pages: dict[str, str] = {}
WORKER_SILENT = timedelta(seconds=20)
SCOPES = "scopes"  # among the parameters of a job that a token asked for


class JobDied(Problem):
    code = "core.job_died"
    status = 500
    title = _("The work was cut off again and again, and has been given up.")
    advice_text = _("Nothing of it was kept. Start it again; if it dies again, call your administrator.")


def job_kind(name: str, *, page: str = "") -> Callable[[Work], Work]:
    """Register the function that carries out jobs of this kind. Modules that do so are imported by
    `AppConfig.ready`. `page`: the name of the address that shows such a job, given its id; the desk's own otherwise.
    """

    def register(work: Work) -> Work:
        _kinds[name] = work
        if page:
            _pages[name] = page
        return work

    return register


def create_job(*, kind: str, params: dict[str, Any], actor: Actor, at: datetime) -> Job:
    """A job that the caller carries out itself with `carry_out` (the command line does)."""
    if kind not in _kinds:
        raise LookupError(f"no such kind of job: {kind}")
    job = Job(id=new_id(), kind=kind, params=_limited(params, actor), account_id=actor.account_id, created_at=at)
    job.save(force_insert=True)
    return job


def _limited(params: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """With the scopes of the token by which it was asked for: the work may no more than the token."""
    rest = {name: value for name, value in params.items() if name != SCOPES}
    return rest if actor.scopes is None else {**rest, SCOPES: sorted(actor.scopes)}


def enqueue(*, kind: str, params: dict[str, Any], actor: Actor, at: datetime) -> Job:
    """Ask for a job; it starts when the present transaction commits, and never when it does not."""
    with db.atomic():
        job = create_job(kind=kind, params=params, actor=actor, at=at)
        queued = QueuedJob(
            queue=QUEUE, lock=None, queueing_lock=None, task_name=TASK, task_kwargs={"job_id": str(job.id)}
        )
        JobManager(DjangoConnector(alias=db.using())).defer_job(queued)
    return job


def carry_out(job_id: UUID, *, watch: Callable[[str, int, int | None], None] | None = None) -> Job:
    """Run the job now, as the owner of the tables and on behalf of whoever asked, with the authority they held then.

    A Problem ends the job as failed with its words kept in every language, and so does a disk that is full; any other
    error leaves it to be tried again.
    """
    with db.owner():
        job = Job.objects.get(id=job_id)
        if job.state in (Job.State.DONE, Job.State.FAILED):
            return job
        if job.attempts >= ATTEMPTS:
            return _end(job, Job.State.FAILED, error=keep_problem(JobDied()))
        job.state, job.attempts, job.started_at = Job.State.DOING, job.attempts + 1, clock.now()
        job.save(update_fields=["state", "attempts", "started_at"])
        run = Run(job.id, job.params, _actor(job), job.created_at, watch)
        with translation.override(job.params.get("language") or translation.get_language()):
            ended = _work(job, run)
        for act in run.afterwards:
            act()
    return ended


def _work(job: Job, run: Run) -> Job:
    try:
        result = _kinds[job.kind](run)
    except Problem as problem:
        return _end(job, Job.State.FAILED, error=keep_problem(problem))
    except (OSError, OperationalError) as error:
        if not is_disk_full(error):
            raise
        return _end(job, Job.State.FAILED, error=keep_problem(DiskFull()))
    return _end(job, Job.State.DONE, result=result)


def _actor(job: Job) -> Actor:
    if job.account_id == access.SYSTEM.account_id:
        return access.SYSTEM
    name = str(db.scalar("SELECT name FROM account WHERE id = %s", [job.account_id]))
    scopes = job.params.get(SCOPES)
    limits = None if scopes is None else frozenset(scopes)
    return access.actor_of(job.account_id, name, job.created_at, origin="job", scopes=limits)


def _end(job: Job, state: Job.State, **fields: Any) -> Job:
    job.refresh_from_db()  # progress was written beside us
    job.state, job.ended_at = state, clock.now()
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=["state", "ended_at", *fields])
    return job


def page_of(job: Job) -> str:
    """The name of the address that shows a job, given its id; "" where the desk shows it."""
    return _pages.get(job.kind, "")


def problem_of(job: Job) -> dict[str, Any] | None:
    """The Problem that ended it, as `Problem.as_dict` gives it, in the language of whoever reads; None without one."""
    return hear_problem(job.error) if job.error else None


def share_of(job: Job) -> int | None:
    """How far it is, in percent; None while the end is not known."""
    return min(100, job.done * 100 // job.total) if job.total else None


def is_silent(job: Job, at: datetime) -> bool:
    """It waits for longer than a worker that lives lets it wait."""
    return job.state == Job.State.QUEUED and at - job.created_at > WORKER_SILENT


def get_job(job_id: UUID) -> Job:
    """Raises NotFound. Behind the wall an account sees its own jobs only."""
    job = Job.objects.filter(id=job_id).first()
    if job is None:
        raise NotFound(_("There is no such job."))
    return job


def list_jobs(*, actor: Actor, limit: int = 20, kind: str = "") -> list[Job]:
    """The account's own jobs, newest first."""
    jobs = Job.objects.filter(account_id=actor.account_id).order_by("-created_at")
    return list((jobs.filter(kind__startswith=kind) if kind else jobs)[:limit])
