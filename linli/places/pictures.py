"""Pictures of before and after: strips of units in key order, or outlines where there are any. Plain data for SVG.

A place has a letter, a colour and a pattern; none of them alone has to carry the meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from linli.core.extents import Extent
from linli.places.layouts import Change
from linli.places.policies import draw_outline
from linli.places.terms import PlaceRef

WIDTH = 1000  # of a strip, in the picture's own units
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOOKS = 8  # combinations of colour and pattern in the style sheet of the picture
LETTER_WIDTH = 12.5  # of a compound's name
LONGEST_NAME = 10  # letters of it
MIN_LABEL = 24  # a narrower segment has no room for its letter


@dataclass(frozen=True)
class Look:
    """How one place is drawn everywhere in a picture. `number`: of its pattern."""

    letter: str
    number: int


@dataclass(frozen=True)
class Segment:
    x: float
    width: float
    look: Look | None  # None: in none of the places
    name: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def has_label(self) -> bool:
        return self.look is not None and self.width >= MIN_LABEL


@dataclass(frozen=True)
class Tick:
    """Where a compound begins. `name`: "" where it would cover another; `ends`: it stands before the tick."""

    x: float
    name: str = ""
    ends: bool = False


@dataclass(frozen=True)
class Shape:
    path: str
    look: Look | None
    name: str


@dataclass(frozen=True)
class Picture:
    """`before`, `after`: strips; `ticks`: where compounds begin, with their names; `maps`: shapes before and after."""

    before: list[Segment]
    after: list[Segment]
    ticks: list[Tick]
    looks: dict[int, Look]
    map_before: list[Shape]
    map_after: list[Shape]
    map_size: tuple[int, int] = (0, 0)


def looks_of(change: Change) -> dict[int, Look]:
    return {
        line.holding.id: Look(LETTERS[number % 26] + (str(number // 26 + 1) if number > 25 else ""), number % LOOKS)
        for number, line in enumerate(change.lines)
    }


def draw(
    change: Change, units: Sequence[PlaceRef], compounds: Sequence[PlaceRef], outlines: Mapping[int, dict[str, Any]]
) -> Picture:
    """`units`, `compounds`: of the change's extent, in key order; `outlines` of the compounds, by id, may be empty."""
    looks = looks_of(change)
    los = [unit.lo or 0 for unit in units]
    step = WIDTH / max(1, len(los))
    starts: list[tuple[float, str]] = []
    for compound in compounds:
        first = next((n for n, lo in enumerate(los) if lo in compound.block), None)
        if first is not None:
            starts.append((round(first * step, 1), compound.name))
    was, will = _holder(change, before=True), _holder(change, before=False)
    # An outline has one look: where a boundary runs through a compound only the strips tell the truth.
    whole = len(compounds) > 1 and not any(_is_cut(one, los, find) for one in compounds for find in (was, will))
    shapes, size = _outlines(compounds, outlines if whole else {})
    return Picture(
        before=_strip(los, step, was, looks, change), after=_strip(los, step, will, looks, change),
        ticks=_ticks(starts), looks=looks, map_before=_map(shapes, was, looks), map_after=_map(shapes, will, looks),
        map_size=size,
    )  # fmt: skip


def _ticks(starts: Sequence[tuple[float, str]]) -> list[Tick]:
    """Names where there is room: behind their tick, else before it, else none."""
    ticks, taken = [], 0.0
    ends = [x for x, _ in starts[1:]] + [float(WIDTH)]
    for (x, whole), end in zip(starts, ends, strict=False):
        name = whole if len(whole) <= LONGEST_NAME else f"{whole[: LONGEST_NAME - 1]}…"
        wide = len(name) * LETTER_WIDTH
        if x + wide <= end and x >= taken:
            ticks.append(Tick(x, name))
            taken = x + wide
        elif x - wide >= taken:
            ticks.append(Tick(x, name, ends=True))
            taken = x
        else:
            ticks.append(Tick(x))
    return ticks


def _is_cut(compound: PlaceRef, los: Sequence[int], holder: Callable[[int], int | None]) -> bool:
    return len({holder(lo) for lo in los if lo in compound.block}) > 1


def _holder(change: Change, *, before: bool) -> Callable[[int], int | None]:
    held: list[tuple[int, Extent]] = [
        (line.holding.id, line.was if before else line.will) for line in change.lines
    ]  # fmt: skip

    def find(key: int) -> int | None:
        return next((id for id, extent in held if key in extent), None)

    return find


def _strip(
    los: Sequence[int], step: float, holder: Callable[[int], int | None], looks: dict[int, Look], change: Change
) -> list[Segment]:
    names = {line.holding.id: line.holding.name for line in change.lines}
    segments = []
    for id, run in groupby(range(len(los)), key=lambda n: holder(los[n])):
        numbers = list(run)
        segments.append(
            Segment(
                round(numbers[0] * step, 1), round(len(numbers) * step, 1), looks.get(id or 0), names.get(id or 0, "")
            )
        )
    return segments


def _outlines(
    compounds: Sequence[PlaceRef], outlines: Mapping[int, dict[str, Any]]
) -> tuple[list[tuple[PlaceRef, str]], tuple[int, int]]:
    """Paths of those compounds that have an outline, all in one frame."""
    boxes = [outlines[one.id]["box"] for one in compounds if one.id in outlines]
    if not boxes:
        return [], (0, 0)
    frame = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    drawn = [
        (one, draw_outline(outlines[one.id]["geometry"], frame)) for one in compounds if one.id in outlines
    ]  # fmt: skip
    return [(one, drawing.path) for one, drawing in drawn], (drawn[0][1].width, drawn[0][1].height)


def _map(
    shapes: Sequence[tuple[PlaceRef, str]], holder: Callable[[int], int | None], looks: dict[int, Look]
) -> list[Shape]:
    """A compound is drawn as whoever holds its first door."""
    return [Shape(path, looks.get(holder(one.lo or 0) or 0), one.name) for one, path in shapes]
