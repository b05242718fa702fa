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
from linli.places.terms import Kind

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
    GATE = "gate", _("gate post")
    LAB = "lab", _("sampling or laboratory post")
    COURIER = "courier", _("courier")
    TEAM_LEADER = "team_leader", _("work team leader")
    TEAM_MEMBER = "team_member", _("work team member")
    REPORTED_CADRE = "reported_cadre", _("cadre reported for duty")


class OfficerKind(models.TextChoices):
    """Where an information officer comes from (Datong County, November 2022)."""

    LINKED = "linked", _("linked organisation")
    COMMUNITY = "community", _("community grid")
    PROPERTY = "property", _("property firm")
    SOCIETY = "society", _("society")


# The five levels of responsibility, widest first. A lead's post is there as soon as its place is: one a place.
CHAIN = (Role.AREA_LEAD, Role.GRID_LEAD, Role.BUILDING_LEAD, Role.UNIT_LEAD, Role.INFORMATION_OFFICER)
POST_KINDS: dict[Role, tuple[Kind, ...]] = {
    Role.AREA_LEAD: (Kind.AREA,),
    Role.GRID_LEAD: (Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL),
    Role.BUILDING_LEAD: (Kind.BUILDING,),
    Role.UNIT_LEAD: (Kind.UNIT,),
}
LEAD_OF: dict[int, Role] = {kind.value: role for role, kinds in POST_KINDS.items() for kind in kinds}
CLAIMABLE = (Role.BUILDING_LEAD, Role.UNIT_LEAD)

LOOK = frozenset({"places.view", "rounds.view", "duty.call"})
WALK = LOOK | {"residents.view", "residents.call", "residents.register", "rounds.mark", "rounds.gaps"}
KEEP = WALK | {"residents.edit"}
OFFICE = KEEP | {
    "places.edit",
    "places.import",
    "residents.import",
    "residents.unmask",
    "residents.export",
    "residents.merge",
    "rounds.open",
    "rounds.close",
    "rounds.import",
    "rounds.export",
    "notices.settle",
    "duty.view",
    "duty.appoint",
    "duty.confirm",
    "duty.import",
    "journal.view",
    "tokens.make",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.COMMAND: OFFICE | {"accounts.make"},
    Role.OFFICE: OFFICE | {"accounts.make"},
    Role.AREA_LEAD: KEEP | {"rounds.export", "duty.view", "duty.confirm", "notices.settle"},
    Role.GRID_LEAD: KEEP | {"rounds.export", "duty.view", "duty.confirm", "notices.settle"},
    Role.GRID_WORKER: KEEP,
    Role.BUILDING_LEAD: WALK,
    Role.UNIT_LEAD: WALK,
    Role.INFORMATION_OFFICER: LOOK | {"residents.view", "rounds.gaps"},
    Role.LINKED_CADRE: LOOK | {"residents.view", "rounds.gaps", "duty.view"},
    Role.SUPERVISOR: LOOK | {"rounds.gaps", "duty.view", "journal.view", "residents.view"},
    Role.GATE: LOOK,
    Role.LAB: LOOK,
    Role.COURIER: LOOK,
    Role.TEAM_LEADER: WALK | {"duty.view"},
    Role.TEAM_MEMBER: WALK,
    Role.REPORTED_CADRE: WALK,
}
SECOND_FACTOR: dict[Role, timedelta] = {Role.COMMAND: timedelta(days=14), Role.OFFICE: timedelta(days=14)}
"""Roles that ask for more than a password, and how long one may go on without, from when one was first told."""
ALL_PERMISSIONS = frozenset().union(*PERMISSIONS.values())
PERMISSION_LABELS: dict[str, Text] = {
    "places.view": _("see places"),
    "places.edit": _("add, rename and move places"),
    "places.import": _("import places"),
    "residents.view": _("see households and people, numbers masked"),
    "residents.call": _("carry residents' phone numbers on one's own phone, to call them"),
    "residents.unmask": _("see a whole ID number or phone, with a purpose"),
    "residents.register": _("enter who lives behind a door, note who is away, has left, which home is vacant"),
    "residents.edit": _("change the register of households and people"),
    "residents.import": _("import rosters"),
    "residents.merge": _("merge duplicates, and undo it"),
    "residents.export": _("export rosters, with a purpose"),
    "rounds.view": _("see rounds and their figures"),
    "rounds.gaps": _("see who has not been reached"),
    "rounds.mark": _("mark doors"),
    "rounds.open": _("make and open rounds"),
    "rounds.close": _("close and reopen rounds"),
    "rounds.import": _("import sheets of marks"),
    "rounds.export": _("export gap lists, with a purpose"),
    "notices.settle": _("note how a special situation was settled"),
    "duty.view": _("see who is appointed where"),
    "duty.call": _("see the phone of somebody who answers here; it is journalled"),
    "duty.appoint": _("appoint, hand over posts, form work teams, take cadres in"),
    "duty.confirm": _("confirm or decline volunteers for building and unit posts"),
    "duty.import": _("import the chain of posts from a sheet"),
    "accounts.make": _("make and close accounts, set passwords"),
    "tokens.make": _("make tokens for programs"),
    "journal.view": _("read the journal"),
}


