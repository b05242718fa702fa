"""Columns of millions of rows between PostgreSQL and numpy, without making Python objects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from linli.core import db

Int64s = npt.NDArray[np.int64]

ARRAY_HEADER_BYTES = 20  # of an array on the wire: dimensions, nulls, element type, length, first index
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # signature, no flags, no extension
COPY_TRAILER = b"\xff\xff"
COPY_ROWS = 100_000  # rows a block
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts its microseconds from here
NEVER = np.iinfo(np.int64).min  # '-infinity'


def microseconds(moment: datetime) -> int:
    """A moment as PostgreSQL's binary timestamptz."""
    gone = moment - EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


class _ArrayBytes(Loader):
    """Hands an array over as it came, for numpy to lay itself over it."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


def read_arrays(sql: str, widths: Sequence[int], params: Sequence[object] | None = None) -> list[Int64s]:
    """One row of arrays of int4, int8 or timestamptz without nulls, each as int64 (moments in microseconds since 2000).

    `widths` are the bytes of their elements. A NULL (nothing aggregated) is an empty array.
    """
    with Cursor(db.raw_connection()) as cursor:
        for name in ("int4", "int8", "timestamptz"):
            cursor.adapters.register_loader(cursor.adapters.types[name].array_oid, _ArrayBytes)
        cursor.execute(sql, params, binary=True)
        row = cursor.fetchall()[0]
    return [_lay(data, width) for data, width in zip(row, widths, strict=True)]


def _lay(data: bytes | None, width: int) -> Int64s:
    if data is None:
        return np.empty(0, dtype=np.int64)
    layout = np.dtype([("size", ">i4"), ("value", f">i{width}")])
    return np.frombuffer(data, dtype=layout, offset=ARRAY_HEADER_BYTES)["value"].astype(np.int64)


def copy_blocks(columns: Mapping[str, tuple[str, object]], rows: int) -> Iterator[bytes]:
    """Blocks of COPY BINARY (without header and trailer) of `rows` rows.

    `columns`: name -> (`i2`, `i4`, `i8` or `text`, values). Values are an array of that many integers, one integer or
    text for all rows, or None for NULL in all rows.
    """
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, (kind, values) in columns.items():
        fields.append((f"size of {name}", ">i4"))
        if values is not None and values != "" if isinstance(values, str | None) else True:
            width = len(str(values).encode()) if kind == "text" else 0
            fields.append((name, f"S{width}" if kind == "text" else f">{kind}"))
    for start in range(0, rows, COPY_ROWS):
        stop = min(start + COPY_ROWS, rows)
        block = np.empty(stop - start, dtype=fields)
        block["count"] = len(columns)
        for name, (_, values) in columns.items():
            present = name in (block.dtype.names or ())
            size = block.dtype[name].itemsize if present else (-1 if values is None else 0)
            block[f"size of {name}"] = size
            if present:
                part = values[start:stop] if isinstance(values, np.ndarray) else values
                block[name] = part.encode() if isinstance(part, str) else part
        yield block.tobytes()


def copy_into(table: str, names: Sequence[str], blocks: Iterator[bytes]) -> None:
    """COPY blocks made by `copy_blocks` into a table, in one statement. `blocks` may follow layouts one after
    another.
    """
    with db.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(COPY_HEADER)
        for block in blocks:
            copy.write(block)
        copy.write(COPY_TRAILER)
