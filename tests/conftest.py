"""Tests run on a real PostgreSQL: the one that DATABASE_URL names, or an embedded one of their own.

Code under test runs as the owner of the tables, unless the test is marked `web_role`: then it runs as the web
does, behind row-level security, and must be transactional (`django_db(transaction=True)`).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
EMBEDDED = "DATABASE_URL" not in os.environ
os.environ.setdefault("LINLI_HOME", str(REPOSITORY / "var" / "test"))
os.environ["DJANGO_SETTINGS_MODULE"] = "linli.site.settings"
os.environ["LINLI_SECRETS"] = str(REPOSITORY / "tests" / "secrets.json")


def _start_server() -> None:
    """Share one embedded server among all test runs in this tree; the last to leave stops it."""
    from linli.site import embedded

    home = embedded.get_home()
    home.mkdir(parents=True, exist_ok=True)
    users = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(users, fcntl.LOCK_SH)
    os.environ["DATABASE_URL"] = embedded.ensure_running(home, durable=False)
    starter = os.getpid()

    def leave() -> None:
        if os.getpid() != starter:
            return
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            embedded.stop(home)

    atexit.register(leave)


if EMBEDDED:
    _start_server()

import django  # noqa: E402 - the server has to be named before settings load
import psycopg  # noqa: E402
import pytest  # noqa: E402
from psycopg import sql  # noqa: E402

django.setup()

ALIASES = ["default", "owner", "jobs"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "web_role: runs behind row-level security, as web code does")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark is not None and "databases" not in mark.kwargs:
            kwargs = {**mark.kwargs, "databases": ALIASES}
            item.add_marker(pytest.mark.django_db(*mark.args, **kwargs), append=False)


@pytest.fixture(autouse=True)
def _role(request: pytest.FixtureRequest) -> Iterator[None]:
    from linli.core import db

    with contextlib.nullcontext() if request.node.get_closest_marker("web_role") else db.owner():
        yield


def _drop_leftovers(server: psycopg.Connection) -> None:
    """Databases of test runs that were killed: their process is gone."""
    for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_linli_%%'").fetchall():
        found = re.fullmatch(r"test_linli_(\d+)", name)
        if found and not Path(f"/proc/{found[1]}").exists():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: object) -> Iterator[None]:
    """One database for the three aliases, with roles and schemas made first, as `linli migrate` does it."""
    from django.conf import settings
    from django.db import connections

    from linli.site.database import get_conninfo, migrate_all

    name = f"test_linli_{os.getpid()}"
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        server_info = psycopg.conninfo.make_conninfo(get_conninfo())
    with psycopg.connect(server_info, autocommit=True) as server:
        if EMBEDDED:
            _drop_leftovers(server)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for alias in ALIASES:
            connections[alias].close()
            settings.DATABASES[alias]["NAME"] = name
            connections[alias].settings_dict["NAME"] = name
        os.environ["DATABASE_URL"] = get_conninfo()
        migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
    with psycopg.connect(server_info, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
