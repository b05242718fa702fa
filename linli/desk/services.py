"""Writes of the desk: what an account chose for itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.models import Account


def set_preferences(*, actor: Actor, at: datetime, language: str | None = None, large_type: bool | None = None) -> None:
    """Keep the chosen language or type size with the account; None leaves it as it is."""
    chosen: dict[str, Any] = {}
    if language is not None:
        chosen["language"] = language
    if large_type is not None:
        chosen["large_type"] = large_type
    with db.atomic():
        Account.objects.filter(pk=actor.account_id).update(**chosen)
        journal.record(actor=actor, at=at, verb="desk.set_preferences", subject=f"account:{actor.account_id}", **chosen)
