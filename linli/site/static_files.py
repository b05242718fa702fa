"""Which static files there are, to hand them out while people wait in line for everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

COMPRESSED = {".gz", ".br"}  # these go under the names of what they were made from


def list_addresses() -> Iterator[str]:
    """Of every file that WhiteNoise serves."""
    root = Path(settings.STATIC_ROOT)
    for found in root.rglob("*"):
        if found.suffix not in COMPRESSED and found.is_file():
            yield settings.STATIC_URL + found.relative_to(root).as_posix()
