"""Between a request and the services: where it comes from, beginning a session, what a session remembers.

A session holds, besides Django's own: `SEEN` (epoch seconds of the last note that it is in use), `FRESH` (when somebody
last proved who they are), `FACTOR_BY` (until when they may go on without a second factor), `PENDING` (a password that
waits for its second step), `PASSKEY` (a challenge that waits for an answer).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.http.request import split_domain_port

from linli.accounts import services
from linli.accounts.errors import PasskeyRefused
from linli.accounts.passkeys import Site
from linli.accounts.terms import FRESH_FOR, SECOND_STEP_WITHIN, Way
from linli.core import access, db
from linli.core.access import Actor
from linli.core.models import Account

SEEN, FRESH, FACTOR_BY = "accounts_seen", "accounts_fresh", "accounts_factor_by"
PENDING, PASSKEY = "accounts_pending", "accounts_passkey"
BACKEND = "django.contrib.auth.backends.ModelBackend"
CHALLENGE_WITHIN = timedelta(minutes=5)


def address_of(request: HttpRequest) -> str:
    """The address of who asks. Behind LINLI_PROXIES proxies it is what the first of them, counted from here, wrote."""
    proxies: int = settings.LINLI_PROXIES
    if proxies:
        passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(passed) >= proxies:
            return passed[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def site_of(request: HttpRequest) -> Site:
    """The host and origin that a passkey is bound to, as the browser names them."""
    host = request.get_host()
    return Site(split_domain_port(host)[0], f"{request.scheme}://{host}")


# --- sessions --------------------------------------------------------------------------------------------------------


def begin_session(request: HttpRequest, account: Account, *, way: Way, at: datetime) -> None:
    """Sign the account in, under a new session key, and note the session."""
    with db.atomic():
        login(request, account, backend=BACKEND)
        for name in (PENDING, PASSKEY):
            request.session.pop(name, None)
        request.session[FRESH] = at.timestamp()
        note_session(request, account.pk, way=way, at=at)
        actor = access.actor_of(account.pk, account.name, at)
        services.record_sign_in(way=way, username=account.username, actor=actor, at=at)
        refresh_deadline(request, actor, at)


def note_session(request: HttpRequest, account_id: int, *, way: Way, at: datetime) -> None:
    """Put the session into the account's list."""
    if not request.session.session_key:
        request.session.create()
    services.start_session(
        account_id=account_id,
        session_key=str(request.session.session_key),
        way=way,
        address=address_of(request),
        agent=request.headers.get("User-Agent", ""),
        at=at,
    )
    request.session[SEEN] = at.timestamp()


def end_own_session(request: HttpRequest, at: datetime) -> None:
    """Take the session that is being signed out of off the account's list, and journal it."""
    if request.user.is_authenticated:
        actor = Actor(request.user.pk, request.user.name)
        services.sign_out(session_key=str(request.session.session_key), actor=actor, at=at)


def refresh_deadline(request: HttpRequest, actor: Actor, at: datetime) -> datetime | None:
    """Note in the session until when the actor may go on without a second factor; None: as long as they like."""
    deadline = services.find_factor_deadline(actor=actor, at=at)
    if deadline is not None:
        request.session[FACTOR_BY] = deadline.timestamp()
    else:
        request.session.pop(FACTOR_BY, None)
    return deadline


def is_fresh(request: HttpRequest, at: datetime) -> bool:
    """Whether it has just been proved who this is: an unattended phone must not change the locks."""
    since = request.session.get(FRESH, 0)
    return at - FRESH_FOR < datetime.fromtimestamp(since, UTC) <= at


def is_overdue(request: HttpRequest, at: datetime) -> bool:
    """Whether the time without a second factor is over."""
    return bool(settings.LINLI_SECOND_FACTOR) and at.timestamp() > request.session.get(FACTOR_BY, float("inf"))


# --- between password and second step --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pending:
    """An account whose password was right. `next`: where it was going."""

    account: Account
    next: str


def put_pending(request: HttpRequest, account: Account, next_url: str, at: datetime) -> None:
    """Remember the right password in a session of a new key, which opens nothing yet."""
    request.session.cycle_key()
    request.session[PENDING] = {
        "account": account.pk, "hash": account.get_session_auth_hash(), "next": next_url, "at": at.timestamp(),
    }  # fmt: skip


def find_pending(request: HttpRequest, at: datetime) -> Pending | None:
    """Who has given their password, and not their code yet; None when too long ago, or when it has been changed."""
    kept = request.session.get(PENDING)
    if not kept or not 0 <= at.timestamp() - kept["at"] <= SECOND_STEP_WITHIN.total_seconds():
        return None
    account = Account.objects.filter(pk=kept["account"], is_active=True).first()
    if account is None or account.get_session_auth_hash() != kept["hash"]:
        return None
    return Pending(account, kept["next"])


# --- passkeys' challenges --------------------------------------------------------------------------------------------


def put_challenge(request: HttpRequest, state: dict[str, Any], at: datetime) -> None:
    """Keep what `take_challenge` answers for, in the session."""
    request.session[PASSKEY] = {"state": state, "at": at.timestamp()}


def take_challenge(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """The state of the challenge that was put last; each is answered once. Raises PasskeyRefused."""
    kept = request.session.pop(PASSKEY, None)
    if not kept or not 0 <= at.timestamp() - kept["at"] <= CHALLENGE_WITHIN.total_seconds():
        raise PasskeyRefused
    return dict(kept["state"])
