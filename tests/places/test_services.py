from __future__ import annotations

import pytest

from linli.places import queries
from tests.builders.places import AT, make_district

pytestmark = pytest.mark.django_db


def test_tree_is_built_and_read() -> None:
    made = make_district()
    assert len(made.doors) == 2 * 2 * 2 * 2 * 6
    assert queries.door_label(made.doors[0].key) == "阳光小区 1号楼 1单元 101"
    path = queries.path_of(made.units[0].id, AT)
    assert [p.name for p in path] == ["呼和浩特市", "新城区", "海拉尔东路街道", "第1社区", "阳光小区", "1号楼"]
    assert made.keys == sorted(made.keys)
    assert all(key in made.extent(made.district) for key in made.keys)
    counts = queries.count_inside(made.extent(made.city))
    assert (counts.compounds, counts.buildings, counts.units, counts.doors) == (4, 8, 16, 96)
