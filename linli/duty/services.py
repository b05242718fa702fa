"""Writes of duty: accounts, appointments, tokens. Nobody gives away what they do not hold.

Whoever appoints holds every permission of the role, and `duty.appoint`, on all doors of the place; whoever changes an
account holds that over every appointment it has. So no chain of appointments ends above where it began.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from linli.core import access, db, events, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.models import Account, ApiToken
from linli.duty import policies
from linli.duty.authority import digest_token
from linli.duty.errors import (
    AccountBeyondAuthority,
    AccountTaken,
    ExpiryWrong,
    NotFirst,
    PasswordWeak,
    ScopesWrong,
    SelfLocked,
    TokenNotFound,
)
from linli.duty.events import AccountClosed, PasswordSet
from linli.duty.models import Appointment, Staff
from linli.duty.posts import Detail, appoint, end_appointment, hand_over, lock_account, require_appoint
from linli.duty.terms import LONGEST_TOKEN, NewAccount, NewToken, Role

__all__ = [
    "Detail",
    "appoint",
    "check_password",
    "choose_password",
    "deactivate_account",
    "end_appointment",
    "hand_over",
    "make_account",
    "make_first_account",
    "make_token",
    "require_appoint",
    "require_over",
    "revoke_token",
    "set_password",
]
FIRST_LOCK = 774001
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for one another


# --- accounts --------------------------------------------------------------------------------------------------------


def make_account(*, username: str, name: str, password: str | None = None, actor: Actor, at: datetime) -> NewAccount:
    """A new account. Without `password` one is made up and returned: it is shown once and kept nowhere.

    Raises Forbidden, UsernameWrong, NameWrong, AccountTaken, PasswordWeak.
    """
    actor.require("accounts.make")
    username, name = policies.check_username(username), policies.check_name(name)
    account = Account(username=username, name=name, created_at=at)
    made_up = _give_password(account, password)
    with db.atomic():
        if Account.objects.filter(username=username).exists():
            raise AccountTaken(name=username)
        account.save(force_insert=True)
        _record(actor, at, "make_account", account, permission="accounts.make")
    return NewAccount(account.pk, username, name, made_up)


def make_first_account(
    *, username: str, name: str, role: str, place_id: int, password: str | None = None, at: datetime
) -> NewAccount:
    """The account that all others come from, with its appointment. Works while nobody has ever been appointed.

    Runs as the owner of the tables (the command line of the server). Raises NotFirst.
    """
    founder = Actor(access.SYSTEM.account_id, access.SYSTEM.name, origin="cli", is_system=True)
    with db.atomic():
        db.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_LOCK])
        if Appointment.objects.exists():
            raise NotFirst
        account = make_account(username=username, name=name, password=password, actor=founder, at=at)
        appoint(account_id=account.id, role=role, place_id=place_id, actor=founder, at=at)
    return account


def set_password(*, account_id: int, password: str | None = None, actor: Actor, at: datetime) -> str | None:
    """A new password: it ends the account's sessions. Made up and returned when none is given.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority, PasswordWeak.
    """
    with db.atomic():
        account = lock_account(account_id)
        if account_id != actor.account_id:
            _require_over(account, actor, at)
        elif actor.scopes is not None:
            raise Forbidden  # a token must not become a password
        made_up = _give_password(account, password)
        account.save(update_fields=["password"])
        _record(actor, at, "set_password", account, permission="accounts.make")
        events.publish(PasswordSet(account_id, at))
    return made_up


def deactivate_account(*, account_id: int, actor: Actor, at: datetime) -> None:
    """Close an account: its sessions and tokens end at once, its appointments with them; its phone is free again.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority, SelfLocked.
    """
    if account_id == actor.account_id:
        raise SelfLocked
    with db.atomic():
        account = lock_account(account_id)
        ended = _require_over(account, actor, at)
        for appointment in ended:
            appointment.until, appointment.ended_by = max(appointment.since, at), actor.account_id
            appointment.save(update_fields=["until", "ended_by"])
        account.is_active = False
        account.set_unusable_password()  # a session holds a digest of the password: none of them is valid any more
        account.save(update_fields=["is_active", "password"])
        ApiToken.objects.filter(account=account, revoked_at=None).update(revoked_at=at)
        Staff.objects.filter(account=account).update(phone=b"", phone_hash=None, changed_at=at)
        _record(
            actor,
            at,
            "deactivate_account",
            account,
            permission="accounts.make",
            appointments=[appointment.pk for appointment in ended],
        )
        events.publish(AccountClosed(account_id, at))


def require_over(*, account_id: int, permission: str = "accounts.make", actor: Actor, at: datetime) -> str:
    """Whoever changes an account holds `permission` over all it is appointed to: returns its name to sign in with.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority.
    """
    account = lock_account(account_id)
    _require_over(account, actor, at, permission)
    return account.username


def choose_password(*, account_id: int, password: str) -> None:
    """Set the password that its owner chose. Who that is has been proved before; the caller keeps the journal.

    Raises AccountNotFound, PasswordWeak.
    """
    account = lock_account(account_id)
    _give_password(account, password)
    account.save(update_fields=["password"])


# --- tokens ----------------------------------------------------------------------------------------------------------


def make_token(*, name: str, scopes: Iterable[str], expires_at: datetime, actor: Actor, at: datetime) -> NewToken:
    """A key for a machine that acts for the actor, within `scopes`. The text is returned once; its digest is kept.

    Raises Forbidden (also when a token asks for a token: it would outlive itself), ScopesWrong, ExpiryWrong.
    """
    actor.require("tokens.make")
    if actor.scopes is not None or actor.is_system:
        raise Forbidden(_("Tokens are made by people who are signed in."))
    wanted = sorted(set(scopes))
    beyond = [scope for scope in wanted if not actor.may(scope)]
    if beyond or not wanted:
        raise ScopesWrong(scopes=", ".join(beyond) or "-")
    if not at < expires_at <= at + LONGEST_TOKEN:
        raise ExpiryWrong
    raw = "linli_" + secrets.token_urlsafe(32)
    with db.atomic():
        token = ApiToken.objects.create(
            account_id=actor.account_id,
            name=policies.check_name(name),
            digest=digest_token(raw),
            scopes=wanted,
            created_at=at,
            expires_at=expires_at,
        )
        journal.record(
            actor=actor,
            at=at,
            verb="duty.make_token",
            key=journal.first_key(actor, "tokens.make"),
            permission="tokens.make",
            subject=f"token:{token.pk}",
            scopes=wanted,
            expires_at=expires_at,
        )
    return NewToken(token.pk, token.name, tuple(wanted), expires_at, raw)


def revoke_token(*, token_id: int, actor: Actor, at: datetime) -> None:
    """End one of the actor's own tokens at once; ending it twice is once. Raises TokenNotFound."""
    with db.atomic():
        token = ApiToken.objects.select_for_update().filter(pk=token_id, account_id=actor.account_id).first()
        if token is None:
            raise TokenNotFound
        if token.revoked_at is None:
            token.revoked_at = at
            token.save(update_fields=["revoked_at"])
            journal.record(
                actor=actor,
                at=at,
                verb="duty.revoke_token",
                key=journal.first_key(actor, "tokens.make"),
                subject=f"token:{token.pk}",
            )


