"""Classes of a map."""

from __future__ import annotations

import pytest

from linli.core.shades import LABELS, NOTHING, list_shades, shade_of


@pytest.mark.parametrize(
    ("missing", "whole", "shade"),
    [
        (0, 10, 0),
        (1, 20, 1),
        (1, 19, 2),
        (4, 20, 2),
        (5, 20, 3),
        (10, 20, 3),
        (11, 20, 4),
        (20, 20, 4),
        (0, 0, NOTHING),
    ],
)
def test_a_class_is_a_share(missing: int, whole: int, shade: int) -> None:
    assert shade_of(missing, whole) == shade


def test_the_legend_names_every_class_and_leaves_out_nothing_to_count_while_there_is_none() -> None:
    legend = list_shades([0, 4, 4])
    assert [(shade.number, shade.count) for shade in legend] == [(0, 1), (1, 0), (2, 0), (3, 0), (4, 2)]
    assert [str(shade.label) for shade in list_shades([NOTHING])] == [str(label) for label in LABELS]
