"""Which keys a new division gets, so that key order stays close to the order of the city's streets.

Keys are handed out to divisions in *slots*, one slot being the reserve of one community (2^37 keys). A street holds its
communities' slots and at least 16 to spare, a district its streets' slots and some to spare, and so on up; a place
that has run out takes another run of slots from its parent. `Ledger` is that plan in memory, read and written under
one lock, so that two writers never take the same slot; adding one community and importing ten thousand run through
the same code.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from linli.core import db
from linli.core.extents import COMMUNITY_BITS, MAX_KEY
from linli.places.errors import JurisdictionFull
from linli.places.terms import FOREVER, Kind

LOCK = 771003
SLOT = 1 << COMMUNITY_BITS
SLOTS = MAX_KEY // SLOT
FIRST_SLOT = 16  # key 0 stands for the jurisdiction itself and belongs to no door

# How many slots a place of this kind takes at a time when nothing is known of what will be under it.
STEP = {Kind.PROVINCE: 2048, Kind.CITY: 512, Kind.DISTRICT: 64, Kind.STREET: 16, Kind.COMMUNITY: 1}


def lock_tree() -> None:
    """Only one transaction at a time hands out slots or redraws boundaries. Held to the end of the transaction."""
    db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def slots_needed(kind: int, children: int) -> int:
    """Slots for a new division whose children need `children` slots together; room to grow included."""
    step = STEP[Kind(kind)]
    if kind == Kind.COMMUNITY:
        return 1
    if kind in (Kind.CITY, Kind.PROVINCE):
        step = step // 4 if children else step
    return -(-children // step) * step + step if children else step


@dataclass
class Row:
    """One span row of a division, in slots where whole; `id` None until it is written."""

    place_id: int
    kind: int
    lo: int
    hi: int
    parent: Row | None
    since: datetime
    id: int | None = None


@dataclass
class Ledger:
    """The divisions' present spans and what is free in them. Load it after `lock_tree`."""

    at: datetime
    rows: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    free: dict[int, list[tuple[int, int, Row]]] = field(default_factory=dict)
    kinds: dict[int, tuple[int, int | None]] = field(default_factory=dict)  # place -> kind, parent
    children: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    reserves: set[int] = field(default_factory=set)
    next_slot: int = FIRST_SLOT
    fresh: list[Row] = field(default_factory=list)

    @classmethod
    def load(cls, at: datetime) -> Ledger:
        ledger = cls(at)
        for place_id, kind, parent_id, lo in db.rows("SELECT id, kind, parent_id, lo FROM place WHERE kind <= 40"):
            ledger.know(place_id, kind, parent_id)
            if lo is not None:
                ledger.reserves.add(lo // SLOT)
        by_id: dict[int, Row] = {}
        found = db.rows(
            "SELECT id, place_id, kind, lo, hi, since, parent_span_id FROM place_span"
            " WHERE kind <= 40 AND until = %s ORDER BY kind, lo",
            [FOREVER],
        )
        for row_id, place_id, kind, lo, hi, since, parent_span in found:
            row = Row(place_id, kind, lo, hi, by_id.get(parent_span), since, row_id)
            by_id[row_id] = row
            ledger.rows[place_id].append(row)
        top = db.scalar("SELECT max(hi) FROM place_span WHERE kind <= 40")
        ledger.next_slot = max(FIRST_SLOT, -(-(top or 0) // SLOT))
        return ledger

    def know(self, place_id: int, kind: int, parent_id: int | None) -> None:
        self.kinds[place_id] = (kind, parent_id)
        if parent_id is not None:
            self.children[parent_id].append(place_id)

    def grant(self, place_id: int, slots: int) -> Row:
        """Give a division a run of `slots` slots inside its parent, which grows when it has none left."""
        kind, parent_id = self.kinds[place_id]
        first, parent_row = self._take(parent_id, slots)
        row = Row(place_id, kind, first * SLOT, (first + slots) * SLOT, parent_row, self.at)
        self.rows[place_id].append(row)
        self.fresh.append(row)
        if place_id in self.free:
            self.free[place_id].append((first, first + slots, row))
        if kind == Kind.COMMUNITY:
            self.reserves.add(first)
        return row

    def _take(self, parent_id: int | None, slots: int) -> tuple[int, Row | None]:
        if parent_id is None:
            first = self.next_slot
            if first + slots > SLOTS:
                raise JurisdictionFull
            self.next_slot += slots
            return first, None
        for attempt in (1, 2):
            runs = self._free_of(parent_id)
            for index, (lo, hi, row) in enumerate(runs):
                if hi - lo >= slots:
                    runs[index] = (lo + slots, hi, row)
                    return lo, row
            if attempt == 1:
                kind = Kind(self.kinds[parent_id][0])
                self.grant(parent_id, -(-slots // STEP[kind]) * STEP[kind])
        raise AssertionError("a run that was just granted is not there")

    def _free_of(self, place_id: int) -> list[tuple[int, int, Row]]:
        """Whole slots that the place holds and that are neither a child's nor any community's reserve."""
        if place_id not in self.free:
            self.free[place_id] = [run for row in self.rows[place_id] for run in self._free_in(place_id, row)]
        return self.free[place_id]

    def _free_in(self, place_id: int, row: Row) -> list[tuple[int, int, Row]]:
        first, end = -(-row.lo // SLOT), row.hi // SLOT
        taken = {slot for slot in range(first, end) if slot in self.reserves}
        for child in self.children[place_id]:
            for held in self.rows[child]:
                taken.update(range(max(first, held.lo // SLOT), min(end, -(-held.hi // SLOT))))
        runs, start = [], first
        for slot in [*sorted(taken), end]:
            if slot > start:
                runs.append((start, slot, row))
            start = max(start, slot + 1)
        return runs

    def write(self) -> int:
        """Insert the rows that were granted, parents first. Returns how many."""
        count = 0
        for kind in sorted({row.kind for row in self.fresh}):
            layer = [row for row in self.fresh if row.kind == kind]
            insert_rows(layer)
            count += len(layer)
        self.fresh.clear()
        return count


_INSERT = """
    INSERT INTO place_span (place_id, kind, lo, hi, since, until,
        parent_span_id, parent_place_id, parent_lo, parent_hi, parent_since, parent_until)
    SELECT n.place_id, n.kind, n.lo, n.hi, n.since, %(forever)s, p.id, p.place_id, p.lo, p.hi, p.since, p.until
    FROM unnest(%(places)s::bigint[], %(kinds)s::smallint[], %(los)s::bigint[], %(his)s::bigint[],
                %(sinces)s::timestamptz[], %(parents)s::bigint[]) AS n (place_id, kind, lo, hi, since, parent)
    LEFT JOIN place_span p ON p.id = n.parent
    ORDER BY n.lo
    RETURNING id, place_id, lo
"""


def insert_rows(rows: list[Row]) -> None:
    """Write span rows of one layer, whose parents' rows are already there; sets their ids."""
    by_place_lo = {(row.place_id, row.lo): row for row in rows}
    written = db.rows(
        _INSERT,
        {
            "forever": FOREVER,
            "places": [row.place_id for row in rows],
            "kinds": [row.kind for row in rows],
            "los": [row.lo for row in rows],
            "his": [row.hi for row in rows],
            "sinces": [row.since for row in rows],
            "parents": [row.parent.id if row.parent else None for row in rows],
        },
    )
    for row_id, place_id, lo in written:
        by_place_lo[place_id, lo].id = row_id
