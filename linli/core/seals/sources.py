"""What is sealed: the journal here, other rooms' facts where they register them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from linli.core import db

WAIT_SECONDS = 0.02


@dataclass(frozen=True)
class Source:
    """Entries that are only ever added.

    `forms`: number -> columns, in the order they are hashed in; the newest is used, older ones verify older blocks.
    `rows(columns, first, last)`: a SELECT of these columns for these ids, in the order of ids. `sequence` hands out
    the ids of a source that grows by single entries into `table`; a source of finished pieces has `pieces` instead:
    (first id, last id) of each piece that is there whole. `strays`: a SELECT counting entries that no block can cover.
    """

    name: str
    table: str
    forms: dict[int, str]
    rows: Callable[[str, int, int], str]
    strays: Callable[[], str]
    block_size: int
    sequence: str = ""
    pieces: Callable[[], list[tuple[int, int]]] | None = None
    label: str | Promise = ""

    @property
    def form(self) -> int:
        return max(self.forms)


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    _sources[source.name] = source


def list_sources() -> list[Source]:
    return list(_sources.values())


def find_source(name: str) -> Source | None:
    return _sources.get(name)


def label_of(name: str) -> str:
    """What a source is called for people; its name where nobody knows it."""
    source = find_source(name)
    return str(source.label or name) if source else name


def find_given(source: Source) -> int:
    """The highest id that the sequence of a growing source has handed out."""
    return int(db.scalar(f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {source.sequence}"))


def digest_rows(source: Source, form: int, first: int, last: int) -> tuple[int, bytes]:
    """How many entries have these ids, and the SHA-256 of their canonical bytes: COPY's text format, times in UTC.

    One line an entry; COPY escapes line ends within values. Streams, so a block of any size takes little memory.
    """
    hashing, count = hashlib.sha256(), 0
    with db.atomic():
        db.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL work_mem = '256MB'")
        with (
            db.cursor() as cursor,
            cursor.copy(f"COPY ({source.rows(source.forms[form], first, last)}) TO STDOUT") as out,
        ):
            for line in out:
                hashing.update(line)
                count += bytes(line).count(b"\n")
    return count, hashing.digest()


def find_settled(source: Source, *, patience: float) -> int | None:
    """The highest id up to which no entry can appear any more; None when a writer took longer than `patience` seconds.

    Whoever has been given an id and not yet ended holds a lock on the table, taken before the id was handed out. So:
    read what the sequence has given, then who holds such a lock, then wait until each of *those* has ended (later
    writers have later ids). A busy table never has a moment without writers, but each of them is soon gone.
    """
    last = find_given(source)
    writing = _find_writers(source.table)
    until = time.monotonic() + patience
    while writing:
        if time.monotonic() > until:
            return None
        time.sleep(WAIT_SECONDS)
        writing &= _find_writers(source.table)
    return last


def _find_writers(table: str) -> set[str]:
    """Transactions, by their virtual id (never used twice), that may have written to the table. Not our own."""
    found = db.rows(
        "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = %s::regclass AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
        " AND pid IS DISTINCT FROM pg_backend_pid()",
        [table],
    )
    return {name for (name,) in found}


# One source for the journal. Its columns are written out, so that a new column is a new form, not a broken seal.
_JOURNAL_COLUMNS = "id, at, account_id, account_name, appointment_id, origin, verb, key, subject, detail"

register(
    Source(
        name="journal",
        label=_("journal"),
        table="journal_entry",
        sequence="journal_entry_id_seq",
        forms={1: _JOURNAL_COLUMNS},
        rows=lambda columns, first, last: (
            f"SELECT {columns} FROM journal_entry WHERE id >= {first} AND id <= {last} ORDER BY id"
        ),
        strays=lambda: "SELECT count(*) FROM journal_entry WHERE id <= 0",
        block_size=10_000,
    )
)
