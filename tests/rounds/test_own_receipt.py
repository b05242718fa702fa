"""A ledger from before marks were their own receipts: what was in it is there afterwards, each command once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError

import linli.rounds
from linli.core import db

pytestmark = pytest.mark.django_db
SQL = Path(linli.rounds.__file__).parent / "sql"
ONE, HOME = uuid4(), uuid4()
STATE = "part, round_id, subject_id, household_id, key, event_at, until_at, back_at, client_id, state, due"


@pytest.fixture
def before() -> Iterator[None]:
    """The tables as they were first made, in a schema of their own, with a month's part and one of a large load."""
    with db.owner(), db.atomic():
        db.execute("CREATE SCHEMA earlier; SET LOCAL search_path = earlier, public")
        db.execute("CREATE TABLE earlier.round (id bigint PRIMARY KEY)")
        db.execute((SQL / "tables.sql").read_text())
        for part, room in ((202610, 55), (1000007, 90)):
            db.execute(f"CREATE TABLE mark_p{part} PARTITION OF mark FOR VALUES IN ({part})")
            db.execute(
                f"CREATE TABLE round_state_p{part} PARTITION OF round_state FOR VALUES IN ({part})"
                f" WITH (fillfactor = {room})"
            )
            for subject in (1, 2, 3):
                db.execute(
                    "INSERT INTO round_state"
                    " (part, round_id, subject_id, household_id, key, event_at, client_id, state)"
                    " VALUES (%s, 1, %s, 9, 4096, '2022-10-04 08:00+08', %s, 10)",
                    [part, subject, ONE if subject == 1 else HOME],
                )
                db.execute(
                    "INSERT INTO mark"
                    " (part, round_id, subject_id, key, kind, event_at, received_at, account_id, client_id)"
                    " VALUES (%s, 1, %s, 4096, 10, '2022-10-04 08:00+08', '2022-10-04 09:00+08', 5, %s)",
                    [part, subject, ONE if subject == 1 else HOME],
                )
        db.execute(
            "INSERT INTO mark (part, round_id, subject_id, key, kind, event_at, received_at, account_id)"
            " SELECT 202610, 1, 7, 4096, 10, now(), now(), 5 FROM generate_series(1, 2)"  # a sheet's, without commands
        )
        yield
        db.connection().set_rollback(True)


def test_marks_and_states_are_what_they_were(before: None) -> None:
    marks = db.rows("SELECT part, id, subject_id, client_id FROM mark ORDER BY part, id")
    states = db.rows(f"SELECT {STATE} FROM round_state ORDER BY part, subject_id")
    db.execute((SQL / "own_receipt.sql").read_text())
    assert db.rows("SELECT part, id, subject_id, client_id FROM mark ORDER BY part, id") == marks
    assert db.rows(f"SELECT {STATE} FROM round_state ORDER BY part, subject_id") == states
    assert db.rows("SELECT subject_id, nth FROM mark WHERE client_id = %s AND part = 202610 ORDER BY nth", [HOME]) == [
        (2, 0),
        (3, 1),
    ]
    assert db.scalar("SELECT to_regclass('earlier.receipt')") is None
    rooms = dict(db.rows("SELECT relname, reloptions[1] FROM pg_class WHERE relname ~ '^round_state_p[0-9]+$'"
                         " AND relnamespace = 'earlier'::regnamespace"))  # fmt: skip
    assert rooms == {"round_state_p202610": "fillfactor=43", "round_state_p1000007": "fillfactor=90"}


def test_a_command_counts_once_from_then_on(before: None) -> None:
    db.execute((SQL / "own_receipt.sql").read_text())
    again = (
        "INSERT INTO mark (part, round_id, subject_id, key, kind, event_at, received_at, account_id, client_id)"
        " VALUES (%s, 1, 8, 4096, 10, now(), now(), 5, %s)"
    )
    for part in (202610, 1000007):
        with pytest.raises(IntegrityError, match="client_id_nth_part"), db.atomic():
            db.execute(again, [part, ONE])
    db.execute(again, [202610, uuid4()])
