"""What a cell says: pure functions from what stands in a sheet to a value, or a CellFault that says what
to do.

Every cleaner takes a cell as `reader` gives it (str, int, float, bool, date, datetime) and returns None
for an empty one. Messages never repeat the cell's content: rejections are stored and shown, and a cell
may hold an ID number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from linli.core.sheets.child_long import MARK
from linli.core.sheets.headers import Kind
from linli.core.sheets.identity import id_number_birth_date

Text = str | Promise

# Format and control characters that nobody sees: soft hyphen, zero-width, direction marks, BOM, C0/C1 but
# blanks.
_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_BLANK = "\t-\r\x1c-\x1f\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN_RE = re.compile(f"[{_UNSEEN}]")
_ODD = re.compile(f"[{_UNSEEN}{_BLANK}\uff03-\uff5a]|  |^ | $|^['#[]|^[Ee]rr:")
_ERR = re.compile("Err:5[0-9]{2}", re.IGNORECASE)  # as LibreOffice writes them into a CSV file
_HALF = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF |= {ord(wide): half for wide, half in zip("－＃／．＋＿", "-#/.+_", strict=True)}
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_GAP = re.compile(f"(?<=[{_HAN}·]) (?=[{_HAN}·])")
_SCIENTIFIC = re.compile(r"\d(\.\d*)?[eE]\+?\d{1,3}")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})[日号]?(?:[T ]\d{1,2}:\d{2}.*)?"
)
_ID_NUMBER = re.compile("[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EPOCH = date(1899, 12, 30)
ERRORS = frozenset(
    [
        *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
        *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!"),
    ]
)
"""What cells of a spreadsheet show when their formula has failed; a CSV file carries them as text."""
EXACT = 10**15  # above it a spreadsheet's number no longer holds every digit
OLDEST = date(1890, 1, 1)
LONGEST = 100_000
"""Characters in a cell that is looked at; what a column takes is far less, and its room says how much."""


class CellFault(Exception):
    """A cell that cannot be used as it is. `code` is stable; `message` says what is wrong, `advice` what to do."""

    def __init__(self, code: str, message: Text, advice: Text) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.advice = advice


def _precision() -> CellFault:
    return CellFault(
        "number_precision",
        _("The spreadsheet turned the number into a form like 1.1E+17 and lost its last digits."),
        _("Format the column as text, type or paste the full number again, and send the sheet again."),
    )


def _spreadsheet_error(word: str) -> CellFault:
    if word == "#CALC!":
        return CellFault(
            "cell_not_computed",
            _("The cell holds a formula whose result is not in the file."),
            _("Open the sheet in Excel or WPS and save it, or write the value itself into the cell."),
        )
    return CellFault(
        "cell_error",
        format_lazy(_("The cell shows {error}: a formula of the spreadsheet has failed."), error=word),
        _("Write the value itself into the cell instead of the formula, or empty the cell."),
    )


def _endless(count: int) -> CellFault:
    return CellFault(
        "too_long",
        format_lazy(_("The cell holds {count} characters, more than any column takes."), count=f"{count:,}"),
        _("Look whether a quotation mark in the row is not closed, and shorten what stands in the cell."),
    )


def _text_elsewhere() -> CellFault:
    return CellFault(
        "long_text_missing",
        _("The long text that belongs here is not in the file: it stood on a second sheet, which is missing or cut."),
        _("Copy the sheet of long texts back into the workbook, or write into the cell what should stand there."),
    )


def clean_text(value: Any) -> str | None:
    """Text with half-width digits and letters, one blank between words, nothing invisible; 1.0 is "1".

    Raises CellFault: number_precision for a number of more digits than a spreadsheet keeps; cell_error,
    cell_not_computed for what a spreadsheet shows where a formula failed; long_text_missing.
    """
    if isinstance(value, str):
        if _ODD.search(value) is None:
            return value or None
        value = _UNSEEN_RE.sub("", value).translate(_HALF)
        value = " ".join(value.split())
        if (value[:1] == "#" and value.upper() in ERRORS) or _ERR.fullmatch(value):
            raise _spreadsheet_error(value.upper())
        if value[:2] == "[[" and MARK.match(value):
            raise _text_elsewhere()
        # The apostrophe that marks text in a spreadsheet, as our own CSV files carry it before a sign.
        if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@", *"0123456789"):
            value = value[1:]
        return value or None
    return _text_of_number(value)


def _text_of_number(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if not math.isfinite(value) or abs(value) >= EXACT:
        raise _precision()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def clean_name(value: Any) -> str | None:
    """A person's name: as text, without the blanks that pad Chinese names, with one kind of middle dot."""
    text = clean_text(value)
    if text is None or text.isalpha():
        return text
    text = _HAN_GAP.sub("", re.sub("[•・‧∙⋅･●]", "·", text))
    if any(char.isdigit() for char in text):
        raise CellFault("name", _("There are digits in the name."), _("Put the name alone in this cell."))
    return text


