"""The work pack: what a phone carries along, whole or as what changed since a cursor.

A cursor notes what the phone has: the doors, what each section noted, and the lowest transaction number that was
under way when the pack was read. The next increment carries every row written by that transaction or a later one, so
also what was being written then and was committed afterwards: nothing is missed, whatever commits when. No row has
to say that it changed: PostgreSQL notes who wrote it (`PackCall.changed`). Rows that left are found by the units
they left.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import NOWHERE, Extent
from linli.core.field import PackCall, Section, list_sections
from linli.field.errors import PlaceBeyond, TooManyPeople
from linli.field.terms import CONTACT, CURSOR_LASTS, MOST_PEOPLE
from linli.places import queries as places
from linli.residents import queries as residents

VERSION = 1
VIEW = "residents.view"
FARTHEST = 1 << 30  # transactions; their numbers are told apart over twice as many
MOST_SPANS = 60
"""Of a cursor, which travels in an address. Of more, only that they are the same can be seen."""
_NOW = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (SELECT system_identifier FROM pg_control_system())"
)


@dataclass(frozen=True)
class Cursor:
    """`extent`: None when it had too many spans; `spans` tells it apart all the same. `day`: the jurisdiction's."""

    account_id: int
    cluster: int
    place: str
    issued_at: datetime
    day: str
    since: int
    spans: str
    extent: Extent | None
    known: dict[str, Any]

    def write(self) -> str:
        extent = _spans(self.extent) if self.extent is not None else None
        parts = [
            VERSION, self.account_id, str(self.cluster), self.place, int(self.issued_at.timestamp()), self.day,
            self.since, self.spans, extent, self.known,
        ]  # fmt: skip
        return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, at: datetime) -> Cursor | None:
        """None for what is not one of ours: then the phone gets everything."""
        try:
            version, account, cluster, place, issued, day, since, spans, extent, known = orjson.loads(
                base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            )
            if version != VERSION:
                return None
            return cls(
                int(account), int(cluster), str(place), at.fromtimestamp(int(issued), at.tzinfo), str(day), int(since),
                str(spans), None if extent is None else Extent.of((lo, hi) for lo, hi in extent), dict(known),
            )  # fmt: skip
        except (ValueError, TypeError, OverflowError, binascii.Error, OSError):
            return None

    def leads_to(self, other: Cursor) -> bool:
        """Whether an increment can lead from this one to `other`."""
        return (
            (self.account_id, self.cluster, self.place) == (other.account_id, other.cluster, other.place)
            and other.issued_at - CURSOR_LASTS < self.issued_at <= other.issued_at
            and other.since - FARTHEST < self.since <= other.since
            and (self.extent is not None or self.spans == other.spans)
        )


@dataclass(frozen=True)
class Pack:
    """`body` is JSON; `etag` that of the pack that its cursor came with. `is_new`: there is anything in it."""

    body: bytes
    etag: str
    is_new: bool


def _spans(extent: Extent) -> list[list[int]]:
    return [[lo, hi] for lo, hi in extent.spans]


def etag_of(cursor: str) -> str:
    return f'"{hashlib.sha256(cursor.encode()).hexdigest()[:24]}"'


def read_pack(*, cursor: str = "", place: str = "", actor: Actor, at: datetime) -> Pack:
    """The pack of the actor's doors, or of those of them that lie in `place`. Inside a transaction of the actor's.

    Raises TooManyPeople, PlaceUnknown, PlaceBeyond, Forbidden.
    """
    extent = _extent_of(place, actor, at)
    ((since, cluster),) = db.prepared(_NOW, ())  # before anything that is read after it
    day = timezone.localdate(at).isoformat()
    digest = hashlib.sha256(str(extent).encode()).hexdigest()[:16]
    told = extent if len(extent.spans) <= MOST_SPANS else None
    fresh = Cursor(actor.account_id, int(cluster), place, at, day, int(since), digest, told, {})
    known = Cursor.read(cursor, at) if cursor else None
    if known is not None and not known.leads_to(fresh):
        known = None
    before = extent if known is None or known.extent is None else known.extent
    fresh_doors, gone = extent - before if known else NOWHERE, before - extent
    if known is None or fresh_doors:
        _require_room(extent, actor)
    sections = _read_sections(known, extent, fresh_doors, day, actor, at)
    if known is not None and any(section.within for section in sections.values()):
        _require_room(extent, actor)  # whoever moved in came with a door that is told anew
    is_new = known is None or bool(gone) or not all(section.is_empty for section in sections.values())
    fresh.known.update({name: section.known for name, section in sections.items() if section.known is not None})
    written = fresh.write()
    if known is None or fresh_doors:
        _record(sections, known is None, extent, actor, at)
    body = {
        "cursor": written,
        "issued_at": at,
        "server_time": at,
        "until": at + CONTACT,
        "full": known is None,
        "extent": _spans(extent),
        "gone": _spans(gone),
        "sections": {
            name: _write(section) for name, section in sections.items() if known is None or not section.is_empty
        },
        "personal": {section.name: list(section.personal) for section in list_sections() if section.personal},
    }
    return Pack(orjson.dumps(body, default=str), etag_of(written), is_new)


def _extent_of(place: str, actor: Actor, at: datetime) -> Extent:
    extent = actor.extent_for(VIEW)
    if place:
        extent &= places.extent_of(places.get_place(place).id, at)
    if not extent:
        raise PlaceBeyond if place else Forbidden(permission=VIEW)
    return extent


def _require_room(extent: Extent, actor: Actor) -> None:
    """Raises TooManyPeople."""
    count = residents.count_residents(extent, actor=actor).people
    if count > MOST_PEOPLE:
        raise TooManyPeople(count=count, limit=MOST_PEOPLE)


def _read_sections(
    known: Cursor | None, extent: Extent, fresh: Extent, day: str, actor: Actor, at: datetime
) -> dict[str, Section]:
    shared: dict[str, Any] = {}
    return {
        section.name: section.read(
            PackCall(
                actor=actor,
                at=at,
                extent=extent,
                fresh=fresh,
                since=known.since if known is not None else None,
                known=known.known.get(section.name) if known is not None else None,
                new_day=known is not None and known.day != day,
                shared=shared,
            )
        )
        for section in list_sections()
    }


def _write(section: Section) -> dict[str, Any]:
    return {"all": section.is_all, "within": _spans(section.within), "drop": section.drop, "put": section.put}


def _record(sections: dict[str, Section], is_full: bool, extent: Extent, actor: Actor, at: datetime) -> None:
    """Who took how much of what is personal, once a pack, and again when it grows."""
    personal = {section.name for section in list_sections() if section.personal}
    journal.record(
        actor=actor,
        at=at,
        verb="field.give_pack",
        key=extent.spans[0].lo,
        permission=VIEW,
        whole=is_full,
        given={name: len(section.put) for name, section in sections.items() if name in personal},
    )
