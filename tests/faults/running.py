"""`linli run` as somebody runs it, in a folder of its own, with handles on what it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from linli.site import embedded
from tests.site.test_supervise import REPOSITORY, find_free_port, wait_for

START_SECONDS = 600.0  # a first start makes the database; the machine may be busy


@dataclass
class Site:
    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.with_name(self.home.name + ".log")  # not on the disk that is being filled

    def environment(self) -> dict[str, str]:
        """Limits off: one address is the whole city here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINLI_", "DATABASE_"))}
        return {**kept, "LINLI_HOME": str(self.home), "LINLI_RATE": "0", "LINLI_SECOND_FACTOR": "0"}

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "linli.site.cli", "run", "--no-demo", "--port", str(self.port)],
                cwd=REPOSITORY, env=self.environment(), stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self, seconds: float = START_SECONDS) -> float:
        """Until it answers; seconds."""
        return wait_for(self.answers, seconds)

    def answers(self) -> bool:
        """A page that asks the database: signed in by nobody, it says so."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/api/duty/me", timeout=5).status_code == 401
        return False

    def run(self, *words: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """A program of this installation, run to its end."""
        environment = {**self.environment(), "DATABASE_URL": self.database_url}
        return subprocess.run(
            [sys.executable, *words], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
            timeout=seconds,
        )  # fmt: skip

    def linli(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "linli.site.cli", *words)

    @property
    def database_url(self) -> str:
        return embedded.find_place(self.home).url

    # --- what is killed -------------------------------------------------------------------------------------------

    def find_web(self) -> psutil.Process | None:
        return self._find_child("web")

    def find_web_workers(self) -> list[psutil.Process]:
        web = self.find_web()
        with contextlib.suppress(psutil.Error):
            return web.children() if web else []
        return []

    def find_job_worker(self) -> psutil.Process | None:
        return self._find_child("work")

    def find_database(self) -> int | None:
        return embedded.read_pid(embedded.find_place(self.home))

    def _find_child(self, word: str) -> psutil.Process | None:
        assert self.process is not None
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.Error):  # it may end while we look
                    if word in child.cmdline():
                        return child
        return None

    def cut_power(self) -> None:
        """Everything at once, as a power cut does; then somebody starts it again."""
        assert self.process is not None
        database = self.find_database()
        self.process.kill()
        if database is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(database, signal.SIGKILL)
        self.process.wait()
        self.start()

    def remove(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()
        embedded.stop(self.home, mode="immediate")
        place = embedded.find_place(self.home)
        if place.data.parent != self.home:
            shutil.rmtree(place.data.parent, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)
        self.log.unlink(missing_ok=True)


@contextlib.contextmanager
def running(home: Path) -> Iterator[Site]:
    """An installation that answers; stopped and removed afterwards. When it did not start, its log is the message."""
    site = Site(home, find_free_port())
    try:
        site.start()
        try:
            site.wait()
        except AssertionError:
            raise AssertionError(site.log.read_text()[-3000:]) from None
        yield site
    finally:
        site.remove()
