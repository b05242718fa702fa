"""Values beyond what can be kept or written: the caller's mistake, said as such."""

from __future__ import annotations

import orjson
import pytest
from django.db import DataError

from linli.core.api import as_problem
from linli.core.errors import NotFound


@pytest.mark.parametrize(("value", "shown"), [(2**53, 2**53), (2**80, str(2**80)), (-(2**80), str(-(2**80)))])
def test_a_problem_names_any_number(value: int, shown: int | str) -> None:
    assert orjson.loads(orjson.dumps(NotFound(key=value).as_dict()))["params"]["key"] == shown


@pytest.mark.parametrize("error", [DataError("a text with a NUL"), OverflowError("date value out of range")])
def test_what_the_database_or_the_calendar_cannot_hold(error: Exception) -> None:
    problem = as_problem(error)
    assert (problem.status, problem.code) == (422, "core.value_beyond")
    assert problem.advice
