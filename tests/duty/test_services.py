"""Accounts, appointments, tokens: each write, each of its errors, and that authority never grows on its way down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.core import db
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.core.extents import EVERYWHERE
from linli.core.models import Account, ApiToken
from linli.duty import authority, queries, services
from linli.duty import errors as e
from linli.duty.models import Appointment
from linli.duty.terms import PERMISSIONS, Role, Standing
from linli.places.errors import PlaceEnded, PlaceUnknown
from linli.places.models import Place, PlaceSpan
from linli.places.terms import FOREVER, Kind
from tests.builders.duty import LONG_AGO, actor_for, appoint, make_account

pytestmark = pytest.mark.django_db

AT = datetime(2022, 10, 5, 4, tzinfo=UTC)
DAY = timedelta(days=1)
UNIT = 2048


def make_place(kind: Kind, code: str, parent: Any, lo: int = 0, hi: int = 0) -> Place:
    place = Place.objects.create(
        kind=kind, code=code, name=code, parent=parent, parent_kind=parent and parent.kind, created_at=LONG_AGO
    )
    if hi:
        above: Any = PlaceSpan.objects.filter(place=parent).first() if parent else None
        PlaceSpan.objects.create(
            place=place,
            kind=kind,
            lo=lo * UNIT,
            hi=hi * UNIT,
            since=LONG_AGO,
            until=FOREVER,
            parent_span=above,
            parent_place_id=above and above.place_id,
            parent_lo=above and above.lo,
            parent_hi=above and above.hi,
            parent_since=above and above.since,
            parent_until=above and above.until,
        )
    return place


class Town:
    """city > district > street > two communities, one of which holds no door yet."""

    def __init__(self) -> None:
        self.city = make_place(Kind.CITY, "city", None, 0, 100)
        self.district = make_place(Kind.DISTRICT, "district", self.city, 10, 90)
        self.street = make_place(Kind.STREET, "street", self.district, 20, 60)
        self.sibling = make_place(Kind.STREET, "sibling", self.district, 60, 80)
        self.community = make_place(Kind.COMMUNITY, "community", self.street, 20, 40)
        self.empty = make_place(Kind.COMMUNITY, "empty", self.sibling)

    def actor(self, role: str, place: Place) -> Actor:
        return actor_for(make_account(role=role, place=place), AT)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def office(town: Town) -> Actor:
    return town.actor("office", town.street)


def last_entry() -> tuple[str, int, int, str]:
    (row,) = db.rows("SELECT verb, account_id, key, subject FROM journal_entry ORDER BY id DESC LIMIT 1")
    return row


# --- accounts


def test_an_account_is_made_with_a_password_shown_once(town: Town, office: Actor) -> None:
    made = services.make_account(username="wang.li", name=" 王  丽 ", actor=office, at=AT)
    account = Account.objects.get(pk=made.id)
    assert made.name == "王 丽"
    assert made.password
    assert account.check_password(made.password)
    assert last_entry() == ("duty.make_account", office.account_id, 20 * UNIT, f"account:{made.id}")


def test_the_maker_may_choose_a_password_that_is_not_weak(office: Actor) -> None:
    made = services.make_account(username="a", name="A", password="quiet-river-47", actor=office, at=AT)
    assert made.password is None
    with pytest.raises(e.PasswordWeak):
        services.make_account(username="b", name="B", password="1234567890", actor=office, at=AT)


@pytest.mark.parametrize("username", ["", "two words", "x" * 41, "a/b"])
def test_account_names_are_checked(office: Actor, username: str) -> None:
    with pytest.raises(e.UsernameWrong):
        services.make_account(username=username, name="A", actor=office, at=AT)


def test_names_are_checked_and_account_names_are_taken_once(office: Actor) -> None:
    with pytest.raises(e.NameWrong):
        services.make_account(username="a", name="  ", actor=office, at=AT)
    services.make_account(username="a", name="A", actor=office, at=AT)
    with pytest.raises(e.AccountTaken):
        services.make_account(username="a", name="B", actor=office, at=AT)


def test_only_those_who_may_make_accounts_do(town: Town) -> None:
    with pytest.raises(Forbidden):
        services.make_account(username="a", name="A", actor=town.actor("grid_worker", town.street), at=AT)


def test_the_first_account_is_the_first(town: Town) -> None:
    made = services.make_first_account(username="root", name="Root", role="command", place_id=town.city.pk, at=AT)
    assert actor_for(Account.objects.get(pk=made.id), AT).extent == EVERYWHERE
    with pytest.raises(e.NotFirst):
        services.make_first_account(username="again", name="Again", role="command", place_id=town.city.pk, at=AT)


def test_a_new_password_ends_sessions(town: Town, office: Actor) -> None:
    clerk = make_account(role="grid_worker", place=town.community)
    before = clerk.get_session_auth_hash()
    made_up = services.set_password(account_id=clerk.pk, actor=office, at=AT)
    clerk.refresh_from_db()
    assert made_up
    assert clerk.check_password(made_up)
    assert clerk.get_session_auth_hash() != before


def test_nobody_takes_over_an_account_that_reaches_further(town: Town, office: Actor) -> None:
    above = make_account(role="office", place=town.district)
    beside = make_account(role="grid_worker", place=town.sibling)
    coming = make_account(role="office", place=town.city, since=AT + DAY)
    for account in (above, beside, coming):
        with pytest.raises(e.AccountBeyondAuthority):
            services.set_password(account_id=account.pk, actor=office, at=AT)
        with pytest.raises(e.AccountBeyondAuthority):
            services.deactivate_account(account_id=account.pk, actor=office, at=AT)


def test_a_token_never_becomes_a_password(town: Town) -> None:
    account = make_account(role="office", place=town.street)
    with pytest.raises(Forbidden):
        services.set_password(
            account_id=account.pk, actor=actor_for(account, AT, scopes=frozenset({"accounts.make"})), at=AT
        )


def test_closing_an_account_ends_everything_it_could_do(town: Town, office: Actor) -> None:
    clerk = make_account(role="office", place=town.community)
    appoint(clerk, "grid_worker", town.community, since=AT + DAY)
    token = services.make_token(
        name="t", scopes=["rounds.view"], expires_at=AT + DAY, actor=actor_for(clerk, AT), at=AT
    )
    services.deactivate_account(account_id=clerk.pk, actor=office, at=AT)
    clerk.refresh_from_db()
    assert not clerk.is_active
    assert not clerk.has_usable_password()
    assert actor_for(clerk, AT).grants == ()
    with pytest.raises(e.TokenRefused):
        authority.authenticate_token(token.raw, AT)
    assert [a.until for a in Appointment.objects.filter(account=clerk).order_by("since")] == [AT, AT + DAY]
    with pytest.raises(e.AccountNotFound):
        services.deactivate_account(account_id=clerk.pk, actor=office, at=AT)


def test_nobody_closes_their_own_account(office: Actor) -> None:
    with pytest.raises(e.SelfLocked):
        services.deactivate_account(account_id=office.account_id, actor=office, at=AT)


# --- appointments


def test_appointing_gives_authority_and_a_journal_entry(town: Town, office: Actor) -> None:
    clerk = make_account()
    made = services.appoint(account_id=clerk.pk, role="grid_lead", place_id=town.community.pk, actor=office, at=AT)
    (grant,) = actor_for(clerk, AT).grants
    assert (grant.appointment_id, grant.role) == (made, "grid_lead")
    assert last_entry() == ("duty.appoint", office.account_id, 20 * UNIT, f"appointment:{made}")


def test_appointing_is_refused_outside_above_and_without_the_permission(town: Town, office: Actor) -> None:
    clerk = make_account()
    for actor, place in [
        (office, town.district),
        (office, town.sibling),
        (town.actor("grid_lead", town.street), town.community),
    ]:
        with pytest.raises(e.BeyondAuthority):
            services.appoint(account_id=clerk.pk, role="unit_lead", place_id=place.pk, actor=actor, at=AT)


def test_a_place_without_doors_is_answered_for_by_what_it_lies_in(town: Town, office: Actor) -> None:
    """An empty extent lies inside every other: without care anybody could appoint there."""
    clerk = make_account()
    with pytest.raises(e.BeyondAuthority):
        services.appoint(account_id=clerk.pk, role="office", place_id=town.empty.pk, actor=office, at=AT)
    beside = town.actor("office", town.sibling)
    assert services.appoint(account_id=clerk.pk, role="office", place_id=town.empty.pk, actor=beside, at=AT)


@given(role=st.sampled_from(Role), wanted=st.sampled_from(Role), scoped=st.booleans())
@settings(max_examples=60, deadline=None)
def test_nobody_appoints_to_more_than_they_hold(role: Role, wanted: Role, scoped: bool) -> None:
    with db.atomic():
        town = Town()
        account = make_account(role=role, place=town.street)
        scopes = frozenset({"duty.appoint", "rounds.view", "places.view"}) if scoped else None
        actor = actor_for(account, AT, scopes=scopes)
        held = PERMISSIONS[role] if scopes is None else PERMISSIONS[role] & scopes
        clerk = make_account()
        try:
            services.appoint(account_id=clerk.pk, role=wanted, place_id=town.street.pk, actor=actor, at=AT)
            assert PERMISSIONS[wanted] <= held
            assert actor_for(clerk, AT).extent <= actor.extent
        except e.BeyondAuthority:
            assert not {"duty.appoint", *PERMISSIONS[wanted]} <= held
        db.connection().set_rollback(True)


def test_a_period_ends_after_it_begins_and_is_not_in_the_past(town: Town, office: Actor) -> None:
    given: dict[str, Any] = {
        "account_id": make_account().pk,
        "role": "unit_lead",
        "place_id": town.community.pk,
        "actor": office,
    }
    with pytest.raises(e.PeriodPast):
        services.appoint(**given, since=AT - DAY, at=AT)
    with pytest.raises(e.PeriodWrong):
        services.appoint(**given, until=AT, at=AT)
    services.appoint(**given, since=AT + DAY, until=AT + 2 * DAY, at=AT)


def test_one_role_at_one_place_is_held_once_at_a_time(town: Town, office: Actor) -> None:
    given: dict[str, Any] = {
        "account_id": make_account().pk,
        "role": "unit_lead",
        "place_id": town.community.pk,
        "actor": office,
    }
    services.appoint(**given, until=AT + DAY, at=AT)
    services.appoint(**given, since=AT + DAY, at=AT)
    for since in (AT, AT + 5 * DAY):
        with pytest.raises(e.AppointedTwice):
            services.appoint(**given, since=since, at=AT)


def test_what_cannot_be_appointed(town: Town, office: Actor) -> None:
    clerk = make_account()
    with pytest.raises(e.RoleUnknown):
        services.appoint(account_id=clerk.pk, role="king", place_id=town.street.pk, actor=office, at=AT)
    with pytest.raises(PlaceUnknown):
        services.appoint(account_id=clerk.pk, role="office", place_id=10**9, actor=office, at=AT)
    with pytest.raises(e.AccountNotFound):
        services.appoint(account_id=10**9, role="office", place_id=town.street.pk, actor=office, at=AT)
    Place.objects.filter(pk=town.community.pk).update(ended_at=AT)
    with pytest.raises(PlaceEnded):
        services.appoint(account_id=clerk.pk, role="office", place_id=town.community.pk, actor=SYSTEM, at=AT)


def test_ending_takes_authority_from_that_moment(town: Town, office: Actor) -> None:
    clerk = make_account()
    made = appoint(clerk, "grid_worker", town.community)
    services.end_appointment(appointment_id=made, until=AT + DAY, actor=office, at=AT)
    assert actor_for(clerk, AT).grants
    services.end_appointment(appointment_id=made, actor=office, at=AT + timedelta(hours=1))
    assert not actor_for(clerk, AT + timedelta(hours=1)).grants
    assert actor_for(clerk, AT).grants  # what was done before was done rightly
    with pytest.raises(e.AppointmentEnded):
        services.end_appointment(appointment_id=made, actor=office, at=AT + 2 * DAY)


def test_an_appointment_to_come_is_withdrawn(town: Town, office: Actor) -> None:
    clerk = make_account()
    made = appoint(clerk, "grid_worker", town.community, since=AT + DAY)
    services.end_appointment(appointment_id=made, actor=office, at=AT)
    assert not actor_for(clerk, AT + 2 * DAY).grants
    services.appoint(
        account_id=clerk.pk, role="grid_worker", place_id=town.community.pk, since=AT + DAY, actor=office, at=AT
    )


def test_what_cannot_be_ended(town: Town, office: Actor) -> None:
    made = appoint(make_account(), "office", town.district)
    with pytest.raises(e.BeyondAuthority):
        services.end_appointment(appointment_id=made, actor=office, at=AT)
    with pytest.raises(e.AppointmentNotFound):
        services.end_appointment(appointment_id=10**9, actor=office, at=AT)
    own = appoint(make_account(), "grid_worker", town.street)
    with pytest.raises(e.PeriodPast):
        services.end_appointment(appointment_id=own, until=AT - DAY, actor=office, at=AT)


# --- tokens


def test_a_token_acts_within_its_scopes_until_it_ends(town: Town, office: Actor) -> None:
    made = services.make_token(name="t", scopes=["rounds.view"], expires_at=AT + DAY, actor=office, at=AT)
    actor = authority.authenticate_token(made.raw, AT)
    assert (actor.account_id, actor.origin) == (office.account_id, "api")
    assert actor.may("rounds.view")
    assert not actor.may("rounds.mark")
    assert actor.extent_for("rounds.view") == office.extent_for("rounds.view")
    assert made.raw.encode() not in bytes(ApiToken.objects.get(pk=made.id).digest)
    with pytest.raises(e.TokenRefused):
        authority.authenticate_token(made.raw, AT + DAY)
    with pytest.raises(e.TokenRefused):
        authority.authenticate_token("", AT)
    services.revoke_token(token_id=made.id, actor=office, at=AT)
    services.revoke_token(token_id=made.id, actor=office, at=AT)
    with pytest.raises(e.TokenRefused):
        authority.authenticate_token(made.raw, AT)


def test_a_token_of_an_account_without_appointment_may_nothing(town: Town) -> None:
    account = make_account(role="office", place=town.street, until=AT + DAY)
    made = services.make_token(
        name="t", scopes=["rounds.view"], expires_at=AT + 9 * DAY, actor=actor_for(account, AT), at=AT
    )
    assert authority.authenticate_token(made.raw, AT + 2 * DAY).grants == ()


def test_what_no_token_is_made_for(town: Town, office: Actor) -> None:
    given: dict[str, Any] = {"name": "t", "actor": office, "at": AT}
    for scopes in (["accounts.fly"], []):
        with pytest.raises(e.ScopesWrong):
            services.make_token(**given, scopes=scopes, expires_at=AT + DAY)
    for expires_at in (AT, AT + timedelta(days=367)):
        with pytest.raises(e.ExpiryWrong):
            services.make_token(**given, scopes=["rounds.view"], expires_at=expires_at)
    worker = town.actor("grid_worker", town.street)
    with pytest.raises(Forbidden):
        services.make_token(name="t", scopes=["rounds.view"], expires_at=AT + DAY, actor=worker, at=AT)
    made = services.make_token(**given, scopes=["tokens.make"], expires_at=AT + DAY)
    with pytest.raises(Forbidden):
        services.make_token(
            name="child",
            scopes=["tokens.make"],
            expires_at=AT + 9 * DAY,
            actor=authority.authenticate_token(made.raw, AT),
            at=AT,
        )


def test_a_token_is_revoked_by_its_owner_alone(town: Town, office: Actor) -> None:
    made = services.make_token(name="t", scopes=["rounds.view"], expires_at=AT + DAY, actor=office, at=AT)
    with pytest.raises(e.TokenNotFound):
        services.revoke_token(token_id=made.id, actor=town.actor("office", town.street), at=AT)


# --- the database keeps it too


def test_constraints_of_appointments(town: Town) -> None:
    account = make_account()
    given: dict[str, Any] = {"account": account, "place": town.street, "created_at": AT, "created_by": 0}
    with pytest.raises(IntegrityError, match="appointment_role"), db.atomic():
        Appointment.objects.create(**given, role="king", since=AT)
    with pytest.raises(IntegrityError, match="appointment_time"), db.atomic():
        Appointment.objects.create(**given, role="office", since=AT, until=AT - DAY)
    Appointment.objects.create(**given, role="office", since=AT)
    with pytest.raises(IntegrityError, match="appointment_once"), db.atomic():
        Appointment.objects.create(**given, role="office", since=AT + DAY)


def test_the_constraint_of_tokens() -> None:
    with pytest.raises(IntegrityError, match="api_token_expires"), db.atomic():
        ApiToken.objects.create(account=make_account(), name="t", digest=b"x", scopes=[], created_at=AT, expires_at=AT)


# --- reads


def test_lists_show_what_lies_inside(town: Town, office: Actor) -> None:
    inside = make_account(role="grid_worker", place=town.community, name="里")
    make_account(role="grid_worker", place=town.sibling)
    make_account(role="command", place=town.city)
    idle = make_account(username="idle")
    me = Account.objects.get(pk=office.account_id)
    seen = queries.list_appointments(actor=office, at=AT)
    assert {line.account_id for line in seen} == {inside.pk, me.pk}
    assert {line.id for line in queries.list_accounts(actor=office, at=AT)} == {inside.pk, me.pk, idle.pk}
    assert [line.id for line in queries.list_accounts(actor=office, at=AT, text="里")] == [inside.pk]
    narrowed = queries.list_appointments(actor=office, at=AT, place_id=town.community.pk)
    assert [line.account_id for line in narrowed] == [inside.pk]
    everywhere = town.actor("supervisor", town.city)
    assert len(queries.list_appointments(actor=everywhere, at=AT)) == 5
    assert idle.pk not in {line.id for line in queries.list_accounts(actor=everywhere, at=AT)}
    with pytest.raises(e.AccountNotFound):
        queries.get_account(account_id=make_account(role="office", place=town.sibling).pk, actor=office, at=AT)


def test_lists_tell_what_is_to_come_from_what_has_ended(town: Town, office: Actor) -> None:
    account = make_account()
    appoint(account, "unit_lead", town.street, until=AT)
    appoint(account, "grid_lead", town.street, since=AT + DAY)
    roles = {
        standing: [
            line.role
            for line in queries.list_appointments(actor=office, at=AT, account_id=account.pk, standing=standing)
        ]
        for standing in ("", *Standing)
    }
    assert roles == {
        "": ["unit_lead", "grid_lead"],
        Standing.COMING: ["grid_lead"],
        Standing.IN_FORCE: [],
        Standing.ENDED: ["unit_lead"],
    }
    assert [line.role for line in queries.list_own_appointments(actor=actor_for(account, AT), at=AT)] == ["grid_lead"]


def test_holders_of_a_place(town: Town) -> None:
    account = make_account(role="unit_lead", place=town.street)
    found = queries.list_holders(place_ids=[town.street.pk, town.city.pk], at=AT)
    assert [line.account_id for line in found[town.street.pk]] == [account.pk]
    assert found[town.city.pk] == []
