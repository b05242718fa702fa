"""Extents against plain sets of doors, in Python and in SQL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linli.core import db
from linli.core.extents import EVERYWHERE, MAX_KEY, NOWHERE, UNIT_SIZE, Extent, unit_lo, unite

KEYS = 40
spans = st.tuples(st.integers(0, KEYS), st.integers(0, KEYS)).map(lambda pair: (min(pair), max(pair)))
span_lists = st.lists(spans, max_size=8)


def keys_of(given_spans: list[tuple[int, int]]) -> set[int]:
    return {key for lo, hi in given_spans for key in range(lo, hi)}


def doors(extent: Extent) -> set[int]:
    return keys_of(list(extent.spans))


@given(span_lists)
def test_normal_form(one: list[tuple[int, int]]) -> None:
    extent = Extent.of(one)
    assert doors(extent) == keys_of(one)
    assert len(extent) == len(keys_of(one))
    assert bool(extent) == bool(keys_of(one))
    assert list(extent) == sorted(extent)
    assert all(a.hi < b.lo for a, b in zip(extent.spans, extent.spans[1:], strict=False)), "they neither meet nor touch"
    assert Extent.of(extent.spans) == extent
    assert Extent.parse(str(extent)) == extent
    assert (extent.los, extent.his) == ([lo for lo, _ in extent], [hi for _, hi in extent])


@given(span_lists, span_lists)
def test_algebra(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = Extent.of(one), Extent.of(other)
    mine, theirs = keys_of(one), keys_of(other)
    assert doors(a | b) == mine | theirs
    assert doors(a & b) == mine & theirs
    assert doors(a - b) == mine - theirs
    assert (a <= b) == (mine <= theirs)
    assert a & b == b & a
    assert Extent.of((a - b).spans) == a - b, "every result is in normal form"
    assert Extent.of((a & b).spans) == a & b
    assert (a == b) == (mine == theirs)
    assert unite([a, b]) == a | b


@given(span_lists, st.integers(-1, KEYS + 1))
def test_membership(one: list[tuple[int, int]], key: int) -> None:
    assert (key in Extent.of(one)) == (key in keys_of(one))


@given(st.integers(0, MAX_KEY - 1))
def test_unit_of_a_key(key: int) -> None:
    lo = unit_lo(key)
    assert lo % UNIT_SIZE == 0
    assert lo <= key < lo + UNIT_SIZE


@pytest.mark.parametrize("span", [(-1, 4), (5, 3), (0, MAX_KEY + 1)])
def test_no_spans(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Extent.of([span])


def test_ends() -> None:
    assert NOWHERE <= EVERYWHERE
    assert MAX_KEY - 1 in EVERYWHERE
    assert MAX_KEY not in EVERYWHERE
    assert str(NOWHERE) == "{}"
    assert Extent.parse("{}") == NOWHERE
    assert EVERYWHERE - EVERYWHERE == NOWHERE


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(span_lists, span_lists, st.integers(0, KEYS))
def test_sql_says_the_same(one: list[tuple[int, int]], other: list[tuple[int, int]], key: int) -> None:
    a, b = Extent.of(one), Extent.of(other)
    ((union, both, rest, inside, holds, by_rows),) = db.rows(
        """
        SELECT (a + b)::text, (a * b)::text, (a - b)::text, a <@ b, %(key)s::bigint <@ a,
               EXISTS (SELECT 1 FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS s (lo, hi)
                       WHERE %(key)s >= s.lo AND %(key)s < s.hi)
        FROM (SELECT %(a)s::int8multirange AS a, %(b)s::int8multirange AS b) AS given
        """,
        {"a": str(a), "b": str(b), "key": key, "los": a.los, "his": a.his},
    )
    assert Extent.parse(union) == a | b
    assert Extent.parse(both) == a & b
    assert Extent.parse(rest) == a - b
    assert inside == (a <= b)
    assert holds == by_rows == (key in a)
