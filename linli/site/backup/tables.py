"""Which tables there are, and their rows as bytes: the same for writing a backup and for comparing after a restore."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from linli.site.database import get_conninfo

Connection = psycopg.Connection[tuple[Any, ...]]
CHUNK_BYTES = 1 << 18
REMADE = ("django_migrations",)
"""Made by the migrations of a restore, so not copied."""
LEFT_OUT = {"django_session": "sessions: everybody signs in again after a restore"}
LEFTOVER = "wall: closed: a partition%"
"""The comment of a partition; a table that has it and is none was left by a load that was cut off."""


@dataclass(frozen=True)
class Table:
    """`schema`: "rooms" or "jobs", whatever they are called here. `parent`, `bound`, `options`: of a partition."""

    schema: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    parent: str = ""
    bound: str = ""
    options: tuple[str, ...] = ()
    comment: str = ""

    @property
    def member(self) -> str:
        return f"tables/{self.schema}.{self.name}.copy"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(schema_names()[self.schema], self.name)


def schema_names() -> dict[str, str]:
    return {"rooms": settings.LINLI_SCHEMA, "jobs": settings.LINLI_JOBS_SCHEMA}


def connect() -> Connection:
    """As the owner, beside Django's own connections; sees both schemas; values as text, the same everywhere."""
    path = sql.SQL(", ").join(sql.Identifier(name) for name in schema_names().values())
    connection = psycopg.connect(get_conninfo(), autocommit=True, application_name="linli-backup")
    connection.execute(sql.SQL("SET search_path = {}").format(path))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET DateStyle = 'ISO, YMD'")
    connection.execute("SET IntervalStyle = 'postgres'")
    connection.execute("SET bytea_output = 'hex'")
    connection.execute("SET work_mem = '128MB'")
    connection.execute("SET statement_timeout = 0")
    return connection


_TABLES = """
SELECT n.nspname, c.relname,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i,
               unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place), pg_attribute a
        WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum),
       CASE WHEN c.relispartition THEN (SELECT p.relname FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
                                        WHERE h.inhrelid = c.oid) ELSE '' END,
       coalesce(pg_get_expr(c.relpartbound, c.oid), ''), coalesce(c.reloptions, '{}'),
       coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relname = ANY(%s)
  AND (c.relispartition OR coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE %s)
ORDER BY 1, 2
"""


def list_tables(connection: Connection) -> list[Table]:
    """Every table that holds rows to keep: plain tables and partitions, by schema and name."""
    logical = {name: label for label, name in schema_names().items()}
    without = [*REMADE, *LEFT_OUT]
    found = connection.execute(_TABLES, [list(logical), without, LEFTOVER]).fetchall()
    return [
        Table(logical[schema], name, tuple(columns), tuple(key or columns), parent, bound, tuple(options), comment)
        for schema, name, columns, key, parent, bound, options, comment in found
    ]


def read_rows(connection: Connection, table: Table) -> Iterator[bytes]:
    """COPY's text of all rows in the order of their key, in chunks of a quarter of a MiB."""
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        _names(table.columns), table.identifier, _names(table.key)
    )
    waiting, size = [], 0
    with connection.cursor() as cursor, cursor.copy(query) as rows:
        for row in rows:
            waiting.append(row)
            size += len(row)
            if size >= CHUNK_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def write_rows(connection: Connection, table: Table, chunks: Iterator[bytes]) -> None:
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(table.identifier, _names(table.columns))
    with connection.cursor() as cursor, cursor.copy(query) as rows:
        for chunk in chunks:
            rows.write(chunk)


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


@dataclass
class Tally:
    """Counts and hashes what passes: rows end in a line end, and COPY escapes those within values."""

    rows: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()

    def passing(self, chunks: Iterator[bytes], then: Callable[[int], object] | None = None) -> Iterator[bytes]:
        for chunk in chunks:
            self._hash.update(chunk)
            self.rows += chunk.count(b"\n")
            self.size += len(chunk)
            if then:
                then(len(chunk))
            yield chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


_SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences WHERE schemaname = ANY(%s) ORDER BY 1, 2"


def read_sequences(connection: Connection) -> list[dict[str, Any]]:
    """After the snapshot is taken, so none stands before an id that is in it."""
    logical = {name: label for label, name in schema_names().items()}
    kept = []
    for schema, name in connection.execute(_SEQUENCES, [list(logical)]).fetchall():
        at = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name)))
        last, called = at.fetchone() or (1, False)
        kept.append({"schema": logical[schema], "name": name, "last": last, "called": called})
    return kept


def set_sequence(connection: Connection, kept: dict[str, Any]) -> None:
    name = sql.Identifier(schema_names()[kept["schema"]], kept["name"]).as_string(connection)
    connection.execute("SELECT setval(%s::regclass, %s, %s)", [name, kept["last"], kept["called"]])


def read_migrations(connection: Connection) -> dict[str, list[list[str]]]:
    """Schema -> [app, name] of every migration applied in it, in order."""
    found = {}
    for label, schema in schema_names().items():
        query = sql.SQL("SELECT app, name FROM {} ORDER BY id").format(sql.Identifier(schema, "django_migrations"))
        found[label] = [list(row) for row in connection.execute(query).fetchall()]
    return found
