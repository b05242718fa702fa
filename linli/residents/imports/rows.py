"""One row of a roster: what its cells say, or what is wrong with them. Pure, and made for a hundred thousand rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.sheets import (
    CellFault,
    Rejection,
    Sheet,
    SheetRow,
    clean_birth_date,
    clean_date,
    clean_id_number,
    clean_name,
    clean_phone,
    clean_text,
    id_number_checksum_ok,
    id_number_looks_rounded,
)
from linli.residents.imports.spec import ADDRESS, BY_AGE, FLAGS, NEED_WORDS_ZH, NO, SEX_WORDS, STATUS_WORDS, YES, Status
from linli.residents.policies import LABEL_CHARS, NAME_CHARS, NOTE_CHARS, RELATION_CHARS, settle_birth
from linli.residents.terms import Need, Sex

ROOM_CHARS = 20
_ROOM_TAIL = re.compile(r"(?<=[0-9A-Za-z])(?:室|号|户|房|号房|房间)$")
_WHOLE_ROOM = re.compile(r"([0-9]{1,4})-([0-9]{1,2})-([0-9]{2,5}[A-Za-z]?)")
_MEMO_LIMIT = 50_000


class Traits(NamedTuple):
    """What the cells say that many rows have in common."""

    relation: str
    sex: Sex
    needs: int
    needs_said: int  # which marks the row speaks of, set or not
    status: int | None
    back_on: date | None


@dataclass(slots=True)
class Staged:
    """A row with nothing wrong in itself. `address` is as written; what it stands for is found out afterwards."""

    row: SheetRow
    address: tuple[str, ...]  # district, street, community, compound, building, unit
    room: str
    label: str
    name: str
    sex: Sex
    born_on: date | None
    id_number: str
    phone: str
    traits: Traits
    note: str

    @property
    def is_vacant(self) -> bool:
        return self.traits.status == Status.VACANT


SHORTEN = _("Shorten it.")
SHORTEN_OR_MOVE = _("Shorten it, or put the rest into the remarks.")


class RowFaults(Exception):
    def __init__(self, rejections: list[Rejection]) -> None:
        super().__init__(len(rejections))
        self.rejections = rejections


def _limited(
    limit: int,
    cleaner: Callable[[Any], str | None] = clean_text,
    advice: Text = SHORTEN_OR_MOVE,
) -> Callable[[Any], str]:
    def clean(value: Any) -> str:
        text = cleaner(value) or ""
        if len(text) > limit:
            raise CellFault(
                "too_long",
                _("The text is too long for this column."),
                advice,
            )
        return text

    return clean


def clean_room(value: Any) -> str:
    """A door's number as the register writes it: ５０１室 is 501."""
    if isinstance(value, date):  # so 3-2 comes out of a spreadsheet
        raise CellFault(
            "room_date",
            _("The spreadsheet has turned the door number into a date."),
            _("Format the column as text, then type the number of the door again."),
        )
    text = "".join((clean_text(value) or "").split())
    text = _ROOM_TAIL.sub("", text)
    if len(text) > ROOM_CHARS:
        raise CellFault("room", _("This is not a door number."), _("Give the number on the door alone, such as 501."))
    return text


def _word(value: Any) -> str:
    return "".join((clean_text(value) or "").lower().split())


def clean_flag(value: Any) -> bool | None:
    """是 / 否 and what else stands for them; None when the cell is empty."""
    word = _word(value)
    if not word:
        return None
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellFault(
        "yes_no", _("This is neither yes nor no."), _("Write 是 or 否; put anything more into the remarks.")
    )


def clean_sex(value: Any) -> Sex:
    word = _word(value)
    if not word:
        return Sex.UNKNOWN
    if word not in SEX_WORDS:
        raise CellFault("sex", _("This is not a sex."), _("Write 男 or 女."))
    return SEX_WORDS[word]


