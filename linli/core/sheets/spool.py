"""A sheet as a file on disk, whatever it came as, and what reading it may cost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from linli.core.sheets.errors import SheetEmpty, SheetFileSize


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. Bytes and seconds; `wait` counts only time spent waiting for the child."""

    file_bytes: int = 64 << 20
    unpacked_bytes: int = 1 << 30
    ratio: int = 250
    rows: int = 300_000
    columns: int = 256
    memory: int = 768 << 20
    cpu: int = 60
    wait: float = 90.0


ORDINARY = Limits()


@contextmanager
def opened_file(source: Path | str | bytes | IO[bytes], name: str | None, limits: Limits) -> Iterator[tuple[Path, str]]:
    """The path of a file that a child process can open, and the file's own name. Raises SheetFileSize, SheetEmpty."""
    with ExitStack() as stack:
        if isinstance(source, Path | str):
            path = Path(source)
        else:
            spool = stack.enter_context(tempfile.NamedTemporaryFile(prefix="linli-sheet-"))
            _spool(source, spool, limits)
            path = Path(spool.name)
            name = name or ""
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise SheetFileSize(limit=limits.file_bytes >> 20)
        if size == 0:
            raise SheetEmpty
        yield path.absolute(), path.name if name is None else name


def _spool(source: bytes | IO[bytes], spool: IO[bytes], limits: Limits) -> None:
    if isinstance(source, bytes):
        spool.write(source)
    else:
        while chunk := source.read(1 << 20):
            spool.write(chunk)
            if spool.tell() > limits.file_bytes:
                raise SheetFileSize(limit=limits.file_bytes >> 20)
    spool.flush()
