"""Records that may mean the same: on a handful made by hand, and on febrl's public sets where they are there."""

from __future__ import annotations

import pytest

from bench.rows_linkage import has_data, measure_set
from linli.core.linkage import CROWD, Model, digits, find_alike, text, word

NAMES = [f"{first}{last}" for first in ("anna", "bert", "cora", "dirk", "elsa") for last in ("berg", "feld", "horn")]
MODEL = Model(fields=(text("name"), digits("born"), word("town")), blocks=(("name",), ("born",), ("town",)), share=0.1)


def people(count: int = 60) -> dict[str, list[str | None]]:
    return {
        "name": [NAMES[n % len(NAMES)] + str(n) for n in range(count)],
        "born": [f"19{10 + n % 80}0{1 + n % 9}1{n % 10}" for n in range(count)],
        "town": [f"town {n % 30}" for n in range(count)],
    }


def test_a_record_entered_twice_with_a_slip_is_found_and_nobody_else() -> None:
    columns = people()
    columns["name"].append("annaborg0")
    columns["born"].append(columns["born"][0])
    columns["town"].append("town 0")
    found = find_alike(columns, MODEL, least=0.5)
    assert [(one.left, one.right) for one in found] == [(0, 60)]
    assert found[0].levels["born"] == 0
    assert found[0].levels["name"] in (1, 2)


def test_what_is_not_known_says_nothing() -> None:
    columns = people()
    columns["name"].append("annaberg0")
    columns["born"].append(None)
    columns["town"].append(None)
    assert find_alike(columns, MODEL, least=0.01)[0].levels == {"name": 0, "born": None, "town": None}


def test_the_same_records_give_the_same_answer() -> None:
    columns = people()
    for name in columns:
        columns[name].append(columns[name][7])
    assert find_alike(columns, MODEL, least=0.1) == find_alike(columns, MODEL, least=0.1)


def test_a_value_that_a_crowd_shares_compares_nobody() -> None:
    crowd = CROWD + 1
    columns = people(crowd)
    columns["town"] = ["one town"] * crowd
    model = Model(fields=MODEL.fields, blocks=(("town",),), share=0.1)
    assert find_alike(columns, model, least=0.0) == []


def test_fewer_than_two_records_are_like_nobody() -> None:
    assert find_alike({"name": ["anna"], "born": ["1"], "town": ["a"]}, MODEL, least=0.1) == []


@pytest.mark.long
@pytest.mark.skipif(not has_data(), reason="febrl's sets are not here")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_febrl(number: int) -> None:
    score = measure_set(number)
    assert score.precision > 0.98
    assert score.recall > 0.95
