"""The hour at which pages of rounds are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linli.core import clock
from tests.builders.rounds import NOON


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands at noon of the day on which the builders' rounds were opened."""
    with clock.stopped(NOON):
        yield
