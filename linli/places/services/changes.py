"""Renaming places, giving them other names, ending them."""

from __future__ import annotations

from datetime import datetime

from linli.core import db, events
from linli.core.access import Actor
from linli.places.allocation import lock_tree
from linli.places.errors import NotEmpty
from linli.places.events import DoorsEnding
from linli.places.keys import store_keys
from linli.places.policies import sort_of
from linli.places.queries.tree import count_inside, extent_of, get_place, list_children, path_of
from linli.places.services.base import check_name_free, clean_name, lock_place, record, require_edit
from linli.places.services.regrid import close_rows, list_affected
from linli.places.terms import DIVISIONS, Kind, PlaceRef


def rename_place(*, place_id: int, name: str, keep_old: bool = True, actor: Actor, at: datetime) -> PlaceRef:
    """Give a place another name; under the old one it is still found, unless `keep_old` is false.

    Raises NameWrong, NameTaken, PlaceEnded, Forbidden.
    """
    name = clean_name(name)
    with db.atomic():
        place = lock_place(place_id)
        require_edit(actor, extent_of(place.id, at))
        if name == place.name:
            return place
        if parent := _parent_of(place, at):
            siblings = [other for other in list_children(parent.id, at) if other.id != place.id]
            check_name_free(Kind(place.kind), name, siblings, parent)
        sort = place.sort if place.kind in DIVISIONS else sort_of(name)
        store_keys([name])
        db.execute("UPDATE place SET name = %s, sort = %s WHERE id = %s", [name, sort, place.id])
        if keep_old:
            insert_alias(place.id, place.name, until=at)
        record(place, "rename_place", actor=actor, at=at, new_name=name)
        return get_place(place.id)


def _parent_of(place: PlaceRef, at: datetime) -> PlaceRef | None:
    path = path_of(place.id, at)
    return path[-1] if path else None


def insert_alias(
    place_id: int,
    text: str,
    *,
    former_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """`since`, `until`: when the text was in use; `former_id`: of a dissolved place whose code or name it was."""
    store_keys([text])
    db.execute(
        "INSERT INTO place_alias (place_id, text, former_id, since, until) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [place_id, text, former_id, since, until],
    )


def add_alias(*, place_id: int, text: str, actor: Actor, at: datetime) -> None:
    """Another name or code under which a place is found. Raises NameWrong, Forbidden."""
    text = clean_name(text)
    with db.atomic():
        place = lock_place(place_id)
        require_edit(actor, extent_of(place.id, at))
        insert_alias(place.id, text)
        record(place, "add_alias", actor=actor, at=at, alias=text)


def end_place(*, place_id: int, actor: Actor, at: datetime) -> None:
    """Dissolve a division, area or grid that holds nothing any more, or end a compound, building or unit with its
    doors.

    Codes and keys are never given again. Rooms that still have something behind its doors refuse (`DoorsEnding`).
    Raises NotEmpty, PlaceEnded, LaterChange, Forbidden.
    """
    with db.atomic():
        lock_tree()
        place = lock_place(place_id)
        require_edit(actor, extent_of(place.id, at))
        if place.is_physical:
            _end_block(place, at)
        else:
            _end_division(place, at)
        record(place, "end_place", actor=actor, at=at)


def _end_block(place: PlaceRef, at: datetime) -> None:
    ((lo, hi),) = place.block
    events.publish(DoorsEnding(lo=lo, hi=hi, at=at))
    db.execute("UPDATE door SET ended_at = %s WHERE key >= %s AND key < %s AND ended_at IS NULL", [at, lo, hi])
    db.execute(
        "UPDATE place SET ended_at = %s, doors = 0 WHERE kind >= %s AND lo >= %s AND lo < %s AND ended_at IS NULL",
        [at, place.kind, lo, hi],  # a compound begins where its first building and its first unit begin
    )


def _end_division(place: PlaceRef, at: datetime) -> None:
    extent = extent_of(place.id, at)
    if place.kind in DIVISIONS:
        inside = count_inside(extent)
        if inside.compounds or any(not child.is_physical for child in list_children(place.id, at)):
            raise NotEmpty(place=place.name)
    elif any(not child.is_physical for child in list_children(place.id, at)):
        raise NotEmpty(place=place.name)
    close_rows(list_affected([place.id], extent), at)
    db.execute("UPDATE place SET ended_at = %s WHERE id = %s", [at, place.id])
