"""The desk's words: what the journal's verbs and subjects are called, and how jobs stand."""

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

# Kinds of job that are not imports (an import is called what its importer is called).
JOB_KINDS: dict[str, Text] = {}

ROOMS: dict[str, Text] = {
    "places": _("Places"),
    "residents": _("Residents"),
    "duty": _("Accounts and appointments"),
    "rounds": _("Rounds"),
    "desk": _("Sign-in and settings"),
}

SUBJECTS: dict[str, Text] = {
    "place": _("Place"),
    "door": _("Door"),
    "household": _("Household"),
    "person": _("Person"),
    "round": _("Round"),
    "appointment": _("Appointment"),
    "token": _("Token"),
    "job": _("Job"),
}

ORIGINS: dict[str, Text] = {
    "web": _("page"),
    "api": _("API"),
    "cli": _("command line"),
    "job": _("job"),
}

# Every verb that a service writes; a test compares this with the source.
VERBS: dict[str, Text] = {
    "desk.sign_in": _("signed in"),
    "desk.set_preferences": _("changed language or type size"),
    "desk.set_password": _("changed their own password"),
}
