"""What the details of journal entries are called, and how their values are said: in words, names and local times.

An entry keeps what a service knew (codes, ids, moments in UTC, digests of personal values); a reader wants none of it
raw. A test holds that every detail any service writes stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from linli.accounts.terms import Way
from linli.core.errors import Text
from linli.desk.terms import PURPOSES, ROOMS, VERBS
from linli.duty.terms import PERMISSION_LABELS, Role
from linli.notices.terms import FileKind, What
from linli.places.datums import Datum
from linli.places.terms import FOREVER
from linli.residents.terms import Presence, Purpose, Secret, Verdict

SHOWN_OF_LIST = 3


class Say(Enum):
    """How a value is said."""

    PLAIN = auto()  # text as it stands, numbers with their thousands
    COUNT = auto()  # a number; of a list its length
    NUMBER = auto()  # the number of an entry, or several: no thousands
    WORDS = auto()  # one of a list of words, or several
    PLACE = auto()  # a place by its code (text) or id (number), or several: its name
    ACCOUNT = auto()  # the id of an account: its name
    DOOR = auto()  # the key of a door: its address
    MOMENT = auto()
    DAY = auto()
    INNER = auto()  # further details
    NOTHING = auto()  # nobody reads it: digests, internal numbers


@dataclass(frozen=True)
class Fact:
    label: Text
    say: Say = Say.PLAIN
    words: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """Names of what entries speak of: places by code and by id, accounts by id, doors by key."""

    places: Mapping[str | int, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    doors: Mapping[int, str] = field(default_factory=dict)


def _words(choices: Iterable[tuple[Any, Text]]) -> dict[str, Text]:
    return {str(value): label for value, label in choices}


FIELDS: dict[str, Text] = {
    "name": _("full name"), "id_number": _("ID number"), "phone": _("phone"), "sex": _("sex"),
    "born_on": _("date of birth"), "relation": _("relation to the head"), "needs": _("marks of need"),
    "note": _("note"), "label": _("household label"), "presence": _("presence"), "back_on": _("back on"),
}  # fmt: skip
PRESENCES: dict[str, Text] = {one.name.lower(): one.label for one in Presence}
REASONS: dict[str, Text] = {**PURPOSES, **_words(Purpose.choices), "correction": _("to correct the rows of an import")}
HIDDEN = Fact("", Say.NOTHING)

FACTS: dict[str, Fact] = {
    "accepted": Fact(_("accepted"), Say.COUNT),
    "account": Fact(_("account"), Say.ACCOUNT),
    "accounts": Fact(_("new accounts"), Say.COUNT),
    "address_digest": HIDDEN,
    "after": Fact(_("after"), Say.PLACE),
    "alias": Fact(_("other name")),
    "appointment": Fact(_("appointment no."), Say.NUMBER),
    "appointments": Fact(_("appointments"), Say.COUNT),
    "author": HIDDEN,
    "author_name": Fact(_("work of")),
    "back_on": Fact(_("back on"), Say.DAY),
    "before": Fact(_("before"), Say.PLACE),
    "block": Fact(_("block")),
    "buildings": Fact(_("buildings"), Say.COUNT),
    "changed": Fact(_("changed"), Say.WORDS, FIELDS),
    "changes": Fact(_("changes of boundaries"), Say.COUNT),
    "code": Fact(_("code")),
    "columns": Fact(_("columns"), Say.COUNT),
    "communities": Fact(_("communities"), Say.COUNT),
    "compounds": Fact(_("compounds"), Say.COUNT),
    "created": Fact(_("new"), Say.COUNT),
    "datum": Fact(_("coordinates"), Say.WORDS, _words(Datum.choices)),
    "digest": HIDDEN,
    "digests": HIDDEN,
    "district": Fact(_("district")),
    "done": Fact(_("done"), Say.COUNT),
    "done_at": Fact(_("done at"), Say.MOMENT),
    "doors": Fact(_("doors"), Say.COUNT),
    "due": Fact(_("due"), Say.COUNT),
    "encrypted": Fact(_("encrypted")),
    "expires_at": Fact(_("until"), Say.MOMENT),
    "failures": Fact(_("wrong attempts"), Say.COUNT),
    "filter": Fact(_("filter"), Say.INNER),
    "found": Fact(_("pairs found"), Say.COUNT),
    "from_household": Fact(_("from household no."), Say.NUMBER),
    "from_key": Fact(_("from"), Say.DOOR),
    "given": Fact(_("given"), Say.INNER),
    "grids": Fact(_("grids"), Say.COUNT),
    "household": Fact(_("household no."), Say.NUMBER),
    "households": Fact(_("households"), Say.COUNT),
    "invitation": Fact(_("invitation no."), Say.NUMBER),
    "keys": Fact(_("with keys")),
    "kind": Fact(_("kind"), Say.WORDS, _words(FileKind.choices)),
    "known": Fact(_("already known"), Say.COUNT),
    "language": Fact(_("language"), Say.WORDS, {"zh-hans": _("Chinese"), "en": _("English")}),
    "large_type": Fact(_("large type")),
    "left_out": Fact(_("left out"), Say.COUNT),
    "made_at": Fact(_("made at"), Say.MOMENT),
    "marks": Fact(_("marks"), Say.COUNT),
    "merged": Fact(_("entry no."), Say.NUMBER),
    "merger": HIDDEN,
    "moved": Fact(_("moved"), Say.COUNT),
    "name": Fact(_("name")),
    "name_digest": HIDDEN,
    "new_name": Fact(_("new name")),
    "number": Fact(_("number"), Say.NUMBER),
    "numbers": Fact(_("numbers")),
    "open": Fact(_("open"), Say.COUNT),
    "other": Fact(_("other entry no."), Say.NUMBER),
    "outlines": Fact(_("outlines"), Say.COUNT),
    "overtaken": Fact(_("overtaken by what was seen later")),
    "passkey": Fact(_("passkey no."), Say.NUMBER),
    "people": Fact(_("people"), Say.COUNT),
    "phone": HIDDEN,
    "place": Fact(_("place"), Say.PLACE),
    "places": Fact(_("places"), Say.COUNT),
    "posts": Fact(_("posts"), Say.COUNT),
    "presence": Fact(_("presence"), Say.WORDS, PRESENCES),
    "purpose": Fact(_("purpose"), Say.WORDS, REASONS),
    "reason": Fact(_("reason")),
    "rejected": Fact(_("rejected"), Say.COUNT),
    "role": Fact(_("role"), Say.WORDS, _words(Role.choices)),
    "round": Fact(_("round")),
    "rows": Fact(_("rows"), Say.COUNT),
    "rows_in": Fact(_("rows in"), Say.COUNT),
    "scopes": Fact(_("scopes"), Say.WORDS, PERMISSION_LABELS),
    "secret": Fact(_("number"), Say.WORDS, _words(Secret.choices)),
    "seed": HIDDEN,
    "seen_at": Fact(_("seen at"), Say.MOMENT),
    "session": HIDDEN,
    "sessions": Fact(_("devices"), Say.COUNT),
    "sheet": HIDDEN,
    "since": Fact(_("since"), Say.MOMENT),
    "size": Fact(_("bytes"), Say.COUNT),
    "source": Fact(_("from"), Say.PLACE),
    "spans": HIDDEN,
    "strangers": Fact(_("not in the register"), Say.COUNT),
    "subject": Fact(_("about")),
    "taken": Fact(_("from the other entry"), Say.WORDS, FIELDS),
    "target": Fact(_("to"), Say.PLACE),
    "unchanged": Fact(_("unchanged"), Say.COUNT),
    "under": Fact(_("under"), Say.PLACE),
    "units": Fact(_("units"), Say.COUNT),
    "until": Fact(_("until"), Say.MOMENT),
    "updated": Fact(_("changed"), Say.COUNT),
    "username": Fact(_("account")),
    "verb": Fact(_("what"), Say.WORDS, {**ROOMS, **VERBS}),
    "verdict": Fact(_("decision"), Say.WORDS, _words(Verdict.choices)),
    "way": Fact(_("way"), Say.WORDS, _words(Way.choices)),
    "whole": Fact(_("the whole pack")),
    "what": Fact(_("who has to wait"), Say.WORDS, {"account": _("the account"), "address": _("the network address")}),
    "withdrawn": HIDDEN,  # ids of marks; how many people it was stands beside them
}
"""By the name of the detail. What stands here in no other way is said as it stands."""

OF_VERB: dict[tuple[str, str], Fact] = {
    ("desk.export_journal", "since"): Fact(_("since"), Say.DAY),
    ("desk.export_journal", "until"): Fact(_("until"), Say.DAY),
    ("notices.report_special", "what"): Fact(_("what"), Say.WORDS, _words(What.choices)),
    ("places.regrid", "number"): Fact(_("change no."), Say.NUMBER),
    ("places.undo_regrid", "number"): Fact(_("change no."), Say.NUMBER),
    ("residents.add_person", "name"): HIDDEN,  # a digest
    ("residents.import_roster", "account"): Fact(_("account"), Say.INNER),
    ("residents.record_presence", "before"): Fact(_("before"), Say.WORDS, PRESENCES),
    ("site.build_demo", "accounts"): Fact(_("accounts"), Say.COUNT),
}
"""Where one verb means something else by a name."""


def find_fact(verb: str, name: str) -> Fact:
    return OF_VERB.get((verb, name)) or FACTS.get(name) or Fact(name)


def list_mentioned(verb: str, detail: Mapping[str, Any], say: Say) -> list[Any]:
    """The values of an entry that are said in one way, to look their names up for many entries at once."""
    found: list[Any] = []
    for name, value in detail.items():
        fact = find_fact(verb, name)
        if fact.say is Say.INNER and isinstance(value, dict):
            found += list_mentioned(verb, value, say)
        elif fact.say is say:
            found += value if isinstance(value, list) else [value]
    return found


def say_facts(verb: str, detail: Mapping[str, Any], known: Known, said: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(label, value) of what a reader gains from: nothing empty, or `said` already."""
    lines: list[tuple[str, str]] = []
    for name, value in detail.items():
        fact = find_fact(verb, name)
        if name in said or value in (None, "", [], {}) or fact.say is Say.NOTHING:
            continue
        if fact.say is Say.INNER and isinstance(value, dict):
            lines += say_facts(verb, value, known)
        elif not isinstance(value, dict):
            lines.append((str(fact.label), _say(fact, value, known)))
    return lines


