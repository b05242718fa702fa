"""What rounds need done every few minutes, and how their marks are sealed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from linli.core import db, schedule
from linli.core.seals import sources
from linli.core.seals.sources import Source
from linli.rounds import bulk
from linli.rounds.partitions import LOAD_PART

LAPSE_EVERY = timedelta(minutes=5)
LOAD_IDS = 1 << 32  # ids below zero that one large load numbers its marks by: see marking_large

_COLUMNS = (
    "part, id, round_id, subject_id, key, kind, flags, event_at, device_at, received_at, back_at, until_at,"
    " account_id, appointment_id, client_id, reason"
)
_WITHDRAWN_COLUMNS = "id, client_id, round_id, account_id, event_at, received_at"


def register() -> None:
    schedule.register("rounds.lapse_exemptions", LAPSE_EVERY, _lapse)
    sources.register(
        Source(
            name="marks",
            label=_("marks"),
            table="mark",
            sequence="mark_id_seq",
            forms={1: _COLUMNS},
            rows=_rows,
            strays=lambda: f"SELECT count(*) FROM mark WHERE part < {LOAD_PART} AND id <= 0",
            block_size=100_000,
        )
    )
    sources.register(
        Source(
            name="marks.loads",
            label=_("marks of large loads"),
            table="mark",
            forms={1: _COLUMNS},
            rows=_load_rows,
            pieces=lambda: [_ids_of(part) for part in _list_parts() if part >= LOAD_PART],
            strays=lambda: (
                f"SELECT count(*) FROM mark WHERE part >= {LOAD_PART}"
                f" AND (id > -(part::bigint << 32) OR id <= -(part::bigint << 32) - {LOAD_IDS})"
            ),
            block_size=0,
        )
    )
    sources.register(
        Source(  # whoever adds or removes one changes what counts, and no mark
            name="marks.withdrawn",
            label=_("marks taken back"),
            table="mark_withdrawn",
            sequence="mark_withdrawn_id_seq",
            forms={1: _WITHDRAWN_COLUMNS},
            rows=lambda columns, first, last: (
                f"SELECT {columns} FROM mark_withdrawn WHERE id >= {first} AND id <= {last} ORDER BY id"
            ),
            strays=lambda: "SELECT count(*) FROM mark_withdrawn WHERE id <= 0",
            block_size=10_000,
        )
    )


def _lapse(at: datetime) -> int:
    return bulk.lapse_exemptions(at=at)


def _list_parts() -> list[int]:
    """Parts that are attached. A load is attached whole, at the end of its transaction."""
    found = db.rows(
        "SELECT substring(c.relname FROM 'mark_p([0-9]+)$')::int"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mark'::regclass ORDER BY 1"
    )
    return [part for (part,) in found]


def _rows(columns: str, first: int, last: int) -> str:
    """A range of each partition: a large load's have numbers of their own, and are not among these."""
    parts = [part for part in _list_parts() if part < LOAD_PART]
    ranges = [f"(SELECT {columns} FROM mark WHERE part = {part} AND id >= {first} AND id <= {last})" for part in parts]
    return " UNION ALL ".join(ranges or [f"SELECT {columns} FROM mark WHERE false"]) + " ORDER BY id"


def _ids_of(part: int) -> tuple[int, int]:
    return -(part << 32) - LOAD_IDS + 1, -(part << 32)


def _load_rows(columns: str, first: int, last: int) -> str:
    return f"SELECT {columns} FROM mark WHERE part = {-last >> 32} AND id >= {first} AND id <= {last} ORDER BY id"
