"""The staged roster: rows on their way into the register, in temporary tables that are gone at commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linli.core import bulk, db
from linli.core.bulk import copy_text
from linli.residents.bulk import seal_text
from linli.residents.imports.addresses import Unit
from linli.residents.imports.rows import Staged, head_of

COLUMNS = (
    *("n", "unit_id", "lo", "number", "label", "head", "name", "sex", "born_on", "relation"),
    *("id_sealed", "id_hash", "phone_sealed", "phone_hash", "needs", "needs_said", "presence", "vacant", "back_on"),
    *("note", "body"),
)
# `n` is the row in the sheet. `body` is a digest of everything the row says: two rows of one body are one row,
# sent twice.
_TABLES = """
DROP TABLE IF EXISTS pg_temp.roster, pg_temp.roster_bad, pg_temp.roster_same, pg_temp.roster_fit, pg_temp.roster_group,
    pg_temp.roster_home, pg_temp.roster_labelled, pg_temp.roster_there, pg_temp.roster_want, pg_temp.roster_wanted_door;
CREATE TEMP TABLE roster (
    n integer, unit_id bigint, lo bigint, number text, label text, head boolean, name text, sex smallint, born_on date,
    relation text, id_sealed bytea, id_hash bytea, phone_sealed bytea, phone_hash bytea, needs smallint,
    needs_said smallint, presence smallint, vacant boolean, back_on date, note text, body bigint
) ON COMMIT DROP;
CREATE TEMP TABLE roster_bad (n integer, field text, code text, other integer) ON COMMIT DROP;
CREATE TEMP TABLE roster_same (n integer) ON COMMIT DROP;
"""


def make_tables() -> None:
    """Empty ones, also when an earlier import of this transaction has left its own behind."""
    db.execute(_TABLES)


def stage_rows(rows: Sequence[tuple[Staged, Unit]]) -> None:
    """COPY a batch of rows into the staging table, personal values sealed."""
    bulk.copy_lines("roster", COLUMNS, _lines(rows))


def _lines(rows: Iterable[tuple[Staged, Unit]]) -> Iterable[str]:
    null = "\\N"
    for one, unit in rows:
        presence = null if one.status is None or one.is_vacant else str(one.status)
        body = hash(
            (
                *(one.address, one.room, one.label, one.name, one.sex, one.born_on, one.relation, one.id_number),
                *(one.phone, one.needs, one.needs_said, one.status, one.back_on, one.note),
            )
        )
        yield (
            f"{one.row.number}\t{unit.id}\t{unit.lo}\t{copy_text(one.room)}\t{copy_text(one.label)}"
            f"\t{'t' if head_of(one) else 'f'}\t{copy_text(one.name)}\t{one.sex}\t{one.born_on or null}"
            f"\t{copy_text(one.relation)}\t{seal_text(one.id_number)}\t{seal_text(one.phone)}\t{one.needs}"
            f"\t{one.needs_said}\t{presence}\t{'t' if one.is_vacant else 'f'}\t{one.back_on or null}"
            f"\t{copy_text(one.note)}\t{body}"
        )
