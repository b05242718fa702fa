"""Moving a compound to another community, a community to another street, a street to another district."""

from __future__ import annotations

from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.places.allocation import Row, lock_tree
from linli.places.errors import OtherCity, SamePlace, Split
from linli.places.queries.tree import extent_of, get_place, list_children, list_divisions, path_of
from linli.places.services.base import check_name_free, check_parent_kind, lock_place, record, require_edit
from linli.places.services.regrid import close_rows, list_affected, open_chain, open_pieces, pieces_within
from linli.places.terms import Kind, PlaceRef


def move_compound(*, compound_id: int, community_id: int, actor: Actor, at: datetime) -> PlaceRef:
    """Give a compound to another community from `at` on. Its keys and codes stay, so does everything known about its
    doors.

    The areas and grids of the old community lose it; those of the new one take it in when they are redrawn.
    Raises WrongParent, SamePlace, Split, NameTaken, LaterChange, Forbidden.
    """
    with db.atomic():
        lock_tree()
        compound = lock_place(compound_id, Kind.COMPOUND)
        target = lock_place(community_id, Kind.COMMUNITY, child=Kind.COMPOUND)
        holders = list_divisions(compound.block, Kind.COMMUNITY, at)
        if len(holders) != 1 or not compound.block <= extent_of(holders[0].id, at):
            raise Split(place=compound.name)
        (source,) = holders
        if source.id == target.id:
            raise SamePlace(place=compound.name)
        require_edit(actor, compound.block)
        require_edit(actor, extent_of(target.id, at))
        check_name_free(Kind.COMPOUND, compound.name, list_children(target.id, at), target)
        _transfer(compound.block, source, target, at)
        record(compound, "move_compound", actor=actor, at=at, source=source.code, target=target.code)
        return compound


def move_division(*, place_id: int, parent_id: int, actor: Actor, at: datetime) -> PlaceRef:
    """Put a community under another street, or a street under another district, with all it holds.

    Raises WrongParent, SamePlace, NameTaken, LaterChange, Forbidden.
    """
    with db.atomic():
        lock_tree()
        place = lock_place(place_id, Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY)
        target = lock_place(parent_id)
        check_parent_kind(Kind(place.kind), target.kind)
        if place.parent_id == target.id:
            raise SamePlace(place=place.name)
        source = get_place(place.parent_id or 0)
        require_edit(actor, extent_of(place.id, at))
        require_edit(actor, extent_of(target.id, at))
        check_name_free(Kind(place.kind), place.name, list_children(target.id, at), target)
        extent = extent_of(place.id, at)
        _transfer(extent, source, target, at, carried=place)
        db.execute("UPDATE place SET parent_id = %s WHERE id = %s", [target.id, place.id])
        record(place, "move_division", actor=actor, at=at, source=source.code, target=target.code)
        return get_place(place.id)


def _transfer(
    extent: Extent, source: PlaceRef, target: PlaceRef, at: datetime, carried: PlaceRef | None = None
) -> None:
    """Take `extent` from `source` and what it lies in, up to where the two paths meet, and give it to `target`.

    `carried`: a place under `source` that keeps the extent and comes along, with everything inside of it.
    """
    source_path = [*path_of(source.id, at), source]
    target_path = [*path_of(target.id, at), target]
    shared = {place.id for place in source_path} & {place.id for place in target_path}
    anchor = [place for place in source_path if place.id in shared]
    if not anchor:
        raise OtherCity(place=target.name)
    losers = [place for place in source_path if place.id not in shared]
    gainers = [place for place in target_path if place.id not in shared]
    spans = pieces_within(extent, source.id)
    affected = list_affected([place.id for place in losers], extent)
    along = _rows_of(affected, carried)
    close_rows(affected, at)
    open_pieces([pair for pair in affected if pair[1].id not in along], extent, at)
    chain = [(place.id, place.kind) for place in gainers]
    holders = open_chain(spans, chain, anchor[-1].id, at)
    _reopen_under(holders, affected, along, carried, at)


def _rows_of(affected: list[tuple[int, Row]], carried: PlaceRef | None) -> set[int]:
    """The ids of the carried place's rows and of all rows inside of them."""
    along: set[int] = set()
    for _, row in affected:
        inside = row.parent is not None and row.parent.id in along
        if row.id is not None and (inside or (carried is not None and row.place_id == carried.id)):
            along.add(row.id)
    return along


def _reopen_under(
    holders: list[Row], affected: list[tuple[int, Row]], along: set[int], carried: PlaceRef | None, at: datetime
) -> None:
    """Open the carried rows again, the outermost under the new parent's rows."""
    moved = []
    for depth, row in affected:
        if row.id in along:
            if carried is not None and row.place_id == carried.id:
                row.parent = next(one for one in holders if one.lo <= row.lo and row.hi <= one.hi)
            moved.append((depth, row))
    open_pieces(moved, Extent(), at)
