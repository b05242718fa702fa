"""What a resident's ID number says about its holder. Source: GB 11643-1999. Takes numbers that are
already clean.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)  # what the digits' codes add to the sum over that of the digits


def id_number_checksum_ok(number: str) -> bool:
    """Whether the check digit fits. False is a warning, not an error: the demo's numbers are invalid by design."""
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        return False
    total = sum(map(mul, number.encode(), _WEIGHTS)) - _ZEROS
    return number[17] == _CHECKS[total % 11]


def id_number_birth_date(number: str) -> date:
    """The day of birth, digits 7 to 14. Raises ValueError when there is no such day."""
    return _day(number[6:14])


@lru_cache(maxsize=50_000)  # more than a century has days
def _day(digits: str) -> date:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def id_number_is_male(number: str) -> bool:
    """Digit 17: odd for men, even for women."""
    return int(number[16]) % 2 == 1


def id_number_looks_rounded(number: str) -> bool:
    """Ends in 000 and its check digit is wrong: what is left when a spreadsheet kept 15 of the 18 digits."""
    return number.endswith("000") and not id_number_checksum_ok(number)
