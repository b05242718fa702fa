"""When something was done, from what a phone's clock said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from linli.field.policies import find_earliest, settle_time

NOON = datetime(2022, 10, 4, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
YEARS = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(*(year.replace(tzinfo=None) for year in YEARS), timezones=st.just(UTC))
OFFSETS = st.integers(-(2**53) + 1, 2**53 - 1)


def settle(device_at: datetime, offset: timedelta = timedelta(), seq: int = 1) -> tuple[datetime, bool]:
    return settle_time(device_at, offset, seq, earliest=NOON - 3 * HOUR, received=NOON)


def test_a_time_that_can_be_is_kept() -> None:
    assert settle(NOON - HOUR) == (NOON - HOUR, False)
    assert settle(NOON - 25 * HOUR, timedelta(days=1)) == (NOON - HOUR, False)


def test_a_little_ahead_is_no_fault() -> None:
    at, is_clamped = settle(NOON + SECOND)
    assert at < NOON
    assert not is_clamped


@given(device_at=MOMENTS, offset=OFFSETS, seq=st.integers(0, 2**53 - 1))
def test_it_is_never_outside(device_at: datetime, offset: int, seq: int) -> None:
    at, _is_clamped = settle(device_at, timedelta(milliseconds=offset), seq)
    assert NOON - 3 * HOUR <= at <= NOON


@given(first=st.integers(0, 998), more=st.integers(1, 999))
def test_numbers_order_what_the_clock_does_not(first: int, more: int) -> None:
    second = min(first + more, 999)
    for device_at in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)):
        assert first == second or settle(device_at, seq=first)[0] < settle(device_at, seq=second)[0]


def test_the_earliest_is_the_pack_or_the_session() -> None:
    began, pack = NOON - 2 * HOUR, NOON - HOUR
    assert find_earliest(pack, began=began, received=NOON) == pack
    assert find_earliest(began - HOUR, began=began, received=NOON) == began
    assert find_earliest(NOON + HOUR, began=began, received=NOON) == began
    assert find_earliest(None, began=began, received=NOON) == began
    assert find_earliest(pack, began=None, received=NOON) == pack
    assert find_earliest(None, began=None, received=NOON) is None
