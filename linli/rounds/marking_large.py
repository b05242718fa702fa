"""How a large load is written: facts into a partition of their own, states anew beside the old ones, tallies from
arrays.

Facts fill a bare partition that is then indexed and attached. The states of a city-size round, which has a partition
of its own,
are written anew and exchanged at the end, because copying 3.4 million rows is faster than updating three million of
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from linli.core import arrays, db
from linli.core.access import Actor
from linli.core.arrays import Int64s, microseconds
from linli.core.extents import UNIT_BITS
from linli.rounds import partitions
from linli.rounds.bulk import stream_large_sets
from linli.rounds.judging import Batch, Judged, States
from linli.rounds.queries import RoundView
from linli.rounds.terms import BUCKET, FIRST_CLOSED, Mark

BUCKET_US = int(BUCKET.total_seconds()) * 1_000_000
BUCKETS_TO_2000 = int(arrays.EPOCH.timestamp()) // int(BUCKET.total_seconds())
FACTS = (
    "part", "id", "round_id", "subject_id", "key", "kind", "flags", "event_at", "received_at", "account_id",
    "appointment_id", "reason",
)  # fmt: skip


def merge(
    taken: RoundView, part: int, batch: Batch, states: States, judged: Judged, actor: Actor, at: datetime
) -> None:
    """Write what a judged batch accepts. The caller holds the round alone."""
    stream_large_sets()
    load = partitions.load_part()
    table = partitions.make_bare("mark", load)
    arrays.copy_into(table, FACTS, _facts(taken, load, batch, states, judged, actor, at))
    partitions.index("mark", table)
    partitions.attach("mark", load)
    _stage_deciding(batch, judged)
    _write_states(taken, part)
    _write_tallies(taken, batch, states, judged)


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


def _write_states(taken: RoundView, part: int) -> None:
    if part < partitions.ROUND_PART:  # a month's partition holds other rounds too
        db.execute(
            """
            UPDATE round_state s
            SET state = d.kind, event_at = d.event_at, client_id = NULL, mark_id = NULL, until_at = NULL, back_at = NULL
            FROM deciding d WHERE s.part = %s AND s.round_id = %s AND s.subject_id = d.subject_id
            """,
            [part, taken.id],
        )
    else:
        name = f"round_state_p{part}"
        fresh = partitions.make_bare("round_state", part, f"{name}_next")
        db.execute(
            f"""
            INSERT INTO {fresh} (part, round_id, subject_id, household_id, key, event_at, until_at, back_at, mark_id,
                                 client_id, state, due)
            SELECT s.part, s.round_id, s.subject_id, s.household_id, s.key, coalesce(d.event_at, s.event_at),
                   CASE WHEN d.kind IS NULL THEN s.until_at END, CASE WHEN d.kind IS NULL THEN s.back_at END,
                   CASE WHEN d.kind IS NULL THEN s.mark_id END, CASE WHEN d.kind IS NULL THEN s.client_id END,
                   coalesce(d.kind, s.state), s.due
            FROM {name} s LEFT JOIN deciding d ON d.subject_id = s.subject_id
            """
        )
        partitions.index("round_state", fresh)
        db.execute(f"ANALYZE {fresh}")
        # Last, because it stops readers of all rounds for as long as it is held: milliseconds.
        db.execute(f"DROP TABLE {name}")
        db.execute(f"ALTER TABLE {fresh} RENAME TO {name}")
        partitions.attach("round_state", part)
    db.execute("DROP TABLE deciding")


def _write_tallies(taken: RoundView, batch: Batch, states: States, judged: Judged) -> None:
    """Count every unit of the round: linli_retally, on arrays."""
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
    text = "".join(
        f"{taken.id}\t{lo}\t{d}\t{o}\t{x}\t{a}\t{r}\t{dd}\t{do}\t{curve}\n" for lo, d, o, x, a, r, dd, do, curve in rows
    )
    db.execute("DELETE FROM round_tally WHERE round_id = %s", [taken.id])
    with db.cursor() as cursor, cursor.copy("COPY round_tally FROM STDIN") as copy:
        copy.write(text.encode())


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
