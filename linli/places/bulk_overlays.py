"""Areas and grids by the thousand: one statement for the places, one for their spans.

As `services.add_overlay`, for loaders that run as the owner of the tables, in the caller's transaction, on ground that
nobody holds yet: what overlaps is refused by the constraint on spans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from linli.core import db
from linli.core.extents import Extent
from linli.places.allocation import Row, insert_rows, lock_tree
from linli.places.errors import NothingInside, OutsideParent, WrongParent
from linli.places.keys import store_keys
from linli.places.policies import sort_of
from linli.places.queries.tree import get_place, get_places
from linli.places.services.overlays import LETTER
from linli.places.terms import FOREVER, OVERLAYS, PARENTS, Kind

_INSERT = """
    INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, doors, created_at)
    SELECT %(kind)s,
           p.code || '-' || %(letter)s || lpad((h.n + t.i)::text, greatest(2, length((h.n + t.i)::text)), '0'),
           t.name, t.sort, p.id, p.kind, 0, %(at)s
    FROM (SELECT parent, name, sort, ref, row_number() OVER (PARTITION BY parent ORDER BY ref) AS i
          FROM unnest(%(parents)s::bigint[], %(names)s::text[], %(sorts)s::int[]) WITH ORDINALITY
              AS t (parent, name, sort, ref)) AS t
    JOIN place p ON p.id = t.parent
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM place o WHERE o.parent_id = p.id AND o.kind = %(kind)s) AS h
    ORDER BY t.ref RETURNING id
"""


def add_overlays(kind: Kind, rows: Iterable[tuple[int, str, Sequence[int]]], *, at: datetime) -> list[int]:
    """(parent id, name, ids of the compounds, buildings or units that belong to it) each; returns their ids, in order.

    Raises WrongParent, NothingInside, OutsideParent.
    """
    wanted = list(rows)
    lock_tree()
    parents = get_places({parent for parent, _, _ in wanted})
    if kind not in OVERLAYS or any(place.kind not in PARENTS[kind] for place in parents.values()):
        raise WrongParent(kind=kind.label, parent_kind="-")
    held = _held(parents)
    blocks = _blocks({piece for _, _, pieces in wanted for piece in pieces})
    store_keys(name for _, name, _ in wanted)
    made = [
        int(id)
        for (id,) in db.rows(
            _INSERT,
            {
                "kind": kind.value, "letter": LETTER[kind], "at": at, "parents": [parent for parent, _, _ in wanted],
                "names": [name for _, name, _ in wanted], "sorts": [sort_of(name) for _, name, _ in wanted],
            },
        )
    ]  # fmt: skip
    spans: list[Row] = []
    for place_id, (parent, _name, pieces) in zip(made, wanted, strict=True):
        extent = Extent.of(blocks[piece] for piece in pieces)
        if not extent:
            raise NothingInside
        inside = [
            Row(place_id, kind.value, max(lo, row.lo), min(hi, row.hi), row, at)
            for row in held[parent]
            for lo, hi in extent
            if max(lo, row.lo) < min(hi, row.hi)
        ]
        if Extent.of((row.lo, row.hi) for row in inside) != extent:
            raise OutsideParent(parent=get_place(parent).name)
        spans += inside
    insert_rows(spans)
    return made


def _held(place_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The present span rows of each place."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row_id, place_id, kind, lo, hi, since in db.rows(
        "SELECT id, place_id, kind, lo, hi, since FROM place_span WHERE place_id = ANY(%s) AND until = %s ORDER BY lo",
        [list(place_ids), FOREVER],
    ):
        found[place_id].append(Row(place_id, kind, lo, hi, None, since, row_id))
    return found


def _blocks(place_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    return {
        id: (lo, hi)
        for id, lo, hi in db.rows(
            "SELECT id, lo, hi FROM place WHERE id = ANY(%s) AND kind >= %s", [list(place_ids), Kind.COMPOUND.value]
        )
    }
