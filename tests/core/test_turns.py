"""The larger the crowd that is refused, the later it is told to come again."""

from __future__ import annotations

import pytest

from linli.core import turns
from linli.core.errors import Unavailable


def test_the_larger_the_crowd_the_later_it_is_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(turns.time, "monotonic", lambda: now)
    monkeypatch.setattr(turns, "randint", lambda _low, high: high)
    room = turns.Turns(1)

    def refused() -> int:
        with pytest.raises(Unavailable) as caught, room.one():
            pass
        assert caught.value.retry_after is not None
        return caught.value.retry_after

    with room.one():
        told = [refused() for _ in range(40)]
    assert told == sorted(told)
    assert (told[0], told[3], told[-1]) == (8, 23, turns.LATEST_SECONDS)
    for _ in range(2):  # spans of time in which nobody was refused: it is forgotten
        now += turns.SPAN_SECONDS + 1
        with room.one():
            pass
    with room.one():
        assert refused() == 4
