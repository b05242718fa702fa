"""Datong County's chain: the counts that were reported come out, level by level."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from linli.core import db
from linli.duty import queries as duty
from linli.duty.coverage import count_posts, list_vacancies
from linli.places import queries as places
from linli.site.demo import build, datong
from linli.site.demo.load import Plan

pytestmark = pytest.mark.django_db
AT = datetime(2022, 11, 24, 7, 30, tzinfo=UTC)


def test_the_chain_comes_out_as_reported() -> None:
    """47 / 188 / 967 / 2,899 / 4,101 in 11 communities and 188 compounds, every unit of every building covered."""
    demo = build.build_demo(Plan(people=130_000, district="datong"), password="x", at=AT, watch=lambda *_: None)
    assert (demo.communities, demo.compounds, demo.buildings, demo.units) == (11, 188, 967, 2_899)
    assert demo.district == "大通回族土族自治县"
    county = places.get_place("630121")
    extent = places.extent_of(county.id, AT)
    found = count_posts({county.id: extent}, AT)[county.id]
    assert [(role.value, people) for role, _posts, people in found.levels] == [
        ("area_lead", 47), ("grid_lead", 188), ("building_lead", 967), ("unit_lead", 2_899),
        ("information_officer", 4_101),
    ]  # fmt: skip
    assert {role.value: (count.posts, count.held) for role, count, _people in found.levels if count} == {
        "area_lead": (47, 47), "grid_lead": (188, 188), "building_lead": (967, 967), "unit_lead": (2_899, 2_899),
    }  # fmt: skip
    assert found.officers == {"linked": 1_316, "community": 1_102, "property": 861, "society": 822}
    assert sum(count for _label, count in found.officer_kinds) == 4_101
    assert (found.vacant, found.nobody) == (0, 0)
    assert list_vacancies(extent, AT) == []

    by_community = count_posts(
        {place.id: places.extent_of(place.id, AT) for place in places.list_children(
            places.get_place("630121100").id, AT)}, AT,
    )  # fmt: skip
    assert len(by_community) == datong.COMMUNITIES
    for role, _posts, people in found.levels:
        assert sum(one.people.get(role.value, 0) for one in by_community.values()) == people

    keys = [lo for (lo,) in db.rows("SELECT lo FROM place WHERE kind = 90 ORDER BY lo")]
    chains = duty.find_answering(keys, AT)
    assert all(level.acting is not None for key in keys for level in chains[key].levels[:4])
