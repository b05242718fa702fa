"""Verdicts on what is entered about people and households, pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.sheets import (
    CellFault,
    clean_birth_date,
    clean_id_number,
    clean_name,
    clean_phone,
    clean_text,
    id_number_birth_date,
    id_number_is_male,
)
from linli.residents.errors import BackTooEarly, FieldWrong, WordUnknown
from linli.residents.terms import NEED_WORDS, STORED_NEEDS, Need, PersonInput, Presence, Sex

NAME_CHARS, RELATION_CHARS, NOTE_CHARS, LABEL_CHARS = 80, 20, 400, 40
FIELD_LABELS: dict[str, Text] = {
    "name": _("full name"),
    "id_number": _("ID number"),
    "phone": _("phone"),
    "sex": _("sex"),
    "born_on": _("date of birth"),
    "relation": _("relation to the head"),
    "needs": _("marks of need"),
    "note": _("note"),
    "label": _("household label"),
    "presence": _("presence"),
    "back_on": _("back on"),
}
HEADS = ("户主", "本人", "head")


class Birth(NamedTuple):
    """What ID number and other statements agree on."""

    born_on: date | None
    sex: Sex


def settle_birth(id_number: str, born_on: date | None, sex: Sex) -> Birth:
    """Date of birth and sex from the ID number where there is one. Raises CellFault(birth_differs, sex_differs).

    Source: GB 11643-1999, digits 7 to 14 and 17. A number that says otherwise than the other columns is a slip in
    one of them, and nobody but the office knows in which.
    """
    if not id_number:
        return Birth(born_on, sex)
    written, by_id = id_number_birth_date(id_number), Sex.MALE if id_number_is_male(id_number) else Sex.FEMALE
    if born_on is not None and born_on != written:
        raise CellFault(
            "birth_differs",
            _("The date of birth is not the one in the ID number."),
            _("Check both against the ID card and correct the wrong one."),
        )
    if sex not in (Sex.UNKNOWN, by_id):
        raise CellFault(
            "sex_differs",
            _("The sex is not the one in the ID number."),
            _("Check both against the ID card and correct the wrong one."),
        )
    return Birth(written, by_id)


def settle_person(given: PersonInput, *, on: date) -> PersonInput:
    """The same person in the register's one form. `on` is today. Raises FieldWrong, BackTooEarly."""
    id_number = clean_field("id_number", lambda value: clean_id_number(value, on=on), given.id_number)
    born_on = clean_field("born_on", lambda value: clean_birth_date(value, on=on), given.born_on)
    birth = clean_field("born_on", lambda _value: settle_birth(id_number or "", born_on, given.sex), None)
    check_back(given.presence, given.back_on, on=on)
    return replace(
        given,
        name=settle_text("name", given.name, NAME_CHARS, required=True),
        id_number=id_number or "",
        phone=clean_field("phone", clean_phone, given.phone) or "",
        born_on=birth.born_on,
        sex=birth.sex,
        relation=settle_text("relation", given.relation, RELATION_CHARS),
        note=settle_text("note", given.note, NOTE_CHARS),
        needs=given.needs & STORED_NEEDS,
    )


def clean_field(name: str, cleaner: Callable[[Any], Any], value: Any) -> Any:
    """A sheet's cleaner at work on a field of a form. Raises FieldWrong with the cleaner's words."""
    try:
        return cleaner(value)
    except CellFault as fault:
        raise FieldWrong(fault.message, advice=fault.advice, field=name, label=FIELD_LABELS[name]) from None


def settle_text(name: str, value: str, limit: int, *, required: bool = False) -> str:
    """A text as it is kept. Raises FieldWrong when it is longer than `limit` characters, or empty and `required`."""
    text = str(clean_field(name, clean_name if name == "name" else clean_text, value) or "")
    if required and not text:
        raise FieldWrong(_("%(label)s: nothing is given."), field=name, label=FIELD_LABELS[name])
    if len(text) > limit:
        raise FieldWrong(
            _("%(label)s: more than %(limit)s characters."), field=name, label=FIELD_LABELS[name], limit=limit
        )
    return text


def check_back(presence: Presence, back_on: date | None, *, on: date) -> None:
    """A day of return is for those who are away, and does not lie in the past. Raises FieldWrong, BackTooEarly."""
    if back_on is None:
        return
    if presence != Presence.AWAY:
        raise FieldWrong(_("%(label)s: only for somebody who is away."), field="back_on", label=FIELD_LABELS["back_on"])
    if back_on < on:
        raise BackTooEarly(field="back_on")


def is_head(relation: str) -> bool:
    """Whether a relation, as it is written in the register, says that somebody is the head of the household."""
    return relation in HEADS


def parse_needs(words: Iterable[str]) -> Need:
    """Marks of need from their English words (`alone`, `no_smartphone`). Raises WordUnknown; age marks are not set."""
    needs = Need(0)
    for word in words:
        need = NEED_WORDS.get(word.strip().lower().replace("-", "_"))
        if need is None or need not in STORED_NEEDS:
            known = ", ".join(name for name, one in NEED_WORDS.items() if one in STORED_NEEDS)
            raise WordUnknown(word=word, known=known, field="needs")
        needs |= need
    return needs


def need_names(needs: Need) -> list[str]:
    """The English words of marks of need, as API and command line know them."""
    return [name for name, need in NEED_WORDS.items() if need in needs]


def age_on(born_on: date | None, day: date) -> int | None:
    """Whole years on `day`; None when nothing is known."""
    if born_on is None:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
