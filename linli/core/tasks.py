"""What the worker runs: one task, which looks up the job and carries it out."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from linli.core import jobs

# After the last try `carry_out` is called once more, to write down that the job has been given up.
TRY_AGAIN = RetryStrategy(max_attempts=jobs.ATTEMPTS, exponential_wait=4)


@app.task(name=jobs.TASK, queue=jobs.QUEUE, retry=TRY_AGAIN)
def carry_out(job_id: str) -> None:
    jobs.carry_out(UUID(job_id))
