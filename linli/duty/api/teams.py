"""Work teams, and cadres who report for duty."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.duty import staff, teams
from linli.duty.api.chain import MadeOut, part_of
from linli.duty.api.router import router
from linli.places import queries as places


class StaffIn(Schema):
    """Somebody: an account name, or a name and a phone (whoever is new gets an account without a password)."""

    account: str = ""
    name: str = ""
    phone: str = ""
    organisation: str = Field("", description="Where they are drawn from.")
    until: datetime | None = Field(None, description="Default: until ended.")


class TeamIn(Schema):
    place: str = Field(description="Code of a place, mostly a compound.")
    name: str
    leader: StaffIn
    until: datetime | None = None


class MemberIn(StaffIn):
    leader: bool = False


class CadreIn(StaffIn):
    place: str = Field(description="Code of a place, mostly a community.")


class MemberOut(Schema):
    appointment_id: int
    name: str
    role: str
    organisation: str
    since: datetime
    until: datetime | None


class TeamOut(Schema):
    id: int
    name: str
    place: str
    place_name: str
    since: datetime
    until: datetime | None
    members: list[MemberOut]
    by_organisation: dict[str, int]

    @classmethod
    def of(cls, team: teams.Team) -> TeamOut:
        members = [
            MemberOut(
                appointment_id=one.appointment_id, name=one.name, role=one.role, organisation=one.organisation,
                since=one.since, until=one.until,
            )
            for one in team.members
        ]  # fmt: skip
        return cls(
            id=team.id, name=team.name, place=team.place_code, place_name=team.place_name, since=team.since,
            until=team.until, members=members, by_organisation=dict(team.by_organisation),
        )  # fmt: skip


class OrganisationOut(Schema):
    organisation: str
    cadres: int
    places: int


def _person(request: ApiRequest, body: StaffIn) -> int:
    return staff.find_or_make_person(
        account=body.account, name=body.name, phone=body.phone, actor=request.actor, at=request.at
    )


@router.get("/teams", response=list[TeamOut], summary="Work teams, with their members")
@permission("duty.view")
def list_teams(request: ApiRequest, place: str = "") -> list[TeamOut]:
    place_id = places.get_place(place).id if place else None
    return [TeamOut.of(one) for one in teams.list_teams(actor=request.actor, at=request.at, place_id=place_id)]


@router.post("/teams", response={201: MadeOut}, summary="Form a work team with its leader")
@permission("duty.appoint")
def form_team(request: ApiRequest, body: TeamIn) -> Status[MadeOut]:
    made = teams.form_team(
        place_id=places.get_place(body.place).id, name=body.name, leader_id=_person(request, body.leader),
        organisation=body.leader.organisation, until=body.until, actor=request.actor, at=request.at,
    )  # fmt: skip
    return Status(201, MadeOut(id=made))


@router.get("/teams/{team_id}", response=TeamOut, summary="One work team")
@permission("duty.view")
def get_team(request: ApiRequest, team_id: int) -> TeamOut:
    return TeamOut.of(teams.get_team(team_id=team_id, actor=request.actor, at=request.at))


@router.post("/teams/{team_id}/members", response={201: MadeOut}, summary="Draw somebody into a team")
@permission("duty.appoint")
def add_member(request: ApiRequest, team_id: int, body: MemberIn) -> Status[MadeOut]:
    made = teams.add_member(
        team_id=team_id, account_id=_person(request, body), organisation=body.organisation, until=body.until,
        as_leader=body.leader, actor=request.actor, at=request.at,
    )  # fmt: skip
    return Status(201, MadeOut(id=made))


@router.post("/teams/{team_id}/dissolve", response={204: None}, summary="Dissolve a team")
@permission("duty.appoint")
def dissolve(request: ApiRequest, team_id: int) -> Status[None]:
    teams.dissolve_team(team_id=team_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/cadres", response=list[OrganisationOut], summary="Cadres on duty by organisation")
@permission("duty.view")
def count_cadres(request: ApiRequest, place: str) -> list[OrganisationOut]:
    found = teams.count_cadres(part_of(request, place, "duty.view"), request.at)
    return [OrganisationOut(organisation=name, cadres=count, places=where) for name, count, where in found]


@router.post("/cadres", response={201: MadeOut}, summary="Take in a cadre who reports for duty")
@permission("duty.appoint")
def take_in_cadre(request: ApiRequest, body: CadreIn) -> Status[MadeOut]:
    made = teams.take_in_cadre(
        place_id=places.get_place(body.place).id, account_id=_person(request, body), organisation=body.organisation,
        until=body.until, actor=request.actor, at=request.at,
    )  # fmt: skip
    return Status(201, MadeOut(id=made))