class Standing(models.TextChoices):
    """How an appointment stands at a moment."""

    COMING = "coming", _("to come")
    IN_FORCE = "in_force", _("in force")
    ENDED = "ended", _("ended")


class ClaimState(models.TextChoices):
    """How a volunteer's claim to a post stands."""

    WAITING = "waiting", _("waiting to be decided")
    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


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
    """An appointment with the names of its account and place. `until` None: until it is ended; `place_ended_at`: when
    the place was dissolved."""

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
    is_deputy: bool = False
    place_ended_at: datetime | None = None

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

    @property
    def scope_labels(self) -> list[str]:
        """What it may do, in words; a permission that there is no longer stands as it was."""
        return [str(PERMISSION_LABELS.get(scope, scope)) for scope in self.scopes]


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


# --- the chain -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceName:
    """The place of a post. `kind`: places.terms.Kind."""

    id: int
    kind: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a post, or stands in for it (`is_deputy`), at the moment that was asked for."""

    appointment_id: int
    account_id: int
    name: str
    role: str
    place: PlaceName
    seat: int
    is_deputy: bool
    officer_kind: str
    organisation: str
    has_phone: bool
    since: datetime
    until: datetime | None

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)

    @property
    def officer_kind_label(self) -> str:
        return str(OfficerKind(self.officer_kind).label) if self.officer_kind else ""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the chain over a door or at a place. `place` None: no place of this level is drawn there."""

    role: str
    place: PlaceName | None
    holders: tuple[Holder, ...] = ()
    deputies: tuple[Holder, ...] = ()

    @property
    def label(self) -> str:
        return str(Role(self.role).label)

    @property
    def is_vacant(self) -> bool:
        """The post is there, and nobody holds it."""
        return self.place is not None and not self.holders

    @property
    def acting(self) -> Holder | None:
        """Who is to be turned to: the holder, else who stands in."""
        return next(iter((*self.holders, *self.deputies)), None)


@dataclass(frozen=True, slots=True)
class Chain:
    """Everybody who answers for one door at one moment: the five levels, widest first, and whoever else."""

    key: int
    levels: tuple[Level, ...]
    others: tuple[Holder, ...] = ()

    @property
    def nearest(self) -> Holder | None:
        """Who is to be turned to first: the lead of the unit, else of the building, the grid, the area."""
        leads = [level.acting for level in self.levels if level.role != Role.INFORMATION_OFFICER]
        return next((lead for lead in reversed(leads) if lead is not None), None)

    def level(self, role: str) -> Level:
        return next(level for level in self.levels if level.role == role)
