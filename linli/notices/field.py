"""Special situations from phones, first in every batch; and those that are not settled, in the work pack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from linli.core import field
from linli.core.access import Actor
from linli.core.field import (
    Command,
    CommandKind,
    CommandWrong,
    PackCall,
    PackSection,
    Reader,
    Section,
    read_named,
    replace_if_other,
    without_empty,
)  # fmt: skip
from linli.notices import queries, services
from linli.notices.terms import TEXT_LENGTH, What
from linli.places import queries as places

RANK = 0
FIELDS = ("what", "door", "place", "person", "text")
WHATS = {what.value: what for what in What}


def report(command: Command, actor: Actor, at: datetime) -> Mapping[str, Any]:
    reader = Reader(command.payload, FIELDS)
    what, text = reader.word("what", WHATS), reader.text("text", longest=TEXT_LENGTH)
    at_door = command.payload.get("door") is not None
    if at_door == (command.payload.get("place") is not None):
        raise CommandWrong(field="door", why=field.ONE_OF_TWO)
    person = read_named(command.payload.get("person"), "p")
    number = services.report_special(
        what=what,
        text=text,
        key=reader.door() if at_door else None,
        place_id=None if at_door else _place(reader),
        # Somebody who was registered on the spot and has not arrived yet is not waited for.
        person_id=person if isinstance(person, int) else None,
        client_id=command.id,
        happened_at=command.at,
        device_at=command.device_at,
        actor=actor,
        at=at,
    )
    return {"special": f"s{number}"}


def _place(reader: Reader) -> int:
    """By its id or by its code. Raises PlaceUnknown."""
    named = reader.text("place", required=True, longest=40)
    number = read_named(named, "l")
    return places.get_place(number if isinstance(number, int) else named).id


def read_specials(call: PackCall) -> Section:
    """Few, so given whole whenever any of it is another."""
    put = [
        without_empty(
            id=f"s{one.id}",
            door=one.key if one.place_id is None else None,
            place=f"l{one.place_id}" if one.place_id is not None else None,
            what=one.what,
            text=one.text,
            at=one.happened_at.isoformat(),
            by=one.reported_by,
        )
        for one in queries.list_open_inside(call)
    ]
    return replace_if_other(put, call.known)


def register() -> None:
    field.register_command(CommandKind("notices.special", RANK, one=report))
    field.register_section(PackSection("specials", 70, read_specials, ("text", "by")))
