"""Ids read side by side come to what reading each comes to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core.field import read_named
from linli.core.ids import are_plain, new_id, read_numbers

NUMBERED = st.integers(0, 10**19).map(lambda number: f"p{number}")
ODD = st.sampled_from(["", "p", "5", "p1,p2", "p1,", ",p1", "q7", "pp3", "p 4", "p-1", "p٣", "p007", str(new_id())])


@given(st.lists(NUMBERED | ODD, max_size=4))
def test_numbers_read_at_once_are_those_read_one_by_one(values: list[str]) -> None:
    alone = [read_named(value, "p") for value in values]
    expected = alone if values and all(isinstance(number, int) for number in alone) else None
    assert read_numbers(values, "p") == expected


@pytest.mark.parametrize("odd", [None, 7, True, ["p1"]])
def test_what_is_no_text_is_no_number(odd: Any) -> None:
    with pytest.raises(TypeError):
        read_numbers(["p1", odd], "p")


def test_ids_are_plain_as_everybody_writes_them() -> None:
    some = [str(new_id()) for _ in range(3)]
    assert are_plain(some)
    for odd in (some[0].upper(), some[0][:-1], f"{{{some[0]}}}", f"{some[0]},{some[1]}"[:40], ""):
        assert not are_plain([*some, odd])
