"""Roles and what each may do: one readable table (also printed in docs/access.md).

A permission is held on the doors of the appointment's place, for its time. The strings belong to the rooms that ask for them.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    COMMAND = "command", _("command centre")
    OFFICE = "office", _("street or community office")
    AREA_LEAD = "area_lead", _("area lead")
    GRID_LEAD = "grid_lead", _("grid lead")
    GRID_WORKER = "grid_worker", _("grid worker")
    BUILDING_LEAD = "building_lead", _("building lead")
    UNIT_LEAD = "unit_lead", _("unit lead")
    INFORMATION_OFFICER = "information_officer", _("information officer")
    LINKED_CADRE = "linked_cadre", _("linked cadre")
    SUPERVISOR = "supervisor", _("supervisor")


LOOK = frozenset({"places.view", "rounds.view"})
WALK = LOOK | {"residents.view", "rounds.mark", "rounds.gaps"}
KEEP = WALK | {"residents.edit"}
OFFICE = KEEP | {
    "places.edit",
    "places.import",
    "residents.import",
    "residents.unmask",
    "residents.export",
    "rounds.open",
    "rounds.close",
    "rounds.import",
    "rounds.export",
    "duty.view",
    "duty.appoint",
    "journal.view",
    "tokens.make",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.COMMAND: OFFICE | {"accounts.make"},
    Role.OFFICE: OFFICE | {"accounts.make"},
    Role.AREA_LEAD: KEEP | {"rounds.export", "duty.view"},
    Role.GRID_LEAD: KEEP | {"rounds.export", "duty.view"},
    Role.GRID_WORKER: KEEP,
    Role.BUILDING_LEAD: WALK,
    Role.UNIT_LEAD: WALK,
    Role.INFORMATION_OFFICER: LOOK | {"residents.view", "rounds.gaps"},
    Role.LINKED_CADRE: LOOK | {"residents.view", "rounds.gaps", "duty.view"},
    Role.SUPERVISOR: LOOK | {"rounds.gaps", "duty.view", "journal.view", "residents.view"},
}
ALL_PERMISSIONS = frozenset().union(*PERMISSIONS.values())
