"""Statements so hot that the driver's own manners would cost as much as what they do.

A cursor of psycopg takes some 0.25 ms of Python around a statement: making it, adapting what goes in and what comes
out, keeping its list of prepared statements. On the level of libpq, which psycopg offers too, the same takes 0.03 ms.
Values go as PostgreSQL's own text, and come back as it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from linli.core import db

Text = bytes | None
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: str) -> str:
    """SQL: a moment in a form that no setting of the server changes."""
    return f"(extract(epoch FROM {moment}) * 1000000)::bigint"


def read_moment(text: bytes | str | None) -> datetime:
    """What `micros` made, of a column that is never NULL."""
    return EPOCH + timedelta(microseconds=int(text or 0))


def read_number(text: Text) -> int:
    """Of a column that is never NULL."""
    return int(text or 0)


def read_text(text: Text) -> str:
    """Of a column that is never NULL."""
    return (text or b"").decode()


def read_array(text: Text) -> list[str]:
    """An array of numbers; NULL is one without any."""
    return text[1:-1].decode().split(",") if text and len(text) > 2 else []


class HotStatement:
    """One SELECT with `$1`, `$2` ..., prepared once a connection under its name.

    It is a transaction by itself, unless it stands in one that another statement has begun.
    """

    def __init__(self, name: str, sql: str) -> None:
        self._name, self._sql = name.encode(), sql.encode()
        self._prepared_on: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

    def rows(self, values: Sequence[Text]) -> list[tuple[Text, ...]]:
        """Raises Django's database errors, like any other statement."""
        raw = db.raw_connection()
        with db.connection().wrap_database_errors:
            found = self._run(raw, values)
        columns = range(found.nfields)
        return [tuple(found.get_value(row, column) for column in columns) for row in range(found.ntuples)]

    def _run(self, raw: Any, values: Sequence[Text]) -> Any:
        if raw.pgconn.transaction_status != TransactionStatus.IDLE:
            # The driver drops all prepared statements now and then, and what fails here cannot be tried again.
            return self._check(raw, raw.pgconn.exec_params(self._sql, values))
        try:
            if raw not in self._prepared_on:
                self._prepare(raw)
            return self._check(raw, raw.pgconn.exec_prepared(self._name, values))
        except InvalidSqlStatementName:
            self._prepare(raw)
            return self._check(raw, raw.pgconn.exec_prepared(self._name, values))

    def _prepare(self, raw: Any) -> None:
        self._check(raw, raw.pgconn.prepare(self._name, self._sql))
        self._prepared_on[raw] = True

    def _check(self, raw: Any, found: Any) -> Any:
        if found.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return found
        error = error_from_result(found)
        # What no server has said is the driver's word that the server is gone.
        if error.sqlstate is None or raw.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(str(error))
        raise error
