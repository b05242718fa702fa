"""What `linli doctor` says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction


@dataclass(frozen=True)
class Finding:
    """One check: ``state`` is ok, warn or fail; ``mend`` says what to do and is empty when all is well."""

    check: str
    state: str
    detail: str
    mend: str = ""


def ask(query: str, *parameters: Any) -> list[tuple[object, ...]]:
    """Rows, as the owner. A query that is refused leaves the connection fit for the next."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(query, parameters or None)
        return list(cursor.fetchall())
