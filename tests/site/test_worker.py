"""Jobs of a worker that died are given back, and one that lives keeps its own."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from django.db import connections
from procrastinate.contrib.django import app

from linli.core import clock, db, jobs
from linli.core.access import SYSTEM
from linli.site import worker

pytestmark = pytest.mark.django_db(transaction=True)


def put_job(*, silent_for: int) -> int:
    """A job under way at a worker that last said it was alive so many seconds ago."""
    with connections["jobs"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [silent_for],
        )
        (keeper,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id) "
            "VALUES ('default', 'nothing', '{}', 'doing', %s) RETURNING id",
            [keeper],
        )
        return int(cursor.fetchone()[0])


def read_status(job: int) -> str:
    return str(db.scalar("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [job]))


async def revive_once() -> None:
    async with app.open_async():
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=worker.STALLED_SECONDS):
            await worker._revive(job)
            await worker._revive(job)  # as a second worker that saw the same list


def test_only_jobs_of_the_dead_are_given_back() -> None:
    dead, alive = put_job(silent_for=worker.STALLED_SECONDS + 1), put_job(silent_for=1)
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        asyncio.run(revive_once())
    assert (read_status(dead), read_status(alive)) == ("todo", "doing")


def test_a_job_that_crashed_is_tried_again_and_in_the_end_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_run: jobs.Run) -> dict[str, object]:
        raise ZeroDivisionError

    def carry_out_and_close(job_id: UUID) -> None:
        try:
            carry_out(job_id)
        finally:
            connections.close_all()  # those of the worker's thread, which ends with this test

    carry_out = jobs.carry_out
    monkeypatch.setattr(jobs, "carry_out", carry_out_and_close)
    monkeypatch.setattr(jobs, "_kinds", {"test.crash": crash})
    asked = jobs.enqueue(kind="test.crash", params={}, actor=SYSTEM, at=clock.now())
    seen = []
    for _ in range(jobs.ATTEMPTS + 1):
        db.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
        with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
            asyncio.run(work_once())
        seen.append((db.scalar("SELECT status::text FROM procrastinate_jobs"), jobs.get_job(asked.id).state))
    assert seen[:-1] == [("todo", "doing")] * jobs.ATTEMPTS
    assert seen[-1] == ("succeeded", "failed")
    assert (jobs.get_job(asked.id).error or {})["code"] == "core.job_died"


async def work_once() -> None:
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