def _say(fact: Fact, value: Any, known: Known) -> str:
    if fact.say is Say.COUNT and isinstance(value, list):
        return f"{len(value):,}"
    if isinstance(value, list):
        words = [_say(fact, one, known) for one in value[:SHOWN_OF_LIST]]
        joined = ("、" if (get_language() or "").startswith("zh") else ", ").join(words)
        return joined if len(value) <= SHOWN_OF_LIST else gettext("%(some)s and %(more)s more") % {
            "some": joined, "more": f"{len(value) - SHOWN_OF_LIST:,}",
        }  # fmt: skip
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    names: dict[Say, Callable[[], object]] = {
        Say.WORDS: lambda: fact.words.get(str(value), value),
        Say.PLACE: lambda: known.places.get(value, value),
        Say.ACCOUNT: lambda: known.accounts.get(str(value), value),
        Say.DOOR: lambda: known.doors.get(int(value), value),
        Say.MOMENT: lambda: _moment(str(value)),
        Say.DAY: lambda: _day(str(value)),
        Say.NUMBER: lambda: value,
    }
    if fact.say in names:
        return str(names[fact.say]())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _moment(text: str) -> str:
    """In the jurisdiction's time, in full: whoever reads a journal reads it years later."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return gettext("without end") if moment >= FOREVER else f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return text
