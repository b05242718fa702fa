"""Withdrawing marks from a phone: as if they had not been given, however late it arrives, and in whatever order.

On the desk a mistake is taken back at once, by a further mark (`undo`). A phone may send mark, withdrawal and other
marks of that door days later and in pieces; then only what counts of all of them may decide, not what had arrived by
chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from linli.core import db, journal
from linli.core.access import Actor
from linli.rounds.errors import RoundClosed, RoundNotOpen, UndoLate
from linli.rounds.queries import RoundView
from linli.rounds.terms import RoundState

WINDOW = timedelta(hours=2)
"""From the mark to its withdrawal, both as the phone said: later on it is marked anew."""
JOURNALLED = 100  # ids in one entry; of more their number and a digest, the rows themselves tell the rest


def withdraw_marks(
    *,
    round_: RoundView,
    subject_ids: Sequence[int],
    mark_ids: Sequence[UUID],
    done_at: datetime,
    actor: Actor,
    at: datetime,
) -> int:
    """Withdraw the actor's own marks `mark_ids` (ids of commands) on these subjects, `done_at` as the phone said;
    answers on how many subjects they were. Done twice, it changes nothing more.

    Raises RoundNotOpen, RoundClosed, Forbidden, UndoLate (another's, too long ago, or it corrects the register).
    """
    if round_.state == RoundState.DRAFT:
        raise RoundNotOpen(round=round_.code)
    if round_.state == RoundState.CLOSED:
        raise RoundClosed(round=round_.code)
    actor.require("rounds.mark")

    def work() -> int:
        count = int(
            db.scalar(
                "SELECT linli_withdraw(%s, %s::int8multirange, %s::bigint[], %s::uuid[], %s, %s, %s, %s)",
                [
                    round_.id, str(actor.extent_for("rounds.mark")), list(subject_ids), list(mark_ids),
                    actor.account_id, done_at - WINDOW, done_at, at,
                ],
            )
        )  # fmt: skip
        if not count:
            raise UndoLate
        key = db.scalar(
            "SELECT min(key) FROM round_state WHERE part = %s AND round_id = %s AND subject_id = ANY(%s)",
            [round_.part, round_.id, list(subject_ids)],
        )
        ids = _list_own(round_, mark_ids, actor)
        few = len(ids) <= JOURNALLED
        journal.record(
            actor=actor, at=at, verb="rounds.withdraw_marks", key=int(key), permission="rounds.mark",
            subject=f"round:{round_.code}", marks=count, done_at=done_at,
            withdrawn=ids if few else len(ids), digest=None if few else journal.digest("\n".join(ids)),
        )  # fmt: skip
        return count

    return db.retrying(work)


def _list_own(round_: RoundView, mark_ids: Sequence[UUID], actor: Actor) -> list[str]:
    """Of these marks the actor's withdrawn ones, in the order of their ids: that order gives the same digest again."""
    rows = db.rows(
        "SELECT client_id::text FROM mark_withdrawn WHERE client_id = ANY(%s) AND round_id = %s AND account_id = %s"
        " ORDER BY client_id",
        [list(mark_ids), round_.id, actor.account_id],
    )
    return [client for (client,) in rows]


def find_withdrawn(mark_ids: Sequence[UUID]) -> set[UUID]:
    """Of these marks, by their commands, those that were withdrawn."""
    rows = db.rows("SELECT client_id FROM mark_withdrawn WHERE client_id = ANY(%s)", [list(mark_ids)])
    return {client for (client,) in rows}
