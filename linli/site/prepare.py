"""What must be true before the product serves; each step looks first and does only what is missing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError, ProgrammingError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from linli.core.errors import Problem
from linli.site.database import MIGRATED, migrate_all


class DemoFailed(Problem):
    code = "site.demo_failed"
    status = 500
    title = _lazy("The demo district could not be built.")
    advice_text = _lazy("The reason is above. To start without it: linli run --no-demo")


Say = Callable[[str], None]
DEMO_NOTE = "demo.txt"
"""In LINLI_HOME: what the demo tells its visitor (accounts, passwords), printed at every start."""


def prepare(*, demo: bool, people: int, say: Say) -> None:
    """Static files, tables, demo district. Fast when nothing is missing."""
    collect_static(say)
    if has_pending_migrations():
        say(_("Bringing the database to the present version ..."))
        migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
    if demo and is_empty():
        build_demo(people, say)


def has_pending_migrations() -> bool:
    """Whether tables are missing or old. A database without our schemas has everything pending."""
    for alias in MIGRATED:
        try:
            executor = MigrationExecutor(connections[alias])
        except (OperationalError, ProgrammingError):
            return True
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return True
    return False


def list_unknown_migrations() -> list[str]:
    """Migrations that the database has seen and this program does not know: a newer one made its tables."""
    found: list[str] = []
    for alias in MIGRATED:
        loader = MigrationExecutor(connections[alias]).loader
        strange = loader.applied_migrations.keys() - loader.disk_migrations.keys()
        found += sorted(f"{app}.{name}" for app, name in strange if app in loader.migrated_apps)
    return found


def is_empty() -> bool:
    """Nobody has an account: nothing was ever done here."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM account)")
        return bool(cursor.fetchone()[0])


def build_demo(people: int, say: Say) -> None:
    """Run `linli demo` in a process of its own, so that its memory is given back. Its note is printed once we serve."""
    say(_("Building the demo district ..."))
    size = ["--people", str(people)] if people else []
    command = [sys.executable, "-m", "linli.site.cli", "demo", *size]
    done = subprocess.run(command, check=False, env=dict(os.environ), stdout=subprocess.DEVNULL)
    if done.returncode:
        raise DemoFailed


def collect_static(say: Say) -> None:
    """Copy and hash the static files when one of them changed since they were last collected."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    state = _static_state()
    if stamp.exists() and stamp.read_text() == state:
        return
    say(_("Collecting static files ..."))
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(state)


def _static_state() -> str:
    digest = hashlib.sha256(settings.STATICFILES_BACKEND.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def read_demo_note() -> str:
    note = Path(settings.LINLI_HOME) / DEMO_NOTE
    return note.read_text().strip() if note.exists() else ""
