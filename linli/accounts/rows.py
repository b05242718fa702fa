"""The road to one account's own rows, which the wall shows to that account alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from linli.core import access, db
from linli.core.access import Actor


@contextmanager
def rows_of(account_id: int) -> Iterator[None]:
    """One transaction in which the rows of this account are within reach, and no resident's.

    Taken by who is signing in, once the account is known, and by an administrator whose authority over the account has
    been checked before.
    """
    try:
        current = access.current_actor()
    except RuntimeError:
        current = None
    if current is not None and current.account_id == account_id:
        with db.atomic():
            yield
        return
    with access.acting(Actor(account_id, "")):
        yield
