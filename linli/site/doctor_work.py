"""What the doctor looks at of the work in the background: jobs, the schedule, the seals."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from linli.core import clock, db, schedule
from linli.core.errors import Problem
from linli.core.seals import outside, sealing
from linli.site.findings import Finding, ask

SILENT = "1 minute"
LATE_PERIODS = 3
UNSEALED_TOO_LONG = timedelta(minutes=15)
UNSENT_TOO_LONG = timedelta(hours=1)
ALIVE = f"SELECT id FROM procrastinate_workers WHERE last_heartbeat > now() - interval '{SILENT}'"


def check_jobs() -> Iterator[Finding]:
    ((alive, waiting, stuck),) = ask(
        f"SELECT (SELECT count(*) FROM ({ALIVE}) AS w),"
        " count(*) FILTER (WHERE status = 'todo'"
        "  AND (scheduled_at IS NULL OR scheduled_at < now() - interval '5 minutes')),"
        f" count(*) FILTER (WHERE status = 'doing' AND (worker_id IS NULL OR worker_id NOT IN ({ALIVE})))"
        " FROM procrastinate_jobs"
    )
    start = _("No worker is running: start 'linli run' or 'linli work'.")
    yield Finding(
        "jobs", "warn" if waiting and not alive else "ok", _("%(number)s waiting") % {"number": waiting},
        start if waiting and not alive else "",
    )  # fmt: skip
    if stuck:
        mend = start if not alive else _("A worker takes them up within a minute. If not, restart it.")
        yield Finding("jobs", "warn", _("%(number)s left by a worker that died") % {"number": stuck}, mend)
    if not alive:
        yield Finding("worker", "warn", _("none is running"), start)
    else:
        yield Finding("worker", "ok", _("%(number)s running") % {"number": alive})


def check_schedule() -> Iterator[Finding]:
    """Periodic work that failed, or has not been done for three of its periods."""
    ran = {str(name): (succeeded, str(error)) for name, succeeded, error in ask(
        "SELECT name, succeeded_at, error FROM periodic_run"
    )}  # fmt: skip
    now = clock.now()
    for task in schedule.list_tasks():
        succeeded, error = ran.get(task.name, (None, ""))
        if error:
            mend = _("Mend the cause; it is tried again by itself. 'linli tick --all' tries now.")
            yield Finding("schedule", "warn", f"{task.name}: {error}", mend)
        elif isinstance(succeeded, datetime) and now - succeeded > max(LATE_PERIODS * task.every, UNSEALED_TOO_LONG):
            detail = _("%(name)s was last done at %(moment)s") % {"name": task.name, "moment": f"{succeeded:%F %R} UTC"}
            yield Finding("schedule", "warn", detail, _("The worker does it: start 'linli run' or 'linli work'."))


def check_seals() -> Iterator[Finding]:
    now, file = clock.now(), outside.find_file()
    ((last, number, unsent),) = ask(
        "SELECT max(last) FILTER (WHERE source = 'journal'), count(*),"
        " count(*) FILTER (WHERE sent_at IS NULL AND sealed_at < %s) FROM seal_block",
        now - UNSENT_TOO_LONG,
    )
    ((oldest,),) = ask("SELECT min(at) FROM journal_entry WHERE id > %s", last or 0)
    if isinstance(oldest, datetime) and now - oldest > UNSEALED_TOO_LONG:
        detail = _("entries of %(moment)s are not sealed yet") % {"moment": f"{oldest:%F %R} UTC"}
        yield Finding("seals", "warn", detail, _("The worker seals every minute: start 'linli run' or 'linli work'."))
    else:
        yield Finding("seals", "ok", _("%(number)s blocks") % {"number": number})
    try:
        with db.owner():
            sealing.require_same_chain()
    except Problem as problem:
        yield Finding("seals", "fail", problem.detail, problem.advice)
        return
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding("seals", "fail", f"{file} {stat.S_IMODE(file.stat().st_mode):o}", f"chmod 600 {file}")
    if settings.LINLI_SEALS_URL and unsent:
        detail = _("%(number)s were not sent to the address outside") % {"number": unsent}
        yield Finding("seals", "warn", detail, _("See that LINLI_SEALS_URL answers to a POST with 200."))
