"""Search by name, part of a name, code or alias."""

from __future__ import annotations

from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.places.queries.tree import COLUMNS, read_places
from linli.places.terms import PlaceRef

# Ranks: code, whole name or alias, beginning of a name, beginning of a code, part of a name. Then the wider place
# first.
_SEARCH = f"""
    WITH hits AS (
        SELECT p.id, CASE WHEN p.code = %(text)s THEN 0 WHEN p.name = %(text)s THEN 1 WHEN p.name LIKE %(starts)s THEN 2
                          WHEN p.code LIKE %(starts)s THEN 3 ELSE 4 END AS rank
        FROM place p WHERE p.name ILIKE %(part)s OR p.code LIKE %(starts)s
        UNION ALL
        SELECT a.place_id, CASE WHEN a.text = %(text)s THEN 1 ELSE 4 END FROM place_alias a WHERE a.text ILIKE %(part)s
    ), best AS (SELECT id, min(rank) AS rank FROM hits GROUP BY id)
    SELECT {COLUMNS} FROM best JOIN place p USING (id)
    WHERE (p.ended_at IS NULL OR p.ended_at > %(at)s)
      AND CASE WHEN p.kind >= 70 THEN int8range(p.lo, p.hi) && %(held)s::int8multirange
          ELSE EXISTS (SELECT 1 FROM place_span s WHERE s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s
                       AND int8range(s.lo, s.hi) && %(held)s::int8multirange) END
    ORDER BY best.rank, p.kind, length(p.name), p.code LIMIT %(limit)s
"""


def escape_like(text: str) -> str:
    """Text in which % and _ stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search_places(
    text: str, *, actor: Actor, at: datetime, limit: int = 20, within: Extent | None = None
) -> list[PlaceRef]:
    """Places that the actor may look at, best match first.

    Several words narrow each other from the wide to the narrow: `阳光 3号楼` finds building 3 of compounds named 阳光.
    """
    held = actor.extent_for("places.view")
    if within is not None:
        held &= within
    *wider, last = text.split() or [""]
    for word in wider:
        held = _extent_named(word, held, at)
    if not last or not held:
        return []
    literal = escape_like(last)
    return read_places(
        _SEARCH,
        {
            "text": last,
            "starts": f"{literal}%",
            "part": f"%{literal}%",
            "at": at,
            "held": str(held),
            "limit": limit,
        },
    )


def _extent_named(word: str, within: Extent, at: datetime) -> Extent:
    """The doors of all places whose name holds `word`."""
    found = db.rows(
        """
        SELECT s.lo, s.hi FROM place p JOIN place_span s ON s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s
        WHERE p.name ILIKE %(part)s OR p.code = %(word)s
           OR EXISTS (SELECT 1 FROM place_alias a WHERE a.place_id = p.id AND a.text ILIKE %(part)s)
        """,
        {"part": f"%{escape_like(word)}%", "word": word, "at": at},
    )
    return Extent.of(found) & within


def find_by_name(name: str, *, within: Extent, at: datetime, kinds: tuple[int, ...] = ()) -> list[PlaceRef]:
    """Places of exactly this name or alias inside an extent, widest first. For sheets that give names, not codes."""
    return read_places(
        f"""
        SELECT {COLUMNS} FROM place p
        WHERE (p.name = %(name)s OR EXISTS (SELECT 1 FROM place_alias a WHERE a.place_id = p.id AND a.text = %(name)s))
          AND (cardinality(%(kinds)s::smallint[]) = 0 OR p.kind = ANY(%(kinds)s::smallint[]))
          AND (p.ended_at IS NULL OR p.ended_at > %(at)s)
          AND EXISTS (SELECT 1 FROM place_span s JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)
                      ON s.lo < e.hi AND s.hi > e.lo
                      WHERE s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s)
        ORDER BY p.kind, p.code
        """,
        {"name": name, "kinds": list(kinds), "at": at, "los": within.los, "his": within.his},
    )
