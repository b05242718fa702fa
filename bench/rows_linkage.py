"""Duplicates found in public data whose truth is known: febrl's synthetic persons, by the code that the product uses.

Nothing is learned from the truth: how often records of the same agree is the default of each kind of field
(linli.core.linkage), chance is measured on the records without their labels, and the certainty from which a pair counts
is the product's. `share` and the blocks follow from the sets' description, not from their results.
"""

from __future__ import annotations

import csv
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from bench.report import REPOSITORY, Row, measures, row
from linli.core.linkage import Model, digits, find_alike, text, word
from linli.residents.terms import LEAST_CERTAINTY

DATA = REPOSITORY.parent / "shared" / "data" / "benchmarks" / "febrl"
MODEL = Model(
    fields=(
        text("given_name"),
        text("surname"),
        digits("date_of_birth"),
        digits("soc_sec_id"),
        word("street_number"),
        text("address_1"),
        text("suburb"),
        digits("postcode"),
    ),
    blocks=(
        ("soc_sec_id",),
        ("date_of_birth",),
        ("given_name", "surname"),
        ("postcode", "surname"),
        ("postcode", "given_name"),
        ("address_1", "street_number"),
        ("suburb", "street_number"),
    ),
    share=0.5,
)


@dataclass(frozen=True)
class Score:
    """Pairs found, pairs that are there, and pairs both found and there."""

    found: int
    true: int
    hits: int
    seconds: float

    @property
    def precision(self) -> float:
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.true


def has_data() -> bool:
    return DATA.is_dir()


def measure_set(number: int, least: float = LEAST_CERTAINTY) -> Score:
    """febrl's set 1 (1,000 records, 500 pairs), 2 or 3 (5,000 records each, up to five copies of one)."""
    with (DATA / f"dataset{number}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    columns = {name: [line[name].strip() or None for line in rows] for name in rows[0] if name != "rec_id"}
    same = defaultdict(list)
    for index, line in enumerate(rows):
        same[re.findall(r"\d+", line["rec_id"])[0]].append(index)
    truth = {pair for records in same.values() for pair in combinations(records, 2)}
    started = time.monotonic()
    found = {(one.left, one.right) for one in find_alike(columns, MODEL, least=least)}
    return Score(len(found), len(truth), len(found & truth), time.monotonic() - started)


@measures(
    "febrl1_precision", "febrl1_recall", "febrl2_precision", "febrl2_recall", "febrl3_precision", "febrl3_recall",
    city=False,
)  # fmt: skip
def measure_febrl(_city: None) -> Iterator[Row]:
    if not has_data():
        print(f"febrl's sets are not in {DATA}: their rows are left as they are.")
        return
    for number in (1, 2, 3):
        score = measure_set(number)
        said = f"{score.hits} of {score.true} pairs, {score.found - score.hits} wrong, {score.seconds:.0f} s"
        limit = "declared rates of agreement, chance measured without labels; nothing was tuned on these sets"
        yield row(f"febrl{number}_precision", score.precision, ours=said, limit=limit)
        yield row(f"febrl{number}_recall", score.recall, ours=said, limit=limit)
