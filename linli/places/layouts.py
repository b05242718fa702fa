"""Who holds which doors in one layer, before and after a change of boundaries. Pure: arithmetic on extents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from linli.core.extents import NOWHERE, Extent, unite
from linli.places.terms import Kind

FIRST_NEW = -1  # ids of places that are yet to be made count down from here


@dataclass(frozen=True)
class Target:
    """Who takes doors in: a place that is there (`place_id`), or a new one under `parent_id` (None: where they lie)."""

    place_id: int | None = None
    name: str = ""
    code: str = ""
    parent_id: int | None = None


@dataclass(frozen=True)
class Take:
    """What a target takes: compounds, buildings, units, or whole places of the layer (so they are merged into it)."""

    pieces: tuple[int, ...]
    target: Target


@dataclass(frozen=True)
class Holding:
    """One place of a layout. `id` below zero: it is made by the change. `extent` empty: it holds nothing."""

    id: int
    kind: int
    code: str
    name: str
    parent_id: int | None
    extent: Extent = NOWHERE

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "code": self.code, "name": self.name, "parent": self.parent_id,
            "spans": [list(span) for span in self.extent],
        }  # fmt: skip

    @classmethod
    def of_json(cls, id: int, data: Mapping[str, Any]) -> Holding:
        spans = Extent.of((lo, hi) for lo, hi in data["spans"])
        return cls(id, data["kind"], data["code"], data["name"], data["parent"], spans)


Layout = dict[int, Holding]


@dataclass(frozen=True)
class Line:
    """One place of a change, as a picture or a table shows it."""

    before: Holding | None
    after: Holding | None

    @property
    def holding(self) -> Holding:
        found = self.after or self.before
        if found is None:
            raise ValueError("a line of nothing")
        return found

    @property
    def was(self) -> Extent:
        return self.before.extent if self.before else NOWHERE

    @property
    def will(self) -> Extent:
        return self.after.extent if self.after else NOWHERE

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def ends(self) -> bool:
        """It gave away all that it held."""
        return bool(self.was) and not self.will


@dataclass(frozen=True)
class Change:
    """A whole change of one layer at a moment, worked out and not carried out yet.

    `lines` of the layer itself; `inner` of what lies inside of its places (small grids of a grid): they come along
    where they lie wholly in one place, and lose what was cut off otherwise. `successors`: of places that end, who took
    over.
    """

    kind: Kind
    since: datetime
    lines: tuple[Line, ...]
    inner: tuple[Line, ...] = ()
    successors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Line, ...]:
        return self.lines + self.inner

    @property
    def before(self) -> Layout:
        return {line.before.id: line.before for line in self.all if line.before}

    @property
    def after(self) -> Layout:
        return {line.after.id: line.after for line in self.all if line.after}

    @property
    def extent(self) -> Extent:
        return unite(line.was | line.will for line in self.lines)

    @property
    def released(self) -> Extent:
        """Doors that inner places hold before and none of the same kind afterwards."""
        kinds = {line.holding.kind for line in self.inner}
        left = [
            unite(line.was for line in self.inner if line.holding.kind == kind)
            - unite(line.will for line in self.inner if line.holding.kind == kind)
            for kind in kinds
        ]
        return unite(left)

    @property
    def token(self) -> str:
        """Changes when the boundaries that the change starts from do, or what it makes of them."""
        parts = [
            {str(id): one.as_json() for id, one in layout.items()} for layout in (self.before, self.after)
        ]  # fmt: skip
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def work_out(
    present: Layout, inner: Layout, takes: Sequence[tuple[Extent, Holding]], *, kind: Kind, since: datetime
) -> Change:
    """Apply takes, each an extent and who gets it, to the layer as it is.

    `present`: the layer's places that hold any of it, or are to; `inner`: what lies inside of them, wide before narrow;
    a holding with an id below zero is new.
    """
    given = unite(extent for extent, _ in takes)
    after = {id: replace(one, extent=one.extent - given) for id, one in present.items()}
    for extent, target in takes:
        held = after.get(target.id, replace(target, extent=NOWHERE))
        after[target.id] = replace(held, extent=held.extent | extent)
    lines = [Line(present.get(id), one) for id, one in after.items()]
    changed = tuple(line for line in lines if line.was != line.will)
    successors = {
        line.holding.id: tuple(
            other.holding.id for other in changed if other.will & line.was and other.holding.id != line.holding.id
        )
        for line in changed
        if line.ends
    }
    return Change(kind, since, changed, _follow(inner, {line.holding.id: line for line in changed}), successors)


def _follow(inner: Layout, layer: Mapping[int, Line]) -> tuple[Line, ...]:
    """What becomes of the places inside: whole in one place of the layer they belong to it, else they are cut."""
    moved: dict[int, Line] = {}
    for one in inner.values():
        parent = one.parent_id or 0
        if parent in layer:
            home = _home(one.extent, parent, layer)
            now = replace(one, parent_id=home.holding.id, extent=one.extent & home.will)
        elif parent in moved:
            now = replace(one, extent=one.extent & moved[parent].will)
        else:
            continue
        moved[one.id] = Line(one, now)
    return tuple(moved.values())


def _home(extent: Extent, parent: int, layer: Mapping[int, Line]) -> Line:
    """The place that holds most of it from now on; the old one where it still holds any part and nobody holds all."""
    whole = [line for line in layer.values() if line.will and extent <= line.will]
    if whole:
        return whole[0]
    if layer[parent].will & extent:
        return layer[parent]
    return max(layer.values(), key=lambda line: len(line.will & extent))
