"""Blocks and what ties them together: pure, no database."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""What the first block names as the one before it."""
_PURPOSE = b"linli seals 1"


class NotABlock(ValueError):
    """A line that is not the text of a block."""


@dataclass(frozen=True)
class Content:
    """A stretch of entries: all of `source` with ids `first` to `last`, both included. `digest`: SHA-256 of their
    canonical bytes, which `form` names the columns of."""

    source: str
    form: int
    first: int
    last: int
    count: int
    digest: bytes


@dataclass(frozen=True)
class Block:
    """A sealed stretch. `previous` is the hash of the block before; `mac` authenticates `hash` under the key."""

    number: int
    content: Content
    previous: bytes
    sealed_at: datetime
    hash: bytes
    mac: bytes

    @property
    def expected_hash(self) -> bytes:
        """What `hash` must be by everything else in the block."""
        return _hash(self.number, self.content, self.previous, self.sealed_at)

    def is_authentic(self, key: bytes) -> bool:
        return hmac.compare_digest(self.mac, _mac(key, self.expected_hash))

    def as_line(self) -> str:
        """One line of JSON, as it stands in the file of seals."""
        return json.dumps(
            {**_fields(self.number, self.content, self.previous, self.sealed_at), "hash": self.hash.hex(),
             "mac": self.mac.hex()},
            ensure_ascii=False,
        )  # fmt: skip


def make_block(*, number: int, content: Content, previous: bytes, sealed_at: datetime, key: bytes) -> Block:
    """The block that follows `previous` (a hash), with its own hash and its MAC under `key`."""
    hashed = _hash(number, content, previous, sealed_at)
    return Block(number, content, previous, sealed_at, hashed, _mac(key, hashed))


def read_line(line: str) -> Block:
    """Raises NotABlock."""
    try:
        kept: dict[str, Any] = json.loads(line)
        content = Content(
            str(kept["source"]), int(kept["form"]), int(kept["first"]), int(kept["last"]), int(kept["count"]),
            bytes.fromhex(kept["digest"]),
        )  # fmt: skip
        sealed_at = datetime.fromisoformat(kept["sealed_at"])
        hashes = [bytes.fromhex(kept[name]) for name in ("previous", "hash", "mac")]
        return Block(int(kept["number"]), content, hashes[0], sealed_at, hashes[1], hashes[2])
    except (ValueError, KeyError, TypeError) as error:
        raise NotABlock(str(error)) from error


def _fields(number: int, content: Content, previous: bytes, sealed_at: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "source": content.source,
        "form": content.form,
        "first": content.first,
        "last": content.last,
        "count": content.count,
        "digest": content.digest.hex(),
        "previous": previous.hex(),
        "sealed_at": sealed_at.astimezone(UTC).isoformat(),
    }


def _hash(number: int, content: Content, previous: bytes, sealed_at: datetime) -> bytes:
    text = json.dumps(_fields(number, content, previous, sealed_at), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _mac(key: bytes, hashed: bytes) -> bytes:
    """Under a key of its own, derived from the journal's: the same key never serves two purposes."""
    own = hmac.digest(key, _PURPOSE, hashlib.sha256)
    return hmac.digest(own, hashed, hashlib.sha256)
