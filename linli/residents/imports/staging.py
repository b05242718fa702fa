"""The staged roster: rows on their way into the register, in temporary tables that are gone at commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from linli.core import bulk, db
from linli.core.bulk import NULL, copy_text
from linli.residents.bulk import seal_texts
from linli.residents.imports.addresses import Unit
from linli.residents.imports.rows import Staged, Traits
from linli.residents.imports.spec import Status
from linli.residents.policies import is_head

COLUMNS = (
    *("n", "unit_id", "lo", "number", "label", "name", "sex", "born_on", "head", "relation"),
    *("id_sealed", "id_hash", "phone_sealed", "phone_hash", "needs", "needs_said", "presence", "vacant", "back_on"),
    *("note", "body"),
)
# `n` is the row in the sheet. `body` is a digest of everything the row says: two rows of one body are one row,
# sent twice.
_TABLES = """
DROP TABLE IF EXISTS pg_temp.roster, pg_temp.roster_bad, pg_temp.roster_same, pg_temp.roster_fit, pg_temp.roster_group,
    pg_temp.roster_home, pg_temp.roster_labelled, pg_temp.roster_there, pg_temp.roster_want, pg_temp.roster_wanted_door,
    pg_temp.roster_via, pg_temp.roster_said;
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


def _lines(rows: Sequence[tuple[Staged, Unit]]) -> Iterator[str]:
    ids = seal_texts([one.id_number for one, _ in rows])
    phones = seal_texts([one.phone for one, _ in rows])
    for (one, unit), id_number, phone in zip(rows, ids, phones, strict=True):
        relation, marks = _trait_columns(one.traits)
        body = hash(
            (
                *(one.address, one.room, one.label, one.name, one.sex, one.born_on, one.id_number, one.phone),
                *(one.traits, one.note),
            )
        )
        yield (
            f"{one.row.number}\t{unit.id}\t{unit.lo}\t{copy_text(one.room)}\t{copy_text(one.label)}"
            f"\t{copy_text(one.name)}\t{one.sex:d}\t{one.born_on or NULL}\t{relation}\t{id_number}\t{phone}\t{marks}"
            f"\t{copy_text(one.note)}\t{body}"
        )


@lru_cache(maxsize=10_000)
def _trait_columns(traits: Traits) -> tuple[str, str]:
    """head and relation; needs, needs_said, presence, vacant and back_on: in the order of COLUMNS."""
    vacant = traits.status == Status.VACANT
    presence = None if vacant else traits.status
    return (
        "\t".join(map(copy_text, (is_head(traits.relation), traits.relation))),
        "\t".join(map(copy_text, (traits.needs, traits.needs_said, presence, vacant, traits.back_on))),
    )
