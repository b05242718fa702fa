"""Marks by the thousand and the million: COPY to a staging table, judge as a set, merge. Runs as the owner.

A small load goes through the units' locks like a phone's marks. A large one (partitions.CITY_SIZE) holds the round
alone for its seconds:
its facts fill a bare partition that is then indexed and attached, and the round's states are written anew beside the
old
ones, because rewriting 3.4 million rows is faster than updating three million of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from linli.core import db, journal
from linli.core.access import Actor
from linli.rounds import partitions, policies, queries
from linli.rounds.bulk import MARK_LOCK, Progress, fill_tallies, silent, stream_large_sets
from linli.rounds.errors import RoundClosed
from linli.rounds.queries import RoundView
from linli.rounds.terms import CLOCK_ERROR, Flag

SHOWN = 1_000  # strangers that are named
# Whether the load's mark j decides the state s: the later event; a mark with a client's id before one without; then the
# higher kind, so that the order of loads does not matter.
_WINS = """(s.event_at IS NULL OR j.event_at > s.event_at
    OR j.event_at = s.event_at AND s.client_id IS NULL AND j.kind > s.state)"""


@dataclass(frozen=True)
class Load:
    """What became of a load: rows = accepted + known + strangers. `stranger_rows` are the numbers of (the first) rows
    refused.
    """

    rows: int
    accepted: int
    known: int
    strangers: int
    stranger_rows: tuple[int, ...]


def mark_many(*, round_id: int, lines: Iterable[bytes], actor: Actor, at: datetime, watch: Progress = silent) -> Load:
    """Take a load of marks. `lines` are blocks of COPY text: `row \\t subject_id \\t kind \\t event_at \\t reason`,
    kind a Mark's number.

    A mark that is on record already (same subject, kind and event time) is known, so a sheet sent twice changes
    nothing. A subject
    that is not in the round, or not on the actor's doors, is a stranger. Kinds that correct the register (moved out,
    vacant) do not
    come this way. Raises RoundClosed, and Forbidden without rounds.import anywhere.
    """
    actor.require("rounds.import")
    with db.owner(), db.atomic():
        watch("", 0, None)
        staged = _stage(lines)
        large = staged >= partitions.CITY_SIZE
        lock = "pg_advisory_xact_lock" if large else "pg_advisory_xact_lock_shared"
        db.execute(f"SELECT {lock}(%s, %s)", [MARK_LOCK, round_id])
        taken = queries.get_round(round_id)
        if not taken.is_open or taken.part is None or taken.opened_at is None:
            raise RoundClosed(round=taken.code)
        if large:
            stream_large_sets()
        else:
            _lock_staged_units(taken)
        _judge(taken, actor, at)
        counts = db.rows(
            "SELECT count(*) FILTER (WHERE key IS NOT NULL AND NOT known), count(*) FILTER (WHERE known),"
            " count(*) FILTER (WHERE key IS NULL) FROM judged"
        )[0]
        watch("", staged // 3, staged)
        if counts[0]:
            (_merge_large if large else _merge_small)(taken, actor, at)
        watch("", staged, staged)
        strangers = db.rows("SELECT row FROM judged WHERE key IS NULL ORDER BY row LIMIT %s", [SHOWN])
        journal.record(
            actor=actor,
            at=at,
            verb="rounds.mark_many",
            permission="rounds.import",
            key=queries.scope_of(round_id).spans[0].lo,
            subject=f"round:{taken.code}",
            rows=staged,
            accepted=counts[0],
            known=counts[1],
            strangers=counts[2],
        )
        db.execute("DROP TABLE IF EXISTS staged_mark, judged, held")
    return Load(staged, *counts, tuple(row for (row,) in strangers))


def _stage(lines: Iterable[bytes]) -> int:
    db.execute(
        "CREATE TEMP TABLE staged_mark (row integer NOT NULL, subject_id bigint NOT NULL, kind smallint NOT NULL"
        " CHECK (kind IN (1, 2, 10, 11)), event_at timestamptz NOT NULL, reason text NOT NULL) ON COMMIT DROP"
    )
    with db.cursor() as cursor:
        with cursor.copy("COPY staged_mark FROM STDIN") as copy:
            for block in lines:
                copy.write(block)
        rows = int(cursor.rowcount)
    db.execute("ANALYZE staged_mark")
    return rows


def _lock_staged_units(taken: RoundView) -> None:
    """In key order, like every writer. Everyone of the load is looked up again after this, in a later statement."""
    units = db.rows(
        "SELECT DISTINCT (s.key >> 11) << 11 FROM staged_mark m JOIN round_state s"
        " ON s.part = %s AND s.round_id = %s AND s.subject_id = m.subject_id ORDER BY 1",
        [taken.part, taken.id],
    )
    db.rows("SELECT linli_lock_units(%s, %s::bigint[])", [taken.id, [lo for (lo,) in units]])
    db.execute("CREATE TEMP TABLE held (lo bigint PRIMARY KEY) ON COMMIT DROP")
    db.execute("INSERT INTO held SELECT unnest(%s::bigint[])", [[lo for (lo,) in units]])


def _judge(taken: RoundView, actor: Actor, at: datetime) -> None:
    """One pass in the order of subjects: who it is, which mark of a subject is the latest of the load; times clamped.

    `again` is a mark that the load says twice.
    What is on record already is only looked for among subjects that have a mark.
    """
    opened_at = taken.opened_at or at
    moved = "" if not _held() else "AND EXISTS (SELECT 1 FROM held h WHERE h.lo = (s.key >> 11) << 11)"
    db.execute(
        f"""
        CREATE TEMP TABLE judged ON COMMIT DROP AS
        SELECT m.row, m.subject_id, s.key, m.kind, m.reason, m.event_at, m.flags, m.latest,
               coalesce(m.again, false) AND s.key IS NOT NULL AS known, s.event_at IS NOT NULL AS marked
        FROM (
            SELECT row, subject_id, kind, reason, event_at, flags,
                   lag(event_at) OVER w = event_at AND lag(kind) OVER w = kind AS again,
                   row_number() OVER w = 1 AS latest
            FROM (
                SELECT row, subject_id, kind, reason,
                       CASE WHEN event_at > %(latest)s THEN %(at)s WHEN event_at < %(earliest)s THEN %(opened)s
                            ELSE least(event_at, %(at)s) END AS event_at,
                       CASE WHEN event_at > %(latest)s OR event_at < %(earliest)s THEN {int(Flag.CLAMPED | Flag.SHEET)}
                            ELSE {int(Flag.SHEET)} END AS flags
                FROM staged_mark
            ) AS timed WINDOW w AS (PARTITION BY subject_id ORDER BY event_at DESC, kind DESC)
        ) AS m
        LEFT JOIN round_state s ON s.part = %(part)s AND s.round_id = %(round)s AND s.subject_id = m.subject_id
             AND s.key <@ %(extent)s::int8multirange {moved}
        """,
        {
            "latest": at + CLOCK_ERROR,
            "earliest": opened_at - policies.BEFORE_OPENING,
            "opened": opened_at,
            "at": at,
            "part": taken.part,
            "round": taken.id,
            "extent": str(actor.extent_for("rounds.import")),
        },
    )
    db.execute(
        f"""
        UPDATE judged j SET known = true FROM mark m
        WHERE j.marked AND m.subject_id = j.subject_id AND m.round_id = %s AND m.event_at = j.event_at
          AND m.kind = j.kind AND m.flags & {int(Flag.SHEET)} <> 0 AND NOT j.known
        """,
        [taken.id],
    )


def _held() -> bool:
    return bool(db.scalar("SELECT to_regclass('pg_temp.held')"))


def _insert_facts(taken: RoundView, actor: Actor, at: datetime, table: str, part: int, number: str) -> None:
    """`number` is SQL for the marks' ids."""
    appointment = actor.appointment_for("rounds.import")
    db.execute(
        f"INSERT INTO {table} (part, id, round_id, subject_id, key, kind, flags, event_at, received_at, account_id,"
        f" appointment_id, reason) SELECT %s, {number}, %s, subject_id, key, kind, flags, event_at, %s, %s, %s, reason"
        " FROM judged WHERE key IS NOT NULL AND NOT known",
        [part, taken.id, at, actor.account_id, appointment],
    )


