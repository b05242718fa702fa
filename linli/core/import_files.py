"""Files of imports: what was sent and waits for its job, and the workbooks of rejected rows.

They hold personal values. What was sent lies readable by the server's own account alone until its job has ended, or,
when it was only checked, for a day. A workbook of rejected rows is sealed under the key of personal fields
(core.crypto), chunk by chunk, and kept for a week.
"""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.core import crypto
from linli.core.errors import Problem

MAX_BYTES = 64 * 1024 * 1024
REJECTED_KEPT = timedelta(days=7)
CHECKED_KEPT = timedelta(hours=24)
CHUNK = 1 << 20


class UploadTooLarge(Problem):
    code = "core.upload_too_large"
    status = 413
    title = _("The file is larger than %(limit)s MB.")
    advice_text = _("Split it into several files, or delete sheets, pictures and formats that are not needed.")


class UploadGone(Problem):
    code = "core.upload_gone"
    status = 410
    title = _("The file that was sent is no longer there.")
    advice_text = _("Nothing of it was kept. Send it again.")


class UploadType(Problem):
    code = "core.upload_type"
    status = 415
    title = _("A file that ends in %(suffix)s cannot be imported here.")
    advice_text = _("Save it as one of: %(allowed)s.")


class UploadUntyped(UploadType):
    title = _("The file's name has no ending that says what it is.")
    advice_text = _("Give it the ending of what it is: %(allowed)s.")


def wrong_type(suffix: str, allowed: Iterable[str]) -> UploadType:
    """The Problem of a file whose ending is not among `allowed`."""
    return (UploadType if suffix else UploadUntyped)(suffix=suffix, allowed=", ".join(allowed))


def uploads() -> Path:
    """The folder of files that wait for their job, readable by the server's own account alone."""
    folder = Path(settings.LINLI_HOME) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def store(path: Path, chunks: Iterable[bytes], *, limit: int) -> None:
    """Raises UploadTooLarge beyond `limit` bytes."""
    size = 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise UploadTooLarge(limit=limit // 1024**2)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())  # it is about to be acknowledged


def rejected_path(job_id: UUID) -> Path:
    """Where the sealed workbook of a job's rejected rows lies; it need not exist."""
    return uploads() / f"{job_id}.rejected.sealed"


def seal_rejected(job_id: UUID, write: Callable[[IO[bytes]], object]) -> None:
    """Have a workbook written, and keep it sealed. It is never on disk in the open under a name."""
    target = rejected_path(job_id)
    with tempfile.TemporaryFile(dir=uploads()) as plain:
        write(plain)
        plain.seek(0)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sealed:
            for index, chunk in enumerate(iter(lambda: plain.read(CHUNK), b"")):
                box = crypto.seal_bytes(chunk, about=_about(job_id, index))
                sealed.write(struct.pack(">I", len(box)) + box)
            end = crypto.seal_bytes(b"", about=_about(job_id, -1))  # a file that was cut off has none
            sealed.write(struct.pack(">I", len(end)) + end)


def open_rejected(job_id: UUID) -> IO[bytes]:
    """The workbook in the open, in a file without a name. Raises FileNotFoundError, InvalidTag when it was altered."""
    plain = tempfile.TemporaryFile(dir=uploads())  # noqa: SIM115 - handed to the caller, who closes it
    try:
        with rejected_path(job_id).open("rb") as sealed:
            for chunk in _unsealed(sealed, job_id):
                plain.write(chunk)
    except BaseException:
        plain.close()
        raise
    plain.seek(0)
    return plain


def _unsealed(sealed: IO[bytes], job_id: UUID) -> Iterator[bytes]:
    boxes = []
    while length := sealed.read(4):
        boxes.append(sealed.read(struct.unpack(">I", length)[0]))
        if len(boxes) > 1:
            yield crypto.unseal_bytes(boxes[-2], about=_about(job_id, len(boxes) - 2))
            boxes[-2] = b""
    crypto.unseal_bytes(boxes[-1] if boxes else b"", about=_about(job_id, -1))


def _about(job_id: UUID, index: int) -> bytes:
    return f"rejected:{job_id}:{index}".encode()


def drop_old_files(at: datetime) -> None:
    """What is left here holds personal values: rejected rows are fetched within a week, or made anew."""
    for path in uploads().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < at.timestamp() - REJECTED_KEPT.total_seconds():
                path.unlink()
