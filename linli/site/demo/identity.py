"""ID numbers and phones that cannot be anybody's.

An ID number begins with the area code 999xxx, which GB/T 2260 gives to no place (provinces end at 82, 91 is the last
code in use at all), and its last character is never the check character of the other seventeen (GB 11643, ISO 7064 MOD
11-2). A phone is eleven digits of the segment 154, which the numbering plan for mobile phones allocates to no operator:
nobody is called.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = np.array(list("10X98765432"), dtype=object)
CHECK_ZERO = 1  # where 0 stands among the checks
AREA = 999
PHONES = 15_400_000_000
PHONE_SPACE = 100_000_000
PHONE_STEP = 61_803_399  # coprime to the space: no phone twice


def is_valid_check(number: str) -> bool:
    """Whether the last character of an 18-digit ID number is the check character of the rest."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return bool(CHECKS[total % 11] == number[17].upper())


def make_ids(born: NDArray[np.datetime64], male: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.object_]:
    """One 18-character ID number a person, no two alike, none valid. Odd sequence numbers are men's, as in life."""
    days = born.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    stamp = years * 10_000 + months * 100 + day
    rank = _rank_within(stamp * 2 + male)
    first = AREA * 1000 + rank // 500
    number = (first * 100_000_000 + stamp) * 1000 + 2 * (rank % 500) + male
    total = np.zeros(len(number), dtype=np.int64)
    rest = number.copy()
    for weight in reversed(WEIGHTS):
        total += rest % 10 * weight
        rest //= 10
    wrong = (total + rng.integers(1, 10, len(number))) % 11
    # No 0 at the end: with a sequence number of full hundreds it would look like a number that a spreadsheet rounded.
    wrong = np.where(wrong == CHECK_ZERO, (wrong + 1) % 11, wrong)
    texts = np.empty(len(number), dtype=object)
    texts[:] = list(map(str, number.tolist()))
    found: NDArray[np.object_] = texts + CHECKS[wrong]
    return found


def _rank_within(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many earlier rows have the same value."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[starts, len(ordered)])
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(starts, counts)
    return rank


def make_phones(has_phone: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.object_]:
    """A phone for those who have one, '' for the others."""
    offset = int(rng.integers(PHONE_SPACE))
    numbers = PHONES + (np.arange(len(has_phone), dtype=np.int64) * PHONE_STEP + offset) % PHONE_SPACE
    found = np.full(len(has_phone), "", dtype=object)
    found[has_phone] = list(map(str, numbers[has_phone].tolist()))
    return found
