"""Batches as they come over the wire: read one command at a time, so that a bad one does not lose the others."""

from __future__ import annotations

import binascii
from binascii import a2b_base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem
from linli.core.field import Command, CommandColumns, CommandWrong, read_moment
from linli.core.ids import are_plain
from linli.field.errors import BatchTooLarge, BoxUnreadable, NotJson
from linli.field.keys import Opener
from linli.field.policies import find_earliest, settle_time
from linli.field.terms import LARGEST_BATCH, MOST_COMMANDS, SessionView

FIELDS = frozenset({"session", "device_now", "key", "sealed", "commands"})
LARGEST_SEQ = 2**53
LONG_AGO = datetime(1, 1, 3, tzinfo=UTC)  # no bound
_outside = itemgetter("id", "device_seq", "nonce", "box")
_inside = itemgetter("kind", "at", "payload")


@dataclass(frozen=True)
class Batch:
    """What a body holds. `key`: (id of the server's key, sealed key of the session), where it came along."""

    session: UUID | None
    key: tuple[str, bytes] | None
    device_now: datetime | None
    is_sealed: bool
    items: list[Any]


class Read(NamedTuple):
    """One item: `id` as it was sent, and the command or what is wrong with it."""

    id: Any
    command: Command | None = None
    problem: Problem | None = None


def read_batch(body: bytes) -> Batch:
    """Raises NotJson, BatchTooLarge."""
    if len(body) > LARGEST_BATCH:
        raise BatchTooLarge(bytes=LARGEST_BATCH, commands=MOST_COMMANDS)
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotJson from None
    if not isinstance(sent, dict) or not sent.keys() <= FIELDS or ("sealed" in sent) == ("commands" in sent):
        raise NotJson
    is_sealed = "sealed" in sent
    items = sent["sealed" if is_sealed else "commands"]
    if not isinstance(items, list):
        raise NotJson
    if len(items) > MOST_COMMANDS:
        raise BatchTooLarge(bytes=LARGEST_BATCH, commands=MOST_COMMANDS)
    return Batch(
        _session(sent.get("session")), _key(sent.get("key")), read_moment(sent.get("device_now")), is_sealed, items
    )


def _session(value: Any) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise NotJson from None


