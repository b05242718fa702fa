"""Photos and recordings, as small as they come, and what a phone does with them."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import datetime
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linli.core.access import Actor
from linli.core.field import Piece
from linli.notices import files
from linli.notices.terms import About, FileKind
from tests.builders.phones import Answer, Phone

SOI_JFIF = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
WEBM = b"\x1a\x45\xdf\xa3"


def make_jpeg(size: int = 50_000, *, more: bytes = b"") -> bytes:
    """A JPEG by its segments; nobody looks at the picture. `more`: segments before it."""
    head = SOI_JFIF + more + SCAN
    return head + os.urandom(size - len(head) - 2).replace(b"\xff", b"\x00") + b"\xff\xd9"


def make_voice(size: int = 30_000) -> bytes:
    return WEBM + os.urandom(size - 4)


def announce(phone: Phone, data: bytes, *, kind: str = "photo", **more: Any) -> dict[str, Any]:
    """The command that says what comes; `more`: what it is about, or other values."""
    at, id = more.pop("at", None), more.pop("id", "")
    told = {"kind": kind, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **more}
    return {**phone.command("notices.file", at=at, id=id), "payload": told}  # `kind` is a name of both


def seal_file(phone: Phone, file_id: str, data: bytes) -> bytes:
    """What is sent of it: nonce and box."""
    nonce = os.urandom(12)
    return nonce + AESGCM(phone.key).encrypt(nonce, data, f"{phone.session}|{file_id}|file".encode())


def send_piece(phone: Phone, file_id: str, start: int, data: bytes, **query: str) -> Answer:
    asked = "&".join(f"{name}={value}" for name, value in {"start": start, **query}.items())
    return phone.client.post(
        f"/api/field/files/{file_id}?{asked}", data, content_type="application/octet-stream", headers=phone.headers
    )


def send_all(phone: Phone, file_id: str, sent: bytes, *, step: int = 20_000, start: int = 0, **query: str) -> Answer:
    """Piece after piece; the last answer."""
    pieces = io.BytesIO(sent)
    pieces.seek(start)
    answer: Answer = None
    while piece := pieces.read(step):
        answer = send_piece(phone, file_id, pieces.tell() - len(piece), piece, **query)
        assert answer.status_code == 200, answer.content
    return answer


def keep_photo(about: About, *, actor: Actor, at: datetime) -> str:
    """A photo that has arrived; its id."""
    data, file_id = make_jpeg(2_000), uuid4()
    files.announce_file(
        file_id=file_id, about=about, kind=FileKind.PHOTO, size=len(data), sha256=hashlib.sha256(data).digest(),
        taken_at=at, actor=actor, at=at,
    )  # fmt: skip
    assert files.take_piece(Piece(file_id, 0, data), at).is_whole
    return str(file_id)
