"""What is compared of two people of the register, and what each agreement is worth. Rates are declared, not learned.

Chance is measured on the register, except where it is not chance: who lives behind one door shares it, its phone and
often a surname. There the level says how many others a person agrees with anyway (`alike`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from linli.core.linkage import Field, Level, Model, missing

# What is heard as one in much of the north and south alike: flat and curled tongue, front and back nasal.
_SOFT = re.compile(r"(?<=[zcs])h|(?<=[aei]n)g")

NAME = Field(
    "name",
    missing("name"),
    (
        Level("name_l = name_r", 0.80, rare="name"),
        Level("sound_l = sound_r", 0.08),
        Level("soft_l = soft_r", 0.04),
        # Brothers and sisters share a surname and often a character: little more than chance, so declared.
        Level(
            "length(name_l) >= 3 AND length(name_r) >= 3 AND damerau_levenshtein(name_l, name_r) = 1", 0.01, often=0.05
        ),
        Level("", 0.02),
    ),
)
BORN = Field(
    "born",
    missing("born"),
    (Level("born_l = born_r", 0.90), Level("damerau_levenshtein(born_l, born_r) = 1", 0.05), Level("", 0.03)),
)
SEX = Field("sex", missing("sex"), (Level("sex_l = sex_r", 0.98), Level("", 0.02)))
# Numbers are checked when they are entered: two that are both valid and differ are nearly always two people's.
ID_NUMBER = Field(
    "id_number", missing("id_number"), (Level("id_number_l = id_number_r", 0.98, alike=0.001), Level("", 0.005))
)
# Behind one door it says nothing: one phone serves a family.
PHONE = Field(
    "phone",
    f"{missing('phone')} OR key_l = key_r",
    (Level("phone_l = phone_r", 0.60, alike=20), Level("", 0.40)),
)
HOME = Field(
    "home",
    missing("key"),
    (
        Level("key_l = key_r", 0.45, alike=3),
        Level("unit_l = unit_r", 0.10, alike=60),
        Level("compound_l = compound_r", 0.15, alike=3_000),
        Level("", 0.30),
    ),
)
# To the head of another household it is another relation.
RELATION = Field(
    "relation",
    f"{missing('relation')} OR key_l <> key_r",
    (Level("relation_l = relation_r", 0.80, rare="relation"), Level("", 0.20)),
)
PEOPLE = Model(
    fields=(NAME, BORN, SEX, ID_NUMBER, PHONE, HOME, RELATION),
    blocks=(
        ("id_number",),
        ("born", "soft"),
        ("phone", "soft"),
        ("phone", "born"),
        ("key", "soft"),
        ("key", "born"),
        ("unit", "soft"),
        ("unit", "born"),
        ("compound", "soft"),
    ),
    share=0.005,  # one in two hundred is in the register twice
)


@lru_cache(maxsize=200_000)
def sounds_of(name: str) -> tuple[str, str]:
    """A name's pinyin without tones, and the same with sounds that are often confused made one: 张 → zhang, zan."""
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(name)
    return " ".join(syllables), " ".join(_SOFT.sub("", syllable) for syllable in syllables)
