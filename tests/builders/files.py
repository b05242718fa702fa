"""Photos that have arrived whole, without the way they took."""

from __future__ import annotations

import hashlib
from uuid import UUID

from linli.core import clock, crypto
from linli.core.ids import new_id
from linli.notices.models import File, FileBytes
from linli.notices.terms import FileKind
from tests.builders.media import make_jpeg


def make_file(*, key: int, account_id: int, person_id: int | None = None, special_id: int | None = None) -> UUID:
    """A photo about a door, or of it a person or special situation; returns its id. Run as the owner."""
    now, data = clock.now(), make_jpeg(1_000)
    made = File.objects.create(
        id=new_id(), key=key, person_id=person_id, special_id=special_id, kind=FileKind.PHOTO, account_id=account_id,
        taken_at=now, received_at=now,
    )  # fmt: skip
    FileBytes.objects.create(
        file=made, account_id=account_id, kind=FileKind.PHOTO, announced_at=now, size=len(data), have=len(data),
        sha256=hashlib.sha256(data).digest(), content=crypto.seal_bytes(data, about=made.pk.bytes), whole_at=now,
    )  # fmt: skip
    return UUID(str(made.pk))