def _merge_small(taken: RoundView, actor: Actor, at: datetime) -> None:
    _insert_facts(taken, actor, at, "mark", taken.part, "nextval('mark_id_seq')")
    _merge_states_in_place(taken)
    units = db.rows("SELECT DISTINCT (key >> 11) << 11 FROM judged WHERE key IS NOT NULL")
    db.rows("SELECT linli_retally(%s, %s, %s::bigint[])", [taken.id, taken.part, [lo for (lo,) in units]])


def _merge_large(taken: RoundView, actor: Actor, at: datetime) -> None:
    part = partitions.load_part()
    facts = partitions.make_bare("mark", part)
    # A large load numbers its marks below zero: by load and row, without asking the sequence three million times.
    _insert_facts(taken, actor, at, facts, part, f"-({part}::bigint << 32) - row")
    partitions.index("mark", facts)
    partitions.attach("mark", part)
    if taken.part < partitions.ROUND_PART:  # a month's partition holds other rounds too
        _merge_states_in_place(taken)
        fill_tallies(taken.id, taken.part)
        return
    name = f"round_state_p{taken.part}"
    fresh = partitions.make_bare("round_state", taken.part, f"{name}_next")
    db.execute(
        f"""
        INSERT INTO {fresh} (part, round_id, subject_id, household_id, key, event_at, until_at, back_at, mark_id,
                             client_id, state, due)
        SELECT s.part, s.round_id, s.subject_id, s.household_id, s.key,
               CASE WHEN w.won THEN j.event_at ELSE s.event_at END, CASE WHEN NOT w.won THEN s.until_at END,
               CASE WHEN NOT w.won THEN s.back_at END, CASE WHEN NOT w.won THEN s.mark_id END,
               CASE WHEN NOT w.won THEN s.client_id END, CASE WHEN w.won THEN j.kind ELSE s.state END, s.due
        FROM {name} s
        LEFT JOIN judged j ON j.subject_id = s.subject_id AND j.latest AND NOT j.known AND j.key IS NOT NULL
        CROSS JOIN LATERAL (SELECT coalesce(j.kind IS NOT NULL AND {_WINS}, false) AS won) AS w
        """
    )
    partitions.index("round_state", fresh)
    db.execute(f"ANALYZE {fresh}")
    fill_tallies(taken.id, taken.part, fresh)
    # Last, because it stops readers of all rounds for as long as it is held: milliseconds.
    db.execute(f"DROP TABLE {name}")
    db.execute(f"ALTER TABLE {fresh} RENAME TO {name}")
    partitions.attach("round_state", taken.part)


def _merge_states_in_place(taken: RoundView) -> None:
    db.execute(
        f"""
        UPDATE round_state s
        SET state = j.kind, event_at = j.event_at,
            client_id = NULL, mark_id = NULL, until_at = NULL, back_at = NULL
        FROM judged j
        WHERE s.part = %s AND s.round_id = %s AND s.subject_id = j.subject_id
          AND j.latest AND NOT j.known AND j.key IS NOT NULL AND {_WINS}
        """,
        [taken.part, taken.id],
    )