def _key(value: Any) -> tuple[str, bytes] | None:
    if value is None:
        return None
    try:
        return str(value["key_id"]), a2b_base64(value["sealed"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise NotJson from None


@dataclass(frozen=True)
class Reader:
    """Reads the commands of one batch. `view`: the session that sealed them; None in the clear without one."""

    batch: Batch
    view: SessionView | None
    received: datetime
    _earliest_by_pack: dict[str | None, datetime] = field(default_factory=dict)

    def read(self) -> list[Read]:
        if not self.batch.is_sealed or self.view is None:
            return [self._read(item, item) for item in self.batch.items]
        opener = Opener(self.view)
        return [self._open(item, opener) for item in self.batch.items]

    def read_columns(self) -> tuple[str, CommandColumns] | None:
        """The commonest batch, by its kind: sealed commands of one kind, made one after the other, of which none is
        altered, sent twice or out of time. In a third of the time that reading them one by one takes. None: it is
        another, and is to be read so.
        """
        if not self.batch.is_sealed or self.view is None or not self.batch.items:
            return None
        opener = Opener(self.view)
        try:
            found = [_outside(item) for item in self.batch.items]
            ids = [id for id, *_ in found]
            seqs = [seq for _, seq, *_ in found]
            if set(map(type, seqs)) != {int} or not 0 <= min(seqs) <= max(seqs) < LARGEST_SEQ:
                return None
            if not are_plain(ids) or len(set(ids)) < len(ids):
                return None
            contents = [
                orjson.loads(opener.open(id, seq, a2b_base64(nonce), a2b_base64(box)) or b"")
                for id, seq, nonce, box in found
            ]
            kinds, times, payloads = zip(*map(_inside, contents), strict=True)
            if len(set(kinds)) > 1 or set(map(type, payloads)) != {dict}:
                return None
            columns = self._time(contents, [datetime.fromisoformat(time) for time in times])
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            return None
        return (kinds[0], CommandColumns(ids, *columns, payloads)) if columns is not None else None

    def _time(self, contents: list[Any], device_ats: list[datetime]) -> tuple[list[datetime], list[datetime]] | None:
        """When they were done, and what the phone said where it was something else. None when one is out of time, by
        what is told of its own pack and clock."""
        said = {(content.get("pack_at"), content.get("offset_ms")) for content in contents}
        earliest = max(self._earliest(pack_at) for pack_at, _ in said)
        offsets = {self._offset(offset) for _, offset in said}
        if len(offsets) > 1 or any(moment.tzinfo is None for moment in device_ats):
            return None
        offset = offsets.pop()
        ats = [moment + offset for moment in device_ats] if offset else device_ats
        if not earliest <= min(ats) or not max(ats) <= self.received:
            return None
        return ats, device_ats if offset else []

    def _open(self, item: Any, opener: Opener) -> Read:
        """Raises nothing: what cannot be opened says so."""
        id = item.get("id", "") if isinstance(item, dict) else ""
        try:
            inside = opener.open(id, item["device_seq"], a2b_base64(item["nonce"]), a2b_base64(item["box"]))
            content = orjson.loads(inside) if inside is not None else None
        except (KeyError, TypeError, ValueError, binascii.Error):
            content = None
        return Read(id, problem=BoxUnreadable()) if not isinstance(content, dict) else self._read(item, content)

    def _read(self, item: Any, content: Any) -> Read:
        """`item` carries id and number, `content` the rest; in the clear they are the same."""
        id = item.get("id") if isinstance(item, dict) else None
        try:
            return Read(id, self._command(id, item.get("device_seq", 0), content))
        except CommandWrong as problem:
            return Read(id, problem=problem)
        except AttributeError:
            return Read(id, problem=CommandWrong(field="commands", why=_("each is an object")))

    def _command(self, id: Any, seq: Any, content: dict[str, Any]) -> Command:
        try:
            number = UUID(id)
        except (ValueError, TypeError, AttributeError):
            raise CommandWrong(field="id", why=_("is not a UUID")) from None
        if type(seq) is not int or not 0 <= seq < LARGEST_SEQ:
            raise CommandWrong(field="device_seq", why=_("is not a number"))
        device_at, payload, kind = read_moment(content.get("at")), content.get("payload"), content.get("kind")
        if device_at is None:
            raise CommandWrong(field="at", why=_("is not a moment with its offset"))
        if not isinstance(payload, dict):
            raise CommandWrong(field="payload", why=_("is not an object"))
        if not isinstance(kind, str):
            raise CommandWrong(field="kind", why=_("is not a text"))
        earliest = self._earliest(content.get("pack_at"))
        offset = self._offset(content.get("offset_ms"))
        at, is_clamped = settle_time(device_at, offset, seq, earliest=earliest, received=self.received)
        return Command(number, kind, at, device_at, is_clamped, payload)

    def _earliest(self, told: Any) -> datetime:
        """The commands of a batch were mostly made under one and the same pack."""
        if not isinstance(told, str):
            told = None
        if told not in self._earliest_by_pack:
            began = self.view.started_at if self.view is not None else None
            found = find_earliest(read_moment(told), began=began, received=self.received)
            self._earliest_by_pack[told] = found or LONG_AGO
        return self._earliest_by_pack[told]

    def _offset(self, told: Any) -> timedelta:
        """By how much the phone's clock is behind: as told with the command, else as seen now, else at signing in."""
        if type(told) is int and abs(told) < LARGEST_SEQ:
            return timedelta(milliseconds=told)
        if self.batch.device_now is not None:
            return self.received - self.batch.device_now
        return timedelta(milliseconds=self.view.offset_ms if self.view is not None else 0)
