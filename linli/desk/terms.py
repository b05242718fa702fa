"""The desk's words: what jobs are called and how they stand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.models import Job

JOB_STATES: dict[str, Text] = {
    Job.State.QUEUED: _("waiting its turn"),
    Job.State.DOING: _("at work"),
    Job.State.DONE: _("finished"),
    Job.State.FAILED: _("failed"),
}
