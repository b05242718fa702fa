"""Door keys, spans and extents.

A *span* is a half-open interval `[lo, hi)` of door keys; an *extent* is a set of spans, kept as the shortest sorted
list of spans that neither overlap nor touch, so that two extents of the same doors are equal.

Keys lie on a fixed grid (docs/adr/0002): a unit is one block of 2^11 keys, a building 2^17, a compound 2^28, a
community's reserve 2^37, the jurisdiction 2^53 (what a browser can hold). The unit of a key is therefore arithmetic,
not a look-up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

UNIT_BITS = 11  # 2,048 doors a unit
BUILDING_BITS = 17  # 64 units a building
COMPOUND_BITS = 28  # 2,048 buildings a compound
COMMUNITY_BITS = 37  # 512 compounds in a community's reserve
ROOT_BITS = 53  # 65,536 such reserves
UNIT_SIZE = 1 << UNIT_BITS
MAX_KEY = 1 << ROOT_BITS
MANY_SPANS = 200


def unit_lo(key: int) -> int:
    """The first key of the unit that `key` lies in."""
    return key >> UNIT_BITS << UNIT_BITS


def compound_lo(key: int) -> int:
    """The first key of the compound that `key` lies in."""
    return key >> COMPOUND_BITS << COMPOUND_BITS


class KeyBeyond(ValueError, OverflowError):
    """A number that no door's key can be. Faces answer it as any number beyond what can be stored."""


class Span(NamedTuple):
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Extent:
    """A normalised set of spans. Build it with `Extent.of`; the plain constructor trusts its argument."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Extent:
        """Sort, drop empty spans, join what overlaps or touches. Raises KeyBeyond when hi < lo or a key is out of
        range.
        """
        merged: list[Span] = []
        for lo, hi in sorted(spans):
            if not 0 <= lo <= hi <= MAX_KEY:
                raise KeyBeyond(f"not a span of door keys: [{lo}, {hi})")
            if lo == hi:
                continue
            if merged and lo <= merged[-1].hi:
                if hi > merged[-1].hi:
                    merged[-1] = Span(merged[-1].lo, hi)
            else:
                merged.append(Span(lo, hi))
        return cls(tuple(merged))

    @classmethod
    def parse(cls, text: str) -> Extent:
        """Read PostgreSQL's text of an int8multirange: `{[1,5),[9,12)}`."""
        body = text.strip()[1:-1]
        if not body:
            return cls()
        parts = body.replace("[", "").split("),")
        return cls.of((int(lo), int(hi.rstrip(")"))) for lo, hi in (part.split(",") for part in parts))

    def __str__(self) -> str:
        """PostgreSQL's text of an int8multirange."""
        return "{" + ",".join(f"[{lo},{hi})" for lo, hi in self.spans) + "}"

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        """How many keys the extent covers (not how many doors exist in it)."""
        return sum(hi - lo for lo, hi in self.spans)

    def __contains__(self, key: int) -> bool:
        at = bisect_right(self.spans, (key, MAX_KEY + 1)) - 1
        return at >= 0 and self.spans[at].lo <= key < self.spans[at].hi

    def __or__(self, other: Extent) -> Extent:
        return Extent.of((*self.spans, *other.spans))

    def __and__(self, other: Extent) -> Extent:
        found: list[Span] = []
        mine, theirs = 0, 0
        while mine < len(self.spans) and theirs < len(other.spans):
            a, b = self.spans[mine], other.spans[theirs]
            lo, hi = max(a.lo, b.lo), min(a.hi, b.hi)
            if lo < hi:
                found.append(Span(lo, hi))
            if a.hi <= b.hi:
                mine += 1
            else:
                theirs += 1
        return Extent(tuple(found))

    def __sub__(self, other: Extent) -> Extent:
        left: list[Span] = []
        for lo, hi in self.spans:
            for b_lo, b_hi in other.spans:
                if b_hi <= lo:
                    continue
                if b_lo >= hi:
                    break
                if b_lo > lo:
                    left.append(Span(lo, b_lo))
                lo = max(lo, b_hi)
                if lo >= hi:
                    break
            if lo < hi:
                left.append(Span(lo, hi))
        return Extent(tuple(left))

    def __le__(self, other: Extent) -> bool:
        """Whether every key of this extent lies in `other`."""
        return not self - other

    def where(self, column: str) -> str:
        """SQL: whether `column` (a trusted name, a bigint) lies in this extent, as plain comparisons with constants.

        Constants, because a planner that does not see them takes a range for a fixed share of the table and reads all
        of it (measured: 12 s for a compound instead of 1 ms). Beyond MANY_SPANS only the bounds use an index.
        """
        if not self.spans:
            return "false"
        if len(self.spans) > MANY_SPANS:
            bounds = f"{column} >= {self.spans[0].lo} AND {column} < {self.spans[-1].hi}"
            return f"({bounds} AND {column} <@ '{self}'::int8multirange)"
        return "(" + " OR ".join(f"{column} >= {lo} AND {column} < {hi}" for lo, hi in self.spans) + ")"

    @property
    def asked(self) -> dict[str, str]:
        """`los` and `his` as PostgreSQL's text of arrays: to turn lists into it takes the driver much longer."""
        return {"los": "{" + ",".join(map(str, self.los)) + "}", "his": "{" + ",".join(map(str, self.his)) + "}"}

    @property
    def los(self) -> list[int]:
        return [lo for lo, _ in self.spans]

    @property
    def his(self) -> list[int]:
        return [hi for _, hi in self.spans]


NOWHERE = Extent()
# The whole jurisdiction. Key 0 stands for the jurisdiction itself: a journal line that belongs to no door.
EVERYWHERE = Extent((Span(0, MAX_KEY),))


def unite(extents: Iterable[Extent]) -> Extent:
    """The doors of any of these extents."""
    return Extent.of(span for extent in extents for span in extent.spans)
