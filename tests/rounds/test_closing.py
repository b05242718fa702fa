"""A round that is closed some time after it was asked for: the worker was away, and people went on marking."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from linli.core import clock, db, jobs
from linli.core.access import SYSTEM
from linli.rounds import queries, services
from linli.rounds.terms import Mark
from tests.builders.ledger import MORNING, command, give, make_block, open_round

pytestmark = pytest.mark.django_db
ASKED, CARRIED_OUT = MORNING + timedelta(hours=2), MORNING + timedelta(hours=5)


@pytest.fixture(autouse=True)
def _watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: CARRIED_OUT)


def test_it_is_closed_when_the_last_mark_was_taken_and_not_before() -> None:
    block = make_block()
    taken = open_round(block.extent)
    job = services.request_close(round_id=taken.id, actor=SYSTEM, at=ASKED)
    exempt = command(block.people[0], Mark.EXEMPT, minutes=10)._replace(until_at=MORNING + timedelta(hours=4))
    give(taken, [exempt, command(block.people[1], minutes=170)], minutes=180)
    jobs.carry_out(job.id)
    closed = queries.get_round(taken.id)
    assert closed.closed_at == CARRIED_OUT
    assert closed.certificate is not None
    assert datetime.fromisoformat(closed.certificate["closed_at"]) == CARRIED_OUT
    assert not db.scalar("SELECT count(*) FROM mark WHERE received_at > %s", [closed.closed_at])
    # An exemption that was over by then closes nobody.
    assert (closed.certificate["done"], closed.certificate["exempt"]) == (1, 0)


def test_reopened_it_reads_exemptions_by_the_time_of_its_reopening() -> None:
    block = make_block()
    taken = open_round(block.extent)
    job = services.request_close(round_id=taken.id, actor=SYSTEM, at=ASKED)
    jobs.carry_out(job.id)
    again = services.request_reopen(round_id=taken.id, actor=SYSTEM, at=ASKED)
    jobs.carry_out(again.id)
    figures = queries.get_figures(round_id=taken.id, extent=block.extent, at=CARRIED_OUT)
    assert (figures.due, figures.open) == (len(block.people), len(block.people))
    last = services.request_close(round_id=taken.id, actor=SYSTEM, at=ASKED)
    jobs.carry_out(last.id)
    certificate = queries.get_round(taken.id).certificate
    assert certificate is not None
    assert (certificate["due"], certificate["open"]) == (figures.due, figures.open)
