"""Rounds at the size of a city: opening, closing, and marks by the million. Run as the owner, in one transaction
each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from linli.core import clock, db, journal
from linli.core.access import Actor
from linli.core.jobs import Run, job_kind
from linli.residents.register import hold_register
from linli.rounds import partitions, queries
from linli.rounds.errors import EmptyScope, WrongState
from linli.rounds.models import Round
from linli.rounds.terms import CountBy, Figures, RoundState

MARK_LOCK = (
    771002  # class of the advisory lock whose object is the round: shared by marks, alone by opening and closing
)
# From so many new rows on the planner is told at once: marks may follow within the second, long before autovacuum.
ANALYZE_FROM = 1_000
Progress = Callable[[str, int, int | None], None]


def silent(step: str, done: int, total: int | None) -> None:
    """No one watches."""


@job_kind("rounds.open")
def _open_job(run: Run) -> dict[str, Any]:
    return asdict(open_round(round_id=run.params["round_id"], actor=run.actor, at=_now(run), watch=run.progress))


@job_kind("rounds.close")
def _close_job(run: Run) -> dict[str, Any]:
    return close_round(round_id=run.params["round_id"], actor=run.actor, at=_now(run))


@job_kind("rounds.reopen")
def _reopen_job(run: Run) -> dict[str, Any]:
    reopen_round(round_id=run.params["round_id"], actor=run.actor, at=_now(run))
    return {}


def _now(run: Run) -> datetime:
    """When it is carried out, not when it was asked for: a worker may have been away for hours, and marks went on."""
    return max(run.at, clock.now())


def _take(round_id: int, permission: str, actor: Actor, *states: RoundState) -> Round:
    """The round, locked against everything that changes who is due and against its marks. Raises WrongState,
    Forbidden.
    """
    hold_register()
    db.execute("SELECT pg_advisory_xact_lock(%s, %s)", [MARK_LOCK, round_id])
    taken = Round.objects.select_for_update().get(id=round_id)
    actor.require(permission, queries.scope_of(round_id))
    if taken.state not in states:
        raise WrongState(round=taken.code, state=RoundState(taken.state).label)
    return taken


def open_round(*, round_id: int, actor: Actor, at: datetime, watch: Progress = silent) -> Figures:
    """Put everyone due on record and take marks from now on. Returns the figures at opening.

    Nobody arrives, moves or leaves while the list is made: see residents.register. Raises WrongState, EmptyScope.
    """
    with db.owner(), db.atomic():
        opening = _take(round_id, "rounds.open", actor, RoundState.DRAFT)
        watch("", 0, None)
        due = int(db.scalar(f"SELECT count(*) FROM ({_due_sql(opening.count_by)}) AS d", {"round": round_id}))
        if not due:
            raise EmptyScope()
        opening.part = partitions.round_part(round_id, due, at)
        _fill_states(opening, opening.part, own=due >= partitions.CITY_SIZE)
        _fill_tallies(round_id, opening.part)
        opening.state, opening.opened_at = RoundState.OPEN, at
        opening.save(update_fields=["state", "opened_at", "part"])
        figures = queries.get_figures(round_id=round_id, extent=queries.scope_of(round_id), at=at)
        _record("rounds.open_round", "rounds.open", opening, actor, at, figures)
        watch("", due, due)
    return figures


def _due_sql(count_by: int) -> str:
    """Everyone due, as a set: the rule of linli_due in sql/due.sql, without its list of subjects. Spans never
    overlap.
    """
    if count_by == CountBy.PERSON:
        return """SELECT p.id AS subject_id, p.household_id, p.key FROM round_span r
                  JOIN person p ON p.key >= r.lo AND p.key < r.hi WHERE r.round_id = %(round)s AND p.presence = 1"""
    return """SELECT h.id AS subject_id, h.id AS household_id, h.key FROM round_span r
              JOIN household h ON h.key >= r.lo AND h.key < r.hi
              WHERE r.round_id = %(round)s AND h.ended_at IS NULL
                AND (EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id AND p.presence = 1)
                     OR NOT EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id))"""


def _fill_states(opening: Round, part: int, *, own: bool) -> None:
    if own:
        table = partitions.make_bare("round_state", part)
        partitions.index("mark", partitions.make_bare("mark", part))
        partitions.attach("mark", part)
    else:
        partitions.ensure(part)
        table = "round_state"
    stream_large_sets()
    # In key order, so that a stairwell's states lie on one page.
    filled = db.execute(
        f"INSERT INTO {table} (part, round_id, subject_id, household_id, key)"
        f" SELECT {part}, {opening.pk}, d.subject_id, d.household_id, d.key"
        f" FROM ({_due_sql(opening.count_by)}) AS d ORDER BY d.key, d.subject_id",
        {"round": opening.pk},
    )
    if own:
        partitions.index("round_state", table)
        partitions.attach("round_state", part)
    if filled > ANALYZE_FROM:
        db.execute(f"ANALYZE round_state_p{part}")


def stream_large_sets() -> None:
    """For statements over millions of rows: sort and merge what is in key order anyway, instead of hashing it.

    Hash tables of a million groups spend their time on fresh memory: measured 14.7 s against 5.1 s for the same sums.
    """
    db.execute(
        "SET LOCAL work_mem = '512MB'; SET LOCAL maintenance_work_mem = '1GB';"
        " SET LOCAL enable_hashagg = off; SET LOCAL enable_hashjoin = off"
    )


def _fill_tallies(round_id: int, part: int) -> None:
    """The tallies of a round that is being opened: nobody has a mark yet."""
    db.execute(
        """
        INSERT INTO round_tally (round_id, lo, due, doors_due, doors_open)
        SELECT %(round)s, (key >> 11) << 11, sum(people), count(*), count(*)
        FROM (SELECT key, count(*) AS people FROM round_state WHERE part = %(part)s AND round_id = %(round)s
              GROUP BY key) AS door
        GROUP BY 2 ORDER BY 2
        """,
        {"round": round_id, "part": part},
    )


def close_round(*, round_id: int, actor: Actor, at: datetime) -> dict[str, Any]:
    """Close a round: no mark is accepted after it, its tallies are frozen, its certificate carries the figures."""
    with db.owner(), db.atomic():
        closing = _take(round_id, "rounds.close", actor, RoundState.OPEN)
        if closing.part is not None:
            _lapse(round_id, closing.part, at)  # what is over at the closing is not exempt on the certificate
        figures = queries.get_figures(round_id=round_id, extent=queries.scope_of(round_id), at=at)
        marks = int(db.scalar("SELECT count(*) FROM mark WHERE round_id = %s", [round_id]))
        closing.certificate = asdict(figures) | {
            "open": figures.open,
            "not_reached": figures.not_reached,
            "marks": marks,
            "closed_by": actor.name,
            "closed_at": at.isoformat(),
        }
        closing.certificate.pop("recent")
        closing.state, closing.closed_at = RoundState.CLOSED, at
        closing.save(update_fields=["state", "closed_at", "certificate"])
        _record("rounds.close_round", "rounds.close", closing, actor, at, figures)
    return dict(closing.certificate)


def reopen_round(*, round_id: int, actor: Actor, at: datetime) -> None:
    """Open a closed round again: it takes marks, and follows what happened to the register while it was closed."""
    with db.owner(), db.atomic():
        opening = _take(round_id, "rounds.close", actor, RoundState.CLOSED)
        opening.state, opening.closed_at, opening.certificate = RoundState.OPEN, None, None
        opening.save(update_fields=["state", "closed_at", "certificate"])
        changed = db.rows(
            f"""
            WITH d AS ({_due_sql(opening.count_by)})
            SELECT coalesce(d.subject_id, s.subject_id) FROM d
            FULL JOIN (SELECT * FROM round_state WHERE part = %(part)s AND round_id = %(round)s) AS s USING (subject_id)
            WHERE s.subject_id IS NULL AND d.subject_id IS NOT NULL
               OR s.due <> (d.subject_id IS NOT NULL)
               OR s.due AND (s.key <> d.key OR s.household_id <> d.household_id)
            """,
            {"round": round_id, "part": opening.part},
        )
        if changed:
            db.rows("SELECT linli_follow(%s, %s::bigint[])", [round_id, [subject for (subject,) in changed]])
        # Entries may have been merged, or taken apart, while the round was closed.
        db.rows(
            "SELECT linli_rejoin(%s, array_agg(DISTINCT id), %s) FROM ("
            " SELECT survivor_id AS id FROM merger WHERE kind = %s"
            " UNION ALL SELECT merged_id FROM merger WHERE kind = %s) AS m",
            [round_id, at, opening.count_by, opening.count_by],
        )
        figures = queries.get_figures(round_id=round_id, extent=queries.scope_of(round_id), at=at)
        _record("rounds.reopen_round", "rounds.close", opening, actor, at, figures)


def _record(verb: str, permission: str, round_: Round, actor: Actor, at: datetime, figures: Figures) -> None:
    scope = queries.scope_of(round_.pk)
    journal.record(
        actor=actor,
        at=at,
        verb=verb,
        permission=permission,
        key=scope.spans[0].lo,
        subject=f"round:{round_.code}",
        due=figures.due,
        open=figures.open,
    )


def lapse_exemptions(*, at: datetime) -> int:
    """Exemptions whose time is over: their people are open again. Returns how many. Run every few minutes."""
    lapsed = 0
    with db.owner():
        for round_id, part in db.rows("SELECT id, part FROM round WHERE state = 'open' ORDER BY id"):

            def lapse(round_id: int = round_id, part: int = part) -> int:
                if not _over(round_id, part, at):
                    return 0
                db.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [MARK_LOCK, round_id])
                if not queries.get_round(round_id).is_open:
                    return 0  # closed meanwhile: its figures stay
                return _lapse(round_id, part, at)

            lapsed += db.retrying(lapse)
    return lapsed


def _over(round_id: int, part: int, at: datetime) -> list[int]:
    """The units in which exemptions are over."""
    rows = db.rows(
        "SELECT DISTINCT (key >> 11) << 11 FROM round_state WHERE part = %s AND round_id = %s"
        " AND state = 11 AND until_at <= %s ORDER BY 1",
        [part, round_id, at],
    )
    return [lo for (lo,) in rows]


def _lapse(round_id: int, part: int, at: datetime) -> int:
    """Of an open round whose marks are held, or shared, by the caller."""
    units = _over(round_id, part, at)
    if not units:
        return 0
    db.rows("SELECT linli_lock_units(%s, %s::bigint[])", [round_id, units])
    count = db.execute(
        "UPDATE round_state SET state = 0, until_at = NULL WHERE part = %s AND round_id = %s AND state = 11"
        " AND until_at <= %s AND (key >> 11) << 11 = ANY(%s)",
        [part, round_id, at, units],
    )
    db.rows("SELECT linli_retally(%s, %s, %s::bigint[])", [round_id, part, units])
    return count
