"""`linli run` in earnest: a process of its own, with an embedded database of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from linli.site import embedded

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 180.0


@dataclass
class Running:
    home: Path
    port: int
    process: subprocess.Popen[str]
    log: Path

    def ask(self) -> int:
        """The status of the sign-in page; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sign-in/", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def find_child(self, word: str) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it may end while we look
                if word in child.cmdline():
                    return child
        return None


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Seconds until the condition held; fails when it never did."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: Path, port: int) -> Running:
    home.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LINLI_", "DATABASE_"))}
    log = home / "run.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "linli.site.cli", "run", "--no-demo", "--port", str(port)],
            cwd=REPOSITORY,
            env={**environment, "LINLI_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return Running(home, port, process, log)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    home = REPOSITORY / "var" / f"supervise-{os.getpid()}"
    found = start(home, find_free_port())
    try:
        wait_for(lambda: "http://" in found.log.read_text() or found.process.poll() is not None)
        assert found.process.poll() is None, found.log.read_text()
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        embedded.stop(home, mode="immediate")
        place = embedded.find_place(home)
        if place.data.parent != home:
            shutil.rmtree(place.data.parent, ignore_errors=True)
        shutil.rmtree(home)


def test_serves(running: Running) -> None:
    wait_for(lambda: 200 <= running.ask() < 500)


def test_a_port_in_use_is_one_clear_line(running: Running) -> None:
    second = start(running.home.with_name(running.home.name + "-second"), running.port)
    try:
        assert second.process.wait(PATIENCE) == 3
        text = second.log.read_text()
        assert str(running.port) in text
        assert "PORT=" in text
        assert "Traceback" not in text
    finally:
        shutil.rmtree(second.home)


@pytest.mark.parametrize("word", ["web", "work"])
def test_what_dies_is_started_again(running: Running, word: str) -> None:
    first = running.find_child(word)
    assert first is not None
    first.kill()
    wait_for(lambda: (child := running.find_child(word)) is not None and child.pid != first.pid)
    wait_for(running.ask)


def test_a_killed_database_comes_back(running: Running) -> None:
    place = embedded.find_place(running.home)
    pid = embedded.read_pid(place)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: embedded.read_pid(place) not in (None, pid))
    wait_for(lambda: 200 <= running.ask() < 500)


def test_stops_whole_and_starts_again_without_work(running: Running) -> None:
    children = psutil.Process(running.process.pid).children(recursive=True)
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert embedded.read_pid(embedded.find_place(running.home)) is None
    again = start(running.home, running.port)
    try:
        wait_for(lambda: "http://" in again.log.read_text())
        spent = psutil.Process(again.process.pid).cpu_times()
        # Processor time, because others may want the machine just now; the bench measures the 5 s by the clock.
        assert spent.user + spent.system < 5
        assert len(again.log.read_text().splitlines()) <= 4, "nothing is prepared twice"
    finally:
        again.process.terminate()
        assert again.process.wait(PATIENCE) == 0


def test_children_die_with_a_killed_supervisor(running: Running) -> None:
    other = start(running.home, running.port)
    wait_for(lambda: "http://" in other.log.read_text())
    children = psutil.Process(other.process.pid).children(recursive=True)
    other.process.kill()
    other.process.wait()
    psutil.wait_procs(children, timeout=60)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
