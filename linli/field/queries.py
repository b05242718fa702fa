"""Reads of phones' sessions, keys and receipts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from linli.accounts import services as accounts
from linli.core import db
from linli.core.access import Actor
from linli.core.field import list_commands
from linli.core.hot import HotStatement, Text, micros, read_moment, read_number, read_text
from linli.duty.authority import digest_token
from linli.duty.history import HELD_COLUMNS, History, find_history, held_sql, read_history
from linli.field.errors import NoPhone, SessionUnknown, SignedOut
from linli.field.models import FieldKey
from linli.field.terms import GRACE, SCOPES, SEEN_EVERY, PhoneActor, PublicKey, SessionView

_COLUMNS = "f.id, f.account_id, c.name, f.session_key, f.started_at, f.seen_at, f.offset_ms, f.key_sealed"
_BY_TOKEN = HotStatement(
    "linli_phone",
    f"""SELECT f.id, f.account_id, c.name, f.session_key, {micros("f.started_at")}, {micros("f.seen_at")}, f.offset_ms,
        f.key_sealed, h.*
    FROM field_session f JOIN account c ON c.id = f.account_id
    JOIN django_session d ON d.session_key = f.session_key AND d.expire_date > $2::timestamptz
    LEFT JOIN LATERAL ({held_sql("f.account_id", "$2::timestamptz", "$3::timestamptz")}) AS h ON true
    WHERE f.digest = $1::bytea AND c.is_active""",
)
_SEEN = HotStatement(
    "linli_phone_seen",
    f"""WITH seen AS (
        UPDATE field_session SET seen_at = $2::timestamptz WHERE id = $1::uuid AND seen_at < $2::timestamptz
        RETURNING account_id, session_key
    ) SELECT {accounts.touch_session_sql("account_id", "session_key", "$2::timestamptz")} FROM seen""",
)
_BY_ID = f"SELECT {_COLUMNS} FROM field_session f JOIN account c ON c.id = f.account_id WHERE f.id = %s"


def authenticate_phone(raw: str, at: datetime) -> PhoneActor:
    """Who a phone's token stands for, with the authority held at `at`, in one round trip. Raises SignedOut."""
    since = at - GRACE
    digest = b"\\x" + digest_token(raw).hex().encode()
    rows = _BY_TOKEN.rows([digest, at.isoformat().encode(), since.isoformat().encode()])
    if not rows:
        raise SignedOut
    view = _read_view(rows[0][:-HELD_COLUMNS])
    if at - view.seen_at > SEEN_EVERY:
        _note_seen(view, at)
    held = [row[-HELD_COLUMNS:] for row in rows]
    return _phone_actor(view, read_history([row for row in held if row[0] is not None], since, at), at)


def _read_view(row: tuple[Text, ...]) -> SessionView:
    id, account, name, session_key, began, seen, offset_ms, key = row
    return SessionView(
        UUID(read_text(id)), read_number(account), read_text(name), read_text(session_key), read_moment(began),
        read_moment(seen), read_number(offset_ms), bytes.fromhex(read_text(key)[2:]),
    )  # fmt: skip


def phone_actor(view: SessionView, at: datetime) -> PhoneActor:
    """The session's account with the authority held at `at`, and of that what a phone may do."""
    return _phone_actor(view, find_history(view.account_id, at=at, window=GRACE), at)


def _phone_actor(view: SessionView, history: History, at: datetime) -> PhoneActor:
    grants = history.grants_at(at)
    return PhoneActor(view.account_id, view.account_name, grants, "field", SCOPES, session=view, history=history)


def _note_seen(view: SessionView, at: datetime) -> None:
    """The session is in use: its owner sees that on their page."""
    _SEEN.rows([str(view.id).encode(), at.isoformat().encode()])


def own_session(actor: Actor) -> SessionView:
    """The phone's session that is calling. Raises NoPhone."""
    if not isinstance(actor, PhoneActor) or actor.session is None:
        raise NoPhone
    return actor.session


def find_caller_session(actor: Actor) -> SessionView | None:
    return actor.session if isinstance(actor, PhoneActor) else None


def get_session(session_id: UUID) -> SessionView:
    """Any session there ever was, ended or not. Raises SessionUnknown."""
    rows = db.rows(_BY_ID, [session_id])
    if not rows:
        raise SessionUnknown
    return SessionView(*rows[0])


def find_session(session_id: UUID, *, digest: bytes) -> SessionView | None:
    """The session whose token has this digest."""
    rows = db.rows(f"{_BY_ID} AND f.digest = %s", [session_id, digest])
    return SessionView(*rows[0]) if rows else None


def get_public_key() -> PublicKey | None:
    """The newest key pair's public half; None before the first phone has signed in."""
    row = FieldKey.objects.order_by("-pk").values_list("pk", "spki").first()
    return PublicKey(str(row[0]), bytes(row[1])) if row else None


def list_keys() -> list[tuple[int, datetime]]:
    """All key pairs, newest first: id, since when."""
    return list(FieldKey.objects.order_by("-pk").values_list("pk", "created_at"))


def find_receipts(ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Of these commands, those that were carried out, with what each was given."""
    found: dict[UUID, Mapping[str, Any]] = {
        row[0]: json.loads(row[1])
        for row in db.rows("SELECT id, given::text FROM field_receipt WHERE id = ANY(%s)", [list(ids)])
    }
    for look in {kind.receipts for kind in list_commands() if kind.receipts is not None}:
        found |= look([one for one in ids if one not in found])
    return found
