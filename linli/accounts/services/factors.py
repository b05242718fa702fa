"""The second factor: authenticator app, passkeys, recovery codes. Each change is journalled; no secret ever is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyotp

from linli.accounts import passkeys, policies, queries
from linli.accounts.errors import (
    AppNotStarted,
    CodeWrong,
    NoFactor,
    PasskeyNotFound,
    PasskeyTaken,
    TooManyPasskeys,
)
from linli.accounts.models import Passkey, RecoveryCode, SecondFactor
from linli.accounts.passkeys import Site
from linli.accounts.rows import rows_of
from linli.accounts.services.sessions import require_in_person
from linli.accounts.terms import MOST_PASSKEYS, RECOVERY_CODES, NewApp
from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.duty import services as duty

ISSUER = "Linli 邻里"


# --- authenticator app -----------------------------------------------------------------------------------------------


def start_app(*, actor: Actor, at: datetime) -> None:
    """Make up the key of an authenticator app; it counts once a code of it was given. Raises Forbidden, AppNotStarted
    (there is one already)."""
    require_in_person(actor)
    with rows_of(actor.account_id):
        row, _made = SecondFactor.objects.select_for_update().get_or_create(account_id=actor.account_id)
        if row.confirmed_at is not None:
            raise AppNotStarted
        row.secret, row.last_step = crypto.seal(pyotp.random_base32()), 0
        row.save(update_fields=["secret", "last_step"])


def get_new_app(*, actor: Actor, username: str) -> NewApp:
    """The app that is being set up. Raises AppNotStarted."""
    with rows_of(actor.account_id):
        row = SecondFactor.objects.filter(account_id=actor.account_id, confirmed_at=None).exclude(secret=b"").first()
    if row is None:
        raise AppNotStarted
    secret = crypto.unseal(bytes(row.secret))
    return NewApp(secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))


def confirm_app(*, code: str, actor: Actor, at: datetime) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns new recovery codes; none if some are left.

    Raises Forbidden, AppNotStarted, CodeWrong.
    """
    require_in_person(actor)
    with rows_of(actor.account_id):
        row = SecondFactor.objects.select_for_update().filter(account_id=actor.account_id, confirmed_at=None).first()
        if row is None or not row.secret:
            raise AppNotStarted
        step = policies.find_step(crypto.unseal(bytes(row.secret)), code, at)
        if step is None:
            raise CodeWrong
        row.confirmed_at, row.last_step = at, step
        row.save(update_fields=["confirmed_at", "last_step"])
        _record(actor, at, "set_up_app")
        return _give_codes(actor.account_id)


def remove_app(*, actor: Actor, at: datetime) -> None:
    """Raises Forbidden, AppNotStarted."""
    require_in_person(actor)
    with rows_of(actor.account_id):
        changed = SecondFactor.objects.filter(account_id=actor.account_id).exclude(confirmed_at=None)
        if not changed.update(secret=b"", confirmed_at=None, last_step=0):
            raise AppNotStarted
        _record(actor, at, "remove_app")
        _drop_codes_of_nothing(actor.account_id)


def take_code(*, account_id: int, code: str, at: datetime) -> bool:
    """Whether the app's code is right and newer than the last one taken; it is then used up."""
    with rows_of(account_id):
        row = SecondFactor.objects.select_for_update().filter(account_id=account_id).first()
        if row is None or row.confirmed_at is None:
            return False
        step = policies.find_step(crypto.unseal(bytes(row.secret)), code, at)
        if step is None or step <= row.last_step:
            return False
        row.last_step = step
        row.save(update_fields=["last_step"])
    return True


# --- recovery codes --------------------------------------------------------------------------------------------------


def renew_codes(*, actor: Actor, at: datetime) -> list[str]:
    """Ten new recovery codes, returned once; the old ones end. Raises Forbidden, NoFactor."""
    require_in_person(actor)
    with rows_of(actor.account_id):
        if not queries.get_factors(account_id=actor.account_id).any:
            raise NoFactor
        RecoveryCode.objects.filter(account_id=actor.account_id).delete()
        _record(actor, at, "renew_codes")
        return _give_codes(actor.account_id)


def take_recovery_code(*, account_id: int, code: str, at: datetime) -> bool:
    """Whether it is one of the account's codes and not yet used; it is then used up."""
    with rows_of(account_id):
        wanted = RecoveryCode.objects.filter(account_id=account_id, digest=_digest(code), used_at=None)
        return wanted.update(used_at=at) == 1


def _give_codes(account_id: int) -> list[str]:
    if RecoveryCode.objects.filter(account_id=account_id, used_at=None).exists():
        return []
    RecoveryCode.objects.filter(account_id=account_id).delete()
    codes = [policies.make_recovery_code() for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(account_id=account_id, digest=_digest(code)) for code in codes)
    return codes


