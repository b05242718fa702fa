"""What an account held in the last while: appointments that ended, places that were redrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from linli.core.access import SYSTEM
from linli.duty.authority import find_grants
from linli.duty.history import find_history
from linli.duty.models import Appointment
from linli.places import services as places
from tests.builders.duty import make_account
from tests.builders.places import make_district

pytestmark = pytest.mark.django_db
NOW = datetime(2022, 11, 24, 8, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def test_now_is_what_the_authority_says_now() -> None:
    district = make_district(communities=1, compounds=1, buildings=1)
    account = make_account(role="grid_worker", place=district.communities[0])
    history = find_history(account.pk, at=NOW, window=WEEK)
    assert history.grants_at(NOW) == find_grants(account.pk, NOW)
    chief = make_account(role="command", place=district.city)  # at the top: everything
    assert find_history(chief.pk, at=NOW, window=WEEK).grants_at(NOW) == find_grants(chief.pk, NOW) != ()


def test_a_post_that_ended_held_until_then() -> None:
    district = make_district(communities=1, compounds=1, buildings=1)
    account = make_account(role="unit_lead", place=district.units[0], since=NOW - 5 * DAY, until=NOW - 2 * DAY)
    history = find_history(account.pk, at=NOW, window=WEEK)
    assert [bool(history.grants_at(NOW - ago * DAY)) for ago in (6, 5, 3, 2, 1)] == [False, True, True, False, False]
    periods = [history.period_of(NOW - ago * DAY) for ago in (6, 5, 3, 2, 1)]
    assert periods[1] == periods[2]
    assert len({periods[0], periods[1], periods[3]}) == 3


def test_one_that_ended_before_the_window_is_over() -> None:
    district = make_district(communities=1, compounds=1, buildings=1)
    account = make_account(role="unit_lead", place=district.units[0], until=NOW - 8 * DAY)
    history = find_history(account.pk, at=NOW, window=WEEK)
    assert history.grants_at(NOW - 9 * DAY) == ()


def test_a_closed_account_held_what_it_held() -> None:
    district = make_district(communities=1, compounds=1, buildings=1)
    account = make_account(role="unit_lead", place=district.units[0], active=False)
    Appointment.objects.filter(account=account).update(until=NOW - DAY)
    history = find_history(account.pk, at=NOW, window=WEEK)
    assert history.grants_at(NOW - 2 * DAY)
    assert not history.grants_at(NOW)


def test_a_place_that_moved_is_where_it_was() -> None:
    district = make_district(communities=2, compounds=1, buildings=1)
    account = make_account(role="grid_worker", place=district.communities[0])
    there = district.compounds[0].block
    places.move_compound(
        compound_id=district.compounds[0].id, community_id=district.communities[1].id, actor=SYSTEM, at=NOW - DAY
    )
    history = find_history(account.pk, at=NOW, window=WEEK)
    assert [there <= grant.extent for grant in history.grants_at(NOW - 2 * DAY)] == [True]
    assert [bool(there & grant.extent) for grant in history.grants_at(NOW)] == [False]
