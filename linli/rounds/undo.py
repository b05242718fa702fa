"""Taking back marks that were given by mistake: by a further mark, which says again what counted before.

Nothing is removed: the mistake and its being taken back stay on record. Only one's own marks, only for a short time,
and only while they count: once somebody else marked after them, theirs is what counts. Marks that correct the register
(moved out, vacant) are not taken back here: who left is entered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from linli.core import db
from linli.core.access import Actor
from linli.rounds import queries
from linli.rounds.errors import RoundClosed, RoundNotOpen
from linli.rounds.queries import RoundView
from linli.rounds.services import write_marks
from linli.rounds.terms import LEAVING, Mark, MarkCommand, RoundState

WINDOW = timedelta(minutes=15)

# The marks still counting, and of each subject the mark that counted before them: by linli_stood_before, because it may
# lie at a door where somebody lived before, out of sight, or be given to an entry that was merged (beyond.sql). What
# was noted with it is said again only where the caller sees it.
_MISTAKES = """
    SELECT s.subject_id, m.client_id, m.event_at, b.kind, n.reason, b.back_at, b.until_at
    FROM round_state s
    JOIN round r ON r.id = s.round_id
    CROSS JOIN LATERAL (
        -- One command may have marked several people: the mark of this one, or of an entry that was merged into theirs.
        SELECT f.* FROM mark f
        WHERE f.part = s.part AND f.client_id = s.client_id
          AND (f.subject_id = s.subject_id OR EXISTS (
              SELECT 1 FROM merged_into a
              WHERE a.kind = r.count_by AND a.merged_id = f.subject_id AND a.into_id = s.subject_id))
        ORDER BY f.id DESC LIMIT 1
    ) AS m
    LEFT JOIN LATERAL linli_stood_before(s.round_id, s.subject_id, m.id) AS b ON true
    LEFT JOIN mark n ON n.part = b.part AND n.subject_id = b.member AND n.round_id = s.round_id
        AND n.event_at = b.event_at AND n.id = b.id
    WHERE s.part = %s AND s.round_id = %s AND s.subject_id = ANY (%s::bigint[]) AND m.client_id = ANY (%s::uuid[])
      AND m.account_id = %s AND m.received_at > %s AND m.kind <> ALL (%s::smallint[]) AND s.due
    ORDER BY s.key, s.subject_id
"""


# Whom a command meant, by the same function as the marks themselves (rounds/sql/mark.sql).
_SUBJECTS = """
    SELECT DISTINCT t.subject_id
    FROM linli_targets(%s, %s, %s::smallint, %s::int8multirange, linli_standing(1::smallint, %s::bigint[]),
                       linli_standing(2::smallint, %s::bigint[])) AS t
"""


def find_subjects(
    *, round_: RoundView, people: Sequence[int] = (), households: Sequence[int] = (), actor: Actor
) -> list[int]:
    """Whom marks on these people and households count for, where the actor may mark: the subjects of `take_back`."""
    if round_.part is None or not (people or households):
        return []
    rows = db.rows(
        _SUBJECTS,
        [
            round_.part, round_.id, 1 if round_.per_person else 2, str(actor.extent_for("rounds.mark")),
            [*people, *(None for _ in households)], [*(None for _ in people), *households],
        ],
    )  # fmt: skip
    return sorted(subject for (subject,) in rows)


def take_back(
    *, round_id: int, subject_ids: Sequence[int], mark_ids: Sequence[UUID], actor: Actor, at: datetime
) -> int:
    """Take back those of the marks `mark_ids` (ids of commands) on the subjects that still count; answers how many.

    Done twice, it changes nothing more. Raises RoundNotOpen, RoundClosed, Forbidden.
    """
    found = queries.get_round(round_id)
    if found.state == RoundState.DRAFT:
        raise RoundNotOpen(round=found.code)
    if found.state == RoundState.CLOSED:
        raise RoundClosed(round=found.code)
    actor.require("rounds.mark")

    def work() -> int:
        rows = db.rows(
            _MISTAKES,
            [
                found.part, found.id, list(subject_ids), list(mark_ids), actor.account_id, at - WINDOW,
                [int(kind) for kind in LEAVING],
            ],
        )  # fmt: skip
        commands = [
            MarkCommand(
                id=uuid5(client_id, f"taken back:{subject}"),
                kind=_standing(kind, until_at, at),
                # Later than the mistake, whatever the clocks say, so that it is what counts.
                event_at=max(at, event_at + timedelta(microseconds=1)),
                person_id=subject if found.per_person else None,
                household_id=None if found.per_person else subject,
                reason=reason or "",
                back_at=back_at,
                until_at=until_at if _standing(kind, until_at, at) == Mark.EXEMPT else None,
            )
            for subject, client_id, event_at, kind, reason, back_at, until_at in rows
        ]
        return sum(receipt.marks for receipt in write_marks(found, commands, actor, at))

    return db.retrying(work)


def _standing(kind: int | None, until_at: datetime | None, at: datetime) -> Mark:
    """What a mark that counted before says now of somebody who is due: who was gone and is there again, or whose
    exemption is over, has to be reached."""
    is_over = kind in LEAVING or (kind == Mark.EXEMPT and until_at is not None and until_at <= at)
    return Mark.NOT_REACHED if is_over else Mark(kind or Mark.NOT_REACHED)
