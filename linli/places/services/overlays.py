"""Areas and grids: overlays that cut across compounds and buildings, never through a unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import UNIT_SIZE, Extent
from linli.places.allocation import lock_tree
from linli.places.errors import CutsUnit, NothingInside, OutsideParent, Overlapping, WrongParent
from linli.places.queries.tree import extent_of, extent_of_all, get_place, list_children, list_divisions
from linli.places.services.base import (
    check_code,
    check_name_free,
    check_parent_kind,
    clean_name,
    insert_place,
    lock_place,
    record,
    require_edit,
)
from linli.places.services.regrid import close_rows, list_affected, open_chain, pieces_within
from linli.places.terms import LAST_MOMENT, OVERLAYS, Kind, PlaceRef


def add_overlay(
    *, kind: Kind, parent_id: int, name: str, place_ids: Sequence[int], code: str = "", actor: Actor, at: datetime
) -> PlaceRef:
    """A new area or grid of a street, community or area; it holds what `place_ids` (compounds, buildings, units...)
    hold.

    Raises WrongParent, NameWrong, NameTaken, CodeTaken, NothingInside, OutsideParent, Overlapping, CutsUnit, Forbidden.
    """
    if kind not in OVERLAYS:
        raise WrongParent(kind=kind.label, parent_kind="-")
    name = clean_name(name)
    with db.atomic():
        lock_tree()
        parent = lock_place(parent_id)
        check_parent_kind(kind, parent.kind)
        require_edit(actor, extent_of(parent.id, at))
        siblings = list_children(parent.id, at)
        check_name_free(kind, name, siblings, parent)
        if code:
            check_code(code)
        place = insert_place(kind=kind, code=code or next_code(kind, parent), name=name, parent=parent, at=at)
        _hold(place, parent, extent_of_all(place_ids, at), at)
        record(place, "add_overlay", actor=actor, at=at, under=parent.code)
        return place


def redraw_overlay(*, place_id: int, place_ids: Sequence[int], actor: Actor, at: datetime) -> PlaceRef:
    """From `at` on an area or grid holds what `place_ids` hold. Grids inside of it are redrawn first.

    Raises NothingInside, OutsideParent, Overlapping, CutsUnit, LaterChange, Forbidden.
    """
    with db.atomic():
        lock_tree()
        place = lock_place(place_id, *OVERLAYS)
        parent = get_place(place.parent_id) if place.parent_id else None
        wanted = extent_of_all(place_ids, at)
        require_edit(actor, extent_of(place.id, at) | wanted)
        _require_children_inside(place, wanted, at)
        affected = [
            (d, row) for d, row in list_affected([place.id], extent_of(place.id, at)) if row.place_id == place.id
        ]
        inner = [(d, row) for d, row in list_affected([place.id], extent_of(place.id, at)) if row.place_id != place.id]
        close_rows([*affected, *inner], at)
        _hold(place, parent, wanted, at)
        for child_id, kind in dict.fromkeys((row.place_id, row.kind) for _, row in inner):
            held = Extent.of((row.lo, row.hi) for _, row in inner if row.place_id == child_id)
            outer = next(row.parent.place_id for _, row in inner if row.place_id == child_id and row.parent)
            open_chain(pieces_within(held, outer), [(child_id, kind)], outer, at)
        record(place, "redraw_overlay", actor=actor, at=at)
        return place


def _require_children_inside(place: PlaceRef, wanted: Extent, at: datetime) -> None:
    for child in list_children(place.id, at):
        if not child.is_physical and not extent_of(child.id, at) <= wanted:
            raise OutsideParent(parent=child.name)


def _hold(place: PlaceRef, parent: PlaceRef | None, extent: Extent, at: datetime) -> None:
    """Open the rows of an overlay after checking what the constraints would refuse without saying why."""
    if not extent:
        raise NothingInside
    if any(lo % UNIT_SIZE or hi % UNIT_SIZE for lo, hi in extent):
        raise CutsUnit
    if parent is not None and not extent <= extent_of(parent.id, at):
        raise OutsideParent(parent=parent.name)
    # Whoever holds any of it now, or is to hold it from a later moment on.
    for other in [
        *list_divisions(extent, Kind(place.kind), at),
        *list_divisions(extent, Kind(place.kind), LAST_MOMENT),
    ]:
        if other.id != place.id:
            raise Overlapping(place=other.name)
    spans = pieces_within(extent, parent.id) if parent else list(extent)
    open_chain(spans, [(place.id, place.kind)], parent.id if parent else None, at)


LETTER = {Kind.AREA: "A", Kind.GRID_LARGE: "L", Kind.GRID: "G", Kind.GRID_SMALL: "S"}


def next_code(kind: Kind, parent: PlaceRef) -> str:
    """150102001001-G03: the third grid of that community. Ended ones count, so that no code comes back; those that came
    from another parent kept theirs, so a number may be taken.
    """
    count: int = db.scalar("SELECT count(*) FROM place WHERE parent_id = %s AND kind = %s", [parent.id, kind.value])
    while True:
        count += 1
        code = f"{parent.code}-{LETTER[kind]}{count:02}"
        if not db.scalar("SELECT 1 FROM place WHERE code = %s", [code]):
            return code
