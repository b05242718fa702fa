"""Divisions: province to community. Their keys come from the ledger of slots (allocation.py)."""

from __future__ import annotations

from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE
from linli.places.allocation import Ledger, lock_tree, slots_needed
from linli.places.errors import WrongParent
from linli.places.queries.tree import extent_of, get_place, list_children
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
from linli.places.terms import DIVISIONS, Kind, PlaceRef


def add_division(
    *, kind: Kind, code: str, name: str, parent_id: int | None = None, actor: Actor, at: datetime
) -> PlaceRef:
    """A new province, city, district, street or community, with room for what will stand under it.

    Raises WrongParent, NameWrong, CodeWrong, CodeTaken, NameTaken, JurisdictionFull, Forbidden.
    """
    name = clean_name(name)
    with db.atomic():
        lock_tree()
        parent = _parent_of(kind, parent_id, actor, at)
        if parent is not None:
            check_name_free(kind, name, list_children(parent.id, at), parent)
        check_code(code)
        ledger = Ledger.load(at)
        place = insert_place(kind=kind, code=code, name=name, parent=parent, at=at, sort=_sort_of(code))
        ledger.know(place.id, kind, parent_id)
        row = ledger.grant(place.id, slots_needed(kind, 0))
        ledger.write()
        if kind == Kind.COMMUNITY:
            db.execute("UPDATE place SET lo = %s, hi = %s WHERE id = %s", [row.lo, row.hi, place.id])
        record(place, "add_division", actor=actor, at=at)
        return get_place(place.id)


def _sort_of(code: str) -> int:
    """Official codes count siblings in their last digits."""
    return int(code[-3:]) if code[-3:].isdigit() else 0


def _parent_of(kind: Kind, parent_id: int | None, actor: Actor, at: datetime) -> PlaceRef | None:
    if kind not in DIVISIONS:
        raise WrongParent(kind=kind.label, parent_kind="-")
    if parent_id is None:
        if kind not in (Kind.PROVINCE, Kind.CITY):
            raise WrongParent(kind=kind.label, parent_kind="-")
        require_edit(actor, EVERYWHERE)
        return None
    parent = lock_place(parent_id)
    check_parent_kind(kind, parent.kind)
    require_edit(actor, extent_of(parent.id, at))
    return parent
