"""The figures of all places at once: prefix sums over the tallies, in memory.

The tallies of a round, in key order, become running totals; a span is then two look-ups, whatever its size. For a
city that is
120,000 tallies and 170,000 places in one pass, instead of a join of each level.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from linli.core import arrays
from linli.core.arrays import Int64s
from linli.core.extents import UNIT_BITS, Extent
from linli.rounds.terms import Figures

PACKED_BITS = 21
COLUMNS = ("due", "done", "exempt", "absent", "refused", "doors_due", "doors_open")
# Three numbers travel in one: fewer, wider arrays cost half the time. No unit has two million people, and a unit's
# first key, counted in units, has 42 bits.
PACKED = (("due",), ("done", "exempt", "absent"), ("refused", "doors_due", "doors_open"))


@dataclass(frozen=True)
class RollUp:
    """`place_ids` (n,) and `figures` (n, 7) in the order of COLUMNS, int64."""

    place_ids: Int64s
    figures: Int64s

    def of(self, place_id: int) -> Figures:
        at = np.flatnonzero(self.place_ids == place_id)
        return Figures(*(int(value) for value in self.figures[at[0]])) if len(at) else Figures()


def _read_tallies(round_id: int, extent: Extent) -> tuple[Int64s, Int64s]:
    """First keys of the units in key order (n,), and running totals of their tallies (n + 1, 7) from 0 on.

    Sorted here: the server would walk an index for it.
    """
    packed = [
        " | ".join(f"(t.{name}::bigint << {PACKED_BITS * place})" for place, name in enumerate(names))
        for names in PACKED
    ]
    packed[0] += f" | (t.lo >> {UNIT_BITS} << {PACKED_BITS})"
    numbers = arrays.read_arrays(
        f"SELECT {', '.join(f'array_agg({number})' for number in packed)} FROM round_tally t"
        f" WHERE t.round_id = {int(round_id)} AND {extent.where('t.lo')}",
        [8, 8, 8],
    )
    los = numbers[0] >> PACKED_BITS << UNIT_BITS
    order = np.argsort(los, kind="stable")
    mask = (1 << PACKED_BITS) - 1
    totals = np.zeros((len(los) + 1, len(COLUMNS)), dtype=np.int64)
    column = 0
    for number, names in zip(numbers, PACKED, strict=True):
        for place in range(len(names)):
            np.cumsum((number >> PACKED_BITS * place & mask)[order], out=totals[1:, column])
            column += 1
    return los[order], totals


def _read_blocks(at: datetime) -> tuple[Int64s, Int64s, Int64s]:
    """Place, first key and past-the-end key of every compound, building and unit: each is one block.

    Its size, counted in units, travels with its place, whose number has no more than 32 bits.
    """
    packed, los = arrays.read_arrays(
        f"SELECT array_agg(place_id::bigint | (hi - lo >> {UNIT_BITS} << 32)), array_agg(lo) FROM place_span"
        f" WHERE {_standing(at)} AND kind >= 70",
        [8, 8],
    )
    return packed & (1 << 32) - 1, los, los + (packed >> 32 << UNIT_BITS)


def _read_spans(at: datetime) -> tuple[Int64s, Int64s, Int64s]:
    """The same of divisions and overlays, which may hold several spans."""
    place_ids, los, his = arrays.read_arrays(
        f"SELECT array_agg(place_id), array_agg(lo), array_agg(hi) FROM place_span WHERE {_standing(at)} AND kind < 70",
        [8, 8, 8],
    )
    return place_ids, los, his


def _standing(at: datetime) -> str:
    moment = f"'{at.isoformat()}'::timestamptz"
    return f"since <= {moment} AND until > {moment}"


def roll_up_all(*, round_id: int, extent: Extent, at: datetime) -> RollUp:
    """Figures of every place that holds doors in `extent` at `at`, from the city to the unit."""
    los, totals = _read_tallies(round_id, extent)
    found: list[RollUp] = []
    for place_ids, span_los, span_his in (_read_spans(at), _read_blocks(at)):
        first, past = np.searchsorted(los, span_los), np.searchsorted(los, span_his)
        hit = past > first
        found.append(RollUp(place_ids[hit], totals.take(past[hit], axis=0) - totals.take(first[hit], axis=0)))
    spread, blocks = found
    # A block has a place of its own; the spans of a division are added up.
    ids, where = np.unique(spread.place_ids, return_inverse=True)
    figures = np.empty((len(ids), len(COLUMNS)), dtype=np.int64)
    for column in range(len(COLUMNS)):
        # Weights are floats: exact up to 2^53, and no city counts that far.
        figures[:, column] = np.bincount(where, weights=spread.figures[:, column], minlength=len(ids))
    return RollUp(np.concatenate([ids, blocks.place_ids]), np.concatenate([figures, blocks.figures]))
