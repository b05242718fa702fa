"""Periodic work: rooms register it, the worker does what is due every few seconds, `linli tick` does it by hand.

    schedule.register("rounds.lapse_exemptions", timedelta(minutes=5), lapse)

Each task is claimed in the database, so of several workers one does it. Work has to bear being done twice at once: a
worker that hangs for longer than a task's period is overtaken. It runs as the owner of the tables.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from linli.core import clock, db

Work = Callable[[datetime], object]
log = logging.getLogger("linli.schedule")


@dataclass(frozen=True)
class Task:
    """`work(at)` is called every `every`; what it returns is kept, as text, for `linli doctor`."""

    name: str
    every: timedelta
    work: Work


@dataclass(frozen=True)
class Ran:
    """`error` is empty when all went well."""

    name: str
    result: str
    error: str = ""


_tasks: dict[str, Task] = {}


def register(name: str, every: timedelta, work: Work) -> None:
    """Called from `AppConfig.ready`. Registering twice is once."""
    _tasks[name] = Task(name, every, work)


def list_tasks() -> list[Task]:
    return sorted(_tasks.values(), key=lambda task: task.name)


def run_due(*, at: datetime, everything: bool = False) -> list[Ran]:
    """Do what is due (or all of it). A task that fails is logged and tried again when it is next due."""
    with db.owner():
        return [_run(task, at) for task in list_tasks() if _claim(task, at, everything)]


def _claim(task: Task, at: datetime, everything: bool) -> bool:
    latest = at if everything else at - task.every
    claimed = db.rows(
        "INSERT INTO periodic_run AS r (name, started_at, result, error) VALUES (%s, %s, '', '')"
        " ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, ended_at = NULL"
        " WHERE r.started_at <= %s RETURNING 1",
        [task.name, at, latest],
    )
    return bool(claimed)


def _run(task: Task, at: datetime) -> Ran:
    result, error = "", ""
    try:
        result = str(task.work(at))[:200]
    except Exception as failure:
        # One task's failure must not keep the others from running. The text may quote a row: it goes no further.
        log.error("%s failed: %s", task.name, type(failure).__name__, exc_info=failure)
        error = f"{type(failure).__name__}: {failure}".splitlines()[0][:400]
    ended = clock.now()
    db.execute(
        "UPDATE periodic_run SET ended_at = %s, result = %s, error = %s,"
        " succeeded_at = CASE WHEN %s = '' THEN %s ELSE succeeded_at END WHERE name = %s",
        [ended, result, error, error, ended, task.name],
    )
    return Ran(task.name, result, error)
