"""HTTP API of long work: how far it is, and what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router, Schema
from pydantic import Field

from linli.core import jobs
from linli.core.api import ApiRequest, permission
from linli.core.jobs import Job
from linli.core.spoken import hear_all

router = Router(tags=["jobs"])


class JobOut(Schema):
    """Long work. Ask again at `url` until `state` is done or failed."""

    id: str
    kind: str = Field(examples=["rounds.open"])
    state: str = Field(description="queued, doing, done or failed.")
    done: int
    total: int | None
    url: str
    result: dict[str, Any] | None
    error: dict[str, Any] | None = Field(description="A problem, when it failed.")

    @classmethod
    def of(cls, job: Job) -> JobOut:
        return cls(
            id=str(job.id), kind=job.kind, state=job.state, done=job.done, total=job.total, url=f"/api/jobs/{job.id}",
            result=hear_all(job.result), error=jobs.problem_of(job),
        )  # fmt: skip


@router.get("/{job_id}", response=JobOut, summary="How far a job is")
@permission(None)
def get_job(request: ApiRequest, job_id: UUID) -> JobOut:
    """Your own jobs only."""
    return JobOut.of(jobs.get_job(job_id))
