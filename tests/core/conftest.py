"""A clock that goes on when a test says so, for those who wait in line."""

from __future__ import annotations

import pytest

from linli.core import admission, turns


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(admission, "time", found)
    monkeypatch.setattr(turns, "time", found)
    return found
