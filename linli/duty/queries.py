"""Reads of duty. Staff are no residents: these tables stand in front of the wall, so the narrowing is done here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent
from linli.core.models import Account, ApiToken
from linli.duty.authority import find_part
from linli.duty.chain import find_answering, find_chain, find_holders, find_leads
from linli.duty.errors import AccountNotFound, AppointmentNotFound
from linli.duty.heirs import find_dissolved_inside
from linli.duty.terms import ALL_PERMISSIONS, AccountLine, AppointmentLine, Standing, TokenLine

__all__ = [
    "find_account_id",
    "find_answering",
    "find_chain",
    "find_holders",
    "find_leads",
    "get_account",
    "get_appointment",
    "list_accounts",
    "list_appointments",
    "list_holders",
    "list_own_appointments",
    "list_permissions",
    "list_tokens",
]

# Of an appointment `a`: all doors of its place lie in the spans given, or the whole jurisdiction is. Of a dissolved
# place it is the doors of those that took over.
_INSIDE = """(%(whole)s OR a.place_id = ANY (%(dissolved)s) OR EXISTS (
        SELECT 1 FROM place_span s WHERE s.place_id = a.place_id AND s.since <= %(at)s AND s.until > %(at)s
    ) AND NOT EXISTS (
        SELECT 1 FROM place_span s WHERE s.place_id = a.place_id AND s.since <= %(at)s AND s.until > %(at)s
        AND NOT EXISTS (SELECT 1 FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) x (lo, hi)
                        WHERE x.lo <= s.lo AND s.hi <= x.hi)))"""
_STANDING = {
    "": "true",
    Standing.IN_FORCE: "a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)",
    Standing.COMING: "a.since > %(at)s AND (a.until IS NULL OR a.until > a.since)",
    Standing.ENDED: "a.until <= %(at)s",
}
_LINES = """
    SELECT a.id, a.account_id, c.username, c.name, a.role, a.place_id, p.code, p.name, a.since, a.until,
        a.is_deputy, p.ended_at
    FROM appointment a JOIN account c ON c.id = a.account_id JOIN place p ON p.id = a.place_id
"""
_ACCOUNT = "SELECT c.id, c.username, c.name, c.is_active, c.last_login, c.created_at FROM account c"


def _within(extent: Extent, at: datetime) -> dict[str, Any]:
    whole = extent == EVERYWHERE
    dissolved = [] if whole else find_dissolved_inside(extent, at)
    return {"whole": whole, "los": extent.los, "his": extent.his, "at": at, "dissolved": dissolved}


def list_appointments(
    *,
    actor: Actor,
    at: datetime,
    place_id: int | None = None,
    account_id: int | None = None,
    role: str = "",
    standing: str = Standing.IN_FORCE,
    after_id: int = 0,
    limit: int | None = None,
) -> list[AppointmentLine]:
    """Appointments at places inside what the actor may see (`duty.view`), and inside `place_id` when given; by id.

    `standing`: one of Standing, or "" for all. Raises Forbidden for a place out of sight.
    """
    held = actor.extent_for("duty.view") if place_id is None else find_part(place_id, actor=actor, at=at)
    sql = f"""{_LINES} WHERE a.id > %(after)s AND {_INSIDE} AND {_STANDING[standing]}
        AND (%(account)s::bigint IS NULL OR a.account_id = %(account)s) AND (%(role)s = '' OR a.role = %(role)s)
        ORDER BY a.id LIMIT %(limit)s"""
    params = {"after": after_id, "account": account_id, "role": role, "limit": limit, **_within(held, at)}
    return [AppointmentLine(*row) for row in db.rows(sql, params)]


def list_holders(*, place_ids: Sequence[int], at: datetime) -> dict[int, list[AppointmentLine]]:
    """Who holds a role at each of these very places now: shown on the pages of places."""
    sql = f"{_LINES} WHERE a.place_id = ANY (%(places)s) AND {_STANDING[Standing.IN_FORCE]} ORDER BY a.role, c.name"
    found: dict[int, list[AppointmentLine]] = {place_id: [] for place_id in place_ids}
    for row in db.rows(sql, {"places": list(place_ids), "at": at}):
        line = AppointmentLine(*row)
        found[line.place_id].append(line)
    return found


def list_own_appointments(*, actor: Actor, at: datetime) -> list[AppointmentLine]:
    """The actor's own, in force and to come."""
    sql = f"{_LINES} WHERE a.account_id = %(account)s AND ({_STANDING[Standing.ENDED]}) IS NOT TRUE ORDER BY a.since"
    return [AppointmentLine(*row) for row in db.rows(sql, {"account": actor.account_id, "at": at})]


