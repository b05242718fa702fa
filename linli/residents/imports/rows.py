"""One row of a roster: what its cells say, or what is wrong with them. Pure, and made for a hundred thousand rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

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
from linli.residents.policies import LABEL_CHARS, NAME_CHARS, NOTE_CHARS, RELATION_CHARS, is_head, settle_birth
from linli.residents.terms import Need, Sex

ROOM_CHARS = 20
_ROOM_TAIL = re.compile(r"(?<=[0-9A-Za-z])(?:室|号|户|房|号房|房间)$")
_WHOLE_ROOM = re.compile(r"([0-9]{1,4})-([0-9]{1,2})-([0-9]{2,5}[A-Za-z]?)")
_MEMO_LIMIT = 50_000


@dataclass(slots=True)
class Staged:
    """A row with nothing wrong in itself. `address` is as written; what it stands for is found out afterwards."""

    row: SheetRow
    address: tuple[str, ...]  # district, street, community, compound, building, unit
    room: str
    label: str
    name: str
    sex: int
    born_on: date | None
    relation: str
    id_number: str
    phone: str
    needs: int
    needs_said: int  # which marks the row speaks of, set or not
    status: int | None
    back_on: date | None
    note: str

    @property
    def is_vacant(self) -> bool:
        return self.status == Status.VACANT


class RowFaults(Exception):
    def __init__(self, rejections: list[Rejection]) -> None:
        super().__init__(len(rejections))
        self.rejections = rejections


def _limited(limit: int, cleaner: Callable[[Any], str | None] = clean_text) -> Callable[[Any], str]:
    def clean(value: Any) -> str:
        text = cleaner(value) or ""
        if len(text) > limit:
            raise CellFault(
                "too_long",
                _("The text is too long for this column."),
                _("Shorten it, or put the rest into the remarks."),
            )
        return text

    return clean


def clean_room(value: Any) -> str:
    """A door's number as the register writes it: ５０１室 is 501."""
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


def clean_sex(value: Any) -> int:
    word = _word(value)
    if not word:
        return int(Sex.UNKNOWN)
    if word not in SEX_WORDS:
        raise CellFault("sex", _("This is not a sex."), _("Write 男 or 女."))
    return int(SEX_WORDS[word])


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


