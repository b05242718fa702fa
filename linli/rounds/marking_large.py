"""How a large load is written: facts into a partition of their own, states anew, tallies from arrays.

Facts fill a bare partition that is then indexed and attached. The states of a city-size round, which has a partition of
its own, are written beside the old ones and exchanged at the end, because copying 3.4 million rows is faster than
updating three million of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import numpy as np
from django.db import connections

from linli.core import arrays, db
from linli.core.access import Actor
from linli.core.arrays import Int64s, microseconds
from linli.core.extents import UNIT_BITS
from linli.rounds import partitions
from linli.rounds.bulk import stream_large_sets
from linli.rounds.judging import Batch, Judged, States
from linli.rounds.queries import RoundView
from linli.rounds.terms import BUCKET, FIRST_CLOSED, Mark

LOADS_LOCK = 771005  # one large load at a time
BUCKET_US = int(BUCKET.total_seconds()) * 1_000_000
BUCKETS_TO_2000 = int(arrays.EPOCH.timestamp()) // int(BUCKET.total_seconds())
FACTS = (
    "part", "id", "round_id", "subject_id", "key", "kind", "flags", "event_at", "received_at", "account_id",
    "appointment_id", "reason",
)  # fmt: skip


def merge(
    taken: RoundView, part: int, batch: Batch, states: States, judged: Judged, actor: Actor, at: datetime
) -> None:
    """Write what a judged batch accepts. The caller holds the round alone.

    Facts are written beside the states, on a connection of their own, into a table that nobody sees until it is
    attached here: two cores, half the time. A crash leaves that table behind, and the next large load drops it.
    """
    db.execute("SELECT pg_advisory_xact_lock(%s)", [LOADS_LOCK])
    drop_leftovers()
    stream_large_sets()
    load = partitions.load_part()
    facts = partial(_facts, taken, load, batch, states, judged, actor, at)
    with ThreadPoolExecutor(max_workers=2) as beside:
        writing = beside.submit(_write_facts, load, facts)
        counting = beside.submit(_count_tallies, taken, batch, states, judged)
        _stage_deciding(batch, judged)
        fresh = _write_states(taken, part)
        _replace_tallies(taken, counting.result())
        writing.result()
    partitions.attach("mark", load)
    # Last, because it stops readers of all rounds for as long as it is held: milliseconds.
    if fresh:
        db.execute(f"DROP TABLE round_state_p{part}")
        db.execute(f"ALTER TABLE {fresh} RENAME TO round_state_p{part}")
        partitions.attach("round_state", part)


def drop_leftovers() -> None:
    """Drop what loads that were broken off had filled but not attached: nobody has ever seen it."""
    for (name,) in db.rows("SELECT relname FROM pg_class WHERE relname ~ '^mark_p5[0-9]{8}$' AND NOT relispartition"):
        db.execute(f"DROP TABLE {name}")


def _write_facts(load: int, facts: Callable[[], Iterator[bytes]]) -> None:
    """Runs in a thread, so on a connection of its own, which it closes."""
    try:
        with db.owner(), db.atomic():
            stream_large_sets()
            table = partitions.make_bare("mark", load)
            arrays.copy_into(table, FACTS, facts())
            partitions.index("mark", table)
    finally:
        connections[db.OWNER].close()


def _facts(
    taken: RoundView, load: int, batch: Batch, states: States, judged: Judged, actor: Actor, at: datetime
) -> Iterator[bytes]:
    """In the order of subjects, as the index wants them; one layout for each reason, because texts differ in length."""
    picked = np.flatnonzero(judged.takes)
    picked = picked[np.argsort(batch.subjects[picked], kind="stable")]
    reasons = None if batch.reasons is None else batch.reasons[picked]
    for reason in [""] if reasons is None else sorted(set(reasons)):
        some = picked if reasons is None else picked[reasons == reason]
        yield from arrays.copy_blocks(
            {
                "part": ("i4", load),
                # A load numbers its marks below zero: by load and place in it, without asking the sequence.
                "id": ("i8", -(load << 32) - some),
                "round_id": ("i8", taken.id),
                "subject_id": ("i8", batch.subjects[some]),
                "key": ("i8", states.keys[judged.at[some]]),
                "kind": ("i2", batch.kinds[some]),
                "flags": ("i2", batch.flags[some]),
                "event_at": ("i8", batch.events[some]),
                "received_at": ("i8", microseconds(at)),
                "account_id": ("i8", actor.account_id),
                "appointment_id": ("i8", actor.appointment_for("rounds.import")),
                "reason": ("text", reason),
            },
            len(some),
        )


def _stage_deciding(batch: Batch, judged: Judged) -> None:
    picked = np.flatnonzero(judged.decides)
    picked = picked[np.argsort(batch.subjects[picked], kind="stable")]
    db.execute(
        "CREATE TEMP TABLE deciding (subject_id bigint NOT NULL, kind smallint NOT NULL, event_at timestamptz NOT NULL)"
        " ON COMMIT DROP"
    )
    columns = {
        "subject_id": ("i8", batch.subjects[picked]),
        "kind": ("i2", batch.kinds[picked]),
        "event_at": ("i8", batch.events[picked]),
    }
    arrays.copy_into("deciding", list(columns), arrays.copy_blocks(columns, len(picked)))
    db.execute("ANALYZE deciding")


def _write_states(taken: RoundView, part: int) -> str:
    """Set the states that the staged marks decide. Returns the name of the table that is to take the partition's place.

    Empty when the partition is a month's, which holds other rounds too: then its rows were updated in place.
    """
    if part < partitions.ROUND_PART:
        db.execute(
            """
            UPDATE round_state s
            SET state = d.kind, event_at = d.event_at, client_id = NULL, until_at = NULL, back_at = NULL
            FROM deciding d WHERE s.part = %s AND s.round_id = %s AND s.subject_id = d.subject_id
            """,
            [part, taken.id],
        )
        fresh = ""
    else:
        name = f"round_state_p{part}"
        fresh = partitions.make_bare("round_state", part, f"{name}_next")
        db.execute(
            f"""
            INSERT INTO {fresh} (part, round_id, subject_id, household_id, key, event_at, until_at, back_at, client_id,
                                 state, due)
            SELECT s.part, s.round_id, s.subject_id, s.household_id, s.key, coalesce(d.event_at, s.event_at),
                   CASE WHEN d.kind IS NULL THEN s.until_at END, CASE WHEN d.kind IS NULL THEN s.back_at END,
                   CASE WHEN d.kind IS NULL THEN s.client_id END,
                   coalesce(d.kind, s.state), s.due
            FROM {name} s LEFT JOIN deciding d ON d.subject_id = s.subject_id
            """
        )
        partitions.index("round_state", fresh)
        db.execute(f"ANALYZE {fresh}")
    db.execute("DROP TABLE deciding")
    return fresh


def _count_tallies(taken: RoundView, batch: Batch, states: States, judged: Judged) -> bytes:
    """Count every unit of the round, as COPY text: what linli_retally does, on arrays."""
    marks, events = states.marks.copy(), states.events.copy()
    marks[judged.at[judged.decides]] = batch.kinds[judged.decides]
    events[judged.at[judged.decides]] = batch.events[judged.decides]
    order = np.argsort(states.keys[states.due], kind="stable")
    keys, marks, events = states.keys[states.due][order], marks[states.due][order], events[states.due][order]
    los, first = np.unique(keys >> UNIT_BITS << UNIT_BITS, return_index=True)

    def per_unit(chosen: object) -> Int64s:
        return np.add.reduceat(np.asarray(chosen, dtype=np.int64), first)

    doors, door_first = np.unique(keys, return_index=True)
    door_open = np.add.reduceat((marks < FIRST_CLOSED).astype(np.int64), door_first) > 0
    door_unit = np.searchsorted(los, doors, side="right") - 1
    columns = [
        per_unit(np.ones(len(keys))),
        per_unit(marks == Mark.DONE),
        per_unit((marks == Mark.EXEMPT) | (marks >= Mark.MOVED_OUT)),
        per_unit(marks == Mark.ABSENT),
        per_unit(marks == Mark.REFUSED),
        np.bincount(door_unit, minlength=len(los)),
        np.bincount(door_unit, weights=door_open, minlength=len(los)).astype(np.int64),
    ]
    curves = _curves(los, keys[marks == Mark.DONE], events[marks == Mark.DONE])
    rows = zip(los.tolist(), *(column.tolist() for column in columns), curves, strict=True)
    return "".join(
        f"{taken.id}\t{lo}\t{d}\t{o}\t{x}\t{a}\t{r}\t{dd}\t{do}\t{curve}\n" for lo, d, o, x, a, r, dd, do, curve in rows
    ).encode()


def _replace_tallies(taken: RoundView, tallies: bytes) -> None:
    db.execute("DELETE FROM round_tally WHERE round_id = %s", [taken.id])
    with db.cursor() as cursor, cursor.copy("COPY round_tally FROM STDIN") as copy:
        copy.write(tallies)


def _curves(los: Int64s, keys: Int64s, events: Int64s) -> list[str]:
    """For each unit its ten-minute buckets and their counts, as COPY text of two arrays."""
    units = np.searchsorted(los, keys >> UNIT_BITS << UNIT_BITS)
    buckets = events // BUCKET_US + BUCKETS_TO_2000
    pairs, counts = np.unique(units << 32 | buckets, return_counts=True)
    edges = np.searchsorted(pairs >> 32, np.arange(len(los) + 1))
    bucket_texts, count_texts = (pairs & 0xFFFFFFFF).astype(str).tolist(), counts.astype(str).tolist()
    return [
        f"{{{','.join(bucket_texts[a:b])}}}\t{{{','.join(count_texts[a:b])}}}"
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
