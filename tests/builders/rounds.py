"""A district with people in it and a round half walked: what the pages of rounds are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from linli.core.access import SYSTEM
from linli.core.extents import Extent
from linli.core.ids import new_id
from linli.places import queries as places
from linli.residents.terms import Need
from linli.rounds import bulk, queries, services
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, MarkCommand, RoundKind
from tests.builders.places import District, make_district
from tests.builders.residents import make_household

OPENED = datetime(2022, 10, 4, 0, 0, tzinfo=UTC)  # 08:00 in Hohhot
NOON = OPENED + timedelta(hours=4)
NEEDS = cycle([Need(0), Need.ALONE, Need(0), Need.MEDICINE | Need.ALONE, Need(0), Need(0), Need.PREGNANT])


@dataclass
class Walk:
    """`homes`: household id by door key; every home but those of `empty` doors has two people."""

    district: District
    homes: dict[int, int]
    round: RoundView

    @property
    def code(self) -> str:
        return self.round.code


def make_walk(*, count_by: CountBy = CountBy.PERSON, people: int = 2, empty: Sequence[int] = (), **size: Any) -> Walk:
    """A district whose doors are lived behind (but the `empty` ones, by their place in the list), and an open round."""
    district = make_district(**size)
    homes = {
        key: make_household(key, people=people, needs=next(NEEDS))
        for index, key in enumerate(district.keys)
        if index not in empty
    }
    return Walk(district, homes, open_over(places.extent_of(district.district.id, OPENED), count_by=count_by))


def open_over(
    extent: Extent, *, count_by: CountBy = CountBy.PERSON, at: datetime = OPENED, name: str = "第 3 轮敲门行动"
) -> RoundView:
    made = services.create_round(
        name=name,
        kind=RoundKind.VISIT,
        count_by=count_by,
        starts_at=at,
        ends_at=at + timedelta(hours=12),
        scope=extent,
        actor=SYSTEM,
        at=at,
    )
    bulk.open_round(round_id=made.pk, actor=SYSTEM, at=at)
    return queries.get_round(made.pk)


def mark_homes(walk: Walk, keys: Sequence[int], kind: Mark = Mark.DONE, *, at: datetime = NOON, **more: object) -> None:
    """Everybody of these homes, at `at`."""
    commands = [
        MarkCommand(new_id(), kind, at, household_id=walk.homes[key], **more)  # type: ignore[arg-type]
        for key in keys
        if key in walk.homes
    ]
    services.mark(round_id=walk.round.id, commands=commands, actor=SYSTEM, at=at)
