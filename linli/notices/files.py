"""Photos and voice notes: announced by a command, brought in pieces, kept sealed, shown to whoever may see the door,
and removed when their time is over.

The announcement is judged like any work: by what its author might do when it was taken. The bytes are judged by
themselves - they open under the author's key, and are what was announced - so that anybody's phone may bring them, at
any time.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Sum

from linli.core import crypto, db, journal
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.core.field import FileStand, Piece
from linli.notices import file_queries
from linli.notices.errors import (
    FileAltered,
    FileGap,
    FilesEnough,
    FileTellsMore,
    FileTooLarge,
    FileUnknown,
    FileWrongKind,
    PieceTooLarge,
)
from linli.notices.media import find_media_type, tells_more
from linli.notices.models import File, FileBytes, FilePart
from linli.notices.terms import (
    A_DAY,
    DAY_BYTES,
    LARGEST_FILE,
    LARGEST_PIECE,
    SEALING_BYTES,
    About,
    FileContent,
    FileKind,
)

ATTACH, ATTACH_SPECIAL = "rounds.mark", "places.view"
KIB, MIB = 1 << 10, 1 << 20


# --- taking ---------------------------------------------------------------------------------------------------------


def announce_file(
    *, file_id: UUID, about: About, kind: FileKind, size: int, sha256: bytes, taken_at: datetime, actor: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """Whoever marks doors there may say that a photo or voice note of `size` bytes comes; about a special situation,
    whoever may report one. Raises FileTooLarge, Forbidden.
    """
    if size > LARGEST_FILE:
        raise FileTooLarge(kib=LARGEST_FILE // KIB)
    needed = ATTACH if about.special_id is None else ATTACH_SPECIAL
    if about.key not in actor.extent_for(needed):
        raise Forbidden(permission=needed)
    with db.atomic():
        File.objects.create(
            id=file_id, key=about.key, person_id=about.person_id, household_id=about.household_id,
            special_id=about.special_id, kind=kind, account_id=actor.account_id, taken_at=min(taken_at, at),
            received_at=at,
        )  # fmt: skip
        FileBytes.objects.create(
            file_id=file_id, account_id=actor.account_id, kind=kind, announced_at=at, size=size, sha256=sha256
        )
        journal.record(
            actor=actor, at=at, verb="notices.announce_file", key=about.key, permission=needed,
            subject=f"file:{file_id}", kind=kind.value, size=size,
        )  # fmt: skip


def find_stand(file_id: UUID) -> FileStand:
    """How far a file has come. Raises FileUnknown."""
    row = FileBytes.objects.filter(pk=file_id).defer("content").first()
    if row is None:
        raise FileUnknown
    return _stand(row)


def take_piece(piece: Piece, at: datetime) -> FileStand:
    """Keep a piece; with the last one the file is put together, looked at and sealed. What has come before is known.

    Raises FileUnknown, PieceTooLarge, FileGap, FileTooLarge, FilesEnough, FileAltered, FileWrongKind, FileTellsMore.
    """
    if len(piece.data) > LARGEST_PIECE:
        raise PieceTooLarge(kib=LARGEST_PIECE // KIB)
    with db.atomic():
        row = FileBytes.objects.select_for_update().filter(pk=piece.file).defer("content").first()
        if row is None:
            raise FileUnknown
        if row.whole_at is not None:
            return _stand(row)
        if piece.is_anew or (piece.start == 0 and piece.session != row.session_id):
            _begin_anew(row, piece.session)
        data = _new_part(row, piece)
        if data:
            if row.have == 0:
                _require_room(row.account_id, row.size, at)
            FilePart.objects.create(file_id=piece.file, start=row.have, data=_seal_part(piece.file, row.have, data))
            row.have += len(data)
            if row.have == _length(row):
                _finish(row, piece, at)
            row.save(update_fields=["have", "session_id", *(["content", "whole_at"] if row.whole_at else [])])
        return _stand(row)


def _stand(row: FileBytes) -> FileStand:
    return FileStand(row.account_id, row.have, row.size, row.whole_at is not None)


def _length(row: FileBytes) -> int:
    """How many bytes are sent of it."""
    return row.size + (SEALING_BYTES if row.session_id else 0)


def _begin_anew(row: FileBytes, session: UUID | None) -> None:
    FilePart.objects.filter(file_id=row.pk).delete()
    row.have, row.session_id = 0, session


def _new_part(row: FileBytes, piece: Piece) -> bytes:
    """Of a piece what has not come before; nothing when it is known. Raises FileGap, FileTooLarge."""
    if piece.start > row.have or piece.session != row.session_id:
        raise FileGap(have=row.have if piece.session == row.session_id else 0)
    if piece.start + len(piece.data) > _length(row):
        raise FileTooLarge(kib=LARGEST_FILE // KIB)
    return piece.data[row.have - piece.start :]


def _require_room(account_id: int, size: int, at: datetime) -> None:
    """Raises FilesEnough."""
    begun = FileBytes.objects.filter(account_id=account_id, announced_at__gt=at - A_DAY, have__gt=0)
    if (begun.aggregate(sum=Sum("size"))["sum"] or 0) + size > DAY_BYTES:
        raise FilesEnough(mib=DAY_BYTES // MIB)


def _seal_part(file_id: UUID, start: int, data: bytes) -> bytes:
    return crypto.seal_bytes(data, about=_part_name(file_id, start))


def _part_name(file_id: UUID, start: int) -> bytes:
    return file_id.bytes + start.to_bytes(4, "big")


def _finish(row: FileBytes, piece: Piece, at: datetime) -> None:
    parts = FilePart.objects.filter(file_id=row.pk).order_by("start").values_list("start", "data")
    sent = b"".join(crypto.unseal_bytes(bytes(data), about=_part_name(row.pk, start)) for start, data in parts)
    plain = piece.unseal(sent) if piece.unseal is not None else sent
    if plain is None or len(plain) != row.size or hashlib.sha256(plain).digest() != bytes(row.sha256):
        raise FileAltered
    media_type = find_media_type(plain, FileKind(row.kind))
    if media_type is None:
        raise FileWrongKind
    if tells_more(plain, media_type):
        raise FileTellsMore
    row.content, row.whole_at = crypto.seal_bytes(plain, about=row.pk.bytes), at
    FilePart.objects.filter(file_id=row.pk).delete()


# --- looking --------------------------------------------------------------------------------------------------------


def look_at_file(*, file_id: UUID, actor: Actor, at: datetime) -> FileContent:
    """The file itself: it is journalled who looked. Raises FileUnknown, also for doors that are not the actor's."""
    line = file_queries.get_file(file_id, actor=actor)
    sealed = FileBytes.objects.values_list("content", flat=True).get(pk=file_id)
    data = crypto.unseal_bytes(bytes(sealed), about=file_id.bytes)
    media_type = find_media_type(data, FileKind(line.kind))
    if media_type is None:
        raise FileUnknown
    with db.atomic():
        journal.record(
            actor=actor, at=at, verb="notices.look_at_file", key=line.key, permission=file_queries.VIEW,
            subject=f"file:{file_id}", kind=line.kind,
        )  # fmt: skip
    return FileContent(line, media_type, data)


# --- removing -------------------------------------------------------------------------------------------------------

_OVER = """SELECT f.id FROM notice_file f LEFT JOIN special s ON s.id = f.special_id
    WHERE f.received_at < %(before)s AND (s.id IS NULL OR s.settled_at < %(before)s)"""


def remove_old_files(at: datetime) -> int:
    """Remove what came longer ago than LINLI_FILE_DAYS, or was never brought in that time; of a special situation, so
    long after it was settled. Returns how many. Runs as the owner.
    """
    before = at - timedelta(days=settings.LINLI_FILE_DAYS)
    with db.atomic():
        over = [row[0] for row in db.rows(_OVER, {"before": before})]
        if not over:
            return 0
        for table, column in (("notice_file_part", "file_id"), ("notice_file_bytes", "file_id"), ("notice_file", "id")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [over])
        journal.record(actor=SYSTEM, at=at, verb="notices.remove_files", rows=len(over), before=before)
    return len(over)