def _digest(code: str) -> bytes:
    return crypto.lookup_hash(f"recovery:{policies.read_recovery_code(code)}") or b""


def _drop_codes_of_nothing(account_id: int) -> None:
    """Without a second factor nothing asks for recovery codes: they would only lie around."""
    if not queries.get_factors(account_id=account_id).any:
        RecoveryCode.objects.filter(account_id=account_id).delete()


# --- passkeys --------------------------------------------------------------------------------------------------------


def begin_passkey(*, username: str, site: Site, actor: Actor) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser needs to make a passkey, and what is kept to check it. Raises Forbidden, TooManyPasskeys,
    PasskeyAddressWrong."""
    require_in_person(actor)
    with rows_of(actor.account_id):
        held = [bytes(key) for key in _passkeys_of(actor.account_id).values_list("public_key", flat=True)]
    if len(held) >= MOST_PASSKEYS:
        raise TooManyPasskeys(limit=MOST_PASSKEYS)
    return passkeys.begin_registration(site, actor.account_id, username, actor.name, held)


def add_passkey(
    *, name: str, response: object, state: dict[str, Any], site: Site, actor: Actor, at: datetime
) -> list[str]:
    """Keep a passkey that the browser made. Returns new recovery codes; none if some are left.

    Raises Forbidden, PasskeyNameWrong, PasskeyRefused, PasskeyTaken.
    """
    require_in_person(actor)
    name = policies.check_passkey_name(name)
    made = passkeys.finish_registration(site, response, state)
    with rows_of(actor.account_id):
        # Others' passkeys are out of sight here: the constraint on the id knows of them.
        if _passkeys_of(actor.account_id).filter(credential_id=made.credential_id).exists():
            raise PasskeyTaken
        row = Passkey.objects.create(
            account_id=actor.account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=at,
        )
        _record(actor, at, "add_passkey", passkey=row.pk, name=name)
        return _give_codes(actor.account_id)


def remove_passkey(*, passkey_id: int, actor: Actor, at: datetime) -> None:
    """Raises Forbidden, PasskeyNotFound."""
    require_in_person(actor)
    with rows_of(actor.account_id):
        count, _what = _passkeys_of(actor.account_id).filter(pk=passkey_id).delete()
        if not count:
            raise PasskeyNotFound
        _record(actor, at, "remove_passkey", passkey=passkey_id)
        _drop_codes_of_nothing(actor.account_id)


def take_passkey(*, account_id: int, response: object, state: dict[str, Any], site: Site, at: datetime) -> None:
    """The browser answered with a passkey of this account. Raises PasskeyRefused."""
    with rows_of(account_id):
        held = {bytes(row.credential_id): row for row in _passkeys_of(account_id).select_for_update().order_by("pk")}
        keys = {credential: (bytes(row.public_key), row.sign_count) for credential, row in held.items()}
        credential_id, sign_count = passkeys.finish_sign_in(site, response, state, keys)
        row = held[credential_id]
        row.sign_count, row.used_at = sign_count, at
        row.save(update_fields=["sign_count", "used_at"])


def _passkeys_of(account_id: int) -> Any:
    return Passkey.objects.filter(account_id=account_id)


# --- administration --------------------------------------------------------------------------------------------------


def reset_factors(*, account_id: int, actor: Actor, at: datetime) -> None:
    """Somebody lost their phone: take away app, passkeys and codes of an account that the actor answers for.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority.
    """
    require_in_person(actor)
    with db.atomic():
        username = duty.require_over(account_id=account_id, actor=actor, at=at)
        drop_factors(account_id=account_id)
        journal.record(
            actor=actor, at=at, verb="accounts.reset_factors", permission="accounts.make",
            key=journal.first_key(actor, "accounts.make"), subject=f"account:{account_id}", username=username,
        )  # fmt: skip


def drop_factors(*, account_id: int) -> None:
    """Take them away without asking who wants it: for services that have asked."""
    with rows_of(account_id):
        SecondFactor.objects.filter(account_id=account_id).update(secret=b"", confirmed_at=None, last_step=0)
        RecoveryCode.objects.filter(account_id=account_id).delete()
        _passkeys_of(account_id).delete()


def note_told(*, account_id: int, at: datetime) -> datetime:
    """Since when the account has known that it needs a second factor: since `at`, if it did not before."""
    with rows_of(account_id):
        row, _made = SecondFactor.objects.select_for_update().get_or_create(account_id=account_id)
        if row.told_at is None:
            row.told_at = at
            row.save(update_fields=["told_at"])
        return row.told_at


def _record(actor: Actor, at: datetime, what: str, **detail: Any) -> None:
    journal.record(actor=actor, at=at, verb=f"accounts.{what}", subject=f"account:{actor.account_id}", **detail)
