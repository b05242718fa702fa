"""The database, as one of two roles.

Web code runs on the alias `default`, whose role owns nothing and stands behind row-level security. Jobs, imports and
migrations run `with owner():`, on a connection of the owner role. Which of them a piece of code runs as is known here
alone: services and queries only say `atomic()` and `cursor()`, and the router sends the ORM the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError

WEB, OWNER, JOBS = "default", "owner", "jobs"
_alias: ContextVar[str] = ContextVar("linli_db", default=WEB)
T = TypeVar("T")

# Two orders of locks met head on (40P01), or a row moved to another unit while we waited (40001).
RETRY_STATES = {"40001", "40P01"}
RETRIES = 5
NEVER_UNASKED = 1 << 30  # how often a statement has to come before it is prepared without being told to


def using() -> str:
    """The alias that the present code runs on."""
    return _alias.get()


@contextmanager
def owner() -> Iterator[None]:
    """Inside the block, ORM and cursors run as the owner of the tables: no row-level security."""
    token = _alias.set(OWNER)
    try:
        yield
    finally:
        _alias.reset(token)


def connection() -> BaseDatabaseWrapper:
    """Of the role that the code runs as now."""
    return connections[using()]


def atomic(*, durable: bool = False, savepoint: bool = True) -> transaction.Atomic:
    """A transaction of that role, or a savepoint inside of one; `durable`: never inside of one. `savepoint` False: a
    part of the one around it, which is taken back with this."""
    return transaction.atomic(using=using(), durable=durable, savepoint=savepoint)


@contextmanager
def cursor() -> Iterator[Any]:
    """psycopg's own, for COPY and for what is read piece by piece."""
    _send_first(connection())  # the caller may COPY, which nothing can go before in one round trip
    with connection().cursor() as cur:
        yield cur


def execute(sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> int:
    """Run one statement; returns the number of rows it touched."""
    with connection().cursor() as cur:
        cur.execute(sql, params)
        return int(cur.rowcount)


def rows(sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows, in memory."""
    with connection().cursor() as cur:
        cur.execute(sql, params)
        return list(cur.fetchall())


def dicts(sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows, each by the names of its columns."""
    with connection().cursor() as cur:
        cur.execute(sql, params)
        names = [column[0] for column in cur.description]
        return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def scalar(sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> Any:
    """The first column of the first row, or None when there is no row."""
    with connection().cursor() as cur:
        cur.execute(sql, params)
        row = cur.fetchone()
        return row[0] if row else None


def prepared(sql: str, params: Sequence[Any] | dict[str, Any], *, binary: bool = False) -> list[tuple[Any, ...]]:
    """Like `rows`, for the few hottest statements: bound and planned by the server, once a connection (`acting` sees to
    it). So the one plan has to be good for whatever the parameters are.

    Outside of a transaction it is one, committed when it returns. `binary`: how the answer travels; quicker to read.
    """
    wrapper = connection()
    wrapper.ensure_connection()
    raw = wrapper.connection
    raw.prepare_threshold = NEVER_UNASKED
    cur = psycopg.Cursor(raw)
    first = _take_first(wrapper)
    with wrapper.wrap_database_errors:
        if first is None:
            cur.execute(sql, params, prepare=True, binary=binary)
        else:
            with raw.pipeline():
                first.send()
                cur.execute(sql, params, prepare=True, binary=binary)
        return list(cur.fetchall())


def send(sql: str, params: Sequence[Any]) -> None:
    """Run a statement without a result, in one round trip with the BEGIN of a transaction that it is the first of."""
    wrapper = connection()
    wrapper.ensure_connection()
    _send_first(wrapper)
    with wrapper.wrap_database_errors, wrapper.connection.pipeline():
        psycopg.Cursor(wrapper.connection).execute(sql, params)


class _First:
    """A statement without a result that goes to the server with the one after it, in one round trip.

    It stands among the wrappers through which Django sends every statement of a connection, once.
    """

    def __init__(self, wrapper: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> None:
        self._wrapper, self._sql, self._params = wrapper, sql, params

    def send(self) -> None:
        psycopg.Cursor(self._wrapper.connection).execute(self._sql, self._params)

    def __call__(self, execute: Callable[..., T], sql: str, params: Any, many: bool, context: dict[str, Any]) -> T:
        self._wrapper.execute_wrappers.remove(self)
        alone = many or getattr(context["cursor"].cursor, "name", None)  # a cursor on the server declares itself first
        with self._wrapper.wrap_database_errors, self._wrapper.connection.pipeline():
            self.send()
            if not alone:
                return execute(sql, params, many, context)
        return execute(sql, params, many, context)


def _take_first(wrapper: BaseDatabaseWrapper) -> _First | None:
    """What waits to go before the next statement, which now takes it along."""
    found = next((one for one in wrapper.execute_wrappers if isinstance(one, _First)), None)
    if found is not None:
        wrapper.execute_wrappers.remove(found)
    return found


def _send_first(wrapper: BaseDatabaseWrapper) -> None:
    first = _take_first(wrapper)
    if first is not None:
        with wrapper.wrap_database_errors, wrapper.connection.pipeline():
            first.send()


def raw_connection() -> Any:
    """psycopg's own connection, for what Django's cursors cannot do; nothing waits to go before its next statement."""
    wrapper = connection()
    wrapper.ensure_connection()
    _send_first(wrapper)
    return wrapper.connection


@contextmanager
def sent_first(sql: str, params: Sequence[Any]) -> Iterator[None]:
    """Inside the block, whichever statement comes first takes this one along, in one round trip with its BEGIN.

    Without any, it is never sent. A statement that the server takes for several at once must not be the first.
    """
    wrapper = connection()
    wrapper.ensure_connection()
    first = _First(wrapper, sql, params)
    wrapper.execute_wrappers.append(first)
    try:
        yield
    finally:
        if first in wrapper.execute_wrappers:
            wrapper.execute_wrappers.remove(first)


def retrying(act: Callable[[], T]) -> T:
    """Run `act` in a transaction (a savepoint when one is open) and again when it lost a race for locks.

    Rolling back to a savepoint gives back the row locks taken after it, so the second try starts clean.
    """

    def once() -> T:
        with atomic():
            return act()

    return retrying_alone(once)


def retrying_alone(act: Callable[[], T]) -> T:
    """Run `act`, a transaction by itself, and again when it lost a race for locks."""
    for attempt in range(RETRIES):
        try:
            return act()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in RETRY_STATES or attempt == RETRIES - 1:
                raise
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


class Router:
    """Sends the ORM where the present code runs; keeps the tables of jobs in a schema of their own."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return JOBS if model._meta.app_label == "procrastinate" else using()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return self.db_for_read(model, **hints)

    def allow_relation(self, left: Any, right: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == (JOBS if app_label == "procrastinate" else OWNER)
