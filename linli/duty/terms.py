"""Roles and what each may do: one readable table (also printed in docs/access.md).

A permission is held on the doors of the appointment's place, for its time. The strings belong to the rooms that
ask for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text

USERNAME_LENGTH = 40
NAME_LENGTH = 80
LONGEST_TOKEN = timedelta(days=366)


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
PERMISSION_LABELS: dict[str, Text] = {
    "places.view": _("see places"),
    "places.edit": _("add, rename and move places"),
    "places.import": _("import places"),
    "residents.view": _("see households and people, numbers masked"),
    "residents.unmask": _("see a whole ID number or phone, with a purpose"),
    "residents.edit": _("change the register of households and people"),
    "residents.import": _("import rosters"),
    "residents.export": _("export rosters, with a purpose"),
    "rounds.view": _("see rounds and their figures"),
    "rounds.gaps": _("see who has not been reached"),
    "rounds.mark": _("mark doors"),
    "rounds.open": _("make and open rounds"),
    "rounds.close": _("close and reopen rounds"),
    "rounds.import": _("import sheets of marks"),
    "rounds.export": _("export gap lists, with a purpose"),
    "duty.view": _("see who is appointed where"),
    "duty.appoint": _("appoint, and end appointments"),
    "accounts.make": _("make and close accounts, set passwords"),
    "tokens.make": _("make tokens for programs"),
    "journal.view": _("read the journal"),
}


class Standing(models.TextChoices):
    """How an appointment stands at a moment."""

    COMING = "coming", _("to come")
    IN_FORCE = "in_force", _("in force")
    ENDED = "ended", _("ended")


@dataclass(frozen=True)
class AccountLine:
    """An account as lists show it."""

    id: int
    username: str
    name: str
    is_active: bool
    last_login: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class AppointmentLine:
    """An appointment with the names of its account and place. `until` None: until it is ended."""

    id: int
    account_id: int
    username: str
    name: str
    role: str
    place_id: int
    place_code: str
    place_name: str
    since: datetime
    until: datetime | None

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)

    def standing(self, at: datetime) -> Standing:
        if self.until is not None and self.until <= at:
            return Standing.ENDED
        return Standing.COMING if self.since > at else Standing.IN_FORCE


@dataclass(frozen=True)
class TokenLine:
    """A token as its owner sees it; the text itself is known to nobody but them."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at


@dataclass(frozen=True)
class NewAccount:
    """`password`: the one that was made up, to be shown once; None when the maker chose it."""

    id: int
    username: str
    name: str
    password: str | None


@dataclass(frozen=True)
class NewToken:
    """`raw`: the token's text, to be shown once."""

    id: int
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime
    raw: str
