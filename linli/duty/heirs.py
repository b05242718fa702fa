"""Dissolved places that somebody holds a post at still: within whose reach they are, now that they hold no door."""

from __future__ import annotations

from datetime import datetime

from linli.core import db
from linli.core.extents import Extent

# Successors of successors are followed to those that stand; where nobody took over, the place above tells where it was.
_INSIDE = """
    WITH RECURSIVE heir AS (
        SELECT a.place_id AS origin, a.place_id FROM appointment a JOIN place p ON p.id = a.place_id
        WHERE p.ended_at <= %(at)s
        UNION
        SELECT h.origin, s.place_id FROM heir h JOIN place_alias s ON s.former_id = h.place_id
    ), taken AS (
        SELECT h.origin, h.place_id FROM heir h JOIN place p ON p.id = h.place_id
        WHERE p.ended_at IS NULL OR p.ended_at > %(at)s
    ), reach AS (
        SELECT origin, place_id FROM taken
        UNION
        SELECT h.origin, p.parent_id FROM heir h JOIN place p ON p.id = h.origin
        WHERE p.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.origin = h.origin)
    )
    SELECT r.origin FROM reach r
    LEFT JOIN place_span s ON s.place_id = r.place_id AND s.since <= %(at)s AND s.until > %(at)s
    LEFT JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS x (lo, hi) ON x.lo <= s.lo AND s.hi <= x.hi
    GROUP BY r.origin HAVING bool_and(x.lo IS NOT NULL) ORDER BY r.origin
"""


def find_dissolved_inside(extent: Extent, at: datetime) -> list[int]:
    """Ids of dissolved places with posts whose doors went to places that lie in `extent` as a whole."""
    return [place_id for (place_id,) in db.rows(_INSIDE, {"at": at, "los": extent.los, "his": extent.his})]
