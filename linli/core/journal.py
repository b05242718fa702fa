"""The journal: every write of every service leaves one entry.

An entry says who, under which appointment, did what (verb), at which place or door (key), to which subject. Personal
values never enter it: only keyed digests do (`digest`), so that an auditor who holds a value can find it, and nobody
else. Entries can be added and read by the web role, not changed or deleted. For marks the fact is the entry.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent


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


def first_key(actor: Actor, permission: str) -> int:
    """Where a write that belongs to no one place is seen in the journal: where its author answers for something."""
    spans = actor.extent_for(permission).spans
    return spans[0].lo if spans else 0


@dataclass(frozen=True)
class Wanted:
    """A filter of entries. Empty: everything. `verbs`: any of them; `subject` as it is written, such as `person:12`;
    `since` and `until`: a half-open period; `inside`: keys of doors and places."""

    account: str = ""
    verbs: Sequence[str] = ()
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    inside: Extent | None = None


SPANS_INLINE = 50  # beyond, comparisons written out take longer to plan than they save
COLUMNS = "id, at, account_id, account_name, appointment_id, origin, verb, key, subject, detail"


def list_entries(
    *, actor: Actor, limit: int = 50, before_id: int | None = None, wanted: Wanted | None = None
) -> list[dict[str, Any]]:
    """The newest entries that the actor may see, newest first; `before_id` pages on."""
    clauses, params = _narrow(actor.extent_for("journal.view"), wanted or Wanted())
    if before_id is not None:
        clauses, params = [*clauses, "id < %s"], [*params, before_id]
    entries = db.dicts(
        f"SELECT {COLUMNS} FROM journal_entry WHERE {' AND '.join(clauses)} ORDER BY id DESC LIMIT %s", [*params, limit]
    )
    for entry in entries:  # a plain cursor gives jsonb as text
        entry["detail"] = json.loads(entry["detail"])
    return entries


def _narrow(held: Extent, wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Only what is asked for is said: each condition that stands there alone finds its index."""
    reach = held if wanted.inside is None else held & wanted.inside
    clauses, params = [_keys_inside(reach)], list[Any]()
    for clause, value in (
        ("account_name = %s", wanted.account),
        ("verb = ANY(%s)", list(wanted.verbs)),
        ("subject = %s AND subject <> ''", wanted.subject),
        ("at >= %s", wanted.since),
        ("at < %s", wanted.until),
    ):
        if value:
            clauses.append(clause)
            params.append(value)
    return clauses, params


def _keys_inside(reach: Extent) -> str:
    """Comparisons with constants, which the planner can weigh; a multirange where there are too many of them."""
    if not reach.spans:
        return "false"
    if len(reach.spans) > SPANS_INLINE:
        return f"key <@ '{reach}'::int8multirange"
    return "(" + " OR ".join(f"key >= {span.lo} AND key < {span.hi}" for span in reach.spans) + ")"