def clean_status(value: Any) -> int | None:
    word = _word(value)
    if not word:
        return None
    if word not in STATUS_WORDS:
        raise CellFault("status", _("This state is not known."), _("Write 在家, 外出, 搬走, 去世 or 空户."))
    return int(STATUS_WORDS[word])


def clean_needs(value: Any) -> int:
    """A list of marks: 独居、慢病. Age groups are passed over: they follow from the date of birth."""
    needs = Need(0)
    for word in re.split(r"[\s,，、;；/|+]+", (clean_text(value) or "").lower()):
        if not word or word in BY_AGE:
            continue
        if word not in NEED_WORDS_ZH:
            raise CellFault(
                "needs",
                _("One of these marks of need is not known."),
                _("Use 独居, 残疾, 孕妇, 慢病, 用药, 无智能手机, 卧床, 困难; put anything more into the remarks."),
            )
        needs |= NEED_WORDS_ZH[word]
    return int(needs)


def _address_part(value: Any) -> str:
    return clean_text(value) or ""


Cleaner = Callable[[Any], Any]
_TRAITS = ("relation", "sex", "status", "back_on", "needs", *FLAGS)
_OWN = ("room", "household", "name", "id_number", "phone", "born_on", "note")


class _Memo(dict[Any, Any]):
    """What recurs, cleaned once: `memo[raw]` is what it says. Raises what the cleaner raises."""

    def __init__(self, cleaner: Cleaner) -> None:
        super().__init__()
        self._clean = cleaner

    def __missing__(self, raw: Any) -> Any:
        value = self._clean(raw)
        if len(self) < _MEMO_LIMIT:
            self[raw] = value
        return value


