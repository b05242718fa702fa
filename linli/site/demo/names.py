"""Names and relations of synthetic people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from linli.site.demo import words
from linli.site.demo.ground import Ints, Texts

# Which parts carry the household's surname; the others have one of their own.
OWN_NAME = (words.SPOUSE, words.FATHER, words.MEMBER)
FEMALE_FORM = {words.SON: words.DAUGHTER, words.FATHER: words.MOTHER, words.GRANDSON: words.GRANDDAUGHTER}


def _texts(values: Sequence[str]) -> Texts:
    table: Texts = np.empty(len(values), dtype=object)
    table[:] = list(values)
    return table


def _joined(first: Iterable[str], second: Sequence[str]) -> list[str]:
    return [a + b for a in first for b in second if a != b]


# Given names by (male, generation): old, middle, young.
GIVEN = {
    (True, 0): _texts(_joined(words.MALE_OLD, words.MALE_OLD_2)),
    (True, 1): _texts(_joined(words.MALE_MID, words.MALE_MID_2) + list(words.SINGLE_MALE) * 6),
    (True, 2): _texts(_joined(words.MALE_NEW, words.MALE_NEW_2)),
    (False, 0): _texts(_joined(words.FEMALE_OLD, words.FEMALE_OLD_2)),
    (False, 1): _texts(_joined(words.FEMALE_MID, words.FEMALE_MID_2) + list(words.SINGLE_FEMALE) * 6),
    (False, 2): _texts(_joined(words.FEMALE_NEW, words.FEMALE_NEW_2)),
}
MONGOLIAN = {
    True: _texts([*words.MONGOLIAN_FIRST, *_joined(words.MONGOLIAN_FIRST, words.MONGOLIAN_MALE)]),
    False: _texts([*words.MONGOLIAN_FEMALE, *_joined(words.MONGOLIAN_FIRST, words.MONGOLIAN_FEMALE)]),
}


def make_names(
    household: Ints,
    households: int,
    part: Ints,
    male: NDArray[np.bool_],
    age: NDArray[np.float64],
    mongolian: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Texts:
    """One name a person: children have their household's surname; Mongolian names have no surname."""
    surnames = _texts([name for name, _ in words.SURNAMES])
    share = np.array([float(share) for _, share in words.SURNAMES])
    share /= share.sum()
    of_house = rng.choice(len(surnames), size=households, p=share)[household]
    own = rng.choice(len(surnames), size=len(part), p=share)
    surname = surnames[np.where(np.isin(part, OWN_NAME), own, of_house)]
    given: Texts = np.empty(len(part), dtype=object)
    generation = np.select([age >= 52, age >= 22], [0, 1], default=2)
    for (is_male, era), table in GIVEN.items():
        mine = np.flatnonzero((male == is_male) & (generation == era))
        given[mine] = table[rng.integers(0, len(table), len(mine))]
    found: Texts = surname + given
    for is_male, table in MONGOLIAN.items():
        mine = np.flatnonzero(mongolian & (male == is_male))
        found[mine] = table[rng.integers(0, len(table), len(mine))]
    return found


def name_relations(part: Ints, male: NDArray[np.bool_]) -> Texts:
    form = np.arange(len(words.RELATIONS))
    for masculine, feminine in FEMALE_FORM.items():
        form[masculine] = feminine
    return _texts(words.RELATIONS)[np.where(male, part, form[part])]
