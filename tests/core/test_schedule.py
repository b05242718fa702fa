"""Periodic work: done when due, by one of several workers, and never kept up by another task's failure."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections

from linli.core import db, import_files, jobs, periodic, schedule
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.site import worker

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2022, 10, 5, 4, tzinfo=UTC)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    seen: list[datetime] = []

    def note(at: datetime) -> int:
        seen.append(at)
        return len(seen)

    def fail(at: datetime) -> None:
        raise ValueError("broken\nsecond line")

    monkeypatch.setattr(schedule, "_tasks", {})
    schedule.register("test.broken", timedelta(minutes=1), fail)
    schedule.register("test.note", timedelta(minutes=5), note)
    return seen


def test_what_is_due_and_nothing_else(calls: list[datetime]) -> None:
    first = schedule.run_due(at=AT)
    assert [(ran.name, ran.result, ran.error) for ran in first] == [
        ("test.broken", "", "ValueError: broken"),
        ("test.note", "1", ""),
    ]
    assert schedule.run_due(at=AT + timedelta(seconds=59)) == []
    assert [ran.name for ran in schedule.run_due(at=AT + timedelta(seconds=60))] == ["test.broken"]
    schedule.run_due(at=AT + timedelta(minutes=5))
    schedule.run_due(at=AT + timedelta(minutes=5, seconds=1), everything=True)
    assert len(calls) == 3
    assert db.rows("SELECT name, error, succeeded_at IS NULL FROM periodic_run ORDER BY 1") == [
        ("test.broken", "ValueError: broken", True),
        ("test.note", "", False),
    ]


def test_several_workers_do_it_once(calls: list[datetime]) -> None:
    def work() -> None:
        try:
            schedule.run_due(at=AT)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert len(calls) == 1


def test_the_worker_leaves_no_connection_open(calls: list[datetime]) -> None:
    def tick() -> None:
        worker._tick()
        left.extend(alias for alias in connections if connections[alias].connection is not None)

    left: list[str] = []
    thread = threading.Thread(target=tick)
    thread.start()
    thread.join(60)
    assert len(calls) == 1
    assert left == []


def test_the_rooms_registered_theirs() -> None:
    names = {task.name for task in schedule.list_tasks()}
    assert {"core.seal", "core.clear_jobs", "core.clear_uploads", "rounds.lapse_exemptions"} <= names


def test_jobs_that_ended_long_ago_are_cleared() -> None:
    for status, days in (("succeeded", 8), ("failed", 8), ("succeeded", 6), ("todo", 30), ("doing", 30)):
        (job,) = db.rows(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('default', %s, '{}', %s)"
            " RETURNING id",
            [f"{status} {days}", status],
        )
        db.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job[0]])
        db.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'deferred', %s)",
            [job[0], AT - timedelta(days=days)],
        )
    assert periodic.clear_jobs(AT) == 2
    assert {name for (name,) in db.rows("SELECT task_name FROM procrastinate_jobs")} == {
        "succeeded 6", "todo 30", "doing 30",
    }  # fmt: skip


def test_uploads_that_no_job_waits_for_are_cleared(
    settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    monkeypatch.setitem(jobs._kinds, "test.import", lambda run: {})
    folder = import_files.uploads()

    def put(name: str, hours: float) -> Path:
        path = folder / name
        path.touch()
        then = (AT - timedelta(hours=hours)).timestamp()
        os.utime(path, (then, then))
        return path

    left, fresh, needed = (put(f"{new_id()}.xlsx", hours) for hours in (30, 1, 30))
    rejected = put(f"{new_id()}.rejected.xlsx", 30)
    jobs.create_job(kind="test.import", params={"path": needed.name}, actor=SYSTEM, at=AT)
    assert periodic.clear_uploads(AT) == 1
    assert [path.exists() for path in (left, fresh, needed, rejected)] == [False, True, True, True]


def test_sessions_that_are_over_are_cleared() -> None:
    for key, hours in (("old", -1), ("new", 1)):
        db.execute(
            "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, '', %s)",
            [key, AT + timedelta(hours=hours)],
        )
    assert periodic.clear_sessions(AT) == 1
    assert db.scalar("SELECT string_agg(session_key, ',') FROM django_session") == "new"
