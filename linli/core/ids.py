"""Ids made outside the database. UUIDv7 begins with the time, so that indexes on them grow at one end."""

from __future__ import annotations

from uuid import UUID

from uuid6 import uuid7


def new_id() -> UUID:
    return UUID(int=uuid7().int)
