"""Photos and voice notes from phones: the command that announces one. Its bytes come by POST /api/field/files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from linli.core import db, field
from linli.core.access import Actor
from linli.core.field import ComesFirst, Command, CommandKind, CommandWrong, FileStore, Reader, number_of
from linli.notices import files
from linli.notices.errors import SpecialNotFound
from linli.notices.terms import About, FileKind
from linli.places import queries as places
from linli.residents import queries as residents

RANK = 70  # after marks
SUBJECTS = ("person", "household", "door", "special")
FIELDS = frozenset({*SUBJECTS, "kind", "sha256", "size"})
KINDS = {kind.value: kind for kind in FileKind}
ONE_OF_FOUR = _("give one of person, household, door and special")


def announce(command: Command, actor: Actor, at: datetime) -> Mapping[str, Any]:
    """The file of the command's id may come now. Raises CommandWrong, ComesFirst, Forbidden, NotFound, and what
    `files.announce_file` raises."""
    reader = Reader(command.payload, FIELDS)
    kind, sha256, size = reader.word("kind", KINDS), _digest(reader), _size(command.payload)
    given = [name for name in SUBJECTS if command.payload.get(name) is not None]
    if len(given) != 1:
        raise CommandWrong(field="door", why=ONE_OF_FOUR)
    about = _ABOUT[given[0]](reader, actor, at)
    files.announce_file(
        file_id=command.id, about=about, kind=kind, size=size, sha256=sha256, taken_at=command.at, actor=actor, at=at
    )
    return {"file": str(command.id)}


def _digest(reader: Reader) -> bytes:
    text = reader.text("sha256", required=True, longest=64)
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32 or len(text) != 64:
        raise CommandWrong(field="sha256", why=_("is not a SHA-256 hash of 64 hexadecimal digits"))
    return digest


def _size(payload: Mapping[str, Any]) -> int:
    size = payload.get("size")
    if type(size) is not int or size < 1:
        raise CommandWrong(field="size", why=_("is not a number"))
    return size


def _door(reader: Reader, _actor: Actor, _at: datetime) -> About:
    return About(places.get_door(reader.door()).key)


def _person(reader: Reader, actor: Actor, at: datetime) -> About:
    named = reader.named("person", "p")
    number = number_of(named, residents.find_people_made)
    return About(residents.get_person(number, actor=actor, at=at).key, person_id=number)


def _household(reader: Reader, actor: Actor, at: datetime) -> About:
    named = reader.named("household", "h")
    number = number_of(named, residents.find_households_made)
    return About(residents.get_household(number, actor=actor, at=at).key, household_id=number)


def _special(reader: Reader, _actor: Actor, _at: datetime) -> About:
    """By its number, or by the id of the command that reported it. Raises ComesFirst, SpecialNotFound."""
    named = reader.named("special", "s")
    column = "client_id" if isinstance(named, UUID) else "id"
    rows = db.rows(f"SELECT id, key FROM special WHERE {column} = %s", [named])
    if not rows:
        raise ComesFirst if isinstance(named, UUID) else SpecialNotFound
    return About(rows[0][1], special_id=rows[0][0])


_ABOUT = {"door": _door, "person": _person, "household": _household, "special": _special}


def register() -> None:
    field.register_command(CommandKind("notices.file", RANK, one=announce))
    field.set_file_store(FileStore(files.find_stand, files.take_piece))
