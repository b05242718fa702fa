"""The job worker: procrastinate as the owner of the tables, giving back what a dead worker left "doing".

Beside the jobs, in a thread of its own, it does the periodic work that the rooms registered with `core.schedule`.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connections
from procrastinate import exceptions, jobs
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from linli.core import clock, db, schedule

HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
"""A worker silent for so long is dead. Four heartbeats: a busy machine may miss one or two."""
TICK_SECONDS = 5
"""How often is looked for periodic work that is due."""

log = logging.getLogger("linli.jobs")


def work_until_stopped(*, concurrency: int) -> int:
    """Returns 0 after SIGTERM or SIGINT, when the jobs under way have ended; 1 when the database went away.

    In the second case whoever supervises starts another: a worker that cannot say it is alive must not go on.
    """
    assert isinstance(app.connector, DjangoConnector)  # noqa: S101 - narrows a type, nothing is checked
    with db.owner(), app.replace_connector(app.connector.get_worker_connector()):
        try:
            asyncio.run(_work(concurrency))
        except exceptions.ConnectorException as error:
            log.error("the database went away: %s", error.__cause__ or error)
            return 1
    return 0


async def _work(concurrency: int) -> None:
    async with app.open_async():
        beside = [asyncio.create_task(_revive_stalled()), asyncio.create_task(_keep_time())]
        try:
            await app.run_worker_async(
                concurrency=concurrency,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                fetch_job_polling_interval=2.0,
            )
        finally:
            for task in beside:
                task.cancel()


async def _keep_time() -> None:
    """Until cancelled: what is due, one after the other. Not a job: a seal would wait behind a day's imports."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="linli-periodic")
    try:
        while True:
            await asyncio.get_running_loop().run_in_executor(thread, _tick)
            await asyncio.sleep(TICK_SECONDS)
    finally:
        thread.shutdown(wait=False, cancel_futures=True)


def _tick() -> None:
    try:
        schedule.run_due(at=clock.now())
    except DatabaseError as error:  # it comes back, or the worker notices too and is started again
        log.warning("periodic work has to wait: %s", error)
    finally:
        connections.close_all()  # this thread's own: nothing is left open between two looks


async def _revive_stalled() -> None:
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            await _revive(job)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _revive(job: jobs.Job) -> None:
    try:
        await app.job_manager.retry_job(job)
    except exceptions.ConnectorException as error:  # another worker was first
        log.info("job %s was revived by another worker: %s", job.id, error)
    else:
        log.warning("job %s (%s) was left by a worker that died: it runs again", job.id, job.task_name)
