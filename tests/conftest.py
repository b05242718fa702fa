"""Tests run on a real PostgreSQL: the one that DATABASE_URL names, or an embedded one of their own.

Code under test runs as the owner of the tables, unless the test is marked `web_role`: then it runs as the web
does, behind row-level security, and must be transactional (`django_db(transaction=True)`).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

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
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from psycopg import sql  # noqa: E402

from linli.core.catalogs import compile_stale  # noqa: E402

compile_stale()
django.setup()

ALIASES = ["default", "owner", "jobs"]
PAIRS = 4


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


@pytest.fixture(autouse=True)
def _rounds_before() -> None:
    """The first round of the day bears the same code in every test, and the last test's is remembered for seconds."""
    from linli.rounds import queries

    queries.forget_begun_rounds()


@pytest.fixture(scope="session", autouse=True)
def _key_pairs() -> Iterator[None]:
    """The server's pair of keys for phones is made anew on the empty ground of every test, and takes longer to find
    than most tests. The first few are found; then they come round again, never one twice in a test.
    """
    find = rsa.generate_private_key
    found: dict[tuple[tuple[str, int], ...], deque[rsa.RSAPrivateKey]] = {}

    def take(**asked: int) -> rsa.RSAPrivateKey:
        pairs = found.setdefault(tuple(sorted(asked.items())), deque())
        pairs.append(find(**asked) if len(pairs) < PAIRS else pairs.popleft())
        return pairs[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", take)
        yield


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
REFERENCES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
           quote_ident(m.nspname) || '.' || quote_ident(d.relname)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class d ON d.oid = k.confrelid JOIN pg_namespace m ON m.oid = d.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND c.oid <> d.oid AND n.nspname = ANY(%s)
"""
LEAVES = """
    SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind = 'r'
"""
# Bytes in tables, deleted rows included, and whether the planner was told anything of a table; not of those to keep.
USE = """
    SELECT coalesce(sum(pg_relation_size(c.oid)), 0), coalesce(bool_or(c.reltuples >= 0), false)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND c.oid <> ALL(%s::oid[])
"""
MUCH = 4 << 20


@dataclass
class Tables:
    """Those that a transactional test leaves empty again, because they hold nothing after the migrations.

    TRUNCATE makes new files for all of them and their indexes, and costs more than most tests: the few rows of a test
    are deleted instead. Nothing else may differ by that, so no table is vacuumed meanwhile (rows would come back in
    another order) and what was analysed, or has grown, is truncated all the same (plans would be others).
    """

    schemas: list[str]
    emptied: list[str] = field(default_factory=list)  # what refers to a table before it
    kept: list[int] = field(default_factory=list)
    all_go: bool = False  # whether nothing that stays refers to what goes, so that no reference need be checked

    def find(self, cursor: Any) -> None:
        cursor.execute(TABLES, [self.schemas])
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT %s, EXISTS (SELECT 1 FROM {name})" for name in names), names)
        filled = {name for name, holds in cursor.fetchall() if holds}
        cursor.execute(REFERENCES, [self.schemas])
        references = cursor.fetchall()
        order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
        for referring, referred in references:
            order.add(referred, referring)
        self.emptied = [name for name in order.static_order() if name not in filled]
        cursor.execute("SELECT current_setting('is_superuser')::boolean")  # it is asked for, to leave out checks
        (may,) = cursor.fetchone()
        self.all_go = may and all(referring not in filled or referred in filled for referring, referred in references)
        cursor.execute(LEAVES, [self.schemas])
        for oid, name in cursor.fetchall():
            if name in filled:
                self.kept.append(oid)
            else:
                cursor.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = false)")

    def empty(self, cursor: Any) -> None:
        """In a transaction. What another connection has under way is waited for, as TRUNCATE waits, and goes too."""
        every = ", ".join(self.emptied)
        if self.all_go:
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"LOCK TABLE {every} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(USE, [self.schemas, self.kept])
        size, analysed = cursor.fetchone()
        if size > MUCH or analysed:
            cursor.execute(f"TRUNCATE {every}")
            return
        cursor.execute(
            " UNION ALL ".join(f"SELECT %s WHERE EXISTS (SELECT 1 FROM {n})" for n in self.emptied), self.emptied
        )
        filled = {name for (name,) in cursor.fetchall()}
        for name in self.emptied:
            if name in filled:
                cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: object) -> Iterator[None]:
    """One database for the three aliases, with roles and schemas made first, as `linli migrate` does it."""
    from django.conf import settings
    from django.db import connections, transaction

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
        tables = Tables([settings.LINLI_SCHEMA, settings.LINLI_JOBS_SCHEMA])
        with connections["owner"].cursor() as cursor:
            tables.find(cursor)

    def empty_tables(_case: object) -> None:
        """After a transactional test. Django's own flush leaves out tables without a model, and then fails."""
        with connections["owner"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")  # a connection left open by a test must not hang the run
            with transaction.atomic("owner"):
                tables.empty(cursor)
            cursor.execute("RESET lock_timeout")

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("django.test.TransactionTestCase._fixture_teardown", empty_tables)
    yield
    monkeypatch.undo()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
    with psycopg.connect(server_info, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
