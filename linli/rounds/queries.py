"""Reads of rounds and of their figures. Gap lists are in `gaps`, roll-ups of whole trees in `rollups`.

Figures are sums of unit tallies over spans: exact at commit, at every level. A closed round's figures are frozen,
because nothing writes its tallies any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from linli.core import db
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import COMMUNITY_BITS, Extent
from linli.places import queries as places
from linli.rounds import policies
from linli.rounds.errors import RoundNotFound
from linli.rounds.terms import CountBy, Figures, Mark, RoundKind, RoundState


@dataclass(frozen=True)
class RoundView:
    """A round as the faces see it."""

    id: int
    code: str
    name: str
    kind: str
    count_by: int
    state: str
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    part: int | None
    certificate: dict[str, Any] | None

    @property
    def kind_label(self) -> str:
        return str(RoundKind(self.kind).label)

    @property
    def count_label(self) -> str:
        return str(CountBy(self.count_by).label)

    @property
    def state_label(self) -> str:
        return str(RoundState(self.state).label)

    @property
    def per_person(self) -> bool:
        return self.count_by == CountBy.PERSON

    @property
    def is_open(self) -> bool:
        return self.state == RoundState.OPEN


KEPT = timedelta(seconds=5)
_begun: dict[str, tuple[datetime, RoundView]] = {}
_COLUMNS = "id, code, name, kind, count_by, state, starts_at, ends_at, opened_at, closed_at, part, certificate"


def _view(row: tuple[Any, ...]) -> RoundView:
    *fields, certificate = row
    parsed = json.loads(certificate) if isinstance(certificate, str) else certificate
    return RoundView(*(*fields, parsed))


def get_round(round_id: int) -> RoundView:
    """Raises RoundNotFound."""
    rows = db.rows(f"SELECT {_COLUMNS} FROM round WHERE id = %s", [round_id])
    if not rows:
        raise RoundNotFound(round=round_id)
    return _view(rows[0])


def get_round_by_code(code: str) -> RoundView:
    """Raises RoundNotFound."""
    rows = db.rows(f"SELECT {_COLUMNS} FROM round WHERE code = %s", [code])
    if not rows:
        raise RoundNotFound(round=code)
    return _view(rows[0])


def get_begun_round(code: str, at: datetime) -> RoundView:
    """For the hottest path: a round as it was within the last KEPT. Raises RoundNotFound.

    Only rounds that have been opened are kept. What marks need of them does not change after that (id, opening);
    whether the round is still open, linli_mark looks up under its lock.
    """
    kept = recall_begun_round(code, at)
    if kept is not None:
        return kept
    found = get_round_by_code(code)
    if found.opened_at is not None:
        if len(_begun) > 100:
            _begun.clear()
        _begun[code] = (at, found)
    return found


def recall_begun_round(code: str, at: datetime) -> RoundView | None:
    """The same without asking the database: None when it was not asked within the last KEPT."""
    kept = _begun.get(code)
    return kept[1] if kept and at - kept[0] < KEPT else None


def forget_begun_rounds() -> None:
    """For tests, whose databases come and go within a second."""
    _begun.clear()


def require_reach(found: RoundView, actor: Actor, permission: str) -> None:
    """Raises Forbidden unless the round reaches into the places where the actor holds `permission`."""
    if not scope_of(found.id) & actor.extent_for(permission):
        raise Forbidden(permission=permission)


def list_rounds(
    *, actor: Actor, state: str = "", limit: int = 100, after_id: int | None = None, inside: Extent | None = None
) -> list[RoundView]:
    """Rounds that reach into the actor's places: the open first, then the newest. `after_id`: those after this one;
    `inside`: those that reach into these doors among the actor's."""
    seen = actor.extent_for("rounds.view")
    if inside is not None:
        seen &= inside
    rows = db.prepared(
        f"""
        SELECT {_COLUMNS} FROM round r
        WHERE (%(state)s = '' OR state = %(state)s)
          AND EXISTS (
            SELECT 1 FROM round_span s
            JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi) ON s.lo < e.hi AND s.hi > e.lo
            WHERE s.round_id = r.id)
          AND (%(after)s::bigint IS NULL OR (state <> 'open', -extract(epoch FROM created_at), -id) > (
            SELECT state <> 'open', -extract(epoch FROM created_at), -id FROM round WHERE id = %(after)s))
        ORDER BY state <> 'open', created_at DESC, id DESC
        LIMIT %(limit)s
        """,
        seen.asked | {"state": state, "after": after_id, "limit": limit},
    )
    return [_view(row) for row in rows]


