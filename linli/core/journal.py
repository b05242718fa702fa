"""The journal: every write of every service leaves one entry.

An entry says who, under which appointment, did what (verb), at which place or door (key), to which subject. Personal
values
never enter it: only keyed digests do (`digest`), so that an auditor who holds a value can find it, and nobody else.
Entries can be added and read by the web role, not changed or deleted. For marks the fact is the entry.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from django.conf import settings

from linli.core import db
from linli.core.access import Actor


def digest(value: str) -> str:
    """A keyed digest of a personal value: the same value gives the same digest, and nothing else of it can be read."""
    return hmac.new(settings.LINLI_JOURNAL_KEY, value.encode(), hashlib.sha256).hexdigest()[:32]


def record(
    *,
    actor: Actor,
    at: datetime,
    verb: str,
    key: int = 0,
    permission: str | None = None,
    subject: str = "",
    **detail: Any,
) -> None:
    """Append one entry. `verb` is `room.verb_noun`; `key` a door key or a place's first key, 0 for the jurisdiction;
    `subject` such as `household:12`; `detail` must be free of personal values."""
    appointment = actor.appointment_for(permission, key or None) if permission else None
    db.execute(
        "INSERT INTO journal_entry (at, account_id, account_name, appointment_id, origin, verb, key, subject, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
        [
            at,
            actor.account_id,
            actor.name,
            appointment,
            actor.origin,
            verb,
            key,
            subject,
            json.dumps(detail, ensure_ascii=False, default=str),
        ],
    )


def list_entries(
    *,
    actor: Actor,
    limit: int = 50,
    before_id: int | None = None,
    verb: str = "",
    account: str = "",
    since: datetime | None = None,
) -> list[dict[str, Any]]:
    """The newest entries that the actor may see, newest first; `before_id` pages on."""
    held = actor.extent_for("journal.view")
    entries = db.dicts(
        """
        SELECT id, at, account_id, account_name, appointment_id, origin, verb, key, subject, detail
        FROM journal_entry
        WHERE key <@ %(extent)s::int8multirange
          AND (%(before)s::bigint IS NULL OR id < %(before)s)
          AND (%(verb)s = '' OR verb = %(verb)s OR split_part(verb, '.', 1) = %(verb)s)
          AND (%(account)s = '' OR account_name = %(account)s)
          AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"extent": str(held), "before": before_id, "verb": verb, "account": account, "since": since, "limit": limit},
    )
    for entry in entries:  # a plain cursor gives jsonb as text
        entry["detail"] = json.loads(entry["detail"])
    return entries
