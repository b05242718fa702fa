"""Appointments in force become grants on the doors their places hold at that moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linli.core import access, db
from linli.core.extents import EVERYWHERE, NOWHERE, Extent
from linli.duty import authority
from linli.duty.terms import PERMISSIONS, Role
from linli.places.models import Place, PlaceSpan
from linli.places.terms import FOREVER, Kind
from tests.builders.duty import LONG_AGO, actor_for, appoint, make_account

pytestmark = pytest.mark.django_db

AT = datetime(2022, 10, 5, 4, tzinfo=UTC)


def make_place(kind: Kind, code: str, *, parent: Place | None = None, **fields: Any) -> Place:
    return Place.objects.create(
        kind=kind,
        code=code,
        name=code,
        parent=parent,
        parent_kind=parent.kind if parent else None,
        created_at=LONG_AGO,
        **fields,
    )


def hold(place: Place, lo: int, hi: int, *, since: datetime = LONG_AGO, until: datetime = FOREVER) -> PlaceSpan:
    return PlaceSpan.objects.create(place=place, kind=place.kind, lo=lo, hi=hi, since=since, until=until)


@pytest.fixture
def city() -> Place:
    return make_place(Kind.CITY, "city")


@pytest.fixture
def area(city: Place) -> Place:
    """An area that held one span until noon and two from then on."""
    district = make_place(Kind.DISTRICT, "district", parent=city)
    area = make_place(Kind.AREA, "area", parent=district)
    hold(area, 2048, 4096, until=AT)
    hold(area, 8192, 10240, since=AT)
    hold(area, 10240, 12288, since=AT)
    return area


def test_a_grant_covers_the_doors_the_place_holds_at_that_moment(area: Place) -> None:
    account = make_account(role="area_lead", place=area)
    (before,) = access.actor_of(account.pk, "x", AT - timedelta(seconds=1)).grants
    (after,) = access.actor_of(account.pk, "x", AT).grants
    assert before.extent == Extent.of([(2048, 4096)])
    assert after.extent == Extent.of([(8192, 12288)])
    assert after.permissions == PERMISSIONS[Role.AREA_LEAD]
    assert after.place_id == area.pk


def test_an_appointment_holds_from_since_until_just_before_until(area: Place) -> None:
    account = make_account(role="area_lead", place=area, since=AT, until=AT + timedelta(hours=1))
    moments = [AT - timedelta(microseconds=1), AT, AT + timedelta(minutes=59), AT + timedelta(hours=1)]
    assert [len(actor_for(account, at).grants) for at in moments] == [0, 1, 1, 0]


def test_an_inactive_account_holds_nothing(area: Place) -> None:
    account = make_account(role="area_lead", place=area, active=False)
    assert actor_for(account, AT).grants == ()


def test_the_only_place_at_the_top_is_the_jurisdiction(city: Place) -> None:
    account = make_account(role="command", place=city)
    assert actor_for(account, AT).extent == EVERYWHERE
    assert 0 in authority.find_place_extent(city.pk, AT)


def test_of_several_places_at_the_top_none_is_the_jurisdiction(city: Place) -> None:
    make_place(Kind.CITY, "other city")
    hold(city, 4096, 8192)
    account = make_account(role="command", place=city)
    assert actor_for(account, AT).extent == Extent.of([(4096, 8192)])


def test_a_compound_without_parent_is_only_itself(city: Place) -> None:
    size = 1 << 28
    compound = make_place(Kind.COMPOUND, "compound", lo=3 * size, hi=4 * size)
    hold(compound, 3 * size, 4 * size)
    account = make_account(role="grid_worker", place=compound)
    assert actor_for(account, AT).extent == Extent.of([(3 * size, 4 * size)])


def test_a_dissolved_place_gives_no_doors(area: Place) -> None:
    account = make_account(role="area_lead", place=area)
    Place.objects.filter(pk=area.pk).update(ended_at=AT + timedelta(days=1))
    assert actor_for(account, AT).extent
    assert actor_for(account, AT + timedelta(days=1)).extent == NOWHERE


def test_several_appointments_unite(city: Place, area: Place) -> None:
    account = make_account(role="supervisor", place=city)
    appoint(account, "area_lead", area)
    actor = actor_for(account, AT)
    assert actor.extent_for("residents.edit") == Extent.of([(8192, 12288)])
    assert actor.extent_for("rounds.view") == EVERYWHERE
    assert actor.appointment_for("rounds.view", 9000) == actor.grants[1].appointment_id


def test_unknown_accounts_and_places_give_nothing() -> None:
    assert authority.find_grants(10**9, AT) == ()
    assert authority.find_place_extent(10**9, AT) == NOWHERE


def test_authority_is_one_round_trip(area: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account(role="area_lead", place=area)
    asked: list[str] = []
    prepared = db.prepared

    def count(sql: str, params: Any) -> Any:
        asked.append(sql)
        return prepared(sql, params)

    monkeypatch.setattr(db, "prepared", count)
    monkeypatch.setattr(db, "rows", None)
    assert actor_for(account, AT).grants
    assert len(asked) == 1
