"""Roll-ups: every place's figures from prefix sums equal the sums of its own span."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core import db
from linli.core.extents import EVERYWHERE, NOWHERE
from linli.rounds import queries, rollups
from linli.rounds.terms import Figures, Mark
from tests.builders.ledger import MORNING, command, give, make_block, open_round

pytestmark = pytest.mark.django_db
EVENING = MORNING + timedelta(hours=12)


def test_every_place_at_once_equals_each_place_alone() -> None:
    one, two = make_block(number=1, units=3, doors=4), make_block(number=5, units=2, doors=2)
    round_ = open_round(EVERYWHERE)
    give(round_, [command(p, [Mark.DONE, Mark.ABSENT, Mark.EXEMPT][n % 3]) for n, p in enumerate(one.people[:20])])
    rolled = rollups.roll_up_all(round_id=round_.id, extent=EVERYWHERE, at=EVENING)
    places = [place_id for (place_id,) in db.rows("SELECT id FROM place")]
    alone = queries.list_figures_of_places(round_id=round_.id, place_ids=places, at=EVENING)
    assert {place: rolled.of(place) for place in places} == alone
    assert alone[places[0]].done == 7
    narrowed = rollups.roll_up_all(round_id=round_.id, extent=two.extent, at=EVENING)
    assert narrowed.of(places[0]) == Figures()


def test_nowhere_and_an_empty_round_have_no_figures() -> None:
    make_block()
    round_ = open_round(EVERYWHERE)
    assert len(rollups.roll_up_all(round_id=round_.id, extent=NOWHERE, at=EVENING).place_ids) == 0
    assert rollups.roll_up_all(round_id=round_.id + 1, extent=EVERYWHERE, at=EVENING).of(1) == Figures()
