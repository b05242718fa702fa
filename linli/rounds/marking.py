"""Marks by the thousand and the million, judged as a set and merged. Runs as the owner, in one transaction.

A small load goes through the units' locks like a phone's marks. A large one (partitions.CITY_SIZE) holds the round
alone for
its seconds; how it is written is in `marking_large`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from linli.core import arrays, db, journal
from linli.core.access import Actor
from linli.core.arrays import Int64s
from linli.core.extents import UNIT_BITS
from linli.rounds import marking_large, partitions, policies, queries
from linli.rounds.bulk import MARK_LOCK, Progress, silent
from linli.rounds.errors import RoundClosed
from linli.rounds.judging import Batch, Judged, States, judge
from linli.rounds.queries import RoundView
from linli.rounds.terms import Flag

SHOWN = 1_000  # strangers that are named


@dataclass(frozen=True)
class Load:
    """What became of a load: rows = accepted + known + strangers.

    `stranger_rows` are the numbers of (the first of) the rows refused.
    """

    rows: int
    accepted: int
    known: int
    strangers: int
    stranger_rows: tuple[int, ...]


def mark_batch(*, round_id: int, batch: Batch, actor: Actor, at: datetime, watch: Progress = silent) -> Load:
    """Take a load of marks.

    A mark that is on record already (same subject, kind and event time) is known, so a sheet sent twice changes
    nothing.
    A subject that is not in the round, or not on the actor's doors, is a stranger. Kinds that correct the register
    (moved out, vacant) do not come this way. Raises RoundClosed, and Forbidden without rounds.import anywhere.
    """
    actor.require("rounds.import")
    size = len(batch.subjects)

    def take() -> Load:
        watch("", 0, size)
        large = size >= partitions.CITY_SIZE
        lock = "pg_advisory_xact_lock" if large else "pg_advisory_xact_lock_shared"
        db.execute(f"SELECT {lock}(%s, %s)", [MARK_LOCK, round_id])
        taken = queries.get_round(round_id)
        if not taken.is_open or taken.part is None or taken.opened_at is None:
            raise RoundClosed(round=taken.code)
        settled = batch.settled(opened_at=taken.opened_at, received_at=at, before=policies.BEFORE_OPENING)
        if not large:
            _lock_units(taken, settled)
        states = read_states(taken, None if large else settled.subjects)
        judged = judge(settled, states, actor.extent_for("rounds.import"), _on_record(taken, settled, states))
        watch("", size // 3, size)
        if judged.accepted:
            merge = marking_large.merge if large else _merge
            merge(taken, taken.part, settled, states, judged, actor, at)
        watch("", size, size)
        load = Load(
            size,
            judged.accepted,
            judged.known,
            judged.strangers,
            tuple(batch.rows[judged.is_stranger][:SHOWN].tolist()),
        )
        _record(taken, load, actor, at)
        return load

    with db.owner():
        return db.retrying(take)


def _record(taken: RoundView, load: Load, actor: Actor, at: datetime) -> None:
    journal.record(
        actor=actor,
        at=at,
        verb="rounds.mark_many",
        permission="rounds.import",
        key=queries.scope_of(taken.id).spans[0].lo,
        subject=f"round:{taken.code}",
        rows=load.rows,
        accepted=load.accepted,
        known=load.known,
        strangers=load.strangers,
    )


def read_states(taken: RoundView, subjects: Int64s | None) -> States:
    """The states of some subjects (None: of the whole round), in the order of subjects."""
    some = "" if subjects is None else "AND subject_id = ANY(%s)"
    columns = arrays.read_arrays(
        f"""
        SELECT array_agg(subject_id), array_agg(key), array_agg(coalesce(event_at, '-infinity')),
               array_agg(state + CASE WHEN client_id IS NULL THEN 0 ELSE 100 END + CASE WHEN due THEN 1000 ELSE 0 END)
        FROM round_state WHERE part = %s AND round_id = %s {some}
        """,
        [8, 8, 8, 4],
        [taken.part, taken.id] if subjects is None else [taken.part, taken.id, np.unique(subjects).tolist()],
    )
    return States.of(*columns)


class _MovedMeanwhile(Exception):
    """Somebody of the load is in a unit that was not locked."""


def _lock_units(taken: RoundView, batch: Batch) -> None:
    """In key order, like every writer, and all in one go: when somebody moved to another unit meanwhile, what was
    locked is given back first. One more on top would be out of order: a load and a phone would wait for each other.
    """
    units = _units_of(taken, batch)
    while True:
        try:
            with db.atomic():
                db.rows("SELECT linli_lock_units(%s, %s::bigint[])", [taken.id, sorted(units)])
                if (now := _units_of(taken, batch)) <= units:
                    return
                raise _MovedMeanwhile
        except _MovedMeanwhile:
            units |= now


def _units_of(taken: RoundView, batch: Batch) -> set[int]:
    return set(read_states(taken, batch.subjects).units().tolist())


def _on_record(taken: RoundView, batch: Batch, states: States) -> npt.NDArray[np.void]:
    """Marks of earlier loads, of those subjects of this one that have any mark."""
    marked = np.unique(batch.subjects[np.isin(batch.subjects, states.subjects[states.events != arrays.NEVER])])
    if not len(marked):
        return Batch.keys_of(marked, marked, marked)
    subjects, events, kinds = arrays.read_arrays(
        f"SELECT array_agg(subject_id), array_agg(event_at), array_agg(kind::integer) FROM mark"
        f" WHERE subject_id = ANY(%s) AND round_id = %s AND flags & {int(Flag.SHEET)} <> 0",
        [8, 8, 4],
        [marked.tolist(), taken.id],
    )
    return Batch.keys_of(subjects, events, kinds)


def _merge(
    taken: RoundView, part: int, batch: Batch, states: States, judged: Judged, actor: Actor, at: datetime
) -> None:
    picked = np.flatnonzero(judged.takes)
    db.rows(
        """
        WITH load AS (
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::smallint[], %s::bigint[], %s::text[],
                                 %s::boolean[])
                AS l (subject_id, key, kind, flags, event_us, reason, decides)
        ), timed AS (
            SELECT *, timestamptz '2000-01-01 00:00+00' + event_us * interval '1 microsecond' AS event_at FROM load
        ), facts AS (
            INSERT INTO mark (part, round_id, subject_id, key, kind, flags, event_at, received_at, account_id,
                              appointment_id, reason)
            SELECT %s, %s, subject_id, key, kind, flags, event_at, %s, %s, %s, reason FROM timed
        ), states AS (
            UPDATE round_state s SET state = t.kind, event_at = t.event_at,
                client_id = NULL, until_at = NULL, back_at = NULL
            FROM timed t WHERE t.decides AND s.part = %s AND s.round_id = %s AND s.subject_id = t.subject_id
        ) SELECT 1
        """,
        [
            batch.subjects[picked].tolist(),
            states.keys[judged.at[picked]].tolist(),
            batch.kinds[picked].tolist(),
            batch.flags[picked].tolist(),
            batch.events[picked].tolist(),
            [""] * len(picked) if batch.reasons is None else batch.reasons[picked].tolist(),
            judged.decides[picked].tolist(),
            *(part, taken.id, at, actor.account_id, actor.appointment_for("rounds.import")),
            *(part, taken.id),
        ],
    )
    units = np.unique(states.keys[judged.at[picked]] >> UNIT_BITS << UNIT_BITS)
    db.rows("SELECT linli_retally(%s, %s, %s::bigint[])", [taken.id, part, units.tolist()])
