"""What happens here when duty changes an account."""

from __future__ import annotations

from linli.accounts.services import factors, invitations, sessions
from linli.duty.events import AccountClosed, PasswordSet


def on_password_set(event: PasswordSet) -> None:
    sessions.end_sessions_of(account_id=event.account_id, at=event.at)
    invitations.revoke_open(account_id=event.account_id, at=event.at)


def on_account_closed(event: AccountClosed) -> None:
    """Nothing opens a closed account, and what could is not kept."""
    sessions.end_sessions_of(account_id=event.account_id, at=event.at)
    invitations.revoke_open(account_id=event.account_id, at=event.at)
    factors.drop_factors(account_id=event.account_id)
