"""The real divisions that a demo stands on, and how its people spread over the communities."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem
from linli.site.demo import facts

XINCHENG = "150102"
NICKNAMES = {"xincheng": XINCHENG, "huimin": "150103", "yuquan": "150104", "saihan": "150105"}
WITHOUT_CHILDREN = "150101"  # 市辖区: a heading of the statistics, not a place
FIRST_VILLAGE, FIRST_VIRTUAL = (
    200,
    498,
)  # the last three digits of a community's code: village committees, "virtual" ones
VILLAGE_WEIGHT = 0.12


class UnknownDistrict(Problem):
    code = "site.unknown_district"
    title = _("The demo knows no such district.")
    advice_text = _("Name one of Hohhot: xincheng, huimin, yuquan, saihan, a six-digit code, or all.")


@dataclass(frozen=True)
class Division:
    code: str
    parent: str
    level: str
    name: str

    @property
    def is_village(self) -> bool:
        return FIRST_VILLAGE <= int(self.code[-3:]) < FIRST_VIRTUAL

    @property
    def stem(self) -> str:
        """`东库街` of `东库街社区居委会`."""
        name = self.name
        for tail in ("社区居民委员会", "社区居委会", "村民委员会", "村委会", "嘎查委会", "居委会", "社区", "村"):
            if name.endswith(tail) and len(name) > len(tail) + 1:
                return name[: -len(tail)]
        return name


def read_divisions() -> list[Division]:
    """Hohhot's divisions of June 2020 as the product ships them (source: linli/places/data/README.md)."""
    text = resources.files("linli.places").joinpath("data/hohhot_2020.csv").read_text("utf-8-sig")
    return [
        Division(row["code"], row["parent_code"], row["level"], row["name"])
        for row in csv.DictReader(text.splitlines())
    ]


def choose_divisions(people: int, district: str = "") -> list[Division]:
    """The divisions of one district with those above it, or of the whole city. Raises UnknownDistrict.

    Without a district named: Xincheng, and from `facts.CITY_SIZE` people on all of Hohhot.
    """
    known = [row for row in read_divisions() if row.code != WITHOUT_CHILDREN]
    wanted = NICKNAMES.get(district.lower(), district) or ("all" if people >= facts.CITY_SIZE else XINCHENG)
    if wanted == "all":
        return known
    found = [row for row in known if row.level == "district" and wanted in (row.code, row.name)]
    if not found:
        raise UnknownDistrict(district=district)
    root = found[0].code
    return [row for row in known if row.level in ("province", "city") or row.code.startswith(root)]


def share_people(divisions: list[Division], people: int, rng: np.random.Generator) -> dict[str, float]:
    """Community code -> its share of the people, summing to 1; communities left out stay empty.

    A small demo fills some communities as full as they would be rather than all of them thinly.
    """
    communities = [row for row in divisions if row.level == "community" and int(row.code[-3:]) < FIRST_VIRTUAL]
    spread = rng.lognormal(0.0, 0.35, len(communities))
    weights = spread * np.array([VILLAGE_WEIGHT if row.is_village else 1.0 for row in communities])
    order = np.argsort(-weights, kind="stable")
    filled = order[: max(1, min(len(communities), people // facts.PEOPLE_PER_POPULATED_COMMUNITY))]
    total = float(weights[filled].sum())
    return {communities[index].code: float(weights[index]) / total for index in sorted(filled.tolist())}
