"""Invitations: a link, also as a QR code, by which somebody chooses the password of their account, once.

Whoever invites could as well set the password, and answers for the account like for that.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet

from linli.accounts.errors import DaysWrong, InvitationNotFound, InvitationOver, InvitesSelf
from linli.accounts.models import Invitation
from linli.accounts.services import guard, sessions
from linli.accounts.terms import INVITATION_DAYS, InvitationLine, NewInvitation
from linli.core import db, journal
from linli.core.access import Actor
from linli.core.models import Account
from linli.duty import services as duty

RAW_BYTES = 24


def invite(*, account_id: int, days: int, actor: Actor, at: datetime) -> NewInvitation:
    """Invite the owner of an account to choose its password, within `days` and once; an earlier invitation ends.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority, InvitesSelf, DaysWrong.
    """
    sessions.require_in_person(actor)  # a token must not become a password
    if account_id == actor.account_id:
        raise InvitesSelf
    if days not in INVITATION_DAYS:
        raise DaysWrong(days=" / ".join(str(choice) for choice in INVITATION_DAYS))
    raw = secrets.token_urlsafe(RAW_BYTES)
    with db.atomic():
        duty.require_over(account_id=account_id, actor=actor, at=at)
        account = Account.objects.get(pk=account_id)
        revoke_open(account_id=account_id, at=at)
        made = Invitation.objects.create(
            account=account,
            digest=_digest(raw),
            created_at=at,
            created_by=actor.account_id,
            expires_at=at + timedelta(days=days),
        )
        _record(actor, at, "invite", account, until=made.expires_at)
    return NewInvitation(made.pk, account.pk, account.username, account.name, made.expires_at, raw)


def invite_person(
    *,
    username: str,
    name: str,
    days: int,
    role: str = "",
    place_id: int | None = None,
    actor: Actor,
    at: datetime,
) -> NewInvitation:
    """Make an account that nobody knows a password of, appoint it when a role and a place are given, and invite.

    Raises what `duty.make_account`, `duty.appoint` and `invite` raise; then nothing was made.
    """
    with db.atomic():
        account = duty.make_account(username=username, name=name, actor=actor, at=at)
        if role and place_id is not None:
            duty.appoint(account_id=account.id, role=role, place_id=place_id, actor=actor, at=at)
        return invite(account_id=account.id, days=days, actor=actor, at=at)


def revoke_invitation(*, invitation_id: int, actor: Actor, at: datetime) -> None:
    """Take an invitation back: one's own, or to an account that one answers for.

    Raises Forbidden, InvitationNotFound, AccountBeyondAuthority.
    """
    actor.require("accounts.make")
    with db.atomic():
        found = _open_ones().filter(pk=invitation_id).first()
        if found is None:
            raise InvitationNotFound
        if found.created_by != actor.account_id:
            duty.require_over(account_id=found.account_id, actor=actor, at=at)
        found.revoked_at = at
        found.save(update_fields=["revoked_at"])
        _record(actor, at, "revoke_invitation", found.account)


def get_invitation(*, raw: str, at: datetime) -> InvitationLine:
    """Whom a link invites, while it is valid. Raises InvitationOver."""
    found = _open_ones(locked=False).filter(digest=_digest(raw), expires_at__gt=at, account__is_active=True).first()
    if found is None:
        raise InvitationOver
    return InvitationLine(
        found.pk, found.account_id, found.account.username, found.account.name, found.created_at, found.expires_at
    )


def accept_invitation(*, raw: str, password: str, at: datetime) -> Account:
    """The holder of the link chooses the password: the link is used up, and earlier sessions end.

    Raises InvitationOver, PasswordWeak.
    """
    with db.atomic():
        found = _open_ones().filter(digest=_digest(raw), expires_at__gt=at, account__is_active=True).first()
        if found is None:
            raise InvitationOver
        found.used_at = at
        found.save(update_fields=["used_at"])
        duty.choose_password(account_id=found.account_id, password=password)
        account = Account.objects.get(pk=found.account_id)
        sessions.end_sessions_of(account_id=account.pk, at=at)
        guard.forget(username=account.username, at=at)
        owner = Actor(account.pk, account.name)
        journal.record(
            actor=owner, at=at, verb="accounts.accept_invitation", subject=f"account:{account.pk}",
            invitation=found.pk,
        )  # fmt: skip
    return account


def revoke_open(*, account_id: int, at: datetime) -> None:
    """End the open invitation to an account without asking who wants it: for services that have asked."""
    Invitation.objects.filter(account_id=account_id, used_at=None, revoked_at=None).update(revoked_at=at)


def _open_ones(*, locked: bool = True) -> QuerySet[Invitation]:
    rows = Invitation.objects.select_related("account").filter(used_at=None, revoked_at=None)
    return rows.select_for_update(of=("self",)) if locked else rows


def _digest(raw: str) -> bytes:
    """The link's secret is long and random: a plain digest cannot be guessed back."""
    return hashlib.sha256(raw.encode()).digest()


def _record(actor: Actor, at: datetime, verb: str, account: Account, **detail: object) -> None:
    journal.record(
        actor=actor,
        at=at,
        verb=f"accounts.{verb}",
        key=journal.first_key(actor, "accounts.make"),
        permission="accounts.make",
        subject=f"account:{account.pk}",
        username=account.username,
        **detail,
    )
