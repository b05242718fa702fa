"""One door for faces that take the kind of a place from a form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core.access import Actor
from linli.places.errors import KindUnknown, WrongParent
from linli.places.queries.tree import get_place
from linli.places.services.divisions import add_division
from linli.places.services.moves import move_compound, move_division
from linli.places.services.overlays import add_overlay
from linli.places.services.physical import add_building, add_compound, add_unit
from linli.places.terms import DIVISIONS, OVERLAYS, Kind, PlaceRef


def read_kind(text: str) -> Kind:
    """The kind of a word such as `building`. Raises KindUnknown."""
    kind = Kind.__members__.get(text.strip().upper().replace("-", "_"))
    if kind is None:
        raise KindUnknown(kind=text[:40], kinds=", ".join(name.lower() for name in Kind.__members__))
    return kind


def add_place(
    *,
    kind: Kind,
    name: str,
    parent: PlaceRef | None,
    code: str = "",
    holds: Sequence[str] = (),
    actor: Actor,
    at: datetime,
) -> PlaceRef:
    """Add a place of any kind under `parent`; `holds`: of an area or grid the codes of what belongs to it.

    Raises WrongParent, and what the service of that kind raises.
    """
    if kind in DIVISIONS:
        return add_division(
            kind=kind, code=code, name=name, parent_id=parent.id if parent else None, actor=actor, at=at
        )
    if parent is None:
        raise WrongParent(kind=kind.label, parent_kind="-")
    if kind in OVERLAYS:
        ids = [get_place(one.strip()).id for one in holds]
        return add_overlay(kind=kind, parent_id=parent.id, name=name, place_ids=ids, code=code, actor=actor, at=at)
    if kind == Kind.COMPOUND:
        return add_compound(community_id=parent.id, name=name, code=code, actor=actor, at=at)
    if kind == Kind.BUILDING:
        return add_building(compound_id=parent.id, name=name, code=code, actor=actor, at=at)
    return add_unit(building_id=parent.id, name=name, code=code, actor=actor, at=at)


def move_place(*, place: PlaceRef, target: PlaceRef, actor: Actor, at: datetime) -> PlaceRef:
    """Move a compound to a community, or a division to another parent. Raises as `move_compound`, `move_division`."""
    if place.kind == Kind.COMPOUND:
        return move_compound(compound_id=place.id, community_id=target.id, actor=actor, at=at)
    return move_division(place_id=place.id, parent_id=target.id, actor=actor, at=at)
