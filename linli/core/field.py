"""Where rooms bring what phones do: kinds of commands, and sections of the work pack. The shell above knows none of
them.

The protocol is docs/sync.md. A command is work that somebody did at a door, made on a phone with an id of its own,
perhaps long before it arrives; a section is a part of what a phone carries along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from linli.core import db
from linli.core.access import Actor
from linli.core.errors import Conflict, Invalid, Problem
from linli.core.extents import Extent

TEXT_LENGTH = 400
NO_SUCH_FIELD = _("there is no such field")
NO_SUCH_WORD = _("is none of the words that are known")
ONE_OF_TWO = _("give one of door and place")
ONE_OF_THREE = _("give one of person, household and door")


class Command(NamedTuple):
    """One command. `at`: when it was done, by the server's clock, corrected and clamped (`is_clamped`); `device_at`: as
    the phone said. `payload` is what was sent, unchecked.
    """

    id: UUID
    kind: str
    at: datetime
    device_at: datetime
    is_clamped: bool
    payload: dict[str, Any]


class CommandColumns(NamedTuple):
    """Commands of one kind side by side, a column each. `ids`: as text, each of them once; `device_ats` is empty where
    the phone said the same times. None of them was clamped."""

    ids: Sequence[str]
    ats: Sequence[datetime]
    device_ats: Sequence[datetime]
    payloads: Sequence[dict[str, Any]]


class Answer(NamedTuple):
    """What became of a command: `problem` None: carried out, or known from before (`is_known`). `given`: ids made."""

    problem: Problem | None = None
    is_known: bool = False
    given: Mapping[str, Any] | None = None


class CommandWrong(Invalid):
    """A field of a command's payload; `field` names it."""

    code = "field.command_wrong"
    title = _("%(field)s: %(why)s")
    advice_text = _("This cannot be mended on the phone. Note what you did, and enter it anew.")


class ComesFirst(Conflict):
    """It speaks of something that has not arrived yet: not settled, to be sent again as it is."""

    code = "field.comes_first"
    title = _("What this speaks of has not arrived yet.")
    advice_text = _("It is sent again after the others by itself.")


