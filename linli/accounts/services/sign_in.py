"""Signing in, step by step: password, then what stands beside it; or a passkey alone, which is both at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate

from linli.accounts import passkeys, queries
from linli.accounts.errors import CodeWrong, PasskeyRefused, WrongPair
from linli.accounts.passkeys import Site
from linli.accounts.services import factors, guard, sessions
from linli.accounts.terms import Way
from linli.core import db, journal
from linli.core.access import Actor
from linli.core.models import Account
from linli.duty import services as duty
from linli.duty.terms import SECOND_FACTOR, Role


def prove_password(*, username: str, password: str, address: str, at: datetime) -> Account:
    """The account that these two open. It takes as long, and says the same, whether there is such an account or not.

    Raises WaitFirst, WrongPair.
    """
    attempt = guard.begin_attempt(username=username, address=address, at=at)
    account = authenticate(username=username, password=password)
    if not isinstance(account, Account):
        guard.note_failure(attempt, at=at)
        raise WrongPair
    guard.give_back(attempt, at=at)
    return account


def prove_code(*, account: Account, code: str, address: str, at: datetime) -> Way:
    """After the password: six digits of the app, or a recovery code. Raises WaitFirst, CodeWrong."""
    attempt = guard.begin_attempt(username=account.username, address=address, at=at)
    digits = "".join(letter for letter in code if not letter.isspace())
    if digits.isdecimal() and len(digits) == 6:
        way, good = Way.CODE, factors.take_code(account_id=account.pk, code=digits, at=at)
    else:
        way, good = Way.RECOVERY, factors.take_recovery_code(account_id=account.pk, code=code, at=at)
    if not good:
        guard.note_failure(attempt, at=at)
        raise CodeWrong
    guard.forgive(attempt, at=at)
    return way


def prove_passkey(
    *, response: object, state: dict[str, Any], site: Site, address: str, at: datetime, expected: int | None = None
) -> Account:
    """The account whose passkey answered; `expected`: the account it has to be, after its password.

    There is nothing to guess in a passkey, so a locked account can still be entered with one; the address counts.
    Raises WaitFirst, PasskeyRefused.
    """
    attempt = guard.begin_attempt(username="", address=address, at=at)
    try:
        account_id = passkeys.read_account_id(response)
        if expected is not None and account_id != expected:
            raise PasskeyRefused
        account = Account.objects.filter(pk=account_id, is_active=True).first()
        if account is None:
            raise PasskeyRefused
        factors.take_passkey(account_id=account_id, response=response, state=state, site=site, at=at)
    except PasskeyRefused:
        guard.note_failure(attempt, at=at)
        raise
    guard.forgive(guard.Attempt(account.username, attempt.network, ()), at=at)
    return account


def change_password(*, old: str, new: str, address: str, keep: str, actor: Actor, at: datetime) -> Account:
    """Change the actor's own password, who knows the old one; all sessions but the one with the key `keep` end.

    Raises WaitFirst, WrongPair, PasswordWeak.
    """
    named = Account.objects.get(pk=actor.account_id)
    account = prove_password(username=named.username, password=old, address=address, at=at)
    with db.atomic():
        duty.choose_password(account_id=account.pk, password=new)
        sessions.end_sessions_of(account_id=account.pk, at=at, keep=keep)
        journal.record(actor=actor, at=at, verb="accounts.change_password", subject=f"account:{account.pk}")
        account.refresh_from_db()
    return account


def find_factor_deadline(*, actor: Actor, at: datetime) -> datetime | None:
    """Until when the actor may go on without a second factor; None where there is one, or none is asked for."""
    graces: list[timedelta] = [SECOND_FACTOR[Role(g.role)] for g in actor.grants if Role(g.role) in SECOND_FACTOR]
    if not graces or queries.get_factors(account_id=actor.account_id).any:
        return None
    return factors.note_told(account_id=actor.account_id, at=at) + min(graces)


def record_sign_in(*, way: Way, username: str, actor: Actor, at: datetime) -> None:
    """Somebody is in: failures before that are forgotten."""
    guard.forget(username=username, at=at)
    journal.record(actor=actor, at=at, verb="accounts.sign_in", subject=f"account:{actor.account_id}", way=way.value)
