"""Marks as they come over the wire: read one by one, so that a bad one does not lose the others.

By hand, because this is the hottest path of the product; what it takes is described by `schemas.MarkIn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem
from linli.core.ids import are_plain
from linli.rounds.errors import BadMark, MarkFieldWrong, NotJson, TooMany
from linli.rounds.policies import require_times
from linli.rounds.services import MARKS_AT_ONCE
from linli.rounds.terms import MARK_WORDS, Mark, MarkColumns, MarkCommand

FIELDS = frozenset({"id", "person", "household", "mark", "at", "reason", "back_at", "until_at", "device_at"})
REASON_LENGTH = 400
LARGEST_ID = 2**63 - 1
PLAIN = ("id", "person", "mark", "at")


@dataclass
class Commands:
    """What a body asks for. `places[i]`: the position of `good[i]`; `bad`: position -> (id, problem) of the others."""

    count: int
    single: bool
    good: list[MarkCommand] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    bad: dict[int, tuple[str | None, Problem]] = field(default_factory=dict)


def read_commands(body: bytes) -> Commands:
    """One mark, or `{"marks": [...]}`. Raises NotJson, TooMany; of a single mark also what is wrong with it."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotJson from None
    if not isinstance(sent, dict):
        raise NotJson
    if "marks" not in sent:
        return Commands(1, True, [read_command(sent)], [0])
    items = sent["marks"]
    if not isinstance(items, list) or len(sent) > 1:
        raise NotJson
    if len(items) > MARKS_AT_ONCE:
        raise TooMany(count=len(items), limit=MARKS_AT_ONCE)
    found = Commands(len(items), False)
    for position, item in enumerate(items):
        try:
            found.good.append(read_command(item))
            found.places.append(position)
        except Problem as problem:
            given = item.get("id") if isinstance(item, dict) else None
            found.bad[position] = (given if isinstance(given, str) else None, problem)
    return found


def read_plain(body: bytes) -> MarkColumns | None:
    """The commonest body, a batch of marks of people that say nothing but what every mark has, column by column: in a
    third of the time. None: it is another, or something in it is wrong, and it is to be read one by one.
    """
    try:
        sent = orjson.loads(body)
        items = sent["marks"]
        if len(sent) > 1 or not 0 < len(items) <= MARKS_AT_ONCE or set(map(len, items)) != {4}:
            return None
        ids, people, words, times = ([item[name] for item in items] for name in PLAIN)
        if set(map(type, people)) != {int} or not 0 < min(people) <= max(people) <= LARGEST_ID:
            return None
        if not are_plain(ids):
            return None
        moments = [datetime.fromisoformat(text) for text in times]
        if any(moment.tzinfo is None or not 1 < moment.year < 9999 for moment in moments):
            return None
        return MarkColumns(ids, [MARK_WORDS[word] for word in words], moments, people)
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
        return None


def read_command(item: Any) -> MarkCommand:
    """Raises MarkFieldWrong, BadMark."""
    if not isinstance(item, dict):
        raise MarkFieldWrong(field="marks", why=_("each mark is an object"))
    if not item.keys() <= FIELDS:
        raise MarkFieldWrong(field=min(str(name) for name in item.keys() - FIELDS), why=_("there is no such field"))
    word = item.get("mark")
    kind = MARK_WORDS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise BadMark(value=word if isinstance(word, str | int) else "-")
    person, household = _number(item, "person"), _number(item, "household")
    if (person is None) == (household is None):
        raise MarkFieldWrong(field="person", why=_("give either a person or a household"))
    at = _moment(item, "at")
    if at is None:
        raise MarkFieldWrong(field="at", why=_("is missing"))
    if len(item) == 4:  # nothing but what every mark has
        return MarkCommand(_uuid(item), kind, at, person, household)
    return MarkCommand(_uuid(item), kind, at, person, household, _reason(item), *_moments(item, kind, at))


def _moments(
    item: dict[str, Any], kind: Mark, at: datetime
) -> tuple[datetime | None, datetime | None, datetime | None]:
    back_at, until_at = _moment(item, "back_at"), _moment(item, "until_at")
    require_times(kind, back_at, until_at, at)
    return back_at, until_at, _moment(item, "device_at")


def _uuid(item: dict[str, Any]) -> UUID:
    text = item.get("id")
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise MarkFieldWrong(field="id", why=_("is not a UUID")) from None


def _number(item: dict[str, Any], name: str) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= LARGEST_ID:
        raise MarkFieldWrong(field=name, why=_("is not the number of one"))
    return value


def _moment(item: dict[str, Any], name: str) -> datetime | None:
    value = item.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() is not None and 1 < moment.year < 9999:
            return moment
    except (ValueError, TypeError):
        pass
    raise MarkFieldWrong(field=name, why=_("is not a date and time with its offset, such as 2022-10-04T09:12:00+08:00"))


def _reason(item: dict[str, Any]) -> str:
    reason = item.get("reason", "")
    if not isinstance(reason, str) or "\x00" in reason:
        raise MarkFieldWrong(field="reason", why=_("is not a text"))
    if len(reason) > REASON_LENGTH:
        raise MarkFieldWrong(field="reason", why=_("is longer than 400 characters"))
    return reason
