"""Tests run on a real PostgreSQL: the one that DATABASE_URL names, or an embedded one of their own.

Code under test runs as the owner of the tables, unless the test is marked `web_role`: then it runs as the web
does, behind row-level security, and must be transactional (`django_db(transaction=True)`).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
EMBEDDED = "DATABASE_URL" not in os.environ
os.environ.setdefault("LINLI_HOME", str(REPOSITORY / "var" / "test"))
os.environ["DJANGO_SETTINGS_MODULE"] = "linli.site.settings"
os.environ["LINLI_SECRETS"] = str(REPOSITORY / "tests" / "secrets.json")
(Path(os.environ["LINLI_HOME"]) / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it


if EMBEDDED:
    from linli.site import embedded

    # All test runs in this tree share one server; the last to leave stops it.
    os.environ["DATABASE_URL"] = embedded.hold(durable=False)

import django  # noqa: E402 - the server has to be named before settings load
import psycopg  # noqa: E402
import pytest  # noqa: E402
from psycopg import sql  # noqa: E402

from linli.core.catalogs import compile_stale  # noqa: E402

compile_stale()
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


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A command that ran in this process spoke the language it was asked for; the next test speaks the product's."""
    from django.utils import translation

    yield
    translation.deactivate()


def _drop_leftovers(server: psycopg.Connection) -> None:
    """Databases of test runs that were killed: their process is gone."""
    for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_linli_%%'").fetchall():
        found = re.fullmatch(r"test_linli_(\d+)", name)
        if found and not Path(f"/proc/{found[1]}").exists():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


TABLES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
_emptied: list[str] = []
"""Tables that hold nothing after the migrations: those a transactional test leaves empty again."""


def _find_emptied() -> list[str]:
    from django.conf import settings
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(TABLES, [[settings.LINLI_SCHEMA, settings.LINLI_JOBS_SCHEMA]])
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT %s, EXISTS (SELECT 1 FROM {name})" for name in names), names)
        return [name for name, filled in cursor.fetchall() if not filled]


def _empty_tables(_case: object) -> None:
    """After a transactional test. Django's own flush leaves out tables without a model, and then fails."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("SET lock_timeout = '20s'")  # a connection left open by a test must not hang the run
        cursor.execute("TRUNCATE " + ", ".join(_emptied))
        cursor.execute("RESET lock_timeout")


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
        _emptied[:] = _find_emptied()
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("django.test.TransactionTestCase._fixture_teardown", _empty_tables)
    yield
    monkeypatch.undo()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
    with psycopg.connect(server_info, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
