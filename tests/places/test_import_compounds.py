"""Compounds, buildings, units and doors from a street office's sheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from linli.core.access import SYSTEM, Actor, Grant
from linli.core.importers import Outcome, Source
from linli.places import queries
from linli.places.imports.compounds import load_compounds, stem
from linli.places.terms import Kind
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)
HEAD = ("小区", "所属社区", "楼栋", "单元", "单元数", "层数", "每层户数", "街道")


@pytest.fixture
def made() -> District:
    return make_district(compounds=1, buildings=1, units=1)


def load(folder: Path, *rows: Sequence[object], actor: Actor = SYSTEM) -> Outcome:
    path = folder / "compounds.csv"
    with path.open("w", newline="", encoding="gbk") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return load_compounds(Source(path, path.name), actor=actor, at=LATER, watch=lambda *_: None)


def test_a_compound_with_all_it_holds(made: District, tmp_path: Path) -> None:
    rows = [
        ("滨河佳苑", "150102001001", "1", "", 3, 6, 2, ""),
        ("滨河佳苑", "第1社区居委会", "2号楼", "一单元", "", 18, 4, "海拉尔东路"),
        ("滨河佳苑", "第1社区", "3号楼", "", "", "", "", ""),
        ("东村", "第2社区", "", "", "", "", "", ""),
    ]
    outcome = load(tmp_path, *rows)
    assert outcome.account.created == 4, outcome.rejections
    assert [value for _, value in outcome.facts] == [2, 3, 4, 3 * 12 + 72]
    (compound,) = queries.search_places("滨河佳苑", actor=SYSTEM, at=LATER)
    buildings = queries.list_children(compound.id, LATER)
    assert [place.name for place in buildings] == ["1号楼", "2号楼", "3号楼"]
    (unit,) = queries.list_children(buildings[1].id, LATER)
    doors = queries.list_doors(unit.id)
    assert (unit.name, doors[0].number, doors[-1].number, doors[-1].floor) == ("1单元", "101", "1804", 18)
    assert [door.key for door in doors] == list(range(unit.lo or 0, (unit.lo or 0) + 72))
    again = load(tmp_path, *rows)
    assert (again.account.unchanged, again.account.rows_in) == (4, 4)
    assert [value for _, value in again.facts] == [0, 0, 0, 0]


def test_more_doors_in_a_known_unit(made: District, tmp_path: Path) -> None:
    outcome = load(tmp_path, ("阳光小区", "第1社区", "1#", "1", "", 4, 2, ""))
    assert (outcome.account.updated, outcome.account.created) == (1, 0)
    numbers = [door.number for door in queries.list_doors(made.units[0].id)]
    assert numbers == ["101", "102", "201", "202", "301", "302", "401", "402"]


BAD = {
    "empty compound": (("", "第1社区", "", "", "", "", "", ""), "empty", "A3"),
    "empty community": (("甲小区", "", "", "", "", "", "", ""), "empty", "B3"),
    "unknown community": (("甲小区", "第9社区", "", "", "", "", "", ""), "community_unknown", "B3"),
    "other street": (("甲小区", "第1社区", "", "", "", "", "", "中山路街道"), "community_unknown", "B3"),
    "no building": (("甲小区", "第1社区", "", "1单元", "", "", "", ""), "empty", "C3"),
    "unit and units": (("甲小区", "第1社区", "1", "1", 2, "", "", ""), "unit_and_units", "E3"),
    "floors alone": (("甲小区", "第1社区", "1", "1", "", 6, "", ""), "empty", "G3"),
    "doors of no unit": (("甲小区", "第1社区", "1", "", "", 6, 2, ""), "empty", "E3"),
    "too many floors": (("甲小区", "第1社区", "1", "1", "", 151, 2, ""), "range", "F3"),
    "not a number": (("甲小区", "第1社区", "1", "1", "", "六", 2, ""), "integer", "F3"),
    "unit twice": (("滨河佳苑", "第1社区", "01栋", "二单元", "", "", "", ""), "unit_twice", "D3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows(made: District, tmp_path: Path, name: str) -> None:
    row, code, cell = BAD[name]
    outcome = load(tmp_path, ("滨河佳苑", "第1社区", "1", "", 2, "", "", ""), row)
    assert (outcome.account.created, outcome.account.rejected) == (1, 1)
    assert (code, cell) in [(one.code, one.cell) for one in outcome.rejections]
    assert all(one.advice for one in outcome.rejections)


def test_name_that_stands_for_two_communities(made: District, tmp_path: Path) -> None:
    make_district(code="150103", name="回民区", compounds=0)
    outcome = load(tmp_path, ("甲小区", "第1社区", "", "", "", "", "", ""))
    assert [one.code for one in outcome.rejections] == ["community_several"]
    assert "150103001001" in str(outcome.rejections[0].message)


def test_only_where_the_actor_may(made: District, tmp_path: Path) -> None:
    mine, other = made.communities
    grant = Grant(1, "office", mine.id, frozenset({"places.import"}), made.extent(mine))
    outcome = load(
        tmp_path,
        ("甲小区", mine.code, "", "", "", "", "", ""),
        ("乙小区", other.code, "", "", "", "", "", ""),
        actor=Actor(7, "office", (grant,)),
    )
    assert (outcome.account.created, outcome.account.rejected) == (1, 1)
    assert not queries.list_inside(made.extent(other), Kind.COMPOUND, LATER)[1:]


def test_stems() -> None:
    names = ["星火巷社区居委会", "星火巷社区居民委员会", "星火巷社区", "星火巷"]
    assert {stem(name) for name in names} == {"星火巷"}
