"""Work teams and cadres who report for duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from linli.core import db
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.core.models import Account
from linli.duty import errors as e
from linli.duty import staff, teams
from linli.duty.models import Appointment, Organisation, Staff, WorkTeam
from tests.builders.duty import actor_for, make_account
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db
AT = datetime(2022, 10, 5, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def home() -> District:
    return make_district(compounds=1, buildings=1)


@pytest.fixture
def office(home: District) -> Actor:
    return actor_for(make_account(role="office", place=home.street), AT)


def form(home: District, actor: Actor, until: datetime | None = None) -> int:
    return teams.form_team(
        place_id=home.compounds[0].id, name="阳光小区专班", leader_id=make_account(name="组长").pk,
        organisation="街道办事处", until=until, actor=actor, at=AT,
    )  # fmt: skip


def test_a_team_with_members_drawn_from_organisations(home: District, office: Actor) -> None:
    team = form(home, office, until=AT + 20 * DAY)
    for name, organisation, until in (
        ("甲", "卫健局", None), ("乙", "卫健局", AT + 2 * DAY), ("丙", "社区", AT + 90 * DAY),
    ):  # fmt: skip
        teams.add_member(
            team_id=team, account_id=make_account(name=name).pk, organisation=organisation, until=until, actor=office,
            at=AT,
        )  # fmt: skip
    found = teams.get_team(team_id=team, actor=office, at=AT)
    assert found.leader is not None
    assert (found.leader.name, found.leader.organisation) == ("组长", "街道办事处")
    assert found.by_organisation == [("卫健局", 2), ("社区", 1), ("街道办事处", 1)]
    assert {one.until for one in found.members} == {AT + 20 * DAY, AT + 2 * DAY}  # nobody longer than the team
    assert len(teams.get_team(team_id=team, actor=office, at=AT + 3 * DAY).members) == 3
    assert actor_for(Account.objects.get(name="甲"), AT).may("rounds.mark", home.compounds[0].block)
    assert [one.id for one in teams.list_teams(actor=office, at=AT, place_id=home.compounds[0].id)] == [team]
    assert teams.list_teams(actor=office, at=AT, place_id=home.compounds[1].id) == []


def test_a_dissolved_team_takes_its_authority_along(home: District, office: Actor) -> None:
    team = form(home, office)
    member = make_account()
    teams.add_member(team_id=team, account_id=member.pk, actor=office, at=AT)
    teams.dissolve_team(team_id=team, actor=office, at=AT + DAY)
    assert teams.list_teams(actor=office, at=AT + DAY) == []
    assert not actor_for(member, AT + DAY).may("rounds.mark")
    assert len(teams.get_team(team_id=team, actor=office, at=AT).members) == 2
    with pytest.raises(e.TeamDissolved):
        teams.add_member(team_id=team, account_id=make_account().pk, actor=office, at=AT + DAY)
    with pytest.raises(e.TeamDissolved):
        teams.dissolve_team(team_id=team, actor=office, at=AT + DAY)


def test_teams_of_others_are_not_seen_nor_changed(home: District, office: Actor) -> None:
    team = form(home, office)
    stranger = actor_for(make_account(role="office", place=home.communities[1]), AT)
    with pytest.raises(e.TeamNotFound):
        teams.get_team(team_id=team, actor=stranger, at=AT)
    with pytest.raises(e.BeyondAuthority):
        teams.add_member(team_id=team, account_id=make_account().pk, actor=stranger, at=AT)
    with pytest.raises(e.BeyondAuthority):
        teams.dissolve_team(team_id=team, actor=stranger, at=AT)
    with pytest.raises(e.PeriodWrong):
        form(home, office, until=AT)
    with pytest.raises(e.TeamNotFound):
        teams.dissolve_team(team_id=0, actor=office, at=AT)


def test_cadres_are_counted_by_organisation(home: District, office: Actor) -> None:
    for name, organisation, community in (("甲", "财政局", 0), ("乙", "财政局", 1), ("丙", "教育局", 0)):
        teams.take_in_cadre(
            place_id=home.communities[community].id, account_id=make_account(name=name).pk, organisation=organisation,
            actor=office, at=AT,
        )  # fmt: skip
    assert teams.count_cadres(home.extent(home.street), AT) == [("财政局", 2, 2), ("教育局", 1, 1)]
    assert teams.count_cadres(home.extent(home.communities[1]), AT) == [("财政局", 1, 1)]
    assert {one.name for one in teams.list_cadres(home.extent(home.communities[0]), AT)} == {"丙", "甲"}
    with pytest.raises(e.NameWrong):
        teams.take_in_cadre(
            place_id=home.street.id, account_id=make_account().pk, organisation=" ", actor=office, at=AT
        )


def test_whoever_is_new_gets_an_account_without_a_password(office: Actor) -> None:
    first = staff.find_or_make_person(name="王敏", phone="154 1234 0001", actor=office, at=AT)
    assert staff.find_or_make_person(name="王敏", phone="15412340001", actor=office, at=AT) == first
    assert not Account.objects.get(pk=first).has_usable_password()
    known = make_account(username="li.na")
    assert staff.find_or_make_person(account="li.na", actor=office, at=AT) == known.pk
    wrongs: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
        ({"name": "斯琴", "phone": "15412340001"}, e.PhoneTaken), ({"name": "斯琴"}, e.PersonUnclear),
        ({"account": "nobody"}, e.AccountNotFound), ({"name": "斯琴", "phone": "1"}, e.PhoneWrong),
    )  # fmt: skip
    for given, problem in wrongs:
        with pytest.raises(problem):
            staff.find_or_make_person(**given, actor=office, at=AT)
    with pytest.raises(Forbidden):
        staff.find_or_make_person(name="x", phone="15412340009", actor=actor_for(known, AT), at=AT)


def test_what_the_database_refuses(home: District) -> None:
    place = home.compounds[0].id
    for name, since, until in (("", AT, None), ("专班", AT, AT - DAY)):
        with pytest.raises(IntegrityError, match="work_team_"), db.atomic():
            WorkTeam.objects.create(place_id=place, name=name, since=since, until=until, created_by=0)
    with pytest.raises(IntegrityError, match="organisation_named"), db.atomic():
        Organisation.objects.create(name="", created_at=AT)
    team = form(home, SYSTEM)
    with pytest.raises(IntegrityError, match="appointment_team"), db.atomic():
        Appointment.objects.create(
            account=make_account(), role="office", place_id=place, team_id=team, since=AT, created_at=AT, created_by=0
        )
    Staff.objects.create(account=make_account(), phone_hash=b"x", changed_at=AT)
    with pytest.raises(IntegrityError, match="staff_phone_once"), db.atomic():
        Staff.objects.create(account=make_account(), phone_hash=b"x", changed_at=AT)
