"""Posts: one holder at a time, deputies, handing over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from linli.core import db, events, integrity
from linli.core.access import SYSTEM, Actor
from linli.duty import errors as e
from linli.duty import services
from linli.duty.events import PostHandedOver
from linli.duty.models import Appointment
from linli.duty.posts import Detail
from linli.duty.terms import Role
from tests.builders.duty import actor_for, make_account
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db
AT = datetime(2022, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def home() -> District:
    return make_district(communities=1, compounds=1, buildings=2)


@pytest.fixture
def office(home: District) -> Actor:
    return actor_for(make_account(role="office", place=home.street), AT)


def appoint(role: str, place_id: int, name: str = "", **more: object) -> int:
    account = make_account(name=name)
    given = {"detail": Detail(**more)} if more else {}  # type: ignore[arg-type]
    return services.appoint(account_id=account.pk, role=role, place_id=place_id, actor=SYSTEM, at=AT, **given)  # type: ignore[arg-type]


def test_a_leads_post_has_one_holder_at_a_time(home: District) -> None:
    unit = home.units[0].id
    appoint("unit_lead", unit, "王敏")
    with pytest.raises(e.PostTaken) as refused:
        appoint("unit_lead", unit, "斯琴")
    assert refused.value.params["name"] == "王敏"
    appoint("unit_lead", home.units[1].id, "斯琴")


def test_the_database_refuses_two_holders_of_one_post(home: District) -> None:
    appoint("unit_lead", home.units[0].id)
    given = {"role": "unit_lead", "place_id": home.units[0].id, "created_at": AT, "created_by": 0}
    with pytest.raises(IntegrityError, match="appointment_post") as refused, db.atomic():
        Appointment.objects.create(account=make_account(), since=AT + DAY, **given)
    assert integrity.explain(refused.value).params["constraint"] == "appointment_post"
    # Another time, another seat or the deputy's place is another matter.
    Appointment.objects.create(account=make_account(), since=AT - DAY, until=AT, **given)
    Appointment.objects.create(account=make_account(), since=AT, is_deputy=True, **given)
    with pytest.raises(IntegrityError, match="appointment_post"), db.atomic():
        Appointment.objects.create(account=make_account(), since=AT, is_deputy=True, **given)


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("appointment_seat", {"role": "office", "seat": 0}),
        ("appointment_officer_kind", {"role": "office", "officer_kind": "linked"}),
        ("appointment_officer_kind", {"role": "information_officer", "officer_kind": "friend"}),
    ],
)
def test_what_else_the_database_refuses(home: District, constraint: str, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match=constraint), db.atomic():
        Appointment.objects.create(
            account=make_account(), place_id=home.street.id, since=AT, created_at=AT, created_by=0, **wrong
        )


def test_other_roles_have_as_many_seats_as_they_need(home: District) -> None:
    made = [appoint("information_officer", home.units[0].id, officer_kind="linked") for _ in range(3)]
    seats = {one.pk: one.seat for one in Appointment.objects.filter(pk__in=made)}
    assert [seats[one] for one in made] == [1, 2, 3]
    services.end_appointment(appointment_id=made[1], actor=SYSTEM, at=AT + DAY)
    later = services.appoint(
        account_id=make_account().pk, role="information_officer", place_id=home.units[0].id, actor=SYSTEM, at=AT + DAY
    )
    assert Appointment.objects.get(pk=later).seat == 2
    with pytest.raises(e.OfficerKindWrong):
        appoint("unit_lead", home.units[1].id, officer_kind="linked")


def test_handing_over_ends_one_begins_the_other_and_tells(home: District, office: Actor) -> None:
    heard: list[PostHandedOver] = []
    events.subscribe(PostHandedOver, heard.append)
    until = AT + 9 * DAY
    old, new = make_account(name="王敏"), make_account(name="斯琴")
    unit = home.units[0]
    first = services.appoint(
        account_id=old.pk, role="unit_lead", place_id=unit.id, until=until, actor=SYSTEM, at=AT - DAY
    )
    stand_in = services.appoint(
        account_id=new.pk, role="unit_lead", place_id=unit.id, detail=Detail(is_deputy=True), actor=SYSTEM, at=AT - DAY
    )
    made = services.hand_over(appointment_id=first, to_account_id=new.pk, actor=office, at=AT)
    assert Appointment.objects.get(pk=first).until == AT
    assert Appointment.objects.get(pk=stand_in).until == AT
    received = Appointment.objects.get(pk=made)
    assert (received.account_id, received.since, received.until, received.seat) == (new.pk, AT, until, 1)
    (event,) = [one for one in heard if one.to_appointment == made]
    assert (event.from_account, event.to_account, event.role) == (old.pk, new.pk, Role.UNIT_LEAD)
    assert unit.block <= event.extent
    assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'duty.hand_over'") == 1
    with pytest.raises(e.AppointmentEnded):
        services.hand_over(appointment_id=first, to_account_id=old.pk, actor=office, at=AT + DAY)
    with pytest.raises(e.AppointedTwice):
        services.hand_over(appointment_id=made, to_account_id=new.pk, actor=office, at=AT + DAY)


def test_nobody_hands_over_what_they_do_not_answer_for(home: District) -> None:
    made = appoint("unit_lead", home.units[0].id)
    neighbour = actor_for(make_account(role="office", place=home.buildings[1]), AT)
    with pytest.raises(e.BeyondAuthority):
        services.hand_over(appointment_id=made, to_account_id=make_account().pk, actor=neighbour, at=AT)
