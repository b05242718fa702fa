"""Bulk copy: rows into a table through COPY, and a table made bare while it is filled for the first time.

COPY into a table with row-level security is refused to the web role: this runs as the owner (jobs, imports, the demo).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from linli.core import db

CHUNK_CHARS = 1 << 17
NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value: Any) -> str:
    """A value in PostgreSQL's COPY text format. bytes become bytea; True and False, `t` and `f`."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value if value.isalnum() else value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(int(value)) if isinstance(value, int) else str(value)


def copy_lines(table: str, columns: Sequence[str], lines: Iterable[str]) -> int:
    """COPY ready-made lines (tab-separated `copy_text`, without the line end); returns how many.

    Nothing is kept in memory beyond a chunk.
    """
    count, size = 0, 0
    chunk: list[str] = []
    with db.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for line in lines:
            chunk.append(line)
            count += 1
            size += len(line)
            if size > CHUNK_CHARS:
                copy.write("\n".join(chunk) + "\n")
                chunk, size = [], 0
        if chunk:
            copy.write("\n".join(chunk) + "\n")
    return count


@contextmanager
def bare(*tables: str) -> Iterator[None]:
    """Inside the block, the tables of these that are empty carry no indexes, keys or checks; afterwards all of them
    again.

    Building an index over what is there is several times faster than keeping it row by row. One transaction: when the
    block fails, nothing has changed. Every rule is checked again over all rows when it is put back.
    """
    with db.atomic():
        empty = [table for table in tables if not db.scalar(f"SELECT EXISTS (SELECT 1 FROM {table})")]
        constraints = _constraints(empty)
        # Foreign keys lean on unique keys, also on those of another table: off first, and on again last.
        for table, name, _kind, _definition in sorted(constraints, key=lambda one: one[2] != "f"):
            db.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        indexes = _indexes(empty)
        for name, _definition in indexes:
            db.execute(f'DROP INDEX "{name}"')
        yield
        for table in empty:
            db.execute(f"ANALYZE {table}")
        for _name, definition in indexes:
            db.execute(definition)
        for table, name, _kind, definition in sorted(constraints, key=lambda one: one[2] == "f"):
            db.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _constraints(tables: list[str]) -> list[tuple[str, str, str, str]]:
    """(table, name, kind, definition) of what the tables keep, and of other tables' foreign keys to them."""
    return [
        (str(table), str(name), str(kind), str(definition))
        for table, name, kind, definition in db.rows(
            "SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype IN ('p', 'u', 'c', 'f', 'x')"
            " AND (conrelid = ANY(%s::regclass[]) OR contype = 'f' AND confrelid = ANY(%s::regclass[]))"
            " ORDER BY conname",
            [tables, tables],
        )
    ]


def _indexes(tables: list[str]) -> list[tuple[str, str]]:
    return [
        (str(name), str(definition))
        for name, definition in db.rows(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = ANY(%s::regclass[])",
            [tables],
        )
    ]
