"""Work teams drawn together for a place, and cadres who report for duty to a community; both are appointments.

(Hohhot, Xincheng District, October 2022: a team for every compound with a risk area. Hohhot, February 2022: 12,300
cadres reported for duty to a community.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent
from linli.duty import policies
from linli.duty.authority import find_part
from linli.duty.errors import PeriodWrong, TeamDissolved, TeamNotFound
from linli.duty.models import WorkTeam
from linli.duty.posts import Detail, appoint, end_appointment, require_appoint
from linli.duty.terms import Role


@dataclass(frozen=True)
class Member:
    """Somebody in a team, or a cadre who reported. `until` None: until ended."""

    appointment_id: int
    account_id: int
    name: str
    role: str
    organisation: str
    since: datetime
    until: datetime | None

    @property
    def is_leader(self) -> bool:
        return self.role == Role.TEAM_LEADER


@dataclass(frozen=True)
class Team:
    """A work team with those who belong to it at the moment that was asked for, its leader first."""

    id: int
    name: str
    place_id: int
    place_code: str
    place_name: str
    since: datetime
    until: datetime | None
    members: list[Member] = field(default_factory=list)

    @property
    def leader(self) -> Member | None:
        return next((one for one in self.members if one.is_leader), None)

    @property
    def by_organisation(self) -> list[tuple[str, int]]:
        """(organisation, members), most first; "" for those of whom it is not known."""
        counts: dict[str, int] = defaultdict(int)
        for one in self.members:
            counts[one.organisation] += 1
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True)
class Cadre:
    """A cadre who reported for duty, and where."""

    appointment_id: int
    name: str
    organisation: str
    place_code: str
    place_name: str
    since: datetime
    until: datetime | None


# --- teams -----------------------------------------------------------------------------------------------------------


def form_team(
    *,
    place_id: int,
    name: str,
    leader_id: int,
    organisation: str = "",
    until: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> int:
    """A team for a place, with its leader, from now on; returns its id.

    Raises NameWrong, PeriodWrong, BeyondAuthority, PlaceUnknown, PlaceEnded, AccountNotFound, AppointedTwice.
    """
    name = policies.check_name(name)
    if until is not None and until <= at:
        raise PeriodWrong
    with db.atomic():
        extent = require_appoint(place_id=place_id, role=Role.TEAM_LEADER, actor=actor, at=at)
        team = WorkTeam.objects.create(place_id=place_id, name=name, since=at, until=until, created_by=actor.account_id)
        _appoint(team, leader_id, Role.TEAM_LEADER, organisation, until, actor, at)
        _record(actor, at, "form_team", team, extent)
    return int(team.pk)


def add_member(
    *,
    team_id: int,
    account_id: int,
    organisation: str = "",
    until: datetime | None = None,
    as_leader: bool = False,
    actor: Actor,
    at: datetime,
) -> int:
    """Draw somebody into a team, no longer than it lasts; returns the appointment's id.

    Raises TeamNotFound, TeamDissolved, BeyondAuthority, AccountNotFound, AppointedTwice, PeriodWrong.
    """
    with db.atomic():
        team = _lock(team_id)
        if team.until is not None and team.until <= at:
            raise TeamDissolved
        ends = [moment for moment in (until, team.until) if moment is not None]
        role = Role.TEAM_LEADER if as_leader else Role.TEAM_MEMBER
        return _appoint(team, account_id, role, organisation, min(ends, default=None), actor, at)


def dissolve_team(*, team_id: int, actor: Actor, at: datetime) -> None:
    """End a team and the appointments of all its members. Raises TeamNotFound, TeamDissolved, BeyondAuthority."""
    with db.atomic():
        team = _lock(team_id)
        if team.until is not None and team.until <= at:
            raise TeamDissolved
        extent = require_appoint(place_id=team.place_id, role=Role.TEAM_LEADER, actor=actor, at=at, new=False)
        for member in _members([team_id], at)[team_id]:
            end_appointment(appointment_id=member.appointment_id, actor=actor, at=at)
        team.until = max(team.since, at)
        team.save(update_fields=["until"])
        _record(actor, at, "dissolve_team", team, extent)


def list_teams(*, actor: Actor, at: datetime, place_id: int | None = None) -> list[Team]:
    """Teams in being at places inside what the actor may see (`duty.view`), and inside `place_id` when given; by place.

    Raises Forbidden for a place out of sight.
    """
    held = actor.extent_for("duty.view") if place_id is None else find_part(place_id, actor=actor, at=at)
    return _teams(held, at)


def get_team(*, team_id: int, actor: Actor, at: datetime) -> Team:
    """One team, also when it has been dissolved. Raises TeamNotFound."""
    found = _teams(actor.extent_for("duty.view"), at, team_id=team_id)
    if not found:
        raise TeamNotFound
    return found[0]


# --- cadres ----------------------------------------------------------------------------------------------------------


def take_in_cadre(
    *, place_id: int, account_id: int, organisation: str, until: datetime | None = None, actor: Actor, at: datetime
) -> int:
    """A cadre of an organisation reports for duty to a community (or another place); returns the appointment's id.

    Raises NameWrong (an organisation is needed: they are counted by it), and what `appoint` raises.
    """
    organisation = policies.check_name(organisation)
    return appoint(
        account_id=account_id, role=Role.REPORTED_CADRE, place_id=place_id, until=until,
        detail=Detail(organisation=organisation), actor=actor, at=at,
    )  # fmt: skip


def count_cadres(extent: Extent, at: datetime) -> list[tuple[str, int, int]]:
    """(organisation, cadres, places they report to) of those on duty inside an extent, most first."""
    counts: dict[str, int] = defaultdict(int)
    where: dict[str, set[str]] = defaultdict(set)
    for one in list_cadres(extent, at):
        counts[one.organisation] += 1
        where[one.organisation].add(one.place_code)
    return sorted(((name, count, len(where[name])) for name, count in counts.items()), key=lambda x: (-x[1], x[0]))


def list_cadres(extent: Extent, at: datetime) -> list[Cadre]:
    """Cadres on duty inside an extent, by place and organisation."""
    return [
        Cadre(*row)
        for row in db.rows(
            f"""
            SELECT a.id, c.name, coalesce(o.name, ''), p.code, p.name, a.since, a.until
            FROM appointment a JOIN account c ON c.id = a.account_id JOIN place p ON p.id = a.place_id
            LEFT JOIN organisation o ON o.id = a.organisation_id
            WHERE a.role = 'reported_cadre' AND {_IN_FORCE} AND {_INSIDE.format(place="a.place_id")}
            ORDER BY p.code, o.name, c.name
            """,
            _within(extent, at),
        )
    ]


# --- shared ----------------------------------------------------------------------------------------------------------

_IN_FORCE = "a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)"
# Of a place: a door of it lies in the spans given, or the whole jurisdiction is.
_INSIDE = """(%(whole)s OR EXISTS (
    SELECT 1 FROM place_span s JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) x (lo, hi)
    ON s.lo >= x.lo AND s.hi <= x.hi
    WHERE s.place_id = {place} AND s.since <= %(at)s AND s.until > %(at)s))"""


def _within(extent: Extent, at: datetime) -> dict[str, object]:
    return {"whole": extent == EVERYWHERE, "los": extent.los, "his": extent.his, "at": at}


def _teams(held: Extent, at: datetime, *, team_id: int | None = None) -> list[Team]:
    found = [
        Team(*row)
        for row in db.rows(
            f"""
            SELECT t.id, t.name, p.id, p.code, p.name, t.since, t.until
            FROM work_team t JOIN place p ON p.id = t.place_id
            WHERE {_INSIDE.format(place="t.place_id")} AND CASE WHEN %(team)s::bigint IS NULL
                THEN t.since <= %(at)s AND (t.until IS NULL OR t.until > %(at)s) ELSE t.id = %(team)s END
            ORDER BY p.lo NULLS FIRST, p.code, t.id
            """,
            _within(held, at) | {"team": team_id},
        )
    ]
    members = _members([team.id for team in found], at)
    for team in found:
        team.members.extend(members[team.id])
    return found


def _members(team_ids: Sequence[int], at: datetime) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = {team_id: [] for team_id in team_ids}
    for team_id, *columns in db.rows(
        f"""
        SELECT a.team_id, a.id, a.account_id, c.name, a.role, coalesce(o.name, ''), a.since, a.until
        FROM appointment a JOIN account c ON c.id = a.account_id
        LEFT JOIN organisation o ON o.id = a.organisation_id
        WHERE a.team_id = ANY(%(teams)s) AND {_IN_FORCE} ORDER BY a.role, o.name NULLS LAST, c.name
        """,
        {"teams": list(team_ids), "at": at},
    ):
        found[team_id].append(Member(*columns))
    return found


def _appoint(
    team: WorkTeam, account_id: int, role: Role, organisation: str, until: datetime | None, actor: Actor, at: datetime
) -> int:
    return appoint(
        account_id=account_id, role=role, place_id=team.place_id, until=until,
        detail=Detail(organisation=organisation, team_id=team.pk), actor=actor, at=at,
    )  # fmt: skip


def _lock(team_id: int) -> WorkTeam:
    found = WorkTeam.objects.select_for_update().filter(pk=team_id).first()
    if found is None:
        raise TeamNotFound
    return found


def _record(actor: Actor, at: datetime, verb: str, team: WorkTeam, extent: Extent) -> None:
    journal.record(
        actor=actor, at=at, verb=f"duty.{verb}", key=extent.spans[0].lo, permission="duty.appoint",
        subject=f"team:{team.pk}", name=team.name, place=team.place_id,
    )  # fmt: skip
