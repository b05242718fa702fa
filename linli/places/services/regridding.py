"""Splitting, merging and moving parts of grids, areas and communities, from a moment on, with a way back.

`plan_regrid` works out what a change makes of the boundaries, without writing; `regrid` carries the same plan out;
`undo_regrid` takes it back while nothing else changed. Doors, people and marks are not touched: only who holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core import db, events
from linli.core.access import Actor
from linli.core.extents import UNIT_SIZE, Extent
from linli.places.allocation import lock_tree
from linli.places.errors import (
    CutsUnit,
    LaterChange,
    NameTaken,
    NothingChanges,
    NothingInside,
    NotOfLayer,
    OnlyFromNow,
    OutsideParent,
    PastMoment,
    PieceTwice,
    PlaceEnded,
    PlaceUnknown,
    StalePlan,
)
from linli.places.events import Redrawing, Redrawn
from linli.places.layouts import FIRST_NEW, Change, Holding, Layout, Take, work_out
from linli.places.policies import match_name
from linli.places.queries.regrids import latest_inside, latest_layout, latest_of_kind
from linli.places.queries.tree import get_place, get_places
from linli.places.services.base import check_code, check_parent_kind, clean_name, require_edit
from linli.places.services.redrawing import carry_out, store
from linli.places.terms import FOREVER, OVERLAYS, Kind, PlaceRef

LAYERS = (*OVERLAYS, Kind.COMMUNITY)


def plan_regrid(
    *, kind: Kind, takes: Sequence[Take], since: datetime, actor: Actor, at: datetime, backdated: bool = False
) -> Change:
    """What the change would make of the boundaries, from `since` on. Nothing is written.

    Raises NotOfLayer, PieceTwice, NothingInside, NothingChanges, OutsideParent, CutsUnit, NameTaken, CodeTaken,
    PastMoment (unless `backdated`), OnlyFromNow, LaterChange, PlaceEnded, Forbidden.
    """
    if kind not in LAYERS:
        raise NotOfLayer(place=kind.label)
    if since < at and not backdated:
        raise PastMoment
    cuts = _cuts(kind, takes)
    present = latest_of_kind(kind, Extent.of(span for cut in cuts for span in cut))
    wanted = [take.target.place_id for take in takes if take.target.place_id is not None]
    present |= latest_layout(set(wanted) - set(present))
    targets = _targets(kind, takes, cuts, present)
    change = work_out(
        present, latest_inside(present), list(zip(cuts, targets, strict=True)), kind=kind, since=since
    )  # fmt: skip
    if not change.lines:
        raise NothingChanges
    _check(change, at)
    require_edit(actor, change.extent)
    return change


def regrid(
    *,
    kind: Kind,
    takes: Sequence[Take],
    since: datetime,
    actor: Actor,
    at: datetime,
    backdated: bool = False,
    token: str = "",
) -> int:
    """Carry out what `plan_regrid` shows, in one transaction. Returns the number of the change.

    `token`: of the plan that was looked at. Raises StalePlan when it is no longer what would happen, and as
    `plan_regrid`.
    """
    with db.atomic():
        lock_tree()
        change = plan_regrid(kind=kind, takes=takes, since=since, actor=actor, at=at, backdated=backdated)
        if token and token != change.token:
            raise StalePlan
        events.publish(Redrawing(extent=change.extent, since=since, at=at))
        made = carry_out(change, at)
        number = store(change, made, actor=actor, at=at)
        ids = tuple(sorted(made.get(id, id) for id in change.after))
        ended = {id: tuple(made.get(one, one) for one in heirs) for id, heirs in change.successors.items()}
        events.publish(Redrawn(place_ids=ids, ended=ended, since=since, at=at))
        return number


def _cuts(kind: Kind, takes: Sequence[Take]) -> list[Extent]:
    """The doors of each take."""
    places = get_places({piece for take in takes for piece in take.pieces})
    whole = latest_layout(id for id, place in places.items() if place.kind == kind)
    seen = Extent()
    cuts = []
    for take in takes:
        spans: list[tuple[int, int]] = []
        for piece in take.pieces:
            block = _extent_of_piece(kind, places.get(piece), whole, piece)
            if piece == take.target.place_id:
                continue  # merging A and B into A: what A has stays
            if block & seen:
                raise PieceTwice(place=places[piece].name)
            spans += block.spans
        cuts.append(Extent.of(spans))  # a building and one of its units, ticked together, are the building
        seen |= cuts[-1]
    if not any(cuts):
        raise NothingInside
    return cuts


def _extent_of_piece(kind: Kind, place: PlaceRef | None, whole: Layout, piece: int) -> Extent:
    if place is None:
        raise PlaceUnknown(place=piece)
    if place.ended_at is not None:
        raise PlaceEnded(place=place.name)
    if place.kind == kind:
        return whole[place.id].extent
    # A community holds whole compounds: a compound's community is the one that holds its first key.
    if place.kind not in ((Kind.COMPOUND,) if kind == Kind.COMMUNITY else (Kind.COMPOUND, Kind.BUILDING, Kind.UNIT)):
        raise NotOfLayer(place=place.name)
    return place.block


def _targets(kind: Kind, takes: Sequence[Take], cuts: Sequence[Extent], present: Layout) -> list[Holding]:
    """Who gets each cut; new places get ids below zero."""
    found = []
    for number, (take, cut) in enumerate(zip(takes, cuts, strict=True)):
        target = take.target
        if target.place_id is not None:
            place = get_place(target.place_id)
            if place.ended_at is not None:
                raise PlaceEnded(place=place.name)
            if place.kind != kind:
                raise NotOfLayer(place=place.name)
            found.append(present[target.place_id])
        else:
            parent = target.parent_id or _parent_of(cut, present)
            code = check_code(target.code) if target.code else ""
            check_parent_kind(kind, get_place(parent).kind if parent else 0)
            found.append(Holding(FIRST_NEW - number, kind, code, clean_name(target.name), parent))
    return found


def _parent_of(cut: Extent, present: Layout) -> int:
    """What the places that hold it stand under; the first of them where there are several."""
    holders = [one for one in present.values() if one.extent & cut and one.parent_id]
    if not holders:
        raise NothingInside
    return max(holders, key=lambda one: len(one.extent & cut)).parent_id or 0


def _check(change: Change, at: datetime) -> None:
    """What the constraints would refuse without saying why."""
    if any(lo % UNIT_SIZE or hi % UNIT_SIZE for line in change.lines for lo, hi in line.will):
        raise CutsUnit
    carried = [line for line in change.inner if line.before and line.before.parent_id != line.holding.parent_id]
    if change.since != at and (change.kind == Kind.COMMUNITY or carried):
        raise OnlyFromNow
    _check_moment(change)
    outer = latest_layout({line.holding.parent_id for line in change.lines if line.holding.parent_id})
    for line in change.lines:
        parent = line.holding.parent_id
        if parent and not line.will <= outer[parent].extent:
            raise OutsideParent(parent=outer[parent].name)
    _check_names(change)


def _check_moment(change: Change) -> None:
    """The newest boundaries of every place are older than the change."""
    later = db.rows(
        "SELECT place_id FROM place_span WHERE place_id = ANY(%s) AND (since > %s OR until > %s AND until <> %s)"
        " ORDER BY place_id LIMIT 1",
        [list(change.before), change.since, change.since, FOREVER],
    )
    if later:
        raise LaterChange(place=get_place(later[0][0]).name)


def _check_names(change: Change) -> None:
    """A new place has a name of its own among those that stand beside it afterwards."""
    fresh = [line.holding for line in change.lines if line.is_new]
    for one in fresh:
        beside = db.rows(
            "SELECT id, name FROM place WHERE parent_id = %s AND kind = %s AND ended_at IS NULL",
            [one.parent_id, one.kind],
        )
        taken = [name for id, name in beside if id not in change.successors]
        taken += [other.name for other in fresh if other is not one]
        if any(match_name(one.kind, name) == match_name(one.kind, one.name) for name in taken):
            raise NameTaken(name=one.name, parent=get_place(one.parent_id or 0).name)
