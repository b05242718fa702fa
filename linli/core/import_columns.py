"""What senders have said about the columns of their sheets: kept by account, importer and set of titles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from linli.core import db, journal
from linli.core.access import SYSTEM, Actor
from linli.core.sheets import SheetSpec


def find_remembered(*, account_id: int, kind: str) -> dict[str, dict[str, str]]:
    """Signature of a set of titles → column's key → field ("" = not read)."""
    found = db.rows(
        "SELECT signature, chosen FROM import_columns WHERE account_id = %s AND kind = %s", [account_id, kind]
    )
    return {signature: json.loads(chosen) if isinstance(chosen, str) else chosen for signature, chosen in found}


def remember_columns(
    *, kind: str, signature: str, chosen: Mapping[str, str], spec: SheetSpec, actor: Actor, at: datetime
) -> None:
    """Take it for every further sheet of theirs with these titles. Nothing chosen: titles decide again."""
    if actor.account_id == SYSTEM.account_id:
        return  # nobody, so nobody's habits
    if not chosen:
        db.execute(
            "DELETE FROM import_columns WHERE account_id = %s AND kind = %s AND signature = %s",
            [actor.account_id, kind, signature],
        )
    else:
        db.execute(
            "INSERT INTO import_columns (account_id, kind, signature, chosen, saved_at)"
            " VALUES (%s, %s, %s, %s::jsonb, %s) ON CONFLICT (account_id, kind, signature)"
            " DO UPDATE SET chosen = excluded.chosen, saved_at = excluded.saved_at",
            [actor.account_id, kind, signature, json.dumps(dict(chosen), ensure_ascii=False), at],
        )
    named = {one.name for one in spec.fields}
    journal.record(
        actor=actor, at=at, verb="core.choose_columns", subject=kind,
        columns=sum(name in named for name in chosen.values()), left_out=sum(not name for name in chosen.values()),
    )  # fmt: skip