class RowCleaner:
    """Cleans the rows of one sheet. What recurs (an address, a relation with its marks, a door) is cleaned once.

    `on` is today. `suspect` counts ID numbers that were taken though their check digit is wrong.
    """

    def __init__(self, sheet: Sheet, on: date) -> None:
        self.suspect = 0
        self._columns = {name: column.index for name, column in sheet.header.columns.items()}
        self._cleaners: dict[str, Cleaner] = {
            **dict.fromkeys(ADDRESS, _address_part),
            **dict.fromkeys(FLAGS, clean_flag),
            "room": clean_room,
            "household": _limited(LABEL_CHARS),
            "name": _limited(NAME_CHARS, clean_name),
            "id_number": lambda value: _clean_id(value, on),
            "phone": lambda value: clean_phone(value) or "",
            "born_on": lambda value: clean_birth_date(value, on=on),
            "relation": _limited(RELATION_CHARS),
            "sex": clean_sex,
            "status": clean_status,
            "back_on": clean_date,
            "needs": clean_needs,
            "note": _limited(NOTE_CHARS, advice=SHORTEN),
        }
        self._addresses = _Memo(lambda cells: tuple(map(_address_part, cells)))
        self._traits = _Memo(self._clean_traits)
        self._rooms, self._labels, self._births, self._notes = (
            _Memo(self._cleaners[name]) for name in ("room", "household", "born_on", "note")
        )
        # Behind the cells of a row come empty ones: for a row that ends early, and, last of all, for every column
        # that the sheet does not have.
        self._empty = [""] * (max(self._columns.values(), default=0) + 1)
        self._address_cells, self._trait_cells, self._own_cells = map(self._picker, (ADDRESS, _TRAITS, _OWN))

    def _picker(self, names: tuple[str, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
        return itemgetter(*(self._columns.get(name, -1) for name in names))

    def clean(self, row: SheetRow) -> Staged:
        """Raises RowFaults with everything that is wrong in the row."""
        cells: list[Any] = row.cells + self._empty
        if bool in map(type, cells):  # True is 1 to a memo; by their words they differ
            cells = [clean_text(value) if type(value) is bool else value for value in cells]
        try:
            return self._stage(row, cells)
        except CellFault:
            faults = self._find_faults(cells)
        except _Fault as fault:
            faults = [(fault.field, fault.fault)]
        raise RowFaults([row.reject(name, fault) for name, fault in faults])

    def _find_faults(self, cells: list[Any]) -> list[tuple[str, CellFault]]:
        faults = []
        for name, index in self._columns.items():
            try:
                self._cleaners[name](cells[index])
            except CellFault as fault:
                faults.append((name, fault))
        return faults

    def _clean_traits(self, cells: tuple[Any, ...]) -> Traits:
        relation, sex, status, back_on, needs, *flags = (
            self._cleaners[name](cell) for name, cell in zip(_TRAITS, cells, strict=True)
        )
        said = needs
        for need, flag in zip(FLAGS.values(), flags, strict=True):
            if flag is not None:
                said |= int(need)
                needs = needs | int(need) if flag else needs & ~int(need)
        return Traits(relation, sex, needs, said, status, back_on)

    def _stage(self, row: SheetRow, cells: list[Any]) -> Staged:
        """The row by its cells, then what they say together. Raises CellFault for a cell, _Fault for a row."""
        room, label, name, id_number, phone, born_on, note = self._own_cells(cells)
        address, traits = self._addresses[self._address_cells(cells)], self._traits[self._trait_cells(cells)]
        room, label, born_on, note = self._rooms[room], self._labels[label], self._births[born_on], self._notes[note]
        cleaners = self._cleaners
        name = cleaners["name"](name)
        id_number = cleaners["id_number"](id_number)
        phone = cleaners["phone"](phone)
        if not name and traits.status != Status.VACANT:
            raise _Fault(
                "name",
                "name_missing",
                _("There is no name."),
                _("Write the name, or 空户 as the state of an empty home."),
            )
        room, address = _place(address, room)
        try:
            birth = settle_birth(id_number, born_on, traits.sex)
        except CellFault as fault:
            raise _Fault.of("born_on" if fault.code == "birth_differs" else "sex", fault) from None
        if traits.back_on is not None and traits.status != Status.AWAY:
            raise _Fault(
                "back_on",
                "back_on",
                _("There is a day of return for somebody who is not away."),
                _("Write 外出 as the state, or clear the day of return."),
            )
        if id_number and not id_number_checksum_ok(id_number):
            self.suspect += 1
        return Staged(row, address, room, label, name, birth.sex, birth.born_on, id_number, phone, traits, note)


def _clean_id(value: Any, on: date) -> str:
    number = clean_id_number(value, on=on) or ""
    if number and id_number_looks_rounded(number):
        raise CellFault(
            "number_precision",
            _("The number ends in 000 and its check digit is wrong: a spreadsheet has lost its last digits."),
            _("Format the column as text, type the number again from the ID card, and send the sheet again."),
        )
    return number


class _Fault(Exception):
    def __init__(self, field: str, code: str, message: Any, advice: Any) -> None:
        super().__init__(code)
        self.field, self.fault = field, CellFault(code, message, advice)

    @classmethod
    def of(cls, field: str, fault: CellFault) -> _Fault:
        return cls(field, fault.code, fault.message, fault.advice)


def _place(address: tuple[str, ...], room: str) -> tuple[str, tuple[str, ...]]:
    """Room and address. 3-2-501 alone in the column of rooms is building 3, unit 2, door 501, as offices write it."""
    *area, compound, building, unit = address
    if not compound:
        raise _Fault(
            "compound",
            "compound_missing",
            _("The compound is missing."),
            _("Fill in the compound on every row (or merge the cells of the rows that share it)."),
        )
    if not room:
        raise _Fault("room", "room_missing", _("The door number is missing."), _("Fill in the number of the door."))
    whole = None if building or unit else _WHOLE_ROOM.fullmatch(room)
    if whole is not None:
        return whole[3], (*area, compound, whole[1], whole[2])
    return room, address
