"""The people behind appointments: their phone, sealed and shown masked; an account for whoever has none yet."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.models import Account
from linli.core.sheets import CellFault, clean_phone
from linli.duty import policies, services
from linli.duty.authority import find_place_extent
from linli.duty.errors import (
    AccountNotFound,
    AppointmentNotFound,
    PersonUnclear,
    PhoneTaken,
    PhoneUnknown,
    PhoneWrong,
)
from linli.duty.models import Appointment, Staff


def read_phone(text: str) -> str:
    """A phone in one form. Raises PhoneWrong."""
    try:
        found = clean_phone(text)
    except CellFault:
        found = None
    if not found:
        raise PhoneWrong(text=text)
    return found


def list_masked_phones(account_ids: Iterable[int]) -> dict[int, str]:
    """154****0001 of those whose phone is known."""
    found = db.rows("SELECT account_id, phone FROM staff WHERE account_id = ANY(%s)", [list(account_ids)])
    return {account_id: crypto.mask(crypto.unseal(phone)) for account_id, phone in found if phone}


def keep_phone(account: Account, phone: str, at: datetime) -> str:
    """Returns it in one form. Raises PhoneWrong, PhoneTaken. The caller keeps the journal."""
    phone = read_phone(phone)
    digest = crypto.lookup_hash(phone)
    if Staff.objects.filter(phone_hash=digest).exclude(account=account).exists():
        raise PhoneTaken
    sealed = {"phone": crypto.seal(phone), "phone_hash": digest, "changed_at": at}
    Staff.objects.update_or_create(account=account, defaults=sealed)
    return phone


def require_phone_of(*, account_id: int, actor: Actor, at: datetime) -> None:
    """Whose phone one may change: one's own, signed in oneself; else of whom one could appoint to all that they are.

    One phone is one person, so a phone is changed by nobody who could not have given its owner every one of their
    posts. Raises Forbidden, AccountNotFound, AccountBeyondAuthority.
    """
    if account_id == actor.account_id and actor.scopes is None:
        return
    services.require_over(account_id=account_id, permission="duty.appoint", actor=actor, at=at)


def set_phone(*, account_id: int, phone: str, actor: Actor, at: datetime) -> str:
    """The phone on duty of an account; "" takes it away. Returns it masked.

    Raises Forbidden, AccountNotFound, AccountBeyondAuthority, PhoneWrong, PhoneTaken.
    """
    with db.atomic():
        require_phone_of(account_id=account_id, actor=actor, at=at)
        account = Account.objects.get(pk=account_id)
        if phone:
            phone = keep_phone(account, phone, at)
        else:
            Staff.objects.filter(account=account).update(phone=b"", phone_hash=None, changed_at=at)
        journal.record(
            actor=actor, at=at, verb="duty.set_phone", key=journal.first_key(actor, "duty.appoint"),
            permission="duty.appoint" if account_id != actor.account_id else "", subject=f"account:{account_id}",
            phone=journal.digest(phone) if phone else None,
        )  # fmt: skip
    return crypto.mask(phone)


def reveal_phone(*, appointment_id: int, actor: Actor, at: datetime) -> str:
    """The phone of somebody who is appointed, in full: for whoever may call on a door there. It is journalled.

    Raises AppointmentNotFound, Forbidden, PhoneUnknown.
    """
    with db.atomic():
        found = Appointment.objects.filter(pk=appointment_id).first()
        if found is None or (found.until is not None and found.until <= at):
            raise AppointmentNotFound
        common = actor.extent_for("duty.call") & find_place_extent(found.place_id, at)
        if not common:
            raise Forbidden(permission="duty.call")
        sealed = Staff.objects.filter(account_id=found.account_id).values_list("phone", flat=True).first()
        if not sealed:
            raise PhoneUnknown
        journal.record(
            actor=actor, at=at, verb="duty.see_phone", key=common.spans[0].lo, permission="duty.call",
            subject=f"account:{found.account_id}", appointment=found.pk,
        )  # fmt: skip
    return crypto.unseal(bytes(sealed))


def find_or_make_person(*, account: str = "", name: str = "", phone: str = "", actor: Actor, at: datetime) -> int:
    """The account of somebody who is to be appointed: by account name, or by name and phone. Whoever is new gets one,
    which nobody signs in with before it has a password.

    Raises PersonUnclear, AccountNotFound, PhoneWrong, PhoneTaken, NameWrong, Forbidden.
    """
    actor.require("duty.appoint")
    if account:
        found = Account.objects.filter(username=account, is_active=True).first()
        if found is None:
            raise AccountNotFound(name=account)
        return int(found.pk)
    if not name.strip() or not phone.strip():
        raise PersonUnclear
    name, phone = policies.check_name(name), read_phone(phone)
    with db.atomic():
        known = Staff.objects.filter(phone_hash=crypto.lookup_hash(phone)).select_related("account").first()
        if known is not None:
            if known.account.name != name or not known.account.is_active:
                raise PhoneTaken
            return int(known.account_id)
        password = UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)
        made = Account.objects.create(username=f"p{secrets.token_hex(6)}", name=name, password=password, created_at=at)
        keep_phone(made, phone, at)
        journal.record(
            actor=actor, at=at, verb="duty.make_account", permission="duty.appoint",
            key=journal.first_key(actor, "duty.appoint"), subject=f"account:{made.pk}", username=made.username,
        )  # fmt: skip
    return int(made.pk)
