"""What an account may do where, at one moment: its appointments in force and the doors their places hold then.

This runs at every request, so it is one round trip: appointments -> spans of their places -> grants. The same statement
starts from a token when a machine knocks. An inactive account holds nothing.

The only place at the top of the divisions is the jurisdiction itself: an appointment there covers every key, and
with it key 0, under which the journal keeps what belongs to no door. Where several places stand at the top, none of
them is the jurisdiction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from linli.core import db
from linli.core.access import Actor, Grant, Recalled
from linli.core.extents import EVERYWHERE, Extent
from linli.duty.errors import TokenRefused
from linli.duty.terms import PERMISSIONS, Role
from linli.places import queries as places

MOST_RECALLED = 10_000
# Of a place `p`: is it the jurisdiction? (Kinds 5 and 10, province and city, are the only divisions without a parent.)
IS_WHOLE = """p.kind IN (5, 10) AND p.parent_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM place o WHERE o.kind IN (5, 10) AND o.parent_id IS NULL AND o.id <> p.id)"""
_SPANS = """LATERAL (
    SELECT array_agg(x.lo) AS los, array_agg(x.hi) AS his FROM place_span x
    WHERE x.place_id = p.id AND x.since <= %(at)s AND x.until > %(at)s AND (p.ended_at IS NULL OR p.ended_at > %(at)s)
) s"""
_HELD = f"""
    a.id AS appointment, a.role, p.id AS place, {IS_WHOLE} AS whole, s.los, s.his
    FROM account c
    LEFT JOIN appointment a ON a.account_id = c.id AND a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)
    LEFT JOIN place p ON p.id = a.place_id
    LEFT JOIN {_SPANS} ON true"""
_BY_ACCOUNT = f"SELECT {_HELD} WHERE c.id = %(account)s AND c.is_active ORDER BY a.id"
_BY_TOKEN = f"""SELECT c.id AS account, c.name, t.scopes, {_HELD} JOIN api_token t ON t.account_id = c.id
    WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND t.expires_at > %(at)s AND c.is_active"""
_PROOF = "(SELECT md5(string_agg(held::text, chr(10) ORDER BY held.appointment)) FROM held)"
_WITH_PROOF = f"WITH held AS MATERIALIZED ({_BY_TOKEN}) SELECT {_PROOF}, held.* FROM held ORDER BY held.appointment"
_recalled: dict[bytes, Recalled] = {}
_BY_PLACE = f"SELECT {IS_WHOLE}, s.los, s.his FROM place p LEFT JOIN {_SPANS} ON true WHERE p.id = %(place)s"


def find_grants(account_id: int, at: datetime) -> tuple[Grant, ...]:
    """The grants of an account at `at`, oldest appointment first; none for an unknown or inactive account."""
    return _grants(db.prepared(_BY_ACCOUNT, {"account": account_id, "at": at}))


def find_place_extent(place_id: int, at: datetime) -> Extent:
    """The doors that an appointment at this place covers at `at`: none for an unknown or dissolved place."""
    for whole, los, his in db.rows(_BY_PLACE, {"place": place_id, "at": at}):
        return _extent(whole, los, his)
    return Extent()


def find_part(place_id: int, *, actor: Actor, at: datetime, permission: str = "duty.view") -> Extent:
    """The doors of a place on which the actor holds a permission, to list what is there.

    Raises Forbidden when all of it lies out of sight: nobody is not who is there.
    """
    held = actor.extent_for(permission)
    if held != EVERYWHERE:
        places.require_sight(places.get_places([place_id])[place_id], actor, at, permission)
    return held & find_place_extent(place_id, at)


def digest_token(raw: str) -> bytes:
    """What is kept of a token. A token is long and random, so a plain digest cannot be guessed back."""
    return hashlib.sha256(raw.encode()).digest()


def authenticate_token(raw: str, at: datetime) -> Actor:
    """Who a bearer token stands for, with the authority held at `at`, in one round trip. Raises TokenRefused."""
    digest = digest_token(raw)
    rows = db.prepared(_WITH_PROOF, {"digest": digest, "at": at})
    if not rows:
        _recalled.pop(digest, None)
        raise TokenRefused
    proof, account_id, name, scopes = rows[0][:4]
    actor = Actor(account_id, name, _grants(row[4:] for row in rows), "api", frozenset(scopes))
    if len(_recalled) >= MOST_RECALLED:
        _recalled.clear()
    _recalled[digest] = Recalled(actor, digest, proof)
    return actor


def recall_token(raw: str) -> Recalled | None:
    """What this process last found a token to stand for. Nobody may act on it without its proof (`prove_token`)."""
    return _recalled.get(digest_token(raw))


def prove_token(digest: str, at: str) -> str:
    """SQL that gives the proof anew, from the same rows under the same conditions; NULL when the token is refused."""
    held = _BY_TOKEN.replace("%(digest)s", digest).replace("%(at)s", at)
    return f"(WITH held AS ({held}) SELECT {_PROOF})"


def _grants(rows: Iterable[tuple[Any, ...]]) -> tuple[Grant, ...]:
    return tuple(
        Grant(appointment, role, place, PERMISSIONS[Role(role)], _extent(whole, los, his))
        for appointment, role, place, whole, los, his in rows
        if appointment is not None
    )


def _extent(whole: bool, los: list[int] | None, his: list[int] | None) -> Extent:
    return EVERYWHERE if whole else Extent.of(zip(los or (), his or (), strict=True))
