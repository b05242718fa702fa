"""The lock-out. An attempt is counted before the password is looked at, and given back when it was right: however many
come at once, no more than the free ones are checked.

The counts are kept by keyed digests of what was typed: an account that does not exist is locked like one that does, and
a password typed into the wrong field stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from linli.accounts import policies
from linli.accounts.errors import WaitFirst
from linli.accounts.terms import FORGOTTEN_AFTER, FREE_AT_ADDRESS, FREE_ATTEMPTS
from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.core.models import Account
from linli.duty import services as duty

GATE = Actor(0, "system", origin="web", is_system=True)  # nobody is signed in yet


@dataclass(frozen=True)
class Attempt:
    """`locked`: what has to wait if this attempt was wrong: ("account" or "address", until, failures)."""

    username: str
    network: str
    locked: tuple[tuple[str, datetime, int], ...]


def begin_attempt(*, username: str, address: str, at: datetime) -> Attempt:
    """Count an attempt at `username` ("" for none) from `address`. Raises WaitFirst while either is locked."""
    network = policies.read_network(address)
    subjects = _subjects(username, network)
    locked: list[tuple[str, datetime, int]] = []
    with db.atomic():
        held = _hold(sorted(subjects), at)
        waits = [until for _subject, _failures, _last, until in held if until is not None and until > at]
        if waits:
            raise WaitFirst(until=f"{timezone.localtime(max(waits)):%H:%M:%S}", seconds=_seconds(max(waits), at))
        for subject, failures, last_at, _until in held:
            kind, free = subjects[bytes(subject)]
            failures = failures + 1 if last_at > at - FORGOTTEN_AFTER else 1
            wait = policies.wait_after(failures, free)
            until = at + wait if wait is not None else None
            db.execute(
                "UPDATE sign_in_guard SET failures = %s, last_at = %s, locked_until = %s WHERE subject = %s",
                [failures, at, until, subject],
            )
            if until is not None:
                locked.append((kind, until, failures))
    return Attempt(username, network, tuple(locked))


def give_back(attempt: Attempt, *, at: datetime) -> None:
    """The attempt was right, as far as it went: it does not count."""
    with db.atomic():
        for subject, failures, _last, _until in _hold(sorted(_subjects(attempt.username, attempt.network)), at):
            db.execute(
                "UPDATE sign_in_guard SET failures = %s, locked_until = NULL WHERE subject = %s",
                [max(failures - 1, 0), subject],
            )


def forgive(attempt: Attempt, *, at: datetime) -> None:
    """Somebody has signed in: this attempt does not count, and their account's failures are forgotten."""
    give_back(attempt, at=at)
    forget(username=attempt.username, at=at)


def forget(*, username: str, at: datetime) -> None:
    """No failure of this account name counts any more, and none of anybody's that is old."""
    db.execute("DELETE FROM sign_in_guard WHERE subject = ANY (%s)", [[*_subjects(username, "")]])
    db.execute("DELETE FROM sign_in_guard WHERE last_at < %s", [at - FORGOTTEN_AFTER])


def note_failure(attempt: Attempt, *, at: datetime) -> None:
    """The attempt was wrong. A lock that it set is journalled: whose, from where, until when."""
    for kind, until, failures in attempt.locked:
        account_id = Account.objects.filter(username=attempt.username).values_list("pk", flat=True).first()
        journal.record(
            actor=GATE,
            at=at,
            verb="accounts.lock_out",
            subject=f"account:{account_id}" if account_id else "",
            what=kind,
            failures=failures,
            until=until,
            name_digest=journal.digest(attempt.username),
            address_digest=journal.digest(attempt.network),
        )


def unlock_account(*, account_id: int, actor: Actor, at: datetime) -> None:
    """Forget an account's failures. Raises Forbidden, AccountNotFound, AccountBeyondAuthority."""
    with db.atomic():
        username = duty.require_over(account_id=account_id, actor=actor, at=at)
        forget(username=username, at=at)
        journal.record(
            actor=actor, at=at, verb="accounts.unlock_account", permission="accounts.make",
            key=journal.first_key(actor, "accounts.make"), subject=f"account:{account_id}", username=username,
        )  # fmt: skip


def unlock_address(*, address: str, actor: Actor, at: datetime) -> None:
    """Forget the failures of an address; behind it may sit a whole office. Raises Forbidden."""
    actor.require("accounts.make")
    network = policies.read_network(address)
    with db.atomic():
        db.execute("DELETE FROM sign_in_guard WHERE subject = ANY (%s)", [[*_subjects("", network)]])
        journal.record(
            actor=actor, at=at, verb="accounts.unlock_address", permission="accounts.make",
            key=journal.first_key(actor, "accounts.make"), address_digest=journal.digest(network),
        )  # fmt: skip


def find_lock(*, username: str, at: datetime) -> datetime | None:
    """Until when an account name is locked; None when it is not."""
    found = db.rows("SELECT locked_until FROM sign_in_guard WHERE subject = ANY (%s)", [[*_subjects(username, "")]])
    until: datetime | None = found[0][0] if found else None
    return until if until is not None and until > at else None


def _subjects(username: str, network: str) -> dict[bytes, tuple[str, int]]:
    """What is counted, by digest: (kind, free attempts)."""
    found: dict[bytes, tuple[str, int]] = {}
    for kind, value, free in (("account", username, FREE_ATTEMPTS), ("address", network, FREE_AT_ADDRESS)):
        subject = crypto.lookup_hash(f"{kind}:{value}") if value else None
        if subject is not None:
            found[subject] = kind, free
    return found


def _hold(subjects: list[bytes], at: datetime) -> list[tuple[bytes, int, datetime, datetime | None]]:
    """The rows of the subjects, made where missing and locked, in one order for all."""
    db.execute(
        "INSERT INTO sign_in_guard (subject, failures, last_at) SELECT s, 0, %s FROM unnest(%s::bytea[]) s ORDER BY s"
        " ON CONFLICT DO NOTHING",
        [at, subjects],
    )
    sql = """SELECT subject, failures, last_at, locked_until FROM sign_in_guard
        WHERE subject = ANY (%s) ORDER BY subject FOR UPDATE"""
    return [(bytes(row[0]), row[1], row[2], row[3]) for row in db.rows(sql, [subjects])]


def _seconds(until: datetime, at: datetime) -> int:
    return int((until - at).total_seconds()) + 1
