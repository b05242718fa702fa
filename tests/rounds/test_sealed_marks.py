"""Marks are their own journal entry, so they are sealed too: single ones as they come, large loads whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from linli.core import db, schedule
from linli.core.access import SYSTEM
from linli.core.seals import sealing
from linli.core.seals.verify import verify
from linli.rounds import marking, partitions
from linli.rounds.judging import Batch
from linli.rounds.terms import Mark
from tests.builders.ledger import MORNING, command, give, make_block, open_round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _folder(settings: object, tmp_path: Path) -> None:
    settings.LINLI_SEALS = tmp_path  # type: ignore[attr-defined]
    settings.LINLI_SEALS_URL = ""  # type: ignore[attr-defined]


def blocks() -> list[tuple[str, int]]:
    return [
        (block.content.source, block.content.count)
        for block in sealing.list_blocks()
        if block.content.source != "journal"
    ]


def test_marks_are_sealed_and_every_change_is_found() -> None:
    block = make_block()
    walk = open_round(block.extent)
    give(walk, [command(person) for person in block.people[:5]])
    sealing.seal(at=MORNING)
    give(walk, [command(person, Mark.REFUSED) for person in block.people[5:8]])
    sealing.seal(at=MORNING)
    assert blocks() == [("marks", 5), ("marks", 3)]
    assert verify().is_whole
    db.execute("UPDATE mark SET kind = 10 WHERE id = (SELECT max(id) FROM mark)")
    (fault,) = verify().faults
    assert (fault.kind, fault.source) == ("entries", "marks")
    db.execute("UPDATE mark SET id = -id WHERE id = (SELECT max(id) FROM mark)")
    assert {fault.kind for fault in verify().faults} == {"entries", "stray"}


def test_a_large_load_is_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "CITY_SIZE", 10)
    block = make_block(units=2, doors=4, people=3)
    walk = open_round(block.extent)
    rows = [(number, person, int(Mark.DONE), MORNING, "") for number, person in enumerate(block.people)]
    marking.mark_batch(round_id=walk.id, batch=Batch.of_rows(rows), actor=SYSTEM, at=MORNING)
    give(walk, [command(block.people[0], Mark.REFUSED, minutes=100)])
    assert verify().unsealed["marks.loads"] == len(block.people)
    sealing.seal(at=MORNING)
    assert sorted(blocks()) == [("marks", 1), ("marks.loads", len(block.people))]
    assert verify().is_whole
    sealing.seal(at=MORNING)
    assert len(blocks()) == 2, "a load is sealed once"
    part = db.scalar("SELECT max(part) FROM mark")
    db.execute("DELETE FROM mark WHERE part = %s AND id = (SELECT min(id) FROM mark WHERE part = %s)", [part, part])
    (fault,) = verify().faults
    assert (fault.kind, fault.source) == ("entries", "marks.loads")
    db.execute(f"ALTER TABLE mark DETACH PARTITION mark_p{part}")
    assert [fault.kind for fault in verify().faults] == ["entries"]


def test_exemptions_lapse_on_their_own() -> None:
    block = make_block()
    walk = open_round(block.extent)
    db.execute("UPDATE round_state SET state = 11, until_at = %s WHERE subject_id = %s", [MORNING, block.people[0]])
    db.rows("SELECT linli_retally(%s, %s, %s::bigint[])", [walk.id, walk.part, block.units])
    (ran,) = [one for one in schedule.run_due(at=MORNING) if one.name == "rounds.lapse_exemptions"]
    assert (ran.result, ran.error) == ("1", "")
    assert db.scalar("SELECT count(*) FROM round_state WHERE state = 11") == 0
