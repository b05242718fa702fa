"""Batches as they come over the wire: read one command at a time, so that a bad one does not lose the others."""

from __future__ import annotations

import binascii
import zlib
from binascii import a2b_base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem
from linli.core.field import Command, CommandColumns, CommandWrong, read_moment
from linli.core.ids import are_plain
from linli.field.errors import BatchTooLarge, BoxUnreadable, EncodingUnknown, NotJson
from linli.field.keys import Opener
from linli.field.policies import find_earliest, settle_time
from linli.field.terms import LARGEST_BATCH, MOST_COMMANDS, SessionView

FIELDS = frozenset({"session", "device_now", "key", "sealed", "commands"})
LARGEST_SEQ = 2**53
LONG_AGO = datetime(1, 1, 3, tzinfo=UTC)  # no bound
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_MS = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
GZIP = 31  # for zlib: with its head and its sum, and nothing else
INSIDE = ("kind", "at", "payload", "offset_ms", "pack_at")
"""What a box holds: a list of all of these, or an object of them."""
_outside = itemgetter("id", "device_seq", "nonce", "box")


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


def expand(body: bytes, encoding: str) -> bytes:
    """What was sent, of a body that came with this Content-Encoding. No more of it is made than may be read.

    Raises EncodingUnknown, NotJson, BatchTooLarge.
    """
    word = encoding.strip().lower()
    if word in ("", "identity"):
        return body
    if word not in ("gzip", "x-gzip"):
        raise EncodingUnknown(encoding=encoding[:60])
    stream = zlib.decompressobj(GZIP)
    try:
        found = stream.decompress(body, LARGEST_BATCH + 1)
    except zlib.error:
        raise NotJson from None
    if len(found) > LARGEST_BATCH:
        raise BatchTooLarge(bytes=LARGEST_BATCH, commands=MOST_COMMANDS)
    if not stream.eof or stream.unused_data:  # cut, or something behind it
        raise NotJson
    return found


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


def _read_time(value: Any) -> datetime | None:
    """A command's own moment: whole milliseconds since 1970, or a text with an offset; None for anything else."""
    if type(value) is int:
        return EPOCH + timedelta(0, 0, 0, value) if 0 <= value < LATEST_MS else None
    return read_moment(value)


def _read_times(values: tuple[Any, ...]) -> list[datetime]:
    """The same side by side, where all are of one form. Raises TypeError, ValueError."""
    if set(map(type, values)) != {int}:
        return [datetime.fromisoformat(value) for value in values]
    if not 0 <= min(values) <= max(values) < LATEST_MS:
        raise ValueError
    return [EPOCH + timedelta(0, 0, 0, value) for value in values]


def _rows(contents: list[Any]) -> list[Any]:
    """What boxes hold, in the order of INSIDE. Raises LookupError, TypeError, AttributeError."""
    if set(map(type, contents)) == {list}:
        return contents
    return [(one["kind"], one["at"], one["payload"], one.get("offset_ms"), one.get("pack_at")) for one in contents]


@dataclass(frozen=True)
class Reader:
    """Reads the commands of one batch. `view`: the session that sealed them; None in the clear without one."""

    batch: Batch
    view: SessionView | None
    received: datetime
    _earliest_by_pack: dict[int | str | None, datetime] = field(default_factory=dict)

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
            contents = list(map(orjson.loads, opener.open_all(found)))
            kinds, times, payloads, offsets, packs = zip(*_rows(contents), strict=True)
            if len(set(kinds)) > 1 or set(map(type, payloads)) != {dict}:
                return None
            columns = self._time(_read_times(times), offsets, packs)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            return None
        return (kinds[0], CommandColumns(ids, *columns, payloads)) if columns is not None else None

    def _time(
        self, device_ats: list[datetime], told: tuple[Any, ...], packs: tuple[Any, ...]
    ) -> tuple[list[datetime], list[datetime]] | None:
        """When they were done, and what the phone said where it was something else. None when one is out of time, by
        what is told of its own pack and clock."""
        if not set(map(type, told)) <= {int, NoneType} or not set(map(type, packs)) <= {int, str, NoneType}:
            return None  # 1, 1.0 and true are one and the same in a set
        earliest = max(map(self._earliest, set(packs)))
        offsets = set(map(self._offset, set(told)))
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
            if isinstance(content, list):
                content = dict(zip(INSIDE, content, strict=True))
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
        device_at, payload, kind = _read_time(content.get("at")), content.get("payload"), content.get("kind")
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
        if type(told) not in (int, str):
            told = None
        if told not in self._earliest_by_pack:
            began = self.view.started_at if self.view is not None else None
            found = find_earliest(_read_time(told), began=began, received=self.received)
            self._earliest_by_pack[told] = found or LONG_AGO
        return self._earliest_by_pack[told]

    def _offset(self, told: Any) -> timedelta:
        """By how much the phone's clock is behind: as told with the command, else as seen now, else at signing in."""
        if type(told) is int and abs(told) < LARGEST_SEQ:
            return timedelta(milliseconds=told)
        if self.batch.device_now is not None:
            return self.received - self.batch.device_now
        return timedelta(milliseconds=self.view.offset_ms if self.view is not None else 0)
