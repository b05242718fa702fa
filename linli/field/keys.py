"""The server's key pairs, and the keys under which phones seal their work.

A phone seals its session's key to the server once, with RSA-OAEP; each command then costs only AES. RSA, because every
phone's browser has it (WebCrypto); the private half lies in the database, sealed with the data keys of the secrets
file.
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64
from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.field import queries
from linli.field.errors import KeyRegistered, KeyUnknown
from linli.field.models import FieldKey
from linli.field.terms import RSA_BITS, SESSION_KEY_BYTES, PublicKey, SessionView

KEY_LOCK = 775001
NONCE_BYTES = 12
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def ensure_public_key(at: datetime) -> PublicKey:
    """The newest public key; the first one is made by the first phone that signs in."""
    found = queries.get_public_key()
    if found is None:
        with db.atomic():
            db.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_LOCK])
            found = queries.get_public_key() or _make(at)
    return found


def rotate_key(*, actor: Actor, at: datetime) -> PublicKey:
    """A new key pair: phones that sign in from now on seal to it. Earlier ones go on being understood."""
    with db.atomic():
        db.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_LOCK])
        made = _make(at)
        journal.record(actor=actor, at=at, verb="field.rotate_key", subject=f"field_key:{made.id}")
    return made


def _make(at: datetime) -> PublicKey:
    pair = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    spki = pair.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = pair.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = FieldKey.objects.create(spki=spki, private=crypto.seal_bytes(private, about=b"field key"), created_at=at)
    return PublicKey(str(made.pk), spki)


def register_session_key(*, view: SessionView, key_id: str, sealed: bytes) -> SessionView:
    """Keep the key of a session, which a phone sealed to the server's key `key_id`; the same again changes nothing.

    Raises KeyUnknown, KeyRegistered.
    """
    raw = _open(key_id, sealed)
    kept = crypto.seal_bytes(raw, about=view.id.bytes)
    if not db.execute(
        "UPDATE field_session SET key_sealed = %s WHERE id = %s AND key_sealed = ''::bytea", [kept, view.id]
    ):
        there = queries.get_session(view.id)
        if not hmac.compare_digest(crypto.unseal_bytes(there.key_sealed, about=view.id.bytes), raw):
            raise KeyRegistered
        return there
    return queries.get_session(view.id)


def _open(key_id: str, sealed: bytes) -> bytes:
    """The session's key. Raises KeyUnknown."""
    row = FieldKey.objects.filter(pk=int(key_id)).first() if key_id.isascii() and key_id.isdecimal() else None
    if row is None:
        raise KeyUnknown
    private = serialization.load_der_private_key(
        crypto.unseal_bytes(bytes(row.private), about=b"field key"), password=None
    )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise KeyUnknown
    try:
        raw = private.decrypt(sealed, _OAEP)
    except ValueError:
        raise KeyUnknown from None
    if len(raw) != SESSION_KEY_BYTES:
        raise KeyUnknown
    return raw


class Opener:
    """Opens the boxes of one session."""

    def __init__(self, view: SessionView) -> None:
        self._cipher = AESGCM(crypto.unseal_bytes(view.key_sealed, about=view.id.bytes))
        self._session = str(view.id)

    def open_file(self, file: str, sent: bytes) -> bytes | None:
        """What was sent of a file: its nonce, then its box. None when it was altered, or is another file's."""
        try:
            return self._cipher.decrypt(sent[:NONCE_BYTES], sent[NONCE_BYTES:], f"{self._session}|{file}|file".encode())
        except (InvalidTag, ValueError):
            return None

    def open_all(self, boxes: Iterable[tuple[str, int, str, str]]) -> list[bytes]:
        """What is inside of boxes as they are sent: command, number, nonce, box, in base64. Raises ValueError where one
        was altered."""
        decrypt, session = self._cipher.decrypt, self._session
        try:
            return [
                decrypt(a2b_base64(nonce), a2b_base64(box), f"{session}|{command}|{seq}".encode())
                for command, seq, nonce, box in boxes
            ]
        except InvalidTag as error:
            raise ValueError from error

    def open(self, command: str, seq: int, nonce: bytes, box: bytes) -> bytes | None:
        """The JSON inside; None when it was altered, or belongs to another key, session, id or number."""
        try:
            return self._cipher.decrypt(nonce, box, f"{self._session}|{command}|{seq}".encode())
        except (InvalidTag, ValueError):
            return None


def forget_old_keys(*, before: datetime) -> int:
    """Destroy the keys of sessions that were last seen before then; returns how many."""
    with db.owner():
        return db.execute("UPDATE field_session SET key_sealed = '' WHERE seen_at < %s AND key_sealed <> ''", [before])
