"""Personal fields (ID number, phone): encrypted with a key kept outside the database, found again by a keyed hash.

Each value is AES-256-GCM under a named key: one byte of key number, twelve of nonce, the rest ciphertext and tag.
Rotation adds a key; old values stay readable until they are written again. The hash is an HMAC, so equal values are
found without being readable, and a guess needs the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
HASH_BYTES = 16
SHA256_BLOCK = 64


@lru_cache(maxsize=8)
def _cipher(number: int) -> AESGCM:
    return AESGCM(settings.LINLI_DATA_KEYS[number])


@lru_cache(maxsize=8)
def _hashers(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """HMAC-SHA256 after its key: the inner and the outer hash, of which copies are taken. Source: RFC 2104.

    Twice as fast as `hmac.digest`, which keys again for every value; a million values notice.
    """
    block = (hashlib.sha256(key).digest() if len(key) > SHA256_BLOCK else key).ljust(SHA256_BLOCK, b"\0")
    return hashlib.sha256(block.translate(hmac.trans_36)), hashlib.sha256(block.translate(hmac.trans_5C))


def seal(value: str) -> bytes:
    """Encrypt a value under the newest key. The empty string seals to empty bytes: nothing is known."""
    return seal_all([value])[0]


def seal_all(values: Sequence[str]) -> list[bytes]:
    """`seal` for many values: their nonces are drawn at once."""
    number = max(settings.LINLI_DATA_KEYS)
    start, encrypt = bytes([number]), _cipher(number).encrypt
    random = os.urandom(NONCE_BYTES * len(values))
    nonces = (random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES))
    return [
        start + nonce + encrypt(nonce, value.encode(), None) if value else b""
        for nonce, value in zip(nonces, values, strict=True)
    ]


def unseal(sealed: bytes) -> str:
    """The value again. Raises KeyError when its key is gone, InvalidTag when the bytes were altered."""
    sealed = bytes(sealed)
    if not sealed:
        return ""
    return _cipher(sealed[0]).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], None).decode()


def seal_bytes(data: bytes, *, about: bytes) -> bytes:
    """Encrypt a piece of a file under the newest key. `about` says what it is; another piece does not pass for it."""
    number = max(settings.LINLI_DATA_KEYS)
    nonce = os.urandom(NONCE_BYTES)
    return bytes([number]) + nonce + _cipher(number).encrypt(nonce, data, about)


def unseal_bytes(sealed: bytes, *, about: bytes) -> bytes:
    """The piece again. Raises KeyError when its key is gone, InvalidTag when it was altered, cut or is another."""
    if len(sealed) <= NONCE_BYTES:
        raise InvalidTag
    return _cipher(sealed[0]).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], about)


def lookup_hash(value: str) -> bytes | None:
    """The keyed hash (16 bytes) under which a value is found; None for the empty string."""
    return hash_all([value])[0]


def hash_all(values: Sequence[str]) -> list[bytes | None]:
    """`lookup_hash` for many values."""
    inner_keyed, outer_keyed = _hashers(settings.LINLI_HASH_KEY)
    hashes: list[bytes | None] = []
    for value in values:
        if not value:
            hashes.append(None)
            continue
        inner, outer = inner_keyed.copy(), outer_keyed.copy()
        inner.update(value.upper().encode())
        outer.update(inner.digest())
        hashes.append(outer.digest()[:HASH_BYTES])
    return hashes


def mask(value: str, *, head: int = 3, tail: int = 4) -> str:
    """What a page shows: `150***********1234`. Short values are hidden whole."""
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