def list_accounts(
    *, actor: Actor, at: datetime, text: str = "", after: str = "", limit: int | None = None
) -> list[AccountLine]:
    """Accounts that hold or held an appointment inside what the actor may see; whoever makes accounts also sees those
    that hold none. By account name; `text` is part of the account name or the name."""
    held = actor.extent_for("duty.view")
    # OFFSET 0: asked of each account in turn until the page is full, and not of every appointment of the city first.
    sql = f"""{_ACCOUNT} WHERE c.username > %(after)s
        AND (%(text)s = '' OR strpos(lower(c.username), lower(%(text)s)) > 0 OR strpos(c.name, %(text)s) > 0)
        AND (EXISTS (SELECT 1 FROM appointment a WHERE a.account_id = c.id AND {_INSIDE} OFFSET 0)
             OR %(maker)s AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.account_id = c.id OFFSET 0))
        ORDER BY c.username LIMIT %(limit)s"""
    maker = actor.may("accounts.make")
    params = {"after": after, "text": text.strip(), "maker": maker, "limit": limit, **_within(held, at)}
    return [AccountLine(*row) for row in db.rows(sql, params)]


def get_account(*, account_id: int, actor: Actor, at: datetime) -> AccountLine:
    """One account that the actor may see (as in `list_accounts`), or their own. Raises AccountNotFound."""
    held = actor.extent_for("duty.view")
    sql = f"""{_ACCOUNT} WHERE c.id = %(account)s AND (c.id = %(me)s
        OR EXISTS (SELECT 1 FROM appointment a WHERE a.account_id = c.id AND {_INSIDE})
        OR %(maker)s AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.account_id = c.id))"""
    maker = actor.may("accounts.make")
    params = {"account": account_id, "me": actor.account_id, "maker": maker, **_within(held, at)}
    for row in db.rows(sql, params):
        return AccountLine(*row)
    raise AccountNotFound(name=account_id)


def find_account_id(username: str) -> int:
    """The id behind an account name, to be appointed. Raises AccountNotFound."""
    found = Account.objects.filter(username=username, is_active=True).values_list("pk", flat=True).first()
    if found is None:
        raise AccountNotFound(name=username)
    return int(found)


def get_appointment(*, appointment_id: int, actor: Actor, at: datetime) -> AppointmentLine:
    """One appointment that the actor may see, or their own. Raises AppointmentNotFound."""
    held = actor.extent_for("duty.view")
    sql = f"{_LINES} WHERE a.id = %(id)s AND (a.account_id = %(me)s OR {_INSIDE})"
    for row in db.rows(sql, {"id": appointment_id, "me": actor.account_id, **_within(held, at)}):
        return AppointmentLine(*row)
    raise AppointmentNotFound


def list_tokens(*, actor: Actor) -> list[TokenLine]:
    """The actor's own tokens, newest first."""
    tokens = ApiToken.objects.filter(account_id=actor.account_id).order_by("-id")
    return [TokenLine(t.pk, t.name, tuple(t.scopes), t.created_at, t.expires_at, t.revoked_at) for t in tokens]


def list_permissions(actor: Actor) -> list[str]:
    """What the actor may do anywhere at all."""
    return sorted(name for name in ALL_PERMISSIONS if actor.may(name))
