"""A small town with an open round, and a worker with a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from linli.core import clock, db
from linli.core.models import Account
from linli.residents.counts import recount_all
from linli.rounds import queries
from linli.rounds.queries import RoundView
from tests.builders.duty import make_account
from tests.builders.ledger import make_home, make_person, open_round
from tests.builders.phones import Phone
from tests.builders.places import District, make_district

Make = Callable[..., Phone]


@dataclass
class Town:
    """One household of two behind each door; `people` two a door, in the order of the doors."""

    district: District
    at: datetime
    homes: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    round_: RoundView | None = None
    worker: Account | None = None

    @property
    def code(self) -> str:
        assert self.round_ is not None
        return self.round_.code

    def state(self, person: int) -> int:
        assert self.round_ is not None
        with db.owner():
            return int(
                db.scalar(
                    "SELECT state FROM round_state WHERE round_id = %s AND subject_id = %s", [self.round_.id, person]
                )
            )


@pytest.fixture
def town() -> Town:
    queries.forget_begun_rounds()
    at = clock.now()
    with db.owner():
        district = make_district(communities=2, compounds=1, buildings=1, units=2, at=at - timedelta(days=20))
        made = Town(district, at)
        for door in district.doors:
            home = make_home(door.key)
            made.homes.append(home)
            made.people += [make_person(home, door.key, f"人{door.key}-{number}") for number in range(2)]
        recount_all()
        made.round_ = open_round(district.extent(district.district, at), at=at - timedelta(hours=5))
        made.worker = make_account(
            role="grid_worker",
            place=district.communities[0],
            username="worker",
            name="王姐",
            since=at - timedelta(days=15),
        )
    return made


@pytest.fixture
def phone(town: Town) -> Phone:
    made = Phone("worker")
    answer = made.sign_in()
    assert answer.status_code == 201, answer.content
    return made
