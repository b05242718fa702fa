"""What duty tells the rooms above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from linli.core.extents import Extent


@dataclass(frozen=True)
class PostHandedOver:
    """A post went from one account to another at `at`, in this very transaction.

    Whatever is open and waits for `from_account` because of this post, on doors of `extent`, now waits for
    `to_account`: a room that holds such work moves it in its handler.
    """

    role: str
    place_id: int
    seat: int
    extent: Extent
    from_account: int
    to_account: int
    from_appointment: int
    to_appointment: int
    at: datetime


@dataclass(frozen=True)
class AccountClosed:
    """An account was closed: nobody signs in with it any more."""

    account_id: int
    at: datetime


@dataclass(frozen=True)
class PasswordSet:
    """Somebody who answers for an account gave it a new password."""

    account_id: int
    at: datetime
