"""What the room's services share: checks of names and authority, rows under lock, the insert of one place."""

from __future__ import annotations

from datetime import datetime

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent
from linli.places.errors import (
    CodeMissing,
    CodeTaken,
    CodeWrong,
    NameTaken,
    NameWrong,
    PlaceEnded,
    PlaceUnknown,
    WrongParent,
)
from linli.places.keys import store_keys
from linli.places.policies import is_code, match_name, sort_of
from linli.places.queries.tree import COLUMNS, extent_of, get_place, read_places
from linli.places.terms import FOREVER, NAME_LENGTH, PARENTS, Kind, PlaceRef

EDIT = "places.edit"


def clean_name(name: str) -> str:
    """Raises NameWrong."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise NameWrong(limit=NAME_LENGTH)
    return name


def check_code(code: str) -> str:
    """Raises CodeMissing, CodeWrong, CodeTaken."""
    if not code:
        raise CodeMissing
    if not is_code(code):
        raise CodeWrong(place=code)
    if db.scalar("SELECT 1 FROM place WHERE code = %s", [code]):
        raise CodeTaken(place=code)
    return code


def require_edit(actor: Actor, extent: Extent) -> None:
    """An empty extent is inside every other; whoever changes what holds no door answers for the whole jurisdiction."""
    actor.require(EDIT, extent or EVERYWHERE)


def lock_place(place_id: int, *kinds: Kind, child: Kind | None = None) -> PlaceRef:
    """The place, held against others who give out keys under it. Raises PlaceUnknown, PlaceEnded, WrongParent."""
    found = read_places(f"SELECT {COLUMNS} FROM place p WHERE p.id = %s FOR NO KEY UPDATE", [place_id])
    if not found:
        raise PlaceUnknown(place=place_id)
    (place,) = found
    if place.ended_at is not None:
        raise PlaceEnded(place=place.name)
    if kinds and place.kind not in kinds:
        raise WrongParent(kind=child.label if child else "-", parent_kind=place.kind_label)
    return place


def check_parent_kind(kind: Kind, parent_kind: int) -> None:
    """Raises WrongParent unless a place of `kind` may stand under one of `parent_kind`."""
    if parent_kind not in PARENTS[kind]:
        raise WrongParent(kind=kind.label, parent_kind=Kind(parent_kind).label)


def check_name_free(kind: Kind, name: str, siblings: list[PlaceRef], parent: PlaceRef) -> None:
    """Siblings of one kind bear different names, however they are spelt. Raises NameTaken."""
    wanted = match_name(kind, name)
    if any(place.kind == kind and match_name(kind, place.name) == wanted for place in siblings):
        raise NameTaken(name=name, parent=parent.name)


def insert_place(
    *,
    kind: Kind,
    code: str,
    name: str,
    parent: PlaceRef | None,
    at: datetime,
    lo: int | None = None,
    hi: int | None = None,
    sort: int | None = None,
) -> PlaceRef:
    """The row of a new place, and the keys its name is searched by; sorted by its name unless `sort` says otherwise."""
    store_keys([name])
    place_id: int = db.scalar(
        """
        INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, lo, hi, parent_lo, doors, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s) RETURNING id
        """,
        [
            kind.value,
            code,
            name,
            sort_of(name) if sort is None else sort,
            parent.id if parent else None,
            parent.kind if parent else None,
            lo,
            hi,
            parent.lo if parent and kind in (Kind.BUILDING, Kind.UNIT) else None,
            at,
        ],
    )
    return get_place(place_id)


def insert_own_span(place: PlaceRef, at: datetime) -> None:
    """The one span of a compound, building or unit, for ever."""
    db.execute(
        "INSERT INTO place_span (place_id, kind, lo, hi, since, until) VALUES (%s, %s, %s, %s, %s, %s)",
        [place.id, place.kind, place.lo, place.hi, at, FOREVER],
    )


def record(
    place: PlaceRef, verb: str, *, actor: Actor, at: datetime, extent: Extent | None = None, **detail: object
) -> None:
    """One journal entry, at the first key of `extent`; None: of the place."""
    if extent is None:
        extent = place.block if place.is_physical else extent_of(place.id, at)
    key = extent.spans[0].lo if extent else 0
    journal.record(
        actor=actor, at=at, verb=f"places.{verb}", key=key, permission=EDIT, subject=f"place:{place.id}",
        code=place.code, name=place.name, **detail,
    )  # fmt: skip
