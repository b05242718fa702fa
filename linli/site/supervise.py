"""`linli run`: prepare everything, then keep the database, the web server and the job worker alive."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from linli.core.errors import Problem
from linli.site import embedded
from linli.site.start import set_up

BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
"""A child that ran this long was well: its next death is a first one."""
GRACE_SECONDS = 10.0
TICK_SECONDS = 0.1
DATABASE_CHECK_SECONDS = 1.0
WEB_FIRST_SECONDS = 5.0
"""For so long the other children leave the machine to the web server, until it answers."""
PARENT_DEATH_SIGNAL = 1


class PortInUse(Problem):
    code = "site.port_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            _("Port %(port)s on %(host)s is in use by another program."),
            advice=_("Stop that program, or choose another port: make run PORT=8123, or linli run --port 8123."),
            host=host,
            port=port,
        )


def say(text: str) -> None:
    """A line for whoever looks. That nobody can write it down, on a full disk say, is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def is_port_free(host: str, port: int, *, patience: float = 1.5) -> bool:
    """Waits a moment before saying no: a server just stopped may not have let go yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    until = time.monotonic() + patience
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return True
            except OSError:
                if time.monotonic() > until:
                    return False
        time.sleep(0.1)


def _die_with_parent() -> None:
    """In the child, before exec: if the supervisor is killed outright, so is the child (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


@dataclass
class Child:
    """One program that has to be running, in a process group of its own."""

    name: str | Promise
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)

    def start(self, *, hold: bool = False) -> None:
        """`hold`: it loads what it needs and then waits to be let go."""
        # preexec_fn is safe here: the supervisor has no threads.
        self.process = subprocess.Popen(
            [*self.command, "--hold"] if hold else self.command,
            stdin=subprocess.PIPE if hold else subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started = time.monotonic()

    def let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self.process.stdin as gate:  # it died: `tend` sees it
                gate.write(b"go\n")

    def tend(self, now: float) -> None:
        """Start it when it is due; when it died, sweep up what it left and set when it is due again."""
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self._signal(signal.SIGKILL)  # its own children would keep the port
        self.deaths = 0 if now - self.started > STEADY_SECONDS else self.deaths
        pause = BACKOFF_SECONDS[min(self.deaths, len(BACKOFF_SECONDS) - 1)]
        self.deaths += 1
        self.process, self.due = None, now + pause
        say(_("%(name)s stopped (%(code)s); starting it again.") % {"name": self.name, "code": code})

    def stop(self, deadline: float) -> None:
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self.process.wait()

    def ask_to_stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def _signal(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def web_command(host: str, port: int) -> list[str]:
    return [sys.executable, "-m", "linli.site.cli", "web", "--host", host, "--port", str(port)]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "linli.site.cli", "work"]


class Supervisor:
    """Tends its children, the web server first, and, when it is ours, the embedded database, until told to stop."""

    def __init__(self, children: list[Child], *, revive_database: Callable[[], None] | None) -> None:
        self.children = children
        self.revive_database = revive_database
        self.stopping = False
        self._database_due = 0.0

    def run(self, *, ready: Callable[[], None]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        announced = False
        others_due = time.monotonic() + WEB_FIRST_SECONDS
        try:
            while not self.stopping:
                now = time.monotonic()
                self._tend(now, self.children if announced or now > others_due else self.children[:1])
                if not announced and self._answers():
                    announced = True
                    ready()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop_all()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _tend(self, now: float, children: list[Child]) -> None:
        if self.revive_database is not None and now >= self._database_due:
            self.revive_database()
            self._database_due = now + DATABASE_CHECK_SECONDS
        for child in children:
            child.tend(now)

    def _answers(self) -> bool:
        words = self.children[0].command
        host, port = words[words.index("--host") + 1], words[words.index("--port") + 1]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        asking = http.client.HTTPConnection(host, int(port), timeout=2)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(asking):
            asking.request("HEAD", "/", headers={"Host": "localhost"})
            asking.getresponse()
            return True
        return False

    def _stop_all(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop(deadline)


def _database_reviver(home: Path) -> Callable[[], None]:
    place = embedded.find_place(home)

    def revive() -> None:
        if embedded.read_pid(place) is not None:
            return
        say(_("The database stopped; starting it again."))
        try:
            embedded.ensure_running(home)
        except (embedded.EmbeddedServerError, OSError, psycopg.Error) as error:  # no room on the disk, among others
            say(f"linli: {error}")  # the next check tries again

    return revive


def serve(*, host: str, port: int, demo: bool, people: int) -> None:
    """Runs until SIGTERM, SIGINT or SIGHUP. Raises PortInUse before anything is started."""
    if not is_port_free(host, port):
        os.environ["LINLI_NO_DB"] = "1"  # the message needs translations, not a database
        set_up()
        raise PortInUse(host, port)
    ours = not os.environ.get("DATABASE_URL")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    from django.conf import settings

    home: Path = settings.LINLI_HOME  # the first look at the settings starts the embedded database, for children too
    web = Child(_lazy("The web server"), web_command(host, port))
    web.start(hold=True)  # it loads beside what follows
    try:
        set_up()
        from django.db import connections

        from linli.site.prepare import prepare, read_demo_note

        prepare(demo=demo, people=people, say=say)
    except BaseException:
        web.stop(0.0)
        raise
    connections.close_all()
    web.let_go()

    def ready() -> None:
        shown = f"[{host}]" if ":" in host else host
        say(f"\nLinli: http://{shown}:{port}")
        note = read_demo_note()
        if note:
            say(note)
        say(_("Stop with Ctrl+C."))

    children = [web, Child(_lazy("The job worker"), worker_command())]
    reviver = _database_reviver(home) if ours else None
    Supervisor(children, revive_database=reviver).run(ready=ready)