# --- shared ----------------------------------------------------------------------------------------------------------


def _give_password(account: Account, password: str | None) -> str | None:
    """Set it; returns the one made up when none was given."""
    if password is None:
        made_up = "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))
        account.set_password(made_up)
        return made_up
    check_password(account, password)
    account.set_password(password)
    return None


def check_password(account: Account, password: str) -> None:
    """Raises PasswordWeak."""
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise PasswordWeak(why=" ".join(error.messages)) from None


def _require_over(account: Account, actor: Actor, at: datetime, permission: str = "accounts.make") -> list[Appointment]:
    """The account's appointments in force or to come, over all of which the actor has authority.

    Raises Forbidden, AccountBeyondAuthority.
    """
    actor.require(permission)
    held = list(Appointment.objects.filter(account=account).filter(Q(until=None) | Q(until__gt=at)))
    try:
        for appointment in held:
            extent = require_appoint(
                place_id=appointment.place_id, role=Role(appointment.role), actor=actor, at=at, new=False
            )
            actor.require(permission, extent)
    except Forbidden:
        raise AccountBeyondAuthority from None
    return held


def _record(actor: Actor, at: datetime, verb: str, account: Account, *, permission: str, **detail: object) -> None:
    journal.record(
        actor=actor,
        at=at,
        verb=f"duty.{verb}",
        key=journal.first_key(actor, permission),
        permission=permission,
        subject=f"account:{account.pk}",
        username=account.username,
        **detail,
    )
