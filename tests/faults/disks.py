"""A small disk of our own, to be filled: a tmpfs, for root or inside a namespace in which the caller may mount."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.test_supervise import REPOSITORY

INSIDE = "LINLI_FAULTS_INSIDE"
NAMESPACE = ("unshare", "--user", "--mount", "--map-current-user", "--keep-caps")
LAZY = 2  # MNT_DETACH
_libc = ctypes.CDLL(None, use_errno=True)


def mount(folder: Path, mib: int, mode: str = "755") -> None:
    """Raises OSError."""
    options = f"size={mib}m,mode={mode}".encode()
    if _libc.mount(b"linli", os.fsencode(folder), b"tmpfs", 0, options):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def unmount(folder: Path) -> None:
    _libc.umount2(os.fsencode(folder), LAZY)


@contextlib.contextmanager
def small_disk(folder: Path, mib: int, mode: str = "755") -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    mount(folder, mib, mode)
    try:
        yield folder
    finally:
        unmount(folder)


def may_mount() -> bool:
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(OSError), small_disk(Path(folder), 1):
        return True
    return False


def run_where_one_may_mount(test: str) -> None:
    """Carry out one test of this folder in a namespace of its own; skips with the reason where there is none."""
    if os.environ.get(INSIDE) or not shutil.which(NAMESPACE[0]):
        pytest.skip("a small disk cannot be mounted here: neither as root nor in a user namespace")
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: user namespaces are switched off for ordinary users")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "pytest", f"tests/faults/{test}", "-m", "long", "-rs"],
        cwd=REPOSITORY, env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    if "skipped" in done.stdout:
        pytest.skip("a small disk cannot be mounted here, not even in a user namespace")


def fill(folder: Path) -> Path:
    """Until not a byte more goes in; returns the ballast, to be removed."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return ballast