def scope_of(round_id: int) -> Extent:
    """The doors that a round is walked over, as they were chosen; empty for a round that does not exist."""
    return Extent.of(db.rows("SELECT lo, hi FROM round_span WHERE round_id = %s", [round_id]))


_SUMS = """coalesce(sum(t.due), 0), coalesce(sum(t.done), 0), coalesce(sum(t.exempt), 0), coalesce(sum(t.absent), 0),
    coalesce(sum(t.refused), 0), coalesce(sum(t.doors_due), 0), coalesce(sum(t.doors_open), 0),
    coalesce(sum(CASE WHEN t.latest >= %(recent)s THEN (
        SELECT sum(c) FROM unnest(t.buckets, t.counts) AS b (b, c) WHERE b >= %(recent)s) END), 0)"""
_BY_PART = f"""
    SELECT e.n, {_SUMS} FROM unnest(%(parts)s::integer[], %(los)s::bigint[], %(his)s::bigint[]) AS e (n, lo, hi)
    JOIN round_tally t ON t.round_id = %(round)s AND t.lo >= e.lo AND t.lo < e.hi GROUP BY e.n
"""
FEW_SPANS = 32
WIDE = 1 << COMMUNITY_BITS + 6  # keys: the reserves of 64 communities


def get_figures(*, round_id: int, extent: Extent, at: datetime) -> Figures:
    """The figures of a round over an extent (of whole units), exact at this instant."""
    row = db.rows(
        f"SELECT {_SUMS} FROM round_tally t WHERE t.round_id = %(round)s AND {extent.where('t.lo')}",
        {"round": round_id, "recent": recent_from(at)},
    )[0]
    return Figures(*(int(value) for value in row))


def list_figures(*, round_id: int, parts: Sequence[Extent], at: datetime) -> list[Figures]:
    """The figures of each of several extents, in their order: one statement, one pass over the tallies.

    A few wide spans are summed one by one: grouping a city's tallies takes as long as adding them up.
    """
    spans = [(index, lo, hi) for index, part in enumerate(parts) for lo, hi in part]
    if not spans:
        return [Figures()] * len(parts)
    if len(spans) <= FEW_SPANS and sum(hi - lo for _, lo, hi in spans) > WIDE:
        statement = " UNION ALL ".join(
            f"SELECT {index}, {_SUMS} FROM round_tally t WHERE t.round_id = %(round)s AND t.lo >= {lo} AND t.lo < {hi}"
            for index, lo, hi in spans
        )
    else:
        statement = _BY_PART
    figures = [Figures()] * len(parts)
    indexes, los, his = ([span[place] for span in spans] for place in range(3))
    at_hand = {"round": round_id, "recent": recent_from(at), "parts": indexes, "los": los, "his": his}
    for index, *sums in db.rows(statement, at_hand):
        figures[index] += Figures(*(int(value) for value in sums))
    return figures


def recent_from(at: datetime) -> int:
    """The bucket from which marks count as recent: the running one and the whole one before it, 10 to 20 minutes."""
    return policies.bucket_of(at) - 1


def list_figures_of_places(*, round_id: int, place_ids: Sequence[int], at: datetime) -> dict[int, Figures]:
    """The figures of each of some places, by the spans they hold at `at` (for a closed round: pass its closing)."""
    held = places.extents_of(place_ids, at)
    counted = list_figures(round_id=round_id, parts=[held[place_id] for place_id in place_ids], at=at)
    return dict(zip(place_ids, counted, strict=True))


