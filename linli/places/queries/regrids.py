"""The newest boundaries (also those that begin later), and the changes that were made of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from linli.core import db
from linli.core.extents import Extent
from linli.places.errors import RegridUnknown
from linli.places.layouts import Change, Holding, Layout, Line
from linli.places.terms import FOREVER, Kind

AT_ONCE = 500  # changes read from the database together


@dataclass(frozen=True)
class Regrid:
    """A change of boundaries that was carried out."""

    id: int
    kind: int
    since: datetime
    made_at: datetime
    made_by: str
    undone_at: datetime | None
    before: Layout
    after: Layout

    @property
    def kind_label(self) -> str:
        return str(Kind(self.kind).label)

    @property
    def change(self) -> Change:
        ids = [*self.after, *(id for id in self.before if id not in self.after)]
        lines = [Line(self.before.get(id), self.after.get(id)) for id in ids]
        layer = tuple(line for line in lines if line.holding.kind == self.kind)
        return Change(Kind(self.kind), self.since, layer, tuple(line for line in lines if line not in layer))


def latest_layout(place_ids: Iterable[int]) -> Layout:
    """What places hold in the end: by rows that have no end, whether or not they have begun."""
    ids = list(place_ids)
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place_id, lo, hi in db.rows(
        "SELECT place_id, lo, hi FROM place_span WHERE place_id = ANY(%s) AND until = %s", [ids, FOREVER]
    ):
        spans[place_id].append((lo, hi))
    return {
        place_id: Holding(place_id, kind, code, name, parent_id, Extent.of(spans[place_id]))
        for place_id, kind, code, name, parent_id in db.rows(
            "SELECT id, kind, code, name, parent_id FROM place WHERE id = ANY(%s) ORDER BY kind, sort, id", [ids]
        )
    }


def latest_of_kind(kind: Kind, extent: Extent) -> Layout:
    """The places of a layer that hold any of an extent in the end."""
    return latest_layout(
        place_id
        for (place_id,) in db.rows(
            """
            SELECT DISTINCT s.place_id FROM place_span s
            JOIN unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi) ON s.lo < e.hi AND s.hi > e.lo
            WHERE s.kind = %s AND s.until = %s
            """,
            [extent.los, extent.his, kind.value, FOREVER],
        )
    )


def latest_inside(layer: Iterable[int]) -> Layout:
    """Areas and grids whose spans lie in those of the places, wide before narrow."""
    return latest_layout(
        place_id
        for (place_id,) in db.rows(
            """
            WITH RECURSIVE inside AS (
                SELECT id, place_id FROM place_span WHERE place_id = ANY(%(ids)s) AND until = %(forever)s
                UNION SELECT s.id, s.place_id FROM inside JOIN place_span s ON s.parent_span_id = inside.id
                WHERE s.until = %(forever)s
            )
            SELECT DISTINCT place_id FROM inside WHERE place_id <> ALL(%(ids)s)
            """,
            {"ids": list(layer), "forever": FOREVER},
        )
    )


_READ = """
    SELECT r.id, r.kind, r.since, r.made_at, coalesce(a.name, ''), r.undone_at, r.before, r.after
    FROM place_regrid r LEFT JOIN account a ON a.id = r.made_by
"""


def _regrid(row: tuple[object, ...]) -> Regrid:
    *columns, before, after = row
    layouts = [
        {int(id): Holding.of_json(int(id), one) for id, one in json.loads(str(text)).items()}
        for text in (before, after)
    ]
    return Regrid(*columns, *layouts)  # type: ignore[arg-type]


def get_regrid(number: int) -> Regrid:
    """Raises RegridUnknown."""
    found = db.rows(f"{_READ} WHERE r.id = %s", [number])
    if not found:
        raise RegridUnknown(number=number)
    return _regrid(found[0])


def list_regrids(extent: Extent, *, limit: int = 50) -> list[Regrid]:
    """Changes that touched any door of an extent, newest first, however many there were elsewhere since."""
    found: list[Regrid] = []
    last = (FOREVER, 0)
    while len(found) < limit:
        rows = db.rows(
            f"{_READ} WHERE (r.made_at, r.id) < (%s, %s) ORDER BY r.made_at DESC, r.id DESC LIMIT %s", [*last, AT_ONCE]
        )
        read = [_regrid(row) for row in rows]
        found += [one for one in read if one.change.extent & extent]
        if len(read) < AT_ONCE:
            break
        last = (read[-1].made_at, read[-1].id)
    return found[:limit]
