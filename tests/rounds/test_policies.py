"""Rules of marks on plain data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from linli.core.arrays import microseconds
from linli.rounds import policies
from linli.rounds.judging import Batch
from linli.rounds.terms import CLOCK_ERROR, Flag, Mark

OPENED = datetime(2022, 10, 4, 7, tzinfo=UTC)
RECEIVED = OPENED + timedelta(hours=5)
WINDOW = policies.EventWindow(opened_at=OPENED, received_at=RECEIVED)


def test_an_event_in_the_window_is_kept_as_it_is() -> None:
    event = OPENED + timedelta(minutes=3)
    assert WINDOW.settle(event) == (event, None)
    assert WINDOW.settle(OPENED - policies.BEFORE_OPENING)[1] is None


def test_a_clock_a_little_fast_is_set_back_without_a_flag() -> None:
    assert WINDOW.settle(RECEIVED + CLOCK_ERROR) == (RECEIVED, None)


def test_what_no_clock_error_explains_is_clamped_and_flagged() -> None:
    assert WINDOW.settle(RECEIVED + CLOCK_ERROR + timedelta(seconds=1)) == (RECEIVED, Flag.CLAMPED)
    assert WINDOW.settle(datetime(1970, 1, 1, tzinfo=UTC)) == (OPENED, Flag.CLAMPED)


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)).map(lambda apart: OPENED + apart))
def test_a_load_settles_its_times_as_a_single_mark_does(event: datetime) -> None:
    batch = Batch.of_rows([(1, 1, int(Mark.DONE), event, "")]).settled(
        opened_at=OPENED, received_at=RECEIVED, before=policies.BEFORE_OPENING
    )
    kept, flag = WINDOW.settle(event)
    assert batch.events[0] == microseconds(kept)
    assert bool(batch.flags[0] & Flag.CLAMPED) == (flag is not None)
