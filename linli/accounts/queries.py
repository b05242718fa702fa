"""Reads of accounts' ways in."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from linli.accounts import policies
from linli.accounts.models import AccountSession, Invitation, Passkey, RecoveryCode, SecondFactor
from linli.accounts.rows import rows_of
from linli.accounts.terms import Factors, InvitationLine, PasskeyLine, SessionLine, Way
from linli.core import db
from linli.core.access import Actor
from linli.duty import services as duty
from linli.duty.terms import SECOND_FACTOR, Role


def get_factors(*, account_id: int) -> Factors:
    """What stands beside the account's password."""
    with rows_of(account_id):
        return Factors(
            has_app=SecondFactor.objects.filter(account_id=account_id).exclude(confirmed_at=None).exists(),
            passkeys=Passkey.objects.filter(account_id=account_id).count(),
            codes_left=RecoveryCode.objects.filter(account_id=account_id, used_at=None).count(),
        )


def find_reminder(actor: Actor, at: datetime) -> dict[str, object] | None:
    """For the home page: until when a second factor has to be set up; None where there is one, or none is asked for."""
    graces = [SECOND_FACTOR[Role(grant.role)] for grant in actor.grants if Role(grant.role) in SECOND_FACTOR]
    if not graces or get_factors(account_id=actor.account_id).any:
        return None
    with rows_of(actor.account_id):
        told = SecondFactor.objects.filter(account_id=actor.account_id).values_list("told_at", flat=True).first()
    return {"deadline": told + min(graces)} if told else None


def list_passkeys(*, account_id: int) -> list[PasskeyLine]:
    """Oldest first."""
    with rows_of(account_id):
        rows = Passkey.objects.filter(account_id=account_id).order_by("pk")
        return [PasskeyLine(row.pk, row.name, row.created_at, row.used_at) for row in rows]


def list_sessions(*, account_id: int, at: datetime, this_key: str = "") -> list[SessionLine]:
    """The account's open sessions, the one with the key `this_key` first, then the one seen last."""
    sql = """
        SELECT s.id, s.agent, s.device, host(s.address), s.way, s.started_at, s.seen_at, s.session_key = %(this)s
        FROM account_session s JOIN django_session d ON d.session_key = s.session_key AND d.expire_date > %(at)s
        WHERE s.account_id = %(account)s AND s.ended_at IS NULL
        ORDER BY s.session_key = %(this)s DESC, s.seen_at DESC"""
    with rows_of(account_id):
        found = db.rows(sql, {"this": this_key, "at": at, "account": account_id})
    return [SessionLine(row[0], policies.describe_device(row[1], row[2]), row[3] or "", *row[4:]) for row in found]


def find_way(*, account_id: int, session_key: str) -> Way | None:
    """How the account signed in to one of its sessions."""
    with rows_of(account_id):
        found = AccountSession.objects.filter(session_key=session_key).values_list("way", flat=True).first()
    return Way(found) if found else None


def list_invitations(*, actor: Actor, at: datetime) -> list[InvitationLine]:
    """Open invitations that the actor made, newest first. Raises Forbidden."""
    actor.require("accounts.make")
    return _list_open(at, created_by=actor.account_id)


def find_invitation(*, account_id: int, actor: Actor, at: datetime) -> InvitationLine | None:
    """The open invitation to an account that the actor answers for.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority.
    """
    with db.atomic():
        duty.require_over(account_id=account_id, actor=actor, at=at)
        return next(iter(_list_open(at, account_id=account_id)), None)


def _list_open(at: datetime, **wanted: int) -> list[InvitationLine]:
    rows = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=at, **wanted).order_by("-id")
    named = rows.annotate(username=F("account__username"), name=F("account__name"))
    columns = ("id", "account_id", "username", "name", "created_at", "expires_at")
    return [InvitationLine(*row) for row in named.values_list(*columns)]
