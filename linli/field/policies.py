"""When something was done, from what a phone's clock said. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
CLOCK_ERROR = timedelta(minutes=5)  # so much the offset itself may be wrong
LARGEST_OFFSET = timedelta(days=36_500)
A_SECOND, A_MILLISECOND = 1_000_000, 1_000  # in microseconds


def settle_time(
    device_at: datetime, offset: timedelta, seq: int, *, earliest: datetime, received: datetime
) -> tuple[datetime, bool]:
    """When it was done, and whether it lay so far outside of `earliest` and `received` that no clock explains it.

    What is clamped keeps the order in which the phone numbered it, within a second after the one end or a millisecond
    before the other: where the clock says nothing, the number does.
    """
    try:
        at = device_at + (offset if -LARGEST_OFFSET < offset < LARGEST_OFFSET else LARGEST_OFFSET)
    except OverflowError:
        at = device_at
    if at < earliest:
        return min(earliest + seq % A_SECOND * MICROSECOND, received), True
    if at > received:
        late = received - (A_MILLISECOND - seq % A_MILLISECOND) * MICROSECOND
        return max(late, earliest), at > received + CLOCK_ERROR
    return at, False


def find_earliest(pack_at: datetime | None, *, began: datetime | None, received: datetime) -> datetime | None:
    """The earliest moment at which it can have been done: not before the pack was issued that the phone had, nor before
    its session began. None: nothing is known of it.
    """
    if pack_at is None or pack_at > received:
        return began
    return pack_at if began is None or began < pack_at else began
