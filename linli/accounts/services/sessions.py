"""Sessions: begun, seen, ended. Ending one deletes the row of `django_session` that its cookie names."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session

from linli.accounts import policies
from linli.accounts.errors import SessionNotFound
from linli.accounts.models import AccountSession
from linli.accounts.rows import rows_of
from linli.accounts.terms import AGENT_LENGTH, NAME_LENGTH, SESSIONS_KEPT, Way
from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.duty import services as duty


def require_in_person(actor: Actor) -> None:
    """A token changes nothing of how its account is entered: it must not outlive itself. Raises Forbidden."""
    if actor.scopes is not None:
        raise Forbidden


def start_session(
    *, account_id: int, session_key: str, way: Way, address: str, agent: str, device: str = "", at: datetime
) -> AccountSession:
    """Note a session that has just begun; forget ended ones after a month. `device`: what its owner calls a phone."""
    with rows_of(account_id):
        AccountSession.objects.filter(account_id=account_id, seen_at__lt=at - SESSIONS_KEPT).delete()
        return AccountSession.objects.create(
            account_id=account_id,
            session_key=session_key,
            way=way,
            address=address if policies.read_network(address) else None,
            agent=agent[:AGENT_LENGTH],
            device=device[:NAME_LENGTH],
            started_at=at,
            seen_at=at,
        )


def touch_session(*, account_id: int, session_key: str, address: str, at: datetime) -> None:
    """The session is in use, from there."""
    where = address if policies.read_network(address) else None
    with rows_of(account_id):
        AccountSession.objects.filter(session_key=session_key, seen_at__lt=at).update(seen_at=at, address=where)


def touch_session_sql(account_id: str, session_key: str, at: str) -> str:
    """SQL: the same, for a statement of one's own that has found out whose session it is; where it is from stays."""
    return f"linli_touch_session({account_id}, {session_key}, {at})"


def move_session(*, account_id: int, old_key: str, new_key: str) -> None:
    """The same session under another key, as after a change of the password."""
    with rows_of(account_id):
        AccountSession.objects.filter(session_key=old_key).update(session_key=new_key)


def sign_out(*, session_key: str, actor: Actor, at: datetime) -> None:
    """The actor leaves; the caller ends the session itself."""
    with rows_of(actor.account_id):
        AccountSession.objects.filter(session_key=session_key).update(ended_at=at)
        journal.record(actor=actor, at=at, verb="accounts.sign_out", subject=f"account:{actor.account_id}")


def end_session(*, session_id: int, actor: Actor, at: datetime) -> None:
    """End one of the actor's own. Raises Forbidden, SessionNotFound."""
    require_in_person(actor)
    with db.atomic():
        if not end_sessions_of(account_id=actor.account_id, at=at, only=session_id):
            raise SessionNotFound
        journal.record(
            actor=actor, at=at, verb="accounts.end_session", subject=f"account:{actor.account_id}", session=session_id
        )


def end_other_sessions(*, keep: str, actor: Actor, at: datetime) -> int:
    """End all of the actor's own but the one with the key `keep`. Returns how many. Raises Forbidden."""
    require_in_person(actor)
    with db.atomic():
        count = end_sessions_of(account_id=actor.account_id, at=at, keep=keep)
        journal.record(
            actor=actor, at=at, verb="accounts.end_sessions", subject=f"account:{actor.account_id}", sessions=count
        )
    return count


def end_all_sessions(*, account_id: int, actor: Actor, at: datetime) -> int:
    """End the sessions of an account that the actor answers for. Returns how many.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority.
    """
    with db.atomic():
        username = duty.require_over(account_id=account_id, actor=actor, at=at)
        count = end_sessions_of(account_id=account_id, at=at)
        journal.record(
            actor=actor, at=at, verb="accounts.end_sessions", permission="accounts.make",
            key=journal.first_key(actor, "accounts.make"), subject=f"account:{account_id}", username=username,
            sessions=count,
        )  # fmt: skip
    return count


def end_sessions_of(*, account_id: int, at: datetime, keep: str = "", only: int | None = None) -> int:
    """End sessions without asking who wants it: for services that have asked. Returns how many there were."""
    with rows_of(account_id):
        open_ones = AccountSession.objects.filter(account_id=account_id, ended_at=None).exclude(session_key=keep)
        if only is not None:
            open_ones = open_ones.filter(pk=only)
        keys = list(open_ones.values_list("session_key", flat=True))
        open_ones.update(ended_at=at)
        Session.objects.filter(session_key__in=keys).delete()
    return len(keys)
