"""Seals outside of the database: a file that is only appended to, and an address they are sent to."""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli.core.seals.chain import Block, NotABlock, read_line

FILE = "seals.jsonl"
TAIL_BYTES = 64 * 1024  # more than any line has
SENT_AT_ONCE = 500
SEND_SECONDS = 10.0


class SealFileDamaged(Invalid):
    code = "core.seal_file"
    title = _("Line %(line)s of %(file)s is not a seal.")
    advice_text = _("Put the file back from a copy. The seals in the database and at the other address still stand.")


def find_file() -> Path:
    return Path(settings.LINLI_SEALS) / FILE


def read_all(path: Path) -> Iterator[Block]:
    """The blocks of a file of seals, in its order. Raises SealFileDamaged."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield read_line(line)
            except NotABlock:
                raise SealFileDamaged(line=number, file=str(path)) from None


def find_last() -> Block | None:
    """The last block that was written whole. A line cut by a crash is taken off first. Raises SealFileDamaged."""
    path = find_file()
    if not path.exists():
        return None
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        whole, _newline, torn = file.read().rpartition(b"\n")
        if torn:
            file.truncate(size - len(torn))
        last = whole.rpartition(b"\n")[2]
    if not last:
        return None
    try:
        return read_line(last.decode("utf-8", errors="replace"))
    except NotABlock:
        raise SealFileDamaged(line=_("the last"), file=str(path)) from None


def append(blocks: Iterable[Block]) -> int:
    """Write blocks at the end of the file, readable by its owner alone; on disk when this returns."""
    lines = [block.as_line() + "\n" for block in blocks]
    if lines:
        path = find_file()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    return len(lines)


def set_aside(at: datetime) -> Path | None:
    """Rename the file of seals, so that a new one begins; it is kept. Returns its new name."""
    path = find_file()
    if not path.exists():
        return None
    kept = path.with_name(f"seals-until-{at:%Y%m%dT%H%M%SZ}.jsonl")
    path.rename(kept)
    return kept


def send(url: str, blocks: Sequence[Block]) -> None:
    """POST the blocks as lines of JSON. Raises OSError unless the answer is 200 to 299; redirects are not followed."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with contextlib.closing(make(parts.hostname or "", parts.port, timeout=SEND_SECONDS)) as connection:
        body = "".join(block.as_line() + "\n" for block in blocks).encode()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body, {"Content-Type": "application/x-ndjson"})
            status = connection.getresponse().status
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__} {error}".strip()) from error
    if not 200 <= status < 300:
        raise OSError(f"HTTP {status}")
