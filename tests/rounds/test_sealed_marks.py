"""Marks are their own journal entry, so they are sealed too: single ones as they come, large loads whole."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError

from linli.core import db, journal, schedule
from linli.core.access import SYSTEM
from linli.core.seals import sealing
from linli.core.seals.verify import verify
from linli.rounds import marking, partitions, withdrawing
from linli.rounds.judging import Batch
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark
from linli.site.database import get_conninfo
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


def withdraw(walk: RoundView, people: Sequence[int], marks: Sequence[UUID]) -> int:
    return withdrawing.withdraw_marks(
        round_=walk, subject_ids=people, mark_ids=marks, actor=SYSTEM,
        done_at=MORNING + timedelta(minutes=20), at=MORNING + timedelta(hours=1),
    )  # fmt: skip


def mark_and_withdraw() -> None:
    """Four people are done, and that of three was a mistake; between the numbers of the mistakes one is free."""
    block = make_block()
    walk = open_round(block.extent)
    given = [command(person) for person in block.people[:4]]
    give(walk, given)
    ids = [one.id for one in given[:3]]
    assert withdraw(walk, block.people[:1], ids) == 1
    assert withdraw(walk, block.people[:1], ids) == 1  # twice changes nothing, and uses a number up
    assert withdraw(walk, block.people[:3], ids) == 3


ROW = "INSERT INTO mark_withdrawn (client_id, round_id, account_id, event_at, received_at)"
VALUES = "gen_random_uuid(), round_id, account_id, event_at, received_at FROM mark_withdrawn LIMIT 1"
FORGED = ROW.replace("(", "(id, ") + " OVERRIDING SYSTEM VALUE SELECT"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("DELETE FROM mark_withdrawn WHERE id = (SELECT max(id) FROM mark_withdrawn)", "entries"),
        ("UPDATE mark_withdrawn SET client_id = gen_random_uuid() WHERE id = (SELECT min(id) FROM mark_withdrawn)",
         "entries"),
        ("UPDATE mark_withdrawn SET received_at = received_at - interval '1 minute'", "entries"),
        (f"{FORGED} (SELECT min(id) + 1 FROM mark_withdrawn), {VALUES}", "entries"),
        (f"{FORGED} -1, {VALUES}", "stray"),
    ],
)  # fmt: skip
def test_what_was_withdrawn_is_sealed(change: str, kind: str) -> None:
    mark_and_withdraw()
    assert verify().unsealed["marks.withdrawn"] == 3
    sealing.seal(at=MORNING)
    assert ("marks.withdrawn", 3) in blocks()
    assert (verify().is_whole, verify().unsealed["marks.withdrawn"]) == (True, 0)
    assert db.execute(change) > 0
    (fault,) = verify().faults
    assert (fault.kind, fault.source) == (kind, "marks.withdrawn")


def test_a_withdrawal_added_under_a_new_number_shows_until_it_is_sealed() -> None:
    """Like a forged entry of the journal: it stands there from then on, and cannot be dated back among the sealed."""
    mark_and_withdraw()
    sealing.seal(at=MORNING)
    db.execute(f"{ROW} SELECT {VALUES}")
    assert verify().unsealed["marks.withdrawn"] == 1
    sealing.seal(at=MORNING)
    db.execute("DELETE FROM mark_withdrawn WHERE id = (SELECT max(id) FROM mark_withdrawn)")
    assert [(fault.kind, fault.source) for fault in verify().faults] == [("entries", "marks.withdrawn")]


def test_a_withdrawal_committed_late_is_waited_for() -> None:
    mark_and_withdraw()
    with psycopg.connect(get_conninfo(), options=f"-c search_path={settings.LINLI_SCHEMA}") as slow:
        slow.execute(f"{ROW} SELECT {VALUES}")
        db.execute(f"{ROW} SELECT {VALUES}")  # a later number, committed earlier
        assert sealing.seal(at=MORNING, patience=0.1).waiting == ["marks.withdrawn"]
        slow.commit()
    sealing.seal(at=MORNING)
    assert ("marks.withdrawn", 5) in blocks()
    assert verify().is_whole


def test_the_journal_names_the_marks_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_detail() -> dict[str, object]:
        wanted = journal.Wanted(verbs=["rounds.withdraw_marks"])
        return dict(journal.list_entries(actor=SYSTEM, limit=1, wanted=wanted)[0]["detail"])

    block = make_block()
    walk = open_round(block.extent)
    given = [command(person) for person in block.people[:4]]
    give(walk, given)
    ids = [one.id for one in given[:3]]
    names = sorted(map(str, ids))
    withdraw(walk, block.people, ids)
    detail = last_detail()
    assert (detail["marks"], detail["withdrawn"], detail["digest"]) == (3, names, None)
    monkeypatch.setattr(withdrawing, "JOURNALLED", 2)
    withdraw(walk, block.people, ids)
    detail = last_detail()
    assert (detail["withdrawn"], detail["digest"]) == (3, journal.digest("\n".join(names)))


def test_what_was_withdrawn_before_is_numbered_as_it_arrived() -> None:
    (numbering,) = importlib.import_module("linli.rounds.migrations.0007_withdrawn_ids").Migration.operations
    with suppress(ZeroDivisionError), db.atomic():
        db.execute(numbering.reverse_sql)
        for hour in (3, 1, 2):
            at = MORNING + timedelta(hours=hour)
            db.execute(f"{ROW} VALUES (gen_random_uuid(), 1, 0, %s, %s)", [MORNING, at])
        for statement in numbering.sql:
            db.execute(statement)
        db.execute(f"{ROW} SELECT {VALUES}")
        numbers = db.rows("SELECT id, extract(hour FROM received_at AT TIME ZONE 'UTC')::int FROM mark_withdrawn")
        assert sorted(numbers)[:3] == [(1, 1), (2, 2), (3, 3)]
        assert sorted(numbers)[3][0] == 4
        with pytest.raises(ProgrammingError, match="only be updated to DEFAULT"), db.atomic():
            db.execute("UPDATE mark_withdrawn SET id = 9")
        with pytest.raises(IntegrityError, match="mark_withdrawn_id"), db.atomic():
            db.execute(f"{FORGED} 1, {VALUES}")
        raise ZeroDivisionError  # the table stays as it was


def test_exemptions_lapse_on_their_own() -> None:
    block = make_block()
    walk = open_round(block.extent)
    db.execute("UPDATE round_state SET state = 11, until_at = %s WHERE subject_id = %s", [MORNING, block.people[0]])
    db.rows("SELECT linli_retally(%s, %s, %s::bigint[])", [walk.id, walk.part, block.units])
    (ran,) = [one for one in schedule.run_due(at=MORNING) if one.name == "rounds.lapse_exemptions"]
    assert (ran.result, ran.error) == ("1", "")
    assert db.scalar("SELECT count(*) FROM round_state WHERE state = 11") == 0
