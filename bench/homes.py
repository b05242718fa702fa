"""Installations of their own for what is measured from outside: a folder, an embedded server, the command line."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.report import REPOSITORY

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Ran:
    """How a command went: wall seconds, peak memory with its children (the database server left out), output."""

    seconds: float
    mib: float
    output: str


@dataclass(frozen=True)
class Home:
    """One installation under var/."""

    path: Path

    @classmethod
    def fresh(cls, name: str) -> Home:
        """An empty one; what was there before is stopped and removed."""
        home = cls(REPOSITORY / "var" / name)
        if home.path.exists():
            home.stop()
            shutil.rmtree(home.path)
        home.path.mkdir(parents=True)
        return home

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LINLI_AS")}
        return {**kept, "LINLI_HOME": str(self.path), "LINLI_LANG": "en"}

    def run(self, *words: str, module: str = "linli.site.cli") -> Ran:
        """`linli WORDS` in a process of its own. Raises RuntimeError with its last words when it fails."""
        return run([sys.executable, "-m", module, *words], self.environment)

    def stop(self) -> None:
        words = [sys.executable, "-m", "linli.site.embedded", "stop"]
        subprocess.run(words, env=self.environment, cwd=REPOSITORY, check=False, capture_output=True)


def run(command: Sequence[str], environment: dict[str, str]) -> Ran:
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch_memory, args=(process.pid, peak), daemon=True)
    watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors[-2000:]}")
    return Ran(seconds, peak[0], output)


def _watch_memory(pid: int, peak: list[float]) -> None:
    """The highest sum of resident memory over the process and its descendants, the database server left out."""
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in [root, *root.children(recursive=True)]:
                try:
                    if process.name() not in ("postgres", "pg_ctl"):
                        total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], total / 2**20)
            time.sleep(POLL_SECONDS)
    except psutil.NoSuchProcess:
        return


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