def get_curve(*, round_id: int, extent: Extent, since: datetime | None = None) -> list[tuple[datetime, int]]:
    """How many were done in each ten minutes, oldest first; buckets in which nothing happened are left out."""
    rows = db.rows(
        f"""
        SELECT b.bucket, sum(b.n) FROM round_tally t CROSS JOIN LATERAL unnest(t.buckets, t.counts) AS b (bucket, n)
        WHERE t.round_id = %s AND {extent.where("t.lo")} AND b.bucket >= %s GROUP BY 1 ORDER BY 1
        """,
        [round_id, policies.bucket_of(since) if since else 0],
    )
    like = since or datetime.fromtimestamp(0, UTC)
    return [(policies.bucket_start(bucket, like), int(n)) for bucket, n in rows]


@dataclass(frozen=True)
class UnitGap:
    """A unit and what is missing in it."""

    place_id: int
    code: str
    lo: int
    open: int
    doors_open: int


def list_worst_units(*, round_id: int, extent: Extent, limit: int = 8) -> list[UnitGap]:
    """The units with the most people still open, worst first."""
    rows = db.rows(
        f"""
        SELECT u.id, u.code, t.lo, t.due - t.done - t.exempt, t.doors_open
        FROM (
            SELECT * FROM round_tally t WHERE t.round_id = %s AND {extent.where("t.lo")} AND t.doors_open > 0
            ORDER BY t.due - t.done - t.exempt DESC, t.lo LIMIT %s
        ) AS t JOIN place u ON u.kind = 90 AND u.lo = t.lo
        ORDER BY 4 DESC, t.lo
        """,
        [round_id, limit],
    )
    return [UnitGap(*row) for row in rows]


def is_subject(found: RoundView, subject_id: int, actor: Actor) -> bool:
    """Whether a person (or household) is or was due in the round, on doors whose gaps the actor may see."""
    return bool(
        db.rows(
            "SELECT 1 FROM round_state WHERE part = %s AND round_id = %s AND subject_id = %s"
            " AND key <@ %s::int8multirange",
            [found.part, found.id, subject_id, str(actor.extent_for("rounds.gaps"))],
        )
    )


def list_marks_of(*, round_id: int, subject_id: int, actor: Actor) -> list[dict[str, Any]]:
    """Every mark a subject was given in a round, newest event first, losers included: all stay on record.

    Those of entries that were merged into the subject's too.
    """
    seen = actor.extent_for("rounds.gaps")
    return db.dicts(
        """
        SELECT m.id, m.client_id, m.kind, m.event_at, m.received_at, m.device_at, m.flags, m.reason,
               m.back_at, m.until_at, a.name AS account
        FROM mark m LEFT JOIN account a ON a.id = m.account_id
        WHERE m.round_id = %(round)s
          AND m.subject_id = ANY (ARRAY(
            SELECT %(subject)s::bigint
            UNION ALL
            SELECT i.merged_id FROM merged_into i JOIN round r ON r.id = %(round)s AND i.kind = r.count_by
            WHERE i.into_id = %(subject)s))
          AND m.key <@ %(seen)s::int8multirange
        ORDER BY m.event_at DESC, m.client_id DESC NULLS LAST, m.id DESC
        """,
        {"round": round_id, "subject": subject_id, "seen": str(seen)},
    )


def list_lapsing(*, round_: RoundView, extent: Extent, at: datetime) -> set[int]:
    """Of an open round: those whose exemption is over by `at`, and whom the worker opens again at its next turn. What a
    gap list leaves out for some minutes, and a count from the marks does not.
    """
    if not round_.is_open:
        return set()
    rows = db.rows(
        f"SELECT s.subject_id FROM round_state s WHERE s.part = %s AND s.round_id = %s AND s.due AND s.state = %s"
        f" AND s.until_at <= %s AND {extent.where('s.key')}",
        [round_.part, round_.id, Mark.EXEMPT, at],
    )
    return {subject for (subject,) in rows}
