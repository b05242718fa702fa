"""Writes of phones' sessions: signing in and out. The keys are in `keys`, the work itself in `sync`."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from linli.accounts import queries as accounts_queries
from linli.accounts import services as accounts
from linli.accounts.errors import FactorNeeded
from linli.accounts.terms import Way
from linli.core import access, db
from linli.core.access import Actor
from linli.core.models import Account
from linli.duty.authority import digest_token
from linli.field import queries
from linli.field.errors import CodeNeeded
from linli.field.models import FieldSession
from linli.field.terms import NAME_LENGTH, SESSION_LASTS, TOKEN_PREFIX, Device, NewSession, SessionView

LARGEST_OFFSET_MS = 2**53


def sign_in(
    *, username: str, password: str, code: str, device: Device, address: str, agent: str, at: datetime
) -> NewSession:
    """A session for a phone, by password and, where the account has one, second factor. Not inside of a transaction: a
    wrong attempt counts.

    Raises WaitFirst, WrongPair, CodeNeeded, CodeWrong, FactorNeeded.
    """
    account = accounts.prove_password(username=username, password=password, address=address, at=at)
    way = Way.PASSWORD
    if accounts_queries.get_factors(account_id=account.pk).any:
        if not code.strip():
            raise CodeNeeded
        way = accounts.prove_code(account=account, code=code, address=address, at=at)
    else:
        deadline = accounts.find_factor_deadline(actor=access.actor_of(account.pk, account.name, at), at=at)
        if settings.LINLI_SECOND_FACTOR and deadline is not None and at > deadline:
            raise FactorNeeded
    return _start(account, device=device, way=way, address=address, agent=agent, at=at)


def sign_in_from_page(
    *, device: Device, address: str, agent: str, page_key: str, actor: Actor, at: datetime
) -> NewSession:
    """A session for a phone whose owner is signed in on a page there, as after an invitation. Raises Forbidden."""
    accounts.require_in_person(actor)
    way = accounts_queries.find_way(account_id=actor.account_id, session_key=page_key) or Way.PASSWORD
    account = Account.objects.get(pk=actor.account_id)
    return _start(account, device=device, way=way, address=address, agent=agent, at=at)


def _start(account: Account, *, device: Device, way: Way, address: str, agent: str, at: datetime) -> NewSession:
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with db.atomic():
        session_key = _make_row(at)
        accounts.start_session(
            account_id=account.pk, session_key=session_key, way=way, address=address, agent=agent,
            device=device.name, at=at,
        )  # fmt: skip
        made = FieldSession.objects.create(
            id=uuid.uuid4(),
            account_id=account.pk,
            digest=digest_token(token),
            session_key=session_key,
            device=device.name[:NAME_LENGTH],
            time_zone=device.tz[:NAME_LENGTH],
            offset_ms=_offset_ms(device.now, at),
            started_at=at,
            seen_at=at,
        )
        view = SessionView(
            made.id, account.pk, account.name, session_key, at, at, made.offset_ms, b""
        )  # fmt: skip
        actor = queries.phone_actor(view, at)
        accounts.record_sign_in(way=way, username=account.username, actor=actor, at=at)
    return NewSession(token, view, actor)


def _make_row(at: datetime) -> str:
    """A row among the sessions of pages, by which this one is listed and ended like any other. It opens no page."""
    store = SessionStore()
    store.set_expiry(at + SESSION_LASTS)
    store.create()
    return str(store.session_key)


def _offset_ms(device_now: datetime | None, at: datetime) -> int:
    if device_now is None:
        return 0
    return max(-LARGEST_OFFSET_MS, min(LARGEST_OFFSET_MS, (at - device_now) // timedelta(milliseconds=1)))


def sign_out(*, view: SessionView, actor: Actor, at: datetime) -> None:
    """The phone's session ends; its key is kept, for work that may still come."""
    with db.atomic():
        accounts.sign_out(session_key=view.session_key, actor=actor, at=at)
        SessionStore(view.session_key).delete()


def sign_out_from_afar(*, session_id: uuid.UUID, proof: bytes, at: datetime) -> None:
    """The phone's session ends, as its owner wished when there was no signal. `proof`: the digest of its token, kept by
    the phone for this alone: whoever finds it can sign the phone out and do nothing else. What is over already, or
    wrong, changes nothing and says nothing.
    """
    view = queries.find_session(session_id, digest=proof)
    if view is None or not SessionStore(view.session_key).exists(view.session_key):
        return
    sign_out(view=view, actor=queries.phone_actor(view, at), at=at)