class RowCleaner:
    """Cleans the rows of one sheet. Cells of few different contents (compound, relation, 是) are cleaned once.

    `on` is today. `suspect` counts ID numbers whose check digit is wrong: a warning, not an error.
    """

    def __init__(self, sheet: Sheet, on: date) -> None:
        self.on = on
        self.suspect = 0
        self._columns = {name: column.index for name, column in sheet.header.columns.items()}
        self._memos: dict[str, dict[Any, Any]] = {}
        self._cleaners: dict[str, Callable[[Any], Any]] = {
            **dict.fromkeys(ADDRESS, _address_part),
            "household": _limited(LABEL_CHARS),
            "relation": _limited(RELATION_CHARS),
            "sex": clean_sex,
            "status": clean_status,
            "needs": clean_needs,
            "room": clean_room,
            **dict.fromkeys(FLAGS, clean_flag),
        }
        self._singles: dict[str, Callable[[Any], Any]] = {
            "name": _limited(NAME_CHARS, clean_name),
            "note": _limited(NOTE_CHARS),
            "id_number": self._id_number,
            "phone": lambda value: clean_phone(value) or "",
            "born_on": lambda value: clean_birth_date(value, on=on),
            "back_on": clean_date,
        }
        self._plan = [
            (name, index, self._cleaners.get(name), self._singles.get(name)) for name, index in self._columns.items()
        ]

    def clean(self, row: SheetRow) -> Staged:
        """Raises RowFaults with everything that is wrong in the row."""
        values: dict[str, Any] = {}
        faults: list[tuple[str, CellFault]] = []
        cells = row.cells
        width = len(cells)
        for name, index, often, single in self._plan:
            raw = cells[index] if index < width else ""
            try:
                if single is not None:
                    values[name] = single(raw) if raw != "" else None
                elif often is not None:
                    values[name] = self._remember(name, often, raw)
            except CellFault as fault:
                faults.append((name, fault))
        if not faults:
            try:
                return self._stage(row, values)
            except _Fault as fault:
                faults.append((fault.field, fault.fault))
        raise RowFaults([row.reject(name, fault) for name, fault in faults])

    def _remember(self, name: str, cleaner: Callable[[Any], Any], raw: Any) -> Any:
        memo = self._memos.setdefault(name, {})
        key = raw if type(raw) is str else (type(raw), raw)
        if key in memo:
            value = memo[key]
        else:
            try:
                value = cleaner(raw)
            except CellFault as fault:
                value = fault
            if len(memo) < _MEMO_LIMIT:
                memo[key] = value
        if isinstance(value, CellFault):
            raise value
        return value

    def _id_number(self, value: Any) -> str:
        number = clean_id_number(value, on=self.on) or ""
        if number and id_number_looks_rounded(number):
            raise CellFault(
                "number_precision",
                _("The number ends in 000 and its check digit is wrong: a spreadsheet has lost its last digits."),
                _("Format the column as text, type the number again from the ID card, and send the sheet again."),
            )
        if number and not id_number_checksum_ok(number):
            self.suspect += 1
        return number

    def _stage(self, row: SheetRow, values: dict[str, Any]) -> Staged:
        get = values.get
        status = get("status")
        needs, said = get("needs") or 0, get("needs") or 0
        for name, need in FLAGS.items():
            flag = get(name)
            if flag is not None:
                said |= need
                needs = needs | need if flag else needs & ~int(need)
        name = get("name") or ""
        if not name and status != Status.VACANT:
            raise _Fault(
                "name",
                "name_missing",
                _("There is no name."),
                _("Write the name, or 空户 as the state of an empty home."),
            )
        room, address = _place(values)
        id_number, born_on, sex = get("id_number") or "", get("born_on"), get("sex") or 0
        try:
            birth = settle_birth(id_number, born_on, Sex(sex))
        except CellFault as fault:
            raise _Fault.of("born_on" if fault.code == "birth_differs" else "sex", fault) from None
        back_on = get("back_on")
        if back_on is not None and status != Status.AWAY:
            raise _Fault(
                "back_on",
                "back_on",
                _("There is a day of return for somebody who is not away."),
                _("Write 外出 as the state, or clear the day of return."),
            )
        return Staged(
            row=row,
            address=address,
            room=room,
            label=get("household") or "",
            name=name,
            sex=int(birth.sex),
            born_on=birth.born_on,
            relation=get("relation") or "",
            id_number=id_number,
            phone=get("phone") or "",
            needs=needs,
            needs_said=said,
            status=status,
            back_on=back_on,
            note=get("note") or "",
        )


class _Fault(Exception):
    def __init__(self, field: str, code: str, message: Any, advice: Any) -> None:
        super().__init__(code)
        self.field, self.fault = field, CellFault(code, message, advice)

    @classmethod
    def of(cls, field: str, fault: CellFault) -> _Fault:
        return cls(field, fault.code, fault.message, fault.advice)


def _place(values: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Room and address. 3-2-501 alone in the column of rooms is building 3, unit 2, door 501, as offices write it."""
    parts = [values.get(name) or "" for name in ADDRESS]
    room = values.get("room") or ""
    if not parts[3]:
        raise _Fault(
            "compound",
            "compound_missing",
            _("The compound is missing."),
            _("Fill in the compound on every row (or merge the cells of the rows that share it)."),
        )
    if not room:
        raise _Fault("room", "room_missing", _("The door number is missing."), _("Fill in the number of the door."))
    whole = _WHOLE_ROOM.fullmatch(room) if not parts[4] and not parts[5] else None
    if whole is not None:
        parts[4], parts[5], room = whole[1], whole[2], whole[3]
    return room, tuple(parts)


def head_of(staged: Staged) -> bool:
    return is_head(staged.relation)
