"""Personal fields (ID number, phone): encrypted with a key kept outside the database, found again by a keyed hash.

Each value is AES-256-GCM under a named key: one byte of key number, twelve of nonce, the rest ciphertext and tag.
Rotation
adds a key; old values stay readable until they are written again. The hash is an HMAC, so equal values are found
without
being readable, and a guess needs the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


@lru_cache(maxsize=8)
def _cipher(number: int) -> AESGCM:
    return AESGCM(settings.LINLI_DATA_KEYS[number])


@lru_cache(maxsize=8)
def _hasher(key: bytes) -> hmac.HMAC:
    """HMAC after its key: taking a copy is twice as fast as keying again, which a million values notice."""
    return hmac.new(key, digestmod=hashlib.sha256)


def seal(value: str) -> bytes:
    """Encrypt a value under the newest key. The empty string seals to empty bytes: nothing is known."""
    if not value:
        return b""
    number = max(settings.LINLI_DATA_KEYS)
    nonce = os.urandom(NONCE_BYTES)
    return bytes([number]) + nonce + _cipher(number).encrypt(nonce, value.encode(), None)


def unseal(sealed: bytes) -> str:
    """The value again. Raises KeyError when its key is gone, InvalidTag when the bytes were altered."""
    sealed = bytes(sealed)
    if not sealed:
        return ""
    return _cipher(sealed[0]).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], None).decode()


def lookup_hash(value: str) -> bytes | None:
    """The keyed hash (16 bytes) under which a value is found; None for the empty string."""
    if not value:
        return None
    state = _hasher(settings.LINLI_HASH_KEY).copy()
    state.update(value.upper().encode())
    return state.digest()[:16]


def mask(value: str, *, head: int = 3, tail: int = 4) -> str:
    """What a page shows: `150***********1234`. Short values are hidden whole."""
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