def clean_integer(value: Any) -> int | None:
    """A whole number. Raises CellFault(integer)."""
    text = clean_text(value)
    if text is None:
        return None
    if re.fullmatch(r"[+-]?[0-9]{1,15}(\.0+)?", text) is None:
        raise CellFault("integer", _("This is not a whole number."), _("Write digits only."))
    return int(text.split(".")[0])


def clean_date(value: Any) -> date | None:
    """A day, from a date cell, 2022-10-04, 2022/10/4, 2022.10.4, 2022年10月4日, 20221004 or a
    spreadsheet's serial.

    Raises CellFault(date) where the order of day and month, or anything else, would have to be guessed.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        # Under 10000 it may as well be a year; 10000 is 1927, 99999 is 2173.
        if 10_000 <= value < 100_000:
            return _EPOCH + timedelta(days=int(value))
        if isinstance(value, float) and not value.is_integer():
            raise _bad_date()
    text = clean_text(value)
    if text is None:
        return None
    if re.fullmatch("[0-9]{8}", text):
        parts = text[:4], text[4:6], text[6:]
    elif match := _DATE.fullmatch(text.replace(" 年 ", "年").replace(" 月 ", "月")):
        parts = match[1], match[2] or match[3] or match[4] or match[5], match[6]
    else:
        raise _bad_date()
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        raise CellFault("date_impossible", _("There is no such day."), _("Correct the date.")) from None


def _bad_date() -> CellFault:
    return CellFault("date", _("This is not a date."), _("Write the date as year-month-day, such as 2022-10-04."))


def _check_birth(day: date, on: date | None) -> date:
    if day < OLDEST or (on is not None and day > on):
        raise CellFault(
            "birth_date",
            _("The date of birth is impossible."),
            _("Check the date of birth, or the 7th to 14th digit of the ID number, against the ID card."),
        )
    return day


def clean_birth_date(value: Any, *, on: date | None = None) -> date | None:
    """A date of birth, not before 1890 and, when `on` (today) is given, not after it. Raises
    CellFault(birth_date).
    """
    day = clean_date(value)
    return None if day is None else _check_birth(day, on)


def clean_id_number(value: Any, *, on: date | None = None) -> str | None:
    """A resident's ID number: 17 digits and a digit or X. Source: GB 11643-1999.

    The check digit is not required to fit (see `id_number_checksum_ok`); the day of birth must exist. Raises
    CellFault: number_precision, id_number_length, id_number, birth_date.
    """
    text = value if isinstance(value, str) and _ID_NUMBER.fullmatch(value) else _id_text(value)
    if text is None:
        return None
    try:
        birth = id_number_birth_date(text)
    except ValueError:
        birth = date.min
    _check_birth(birth, on)
    return text


def _id_text(value: Any) -> str | None:
    text = (clean_text(value) or "").replace(" ", "").lstrip("'‘’`").upper()
    if not text:
        return None
    if _SCIENTIFIC.fullmatch(text):
        raise _precision()
    if _ID_NUMBER.fullmatch(text) is None:
        raise _bad_id(text)
    return text


def _bad_id(text: str) -> CellFault:
    advice = _("Copy the number from the ID card; it has 18 digits, the last of which may be X.")
    if re.fullmatch("[0-9]{15}", text):
        return CellFault("id_number_old", _("This is a 15-digit ID number of the first generation."), advice)
    other = _(
        "Copy the number from the ID card, 18 digits, the last of which may be X. Who has none (a passport, a travel"
        " permit) is entered with this cell empty; their document belongs into the note."
    )
    if re.fullmatch("[0-9]*X?", text):
        return CellFault("id_number_length", _("The ID number does not have 18 digits."), other)
    return CellFault("id_number", _("This is not an ID number."), other)


def clean_phone(value: Any) -> str | None:
    """A phone number in one form: ``13912345678``, ``0471-6912345``, ``0471-6912345-123``, ``400-1234567``.

    Takes +86, 0086 and blanks, dots, hyphens and brackets in between. Raises CellFault: phone, phone_several,
    phone_area_code, number_precision.
    """
    if isinstance(value, str) and _MOBILE.fullmatch(value):
        return value
    text = clean_text(value)
    if text is None or _MOBILE.fullmatch(text):
        return text
    if _SCIENTIFIC.fullmatch(text):
        raise _precision()
    if re.search(r"\d{7,}\s*[/,，、;；\\|]\s*\+?\d|\d{11} +1\d{10}", text):
        raise CellFault("phone_several", _("There is more than one phone number."), _("Keep one number in this cell."))
    main, *extension = re.split(r"转|分机|ext\.?|(?<=\d{7})-(?=\d{1,6}$)", text.lower())
    digits = re.sub(r"[\s.\-—–()（）+]", "", main)
    digits = re.sub(r"^(?:00)?86(?=1\d{10}$|0\d{9,11}$)", "", digits)
    tail = re.sub(r"\s", "", extension[0]) if extension else ""
    if len(extension) > 1 or (extension and re.fullmatch("[0-9]{1,6}", tail) is None) or not digits.isascii():
        raise _bad_phone()
    return _known_phone(digits, tail)


def _known_phone(digits: str, tail: str) -> str:
    if _MOBILE.fullmatch(digits) and not tail:
        return digits
    if match := re.fullmatch(r"(0(?:10|2\d)|0[3-9]\d{2})([2-9]\d{6,7})", digits):
        return "-".join(filter(None, (match[1], match[2], tail)))
    if match := re.fullmatch(r"([48]00)(\d{7})", digits):
        return "-".join(filter(None, (match[1], match[2], tail)))
    if re.fullmatch(r"[2-9]\d{6,7}", digits):
        raise CellFault(
            "phone_area_code",
            _("The phone number has no area code."),
            _("Write the area code in front, such as 0471-6912345, or give a mobile number."),
        )
    raise _bad_phone()


def _bad_phone() -> CellFault:
    return CellFault(
        "phone",
        _("This is not a phone number."),
        _("Write a mobile number of 11 digits, or a landline with its area code such as 0471-6912345."),
    )


_CLEANERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: clean_text,
    Kind.NAME: clean_name,
    Kind.INTEGER: clean_integer,
    Kind.DATE: clean_date,
    Kind.PHONE: clean_phone,
}


def clean(value: Any, kind: Kind, *, on: date | None = None) -> Any:
    """The value of a cell by the kind of its field; None when it is empty. `on` is today, for dates of birth."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise _endless(len(value))
    if kind is Kind.ID_NUMBER:
        return clean_id_number(value, on=on)
    if kind is Kind.BIRTH_DATE:
        return clean_birth_date(value, on=on)
    return _CLEANERS[kind](value)