class Disputed(Conflict):
    """Two people said different things: `problem` in words, and both values for the worker to choose from."""

    def __init__(self, problem: Problem, *, yours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        self.problem, self.yours, self.theirs = problem, dict(yours), dict(theirs)
        super().__init__()
        self.code, self.status = problem.code, problem.status

    @property
    def detail(self) -> str:
        return self.problem.detail

    @property
    def advice(self) -> str:
        return self.problem.advice


# --- kinds of commands ----------------------------------------------------------------------------------------------

One = Callable[[Command, Actor, datetime], Mapping[str, Any] | None]
Many = Callable[[Sequence[Command], Actor, datetime], list[Answer]]
Columns = Callable[[CommandColumns, Actor, datetime], list[Answer] | None]
Receipts = Callable[[Sequence[UUID]], Mapping[UUID, Mapping[str, Any]]]


@dataclass(frozen=True)
class CommandKind:
    """`rank`: which kinds of a batch go first. Exactly one of:

    `one`: carries out one command in a transaction that the shell made, where the author acts; answers what was given,
    raises Problem. Receipts are the shell's. `many`: a set of commands of one author at once, answered in their order,
    with receipts of the room's own, which `receipts` looks up; makes its own transactions, and may stand in one.

    `columns`: the same as `many` for a batch of the commonest commands, at a fraction of the cost. None: it is not such
    a batch, and nothing was done.
    """

    name: str
    rank: int
    one: One | None = None
    many: Many | None = None
    columns: Columns | None = None
    receipts: Receipts | None = None


_kinds: dict[str, CommandKind] = {}


def register_command(kind: CommandKind) -> None:
    _kinds[kind.name] = kind


def find_command(name: object) -> CommandKind | None:
    return _kinds.get(name) if isinstance(name, str) else None


def list_commands() -> list[CommandKind]:
    """Those that go first come first."""
    return sorted(_kinds.values(), key=lambda kind: (kind.rank, kind.name))


# --- files, which come in pieces --------------------------------------------------------------------------------------


class FileStand(NamedTuple):
    """How far a file has come that a command of `account_id` announced. `have`: bytes that are there, of those that are
    sent; `size`: of the file itself."""

    account_id: int
    have: int
    size: int
    is_whole: bool


@dataclass(frozen=True)
class Piece:
    """Some bytes of a file, from `start` on. `session`: the phone's session that sealed the file, None in the clear;
    `unseal`: opens all of what was sent, and gives None when it was altered. `is_anew`: forget what came before.
    """

    file: UUID
    start: int
    data: bytes
    session: UUID | None = None
    unseal: Callable[[bytes], bytes | None] | None = None
    is_anew: bool = False


@dataclass(frozen=True)
class FileStore:
    """The room that keeps files. `find` raises NotFound; `take` is idempotent."""

    find: Callable[[UUID], FileStand]
    take: Callable[[Piece, datetime], FileStand]


_file_stores: list[FileStore] = []


def set_file_store(store: FileStore) -> None:
    _file_stores[:] = [store]


def get_file_store() -> FileStore:
    return _file_stores[0]


# --- sections of the pack -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PackCall:
    """What a section is asked for. `extent`: the caller's doors; `fresh`: those of them that the phone has nothing of.

    `since`: the lowest transaction number that was under way when the last pack was read; None: give everything.
    `known`: what this section noted last time. `new_day`: what depends on the calendar has to be said anew. `shared`:
    what one section has found out for the others.
    """

    actor: Actor
    at: datetime
    extent: Extent
    fresh: Extent
    since: int | None = None
    known: Any = None
    new_day: bool = False
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return self.since is None

    def rows(self, sql: str, alias: str, within: Extent) -> list[tuple[Any, ...]]:
        """The rows of `alias`, by its `key`, that are to be sent: all, or those that changed or lie in `within`.

        `sql`: in an order, with `{where}`. An increment prepares it: to plan takes longer than to see what changed.
        """
        if self.is_whole:
            return db.rows(sql.format(where=self.extent.where(f"{alias}.key")))
        where = f"{behind(f'{alias}.key')} AND ({written_since(alias)} OR {alias}.key <@ %(within)s::int8multirange)"
        found = f"SELECT f.* FROM {DOORS} CROSS JOIN LATERAL ({sql.format(where=where)}) AS f"
        return db.prepared(found, self.asked | {"within": str(within)})

    @property
    def asked(self) -> dict[str, Any]:
        """The values of DOORS and `written_since`."""
        return self.extent.asked | {"since": str((self.since or 0) % (1 << 32))}


DOORS = "unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)"
"""SQL: the spans of a phone's doors, for statements that are planned once for all phones. What lies `behind` each is
read by a lateral query with an order or an aggregate, which is not joined: a join is planned to read all of a city."""


def behind(column: str) -> str:
    """SQL: whether `column` lies in the span of DOORS at hand."""
    return f"{column} >= e.lo AND {column} < e.hi"


def written_since(alias: str) -> str:
    """SQL: whether a row of `alias` was written by a transaction that was under way at `since`, or by a later one.

    By the row's own transaction number: nothing has to be written beside the row, and none that commits late is missed.
    It is the number of a subtransaction where there was one, which is why it is compared with the lowest number under
    way and not looked up in a snapshot. Good for two thousand million transactions; the shell starts anew long before.
    """
    return f"age({alias}.xmin) <= (SELECT age(%(since)s::xid))"


@dataclass
class Section:
    """What changed of a section: `all` or the doors `within` are replaced, `drop` goes, `put` comes. `known`: handed
    back at the next call; small, because it travels in the cursor.
    """

    put: list[dict[str, Any]] = field(default_factory=list)
    drop: list[Any] = field(default_factory=list)
    within: Extent = field(default_factory=Extent)
    is_all: bool = False
    known: Any = None

    @property
    def is_empty(self) -> bool:
        return not (self.put or self.drop or self.within or self.is_all)


@dataclass(frozen=True)
class PackSection:
    """`personal`: fields that the phone keeps encrypted."""

    name: str
    order: int
    read: Callable[[PackCall], Section]
    personal: tuple[str, ...] = ()


_sections: dict[str, PackSection] = {}


def register_section(section: PackSection) -> None:
    _sections[section.name] = section


def list_sections() -> list[PackSection]:
    return sorted(_sections.values(), key=lambda section: section.order)


def replace_if_other(put: list[dict[str, Any]], known: Any) -> Section:
    """A small section that is given whole whenever it is not what it was."""
    version = _short(orjson.dumps(put, default=str))
    return Section(known=version) if version == known else Section(put, is_all=True, known=version)


def digest(*parts: object) -> str:
    """Of what a section was made from: another when any part's text is."""
    return _short("\n".join(map(str, parts)).encode())


def _short(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:12]


def without_empty(**row: Any) -> dict[str, Any]:
    """A row as it travels: fields that say nothing are left out."""
    return {name: value for name, value in row.items() if value not in (None, "", [], ())}


# --- reading a payload ----------------------------------------------------------------------------------------------


class Reader:
    """Reads the fields of a payload one by one. Raises CommandWrong, which names the field."""

    def __init__(self, payload: dict[str, Any], known: Iterable[str]) -> None:
        self.payload = payload
        strange = payload.keys() - set(known)
        if strange:
            raise CommandWrong(field=min(strange), why=NO_SUCH_FIELD)

    def text(self, name: str, *, required: bool = False, longest: int = TEXT_LENGTH) -> str:
        value = self.payload.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or "\x00" in value or (required and not value.strip()):
            raise CommandWrong(field=name, why=_("is not a text"))
        if len(value) > longest:
            raise CommandWrong(field=name, why=_("is longer than it may be"))
        return value

    def word(self, name: str, words: Mapping[str, Any]) -> Any:
        value = self.payload.get(name)
        if not isinstance(value, str) or value not in words:
            raise CommandWrong(field=name, why=NO_SUCH_WORD)
        return words[value]

    def uuid(self, name: str) -> UUID:
        found = read_uuid(self.payload.get(name))
        if found is None:
            raise CommandWrong(field=name, why=_("is not a UUID"))
        return found

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        value = self.payload.get(name)
        if value is None and not required:
            return None
        found = read_moment(value)
        if found is None:
            raise CommandWrong(field=name, why=_("is not a moment with its offset"))
        return found

    def door(self, name: str = "door") -> int:
        value = self.payload.get(name)
        if type(value) is not int or not 0 < value < 1 << 53:
            raise CommandWrong(field=name, why=_("is not a door"))
        return value

    def named(self, name: str, letter: str) -> int | UUID:
        """What `read_named` reads. Raises CommandWrong."""
        found = read_named(self.payload.get(name), letter)
        if found is None:
            raise CommandWrong(field=name, why=_("is not an id"))
        return found


def number_of(named: int | UUID, find_made: Callable[[Sequence[UUID]], Mapping[UUID, int]]) -> int:
    """The server's number of what a phone named. `find_made`: of UUIDs that phones made, the numbers that are there.

    Raises ComesFirst for a UUID that has not arrived.
    """
    if not isinstance(named, UUID):
        return named
    found = find_made([named])
    if named not in found:
        raise ComesFirst
    return found[named]


def read_uuid(value: Any) -> UUID | None:
    if isinstance(value, str) and len(value) == 36:
        try:
            return UUID(value)
        except ValueError:
            return None
    return None


def read_moment(value: Any) -> datetime | None:
    """A moment with an offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.utcoffset() is not None and 1 < moment.year < 9999 else None


def read_named(value: Any, letter: str) -> int | UUID | None:
    """`p12` -> 12 for the letter p, or the UUID that a phone made; None for anything else."""
    if not isinstance(value, str):
        return None
    if value[:1] == letter and value[1:].isascii() and value[1:].isdecimal() and len(value) < 20:
        return int(value[1:])
    return read_uuid(value)
