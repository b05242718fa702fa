"""Redrawing boundaries: spans go from one chain of places to another at a moment.

No fact is touched; rows of `place_span` are closed and others opened. A row lies inside a row of its parent, so
children are closed before their parents and opened after them. Everything here runs under `lock_tree`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core import db
from linli.core.extents import Extent, Span
from linli.places.allocation import Row, insert_rows
from linli.places.errors import LaterChange
from linli.places.queries.tree import get_place
from linli.places.terms import FOREVER

# The present rows of some places that meet an extent, and every present row inside of them, widest first.
_AFFECTED = """
    WITH RECURSIVE hit AS (
        SELECT s.id, 0 AS depth FROM place_span s
        JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi) ON s.lo < e.hi AND s.hi > e.lo
        WHERE s.place_id = ANY(%(places)s) AND s.until = %(forever)s
        UNION
        SELECT s.id, hit.depth + 1 FROM hit JOIN place_span s ON s.parent_span_id = hit.id
        WHERE s.until = %(forever)s
    )
    SELECT s.id, s.place_id, s.kind, s.lo, s.hi, s.since, s.parent_span_id, max(hit.depth) AS depth
    FROM hit JOIN place_span s USING (id) GROUP BY s.id ORDER BY depth, s.lo
"""


def list_affected(place_ids: Sequence[int], extent: Extent) -> list[tuple[int, Row]]:
    """(depth, row) of everything that has to be closed when the extent is taken from these places."""
    by_id: dict[int, Row] = {}
    found = []
    for row_id, place_id, kind, lo, hi, since, parent_id, depth in db.rows(
        _AFFECTED, {"los": extent.los, "his": extent.his, "places": list(place_ids), "forever": FOREVER}
    ):
        parent = by_id.get(parent_id) or (_outer(parent_id) if parent_id else None)
        by_id[row_id] = Row(place_id, kind, lo, hi, parent, since, row_id)
        found.append((depth, by_id[row_id]))
    return found


def _outer(row_id: int) -> Row:
    place_id, kind, lo, hi, since = db.rows(
        "SELECT place_id, kind, lo, hi, since FROM place_span WHERE id = %s", [row_id]
    )[0]
    return Row(place_id, kind, lo, hi, None, since, row_id)


def close_rows(rows: Sequence[tuple[int, Row]], at: datetime) -> None:
    """End rows at `at`, the innermost first. A row that began at the same moment never held. Raises LaterChange."""
    for _depth, row in rows:
        if row.since > at:
            raise LaterChange(place=get_place(row.place_id).name)
    for depth in sorted({depth for depth, _ in rows}, reverse=True):
        layer = [row for at_depth, row in rows if at_depth == depth]
        gone = [row.id for row in layer if row.since == at]
        if gone:
            db.execute("DELETE FROM place_span WHERE id = ANY(%s)", [gone])
        db.execute(
            "UPDATE place_span SET until = %s WHERE id = ANY(%s)", [at, [row.id for row in layer if row.since < at]]
        )


def open_pieces(rows: Sequence[tuple[int, Row]], cut: Extent, at: datetime) -> None:
    """Open again what is left of closed rows after `cut` was taken out, the outermost first."""
    pieces: dict[int, list[Row]] = {}
    for depth in sorted({depth for depth, _ in rows}):
        fresh = []
        for _, row in (pair for pair in rows if pair[0] == depth):
            left = Extent.of([(row.lo, row.hi)]) - cut
            mine = [Row(row.place_id, row.kind, lo, hi, _holding(row, pieces, (lo, hi)), at) for lo, hi in left]
            pieces[row.id or 0] = mine
            fresh += mine
        insert_rows(fresh)


def _holding(row: Row, pieces: dict[int, list[Row]], span: tuple[int, int]) -> Row | None:
    """The row that a piece lies in: a piece of the closed parent, or the parent itself when it stayed open."""
    if row.parent is None or row.parent.id not in pieces:
        return row.parent
    return next(piece for piece in pieces[row.parent.id] if piece.lo <= span[0] and span[1] <= piece.hi)


def open_chain(
    spans: Sequence[Span], chain: Sequence[tuple[int, int]], anchor_id: int | None, at: datetime
) -> list[Row]:
    """Give spans to a chain of (place, kind), widest first, inside the present rows of `anchor_id`.

    Returns the rows of the last link.
    """
    holders: list[Row | None] = [None] * len(spans) if anchor_id is None else _present(anchor_id, spans)
    rows: list[Row] = [row for row in holders if row is not None]
    for place_id, kind in chain:
        rows = [Row(place_id, kind, lo, hi, parent, at) for (lo, hi), parent in zip(spans, holders, strict=True)]
        insert_rows(rows)
        holders = list(rows)
    return rows


def _present(place_id: int, spans: Sequence[Span]) -> list[Row | None]:
    held = [
        Row(place_id, kind, lo, hi, None, since, row_id)
        for row_id, kind, lo, hi, since in db.rows(
            "SELECT id, kind, lo, hi, since FROM place_span WHERE place_id = %s AND until = %s", [place_id, FOREVER]
        )
    ]
    return [next(row for row in held if row.lo <= lo and hi <= row.hi) for lo, hi in spans]


def pieces_within(extent: Extent, place_id: int) -> list[Span]:
    """An extent cut at the borders of a place's present rows."""
    return [
        Span(max(lo, row_lo), min(hi, row_hi))
        for row_lo, row_hi in db.rows(
            "SELECT lo, hi FROM place_span WHERE place_id = %s AND until = %s ORDER BY lo", [place_id, FOREVER]
        )
        for lo, hi in extent
        if max(lo, row_lo) < min(hi, row_hi)
    ]
