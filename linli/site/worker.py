"""The job worker: procrastinate as the owner of the tables, giving back what a dead worker left "doing"."""

from __future__ import annotations

import asyncio
import logging

from procrastinate import exceptions, jobs
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from linli.core import db

HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
"""A worker silent for so long is dead. Four heartbeats: a busy machine may miss one or two."""

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
        reviving = asyncio.create_task(_revive_stalled())
        try:
            await app.run_worker_async(
                concurrency=concurrency,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                fetch_job_polling_interval=2.0,
            )
        finally:
            reviving.cancel()


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
