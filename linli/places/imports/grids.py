"""Grids, areas and communities redrawn from a sheet: one row a compound, building or unit, who takes it, from when.

Rows of one community and one moment are one change of boundaries, which can be taken back on its page. What the sheet
does not name stays where it is; ground that no grid holds yet can be given out as well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Problem, Text
from linli.core.extents import Extent, unite
from linli.core.import_rows import Progress, Tally
from linli.core.importers import Outcome, Source
from linli.core.jobs import Run
from linli.core.sheets import CellFault, Field, SheetSpec, clean_date
from linli.core.spoken import filled, joined
from linli.places.allocation import lock_tree
from linli.places.errors import NotOfLayer
from linli.places.layouts import Holding, Layout, Take, Target
from linli.places.policies import match_name
from linli.places.queries.regrids import latest_layout, latest_of_kind
from linli.places.queries.tree import get_places_by_code, paths_of
from linli.places.services.any_kind import read_kind
from linli.places.services.regridding import LAYERS, regrid
from linli.places.terms import NAME_LENGTH, PARENTS, PHYSICAL, Kind, PlaceRef

KIND = "places.import_grids"
PERMISSION = "places.edit"
GRIDS_SHEET = SheetSpec(
    (
        Field(
            "place",
            ("地点代码", "楼栋代码", "单元代码", "小区代码", "楼栋单元代码", "place code", "code"),
            required=True,
        ),
        Field(
            "target",
            ("归入网格", "新网格", "所属网格", "网格", "网格名称", "网格代码", "归入片区", "归入社区", "grid"),
            required=True,
        ),
        Field("since", ("生效时间", "起始时间", "生效日期", "from when", "since")),
    ),
    ignored=("序号", "地点名称", "小区", "楼栋", "单元", "备注"),
)  # fmt: skip
SAMPLE = (
    ("150102001001-C01-B01", "第3网格", "2022-10-05 08:00"),
    ("150102001001-C01-B02-U1", "150102001001-G02", ""),
)
ORDER = (Kind.GRID, Kind.GRID_LARGE, Kind.GRID_SMALL, Kind.AREA, Kind.COMMUNITY)  # as they are offered
# Inside which division a name stands for one place, and rows are one change.
HOMES = {Kind.COMMUNITY: Kind.STREET, Kind.AREA: Kind.STREET, Kind.GRID_LARGE: Kind.STREET}
_MOMENT = re.compile(r"(.+?)(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_LIKE_A_CODE = re.compile(r"\d{6,}[0-9A-Za-z-]*")


@dataclass
class Line:
    """One good row. `path`: what the piece lies in, city first; `home`: see HOMES."""

    number: int
    piece: PlaceRef
    extent: Extent
    wanted: str
    since: datetime
    path: list[PlaceRef]
    home: PlaceRef


@dataclass
class Group:
    """What changes at one moment in one home."""

    since: datetime
    home: PlaceRef
    lines: list[Line] = field(default_factory=list)


def import_grids(run: Run, source: Source) -> Outcome:
    """The work of the job; one transaction, one journal entry besides those of the changes."""
    return load_grids(source, actor=run.actor, at=run.at, watch=run.progress)


def load_grids(source: Source, *, actor: Actor, at: datetime, watch: Progress) -> Outcome:
    """Raises SheetProblem, KindUnknown, NotOfLayer."""
    kind = read_kind(source.answers.get("layer", ""))
    if kind not in LAYERS:
        raise NotOfLayer(place=kind.label)
    tally = Tally(source, at)
    watch(gettext("Reading"), 0, None)
    tally.read(GRIDS_SHEET)
    with db.owner(), db.atomic():
        lock_tree()
        groups = _group(_read_lines(tally, kind, at))
        numbers = []
        for done, group in enumerate(groups):
            watch(gettext("Writing"), done, len(groups))
            number = _redraw(tally, kind, group, actor, at)
            numbers += [number] if number else []
        journal.record(
            actor=actor, at=at, verb=KIND, permission=PERMISSION, key=journal.first_key(actor, PERMISSION),
            subject=source.name[:80], created=tally.created,
            updated=tally.updated, unchanged=tally.unchanged, rejected=len(tally.faults), changes=numbers,
        )  # fmt: skip
        watch(gettext("Writing"), len(groups), len(groups))
    return tally.outcome(((_("Changes of boundaries"), len(numbers)),))


def _read_lines(tally: Tally, kind: Kind, at: datetime) -> list[Line]:
    """Good rows, in the order of the sheet."""
    texts = {str(values.get("place") or "") for values in tally.values.values()}
    known = get_places_by_code(texts, or_old=True)
    paths = paths_of([place.id for place in known.values()], at)
    whole = latest_layout(place.id for place in known.values() if place.kind == kind)
    lines = []
    for number, values in tally.values.items():
        tally.require(number, "place", "target")
        since = _read_since(tally, number, values.get("since"), at)
        piece = _read_piece(tally, number, kind, known, whole)
        wanted = values.get("target") or ""
        if len(wanted) > NAME_LENGTH:
            tally.refuse(number, "target", "too_long", _("The name is too long."), _("Shorten it to 120 characters."))
        if number in tally.faults or piece is None or since is None:
            continue
        home = next((one for one in paths[piece.id] if one.kind == HOMES.get(kind, Kind.COMMUNITY)), None)
        if home is None:
            tally.refuse(
                number, "place", "no_home", _("This place lies in no community or street."),
                _("Move it to one on its page first."),
            )  # fmt: skip
            continue
        extent = piece.block if piece.is_physical else whole[piece.id].extent
        lines.append(Line(number, piece, extent, wanted, since, paths[piece.id], home))
    return _refuse_twice(tally, kind, lines)


def _read_since(tally: Tally, number: int, text: str | None, at: datetime) -> datetime | None:
    """From when; `at` when the cell is empty. None when the row was refused."""
    if not text:
        return None if tally.has_fault(number, "since") else at
    found = _MOMENT.fullmatch(text)
    try:
        day = clean_date(found[1]) if found else None
        if found is None or day is None:
            raise ValueError
        naive = datetime.combine(day, time(int(found[2] or 0), int(found[3] or 0), int(found[4] or 0)))
    except (CellFault, ValueError):
        tally.refuse(
            number, "since", "moment", _("This is no date and time."),
            _("Write it as 2022-10-05 or 2022-10-05 08:00, or leave the cell empty: from now on."),
        )  # fmt: skip
        return None
    since = timezone.make_aware(naive)
    if since < at:
        tally.refuse(
            number, "since", "past_moment", _("The moment given has passed."),
            _("Give a later one, or leave the cell empty: from now on. As of a past moment boundaries are changed on"
              " the page of the grid."),
        )  # fmt: skip
        return None
    return since


def _read_piece(tally: Tally, number: int, kind: Kind, known: dict[str, PlaceRef], whole: Layout) -> PlaceRef | None:
    text = tally.values[number].get("place")
    if not text:
        return None
    piece = known.get(text)
    allowed = (Kind.COMPOUND,) if kind == Kind.COMMUNITY else PHYSICAL
    if piece is None:
        tally.refuse(
            number, "place", "place_unknown", _("No place has this code."),
            _("Copy the code from the page of the compound, building or unit."),
        )  # fmt: skip
    elif piece.ended_at is not None:
        tally.refuse(
            number, "place", "place_ended", _("This place was dissolved."), _("Give the code of what took over.")
        )
        return None
    elif piece.kind not in allowed and piece.id not in whole:
        labels = joined("、", [one.label for one in (*allowed, kind)])
        tally.refuse(
            number, "place", "wrong_kind",
            filled(_("A place of the kind “%(kind)s” cannot be given here."), kind=Kind(piece.kind).label),
            filled(_("Give codes of these kinds: %(kinds)s."), kinds=labels),
        )  # fmt: skip
    return piece


def _refuse_twice(tally: Tally, kind: Kind, lines: list[Line]) -> list[Line]:
    """Refuse what stands in the sheet twice for one moment, or lies in something that goes elsewhere then."""
    first: dict[tuple[datetime, int], Line] = {}
    for line in lines:
        other = first.setdefault((line.since, line.piece.id), line)
        if other is not line:
            _refuse_again(tally, line, other)
    kept = [line for line in lines if line.number not in tally.faults]
    spans = sorted(((line.since, lo, -hi, line) for line in kept for lo, hi in line.extent), key=lambda one: one[:3])
    widest: Line | None = None
    reach = 0
    for since, lo, minus_hi, line in spans:
        if widest is None or widest.since != since or lo >= reach:
            widest, reach = line, -minus_hi
        elif match_name(kind, line.wanted) != match_name(kind, widest.wanted) and line.number not in tally.faults:
            _refuse_again(tally, line, widest)
    return [line for line in kept if line.number not in tally.faults]


def _refuse_again(tally: Tally, line: Line, other: Line) -> None:
    tally.refuse(
        line.number, "place", "piece_twice",
        filled(_("The place, or what it lies in, stands in row %(row)s as well."), row=other.number),
        _("Keep only one of the two rows."),
    )  # fmt: skip


def _group(lines: Iterable[Line]) -> list[Group]:
    """The earlier before the later, as boundaries are changed in the order of time only."""
    found: dict[tuple[datetime, int], Group] = {}
    for line in lines:
        found.setdefault((line.since, line.home.id), Group(line.since, line.home)).lines.append(line)
    return sorted(found.values(), key=lambda group: (group.since, group.home.code))


def _redraw(tally: Tally, kind: Kind, group: Group, actor: Actor, at: datetime) -> int | None:
    """Carry one group out. Returns the number of the change; None when nothing was to be changed, or it was refused."""
    present = latest_of_kind(kind, unite(one.extent for one in latest_layout([group.home.id]).values()))
    by_code = get_places_by_code({line.wanted for line in group.lines}, or_old=True)
    present |= latest_layout(one.id for one in by_code.values() if one.kind == kind)
    moving: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in group.lines:
        target = _find_target(tally, kind, line, by_code, present)
        if target is None:
            continue
        if target[0] and line.extent <= present[target[0]].extent:
            tally.unchanged += 1
        else:
            moving[target].append(line)
    takes = []
    for (place_id, _name), lines in moving.items():
        take = _take(tally, kind, place_id, lines, present)
        takes += [(take, lines)] if take else []
    if not takes:
        return None
    try:
        with db.atomic():
            number = regrid(kind=kind, takes=[take for take, _lines in takes], since=group.since, actor=actor, at=at)
    except Problem as problem:
        for line in (line for _take_, lines in takes for line in lines):
            tally.refuse(line.number, "target", problem.code, problem.detail, problem.advice)
        return None
    for take, lines in takes:
        if take.target.place_id is None:
            tally.created += len(lines)
        else:
            tally.updated += len(lines)
    return number


def _find_target(
    tally: Tally, kind: Kind, line: Line, by_code: dict[str, PlaceRef], present: Layout
) -> tuple[int, str] | None:
    """(id, "") of a place that is there, (0, name) of one to be made; None when the row was refused."""

    def refuse(code: str, message: Text, advice: Text) -> None:
        tally.refuse(line.number, "target", code, message, advice)

    place = by_code.get(line.wanted)
    if place is not None:
        if place.kind == kind and place.ended_at is None:
            return place.id, ""
        refuse(
            "target_kind", _("The code stands for a place of another kind, or for one that was dissolved."),
            filled(_("Give the code or name of one whose kind is “%(kind)s”."), kind=kind.label),
        )  # fmt: skip
        return None
    named = [one for one in present.values() if match_name(kind, one.name) == match_name(kind, line.wanted)]
    if len(named) > 1:
        refuse(
            "target_several",
            filled(_("Several places here have this name: %(codes)s."), codes="、".join(one.code for one in named[:5])),
            _("Write the code of the one that is meant."),
        )  # fmt: skip
        return None
    if not named and _LIKE_A_CODE.fullmatch(line.wanted):
        refuse(
            "target_unknown", _("No place has this code."),
            _("Correct the code; for a new one write its name, its code is made."),
        )  # fmt: skip
        return None
    return (named[0].id, "") if named else (0, match_name(kind, line.wanted))


def _take(tally: Tally, kind: Kind, place_id: int, lines: Sequence[Line], present: Layout) -> Take | None:
    """What one target takes. A new one stands where those stood that gave to it, else in the narrowest that holds all
    of it; None when there is none, and the rows were refused.
    """
    pieces = tuple(line.piece.id for line in lines)
    if place_id:
        return Take(pieces, Target(place_id))
    extent = unite(line.extent for line in lines)
    above = {one.parent_id for one in present.values() if one.extent & extent}
    if len(above) > 1 or not above:
        wide = [one for one in lines[0].path if one.kind in PARENTS[kind]]
        outer = latest_layout([one.id for one in wide])
        above = {_narrowest(wide, outer, extent)}
    parent_id = above.pop()
    if parent_id is None:
        for line in lines:
            tally.refuse(
                line.number, "target", "no_parent", _("The parts of this new one do not lie under one place."),
                _("Give parts of one community or area only."),
            )  # fmt: skip
        return None
    return Take(pieces, Target(name=lines[0].wanted, parent_id=parent_id))


def _narrowest(wide: Sequence[PlaceRef], outer: dict[int, Holding], extent: Extent) -> int | None:
    return next((one.id for one in reversed(wide) if extent <= outer[one.id].extent), None)


LABEL = _("Grids redrawn")
ABOUT = _(
    "One row a compound, building or unit: its code, the code or name of the grid that takes it, and from when. A name"
    " that is not there yet makes a new grid; what the sheet does not name stays where it is. Each change can be taken"
    " back."
)
