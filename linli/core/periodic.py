"""Core's own periodic work: sealing, and clearing away what is over."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import connections

from linli.core import db, schedule
from linli.core.import_files import drop_old_files, uploads
from linli.core.seals import sealing

SEAL_EVERY = timedelta(minutes=1)
CLEAR_EVERY = timedelta(hours=1)
JOBS_KEPT = timedelta(days=7)
UPLOADS_KEPT = timedelta(hours=24)
"""An upload whose job has ended is removed at once; one without a job was left by a crash in the middle of storing."""
UPLOADED = re.compile(r"[0-9a-f-]{36}\.[a-z]+")
"""What an upload is called; `<job>.rejected.xlsx` and others keep their own time."""
SESSIONS_AT_ONCE = 10_000


def register() -> None:
    schedule.register("core.seal", SEAL_EVERY, _seal)
    schedule.register("core.clear_jobs", CLEAR_EVERY, clear_jobs)
    schedule.register("core.clear_uploads", CLEAR_EVERY, clear_uploads)
    schedule.register("core.clear_sessions", CLEAR_EVERY, clear_sessions)


class SealsNotSent(OSError):
    """The address of the seals did not take them. They are in the file, and go with the next run."""


def _seal(at: datetime) -> str:
    done = sealing.seal(at=at)
    if done.send_error:
        raise SealsNotSent(done.send_error)
    return f"{done.blocks} blocks, {done.entries} entries" + (f", waiting: {done.waiting}" if done.waiting else "")


def clear_jobs(at: datetime) -> int:
    """Remove procrastinate's rows of jobs that ended more than a week ago; `job`, which people see, stays."""
    with connections[db.JOBS].cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')"
            " AND coalesce((SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id), '-infinity') < %s",
            [at - JOBS_KEPT],
        )
        return int(cursor.rowcount)


def clear_uploads(at: datetime) -> int:
    """Remove files that no waiting or running job names, a day after they came. Rejected rows are kept for a week."""
    named = "SELECT unnest(ARRAY[params->>'path', params->>'path_new']) FROM job WHERE state IN ('queued', 'doing')"
    needed = {path for (path,) in db.rows(named)}
    removed = 0
    for path in uploads().iterdir():
        old = path.stat().st_mtime < at.timestamp() - UPLOADS_KEPT.total_seconds()
        if old and path.name not in needed and UPLOADED.fullmatch(path.name):
            path.unlink(missing_ok=True)
            removed += 1
    drop_old_files(at)
    return removed


def clear_sessions(at: datetime) -> int:
    """Sessions that are over: Django leaves them in the table for ever."""
    return db.execute(
        "DELETE FROM django_session WHERE session_key IN"
        f" (SELECT session_key FROM django_session WHERE expire_date < %s LIMIT {SESSIONS_AT_ONCE})",
        [at],
    )
