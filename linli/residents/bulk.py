"""Households and people by the million: what the demo and the bench load. Rosters have their own way, in `imports`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone

from linli.core import bulk, crypto, db
from linli.core.bulk import copy_text
from linli.residents.counts import recount_all
from linli.residents.terms import Presence, Sex

TABLES = ("household", "person")
_HOUSEHOLD_COLUMNS = ("id", "key", "label", "note", "created_at", "updated_at")
_PERSON_COLUMNS = (
    *("id", "household_id", "key", "name", "sex", "born_on", "relation", "id_sealed", "id_hash", "phone_sealed"),
    *("phone_hash", "needs", "presence", "presence_since", "back_on", "note", "created_at", "updated_at"),
)


class HouseholdRow(NamedTuple):
    """A household with an id from `reserve_ids`, behind the door `key`."""

    id: int
    key: int
    label: str = ""
    note: str = ""


class PersonRow(NamedTuple):
    """A person with an id from `reserve_ids`; `key` is the household's. ID number and phone are sealed here."""

    id: int
    household_id: int
    key: int
    name: str
    sex: int = Sex.UNKNOWN
    born_on: date | None = None
    relation: str = ""
    id_number: str = ""
    phone: str = ""
    needs: int = 0
    presence: int = Presence.PRESENT
    presence_since: date | None = None  # None: the day of `at`
    back_on: date | None = None


@contextmanager
def loading() -> Iterator[None]:
    """Around everything that is loaded: `reserve_ids(...)`, `load_households(...)`, `load_people(...)`, in this order.

    One transaction. While the tables are still empty they are filled without indexes, which are built at its end; then
    all units are counted.
    """
    with bulk.bare(*TABLES):
        yield
    recount_all()


def reserve_ids(*, households: int, people: int) -> tuple[int, int]:
    """Take that many ids of each from their sequences; returns the first household id and the first person id."""
    with db.atomic():
        # Nobody inserts between reading a sequence and setting it.
        db.execute("LOCK TABLE household, person IN SHARE ROW EXCLUSIVE MODE")
        return _reserve("household", households), _reserve("person", people)


def _reserve(table: str, count: int) -> int:
    sequence = db.scalar("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    first = int(db.scalar("SELECT nextval(%s::regclass)", [sequence]))
    db.scalar("SELECT setval(%s::regclass, %s)", [sequence, first + count])
    return first


def load_households(rows: Iterable[HouseholdRow | tuple[int, int]], *, at: datetime) -> int:
    """COPY households; returns how many. Plain tuples (id, key[, label[, note]]) do as well."""
    stamp = copy_text(at)
    tail = f"\t{stamp}\t{stamp}"
    plain = f"\t\t{tail}"

    def lines() -> Iterator[str]:
        for row in rows:
            if len(row) == 2:
                yield f"{row[0]}\t{row[1]}{plain}"
            else:
                one = HouseholdRow(*row)
                yield f"{one.id}\t{one.key}\t{copy_text(one.label)}\t{copy_text(one.note)}{tail}"

    return bulk.copy_lines("household", _HOUSEHOLD_COLUMNS, lines())


def load_people(rows: Iterable[PersonRow], *, at: datetime) -> int:
    """COPY people, their ID numbers and phones sealed on the way; returns how many.

    The caller answers for rows that fit: ids reserved, `key` the household's. The database checks keys and
    constraints, not sense. Publishes nothing: for filling a register, not for changing one under an open round.
    """
    stamp = copy_text(at)
    today = timezone.localtime(at).date().isoformat()
    tail = f"\t{stamp}\t{stamp}"

    def lines() -> Iterator[str]:
        for row in rows:
            since = row.presence_since.isoformat() if row.presence_since else today
            yield (
                f"{row.id}\t{row.household_id}\t{row.key}\t{copy_text(row.name)}\t{int(row.sex)}"
                f"\t{row.born_on or _NULL}\t{copy_text(row.relation)}\t{seal_text(row.id_number)}"
                f"\t{seal_text(row.phone)}\t{int(row.needs)}\t{int(row.presence)}"
                f"\t{since}\t{row.back_on or _NULL}\t{tail}"
            )

    return bulk.copy_lines("person", _PERSON_COLUMNS, lines())


_NULL = "\\N"


def seal_text(value: str) -> str:
    """A personal value as the two columns that keep it, in COPY's format: sealed, hash."""
    return seal_texts([value])[0]


def seal_texts(values: Sequence[str]) -> list[str]:
    """`seal_text` for many values."""
    return [
        f"\\\\x{sealed.hex()}\t\\\\x{digest.hex()}" if digest else "\\\\x\t\\N"
        for sealed, digest in zip(crypto.seal_all(values), crypto.hash_all(values), strict=True)
    ]
