"""Marks by the million: the product's bulk path against raw COPY of the same rows into the same facts table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from bench.city import SEED, City, db_account
from bench.report import Row, measures, row
from linli.core import access, arrays, db
from linli.core.access import Actor
from linli.rounds import bulk, marking, partitions
from linli.rounds.judging import Batch
from linli.rounds.marking_large import FACTS
from linli.rounds.services import create_round
from linli.rounds.terms import Mark, RoundKind

CHUNK_BYTES = 1 << 20
KINDS = (Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT)
SHARES = (0.98, 0.012, 0.003, 0.005)


@measures("ingest_empty_vs_copy", "ingest_half_vs_copy")
def measure_ingest(city: City) -> Iterator[Row]:
    account = db_account()
    with db.owner():
        actor = access.actor_of(account[0], account[1], city.at, origin="cli")
        yield _measure(city, actor, "ingest_empty_vs_copy", already=0.0)
        yield _measure(city, actor, "ingest_half_vs_copy", already=0.5)


def _measure(city: City, actor: Actor, id: str, *, already: float) -> Row:
    """Load the part of the marks that is there `already`, then time the rest, on both sides."""
    round_id = _open(city, actor, id)
    try:
        batch = _draw(round_id, city)
        split = int(len(batch.rows) * already)
        first, rest = _slice(batch, 0, split), _slice(batch, split, len(batch.rows))
        if split:
            marking.mark_batch(round_id=round_id, batch=first, actor=actor, at=city.at)
        ours = _time(lambda: marking.mark_batch(round_id=round_id, batch=rest, actor=actor, at=city.at))
        copied = _copy_again(round_id, split, len(rest.rows))
    finally:
        _remove(round_id)
    return row(
        id,
        copied / ours,
        ours=f"{len(rest.rows):,} marks in {ours:.1f} s ({len(rest.rows) / ours:,.0f}/s)",
        against=f"{copied:.1f} s ({len(rest.rows) / copied:,.0f}/s)",
        against_what="binary COPY of the same rows, in the same order, into an attached partition of the marks with its"
        " indexes" + (", which holds the first half" if split else ""),
        limit="writing the states of the whole round anew and indexing them; the facts themselves take a third",
    )


def _time(act: object) -> float:
    db.execute("CHECKPOINT")
    started = time.perf_counter()
    act()  # type: ignore[operator]
    return time.perf_counter() - started


def _open(city: City, actor: Actor, code: str) -> int:
    opened = city.at - timedelta(hours=9)
    made = create_round(
        code=code, name="录入测速（虚构）", kind=RoundKind.TEST, starts_at=opened, ends_at=opened + timedelta(hours=14),
        scope=actor.extent_for("rounds.open"), actor=actor, at=opened,
    )  # fmt: skip
    bulk.open_round(round_id=made.pk, actor=actor, at=opened)
    return made.pk


def _draw(round_id: int, city: City) -> Batch:
    """As many marks as the city's round has, in the order of their times: as they come from phones and laboratories."""
    (subjects,) = arrays.read_arrays(
        "SELECT array_agg(subject_id) FROM round_state WHERE round_id = %s", [8], [round_id]
    )
    rng = np.random.default_rng(SEED)
    picked = rng.permutation(subjects)[: city.marks]
    opened = arrays.microseconds(city.at - timedelta(hours=9))
    events = np.sort(opened + rng.integers(0, 9 * 3_600 * 1_000_000, len(picked)))
    kinds = rng.choice([int(kind) for kind in KINDS], size=len(picked), p=SHARES)
    return Batch.of(np.arange(len(picked)), picked, kinds.astype(np.int64), events)


def _slice(batch: Batch, start: int, stop: int) -> Batch:
    part = slice(start, stop)
    return Batch.of(batch.rows[part], batch.subjects[part], batch.kinds[part], batch.events[part])


def _copy_again(round_id: int, split: int, rows: int) -> float:
    """The rows that were just written, once more, by COPY alone."""
    part = partitions.load_part()
    partitions.index("mark", partitions.make_bare("mark", part))
    partitions.attach("mark", part)
    names = ", ".join(FACTS)
    columns = names.replace("part", str(part), 1)
    cut = f"SELECT {columns} FROM mark WHERE round_id = {round_id} AND part <> {part} ORDER BY event_at"
    if split:
        db.execute(f"INSERT INTO mark ({names}) {cut} LIMIT {split}")
    blocks = _fetch(f"{cut} OFFSET {split}")

    def copy() -> None:
        with db.cursor() as cursor:
            with cursor.copy(f"COPY mark ({names}) FROM STDIN (FORMAT BINARY)") as sink:
                for block in blocks:
                    sink.write(block)
            assert cursor.rowcount == rows, cursor.rowcount

    return _time(copy)


def _fetch(sql: str) -> list[bytes]:
    blocks, pending = [], bytearray()
    with db.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)") as source:
        for part in source:
            pending += part
            if len(pending) > CHUNK_BYTES:
                blocks.append(bytes(pending))
                pending.clear()
    return [*blocks, bytes(pending)]


def _remove(round_id: int) -> None:
    """Leave the city as it was."""
    parts = db.rows("SELECT DISTINCT part FROM mark WHERE round_id = %s", [round_id])
    (own,) = db.rows("SELECT part FROM round WHERE id = %s", [round_id])[0]
    for part in {own, *(part for (part,) in parts)}:
        if part is not None and part >= partitions.ROUND_PART:
            for parent in partitions.PARENTS:
                db.execute(f"DROP TABLE IF EXISTS {parent}_p{part}")
    db.execute("DELETE FROM round_tally WHERE round_id = %s", [round_id])
    db.execute("DELETE FROM round_span WHERE round_id = %s", [round_id])
    db.execute("DELETE FROM round WHERE id = %s", [round_id])
