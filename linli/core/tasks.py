"""What the worker runs: one task, which looks up the job and carries it out."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from linli.core import jobs


@app.task(name=jobs.TASK, queue=jobs.QUEUE)
def carry_out(job_id: str) -> None:
    jobs.carry_out(UUID(job_id))
