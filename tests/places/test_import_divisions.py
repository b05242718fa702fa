"""Divisions from the official lists: the real ones, and rows as bad as they come."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.core.importers import Outcome, Source
from linli.places import queries, services
from linli.places.imports.divisions import load_divisions, normal_code, read_release
from linli.places.terms import Kind
from tests.builders.places import AT

pytestmark = pytest.mark.django_db
REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "data" / "divisions"
OURS = REPOSITORY / "linli" / "places" / "data" / "hohhot_2020.csv"
LATER = AT + timedelta(days=1)
HEAD = ("code", "parent_code", "level", "name")
TREE = (
    ("15", "", "province", "内蒙古自治区"),
    ("1501", "15", "city", "呼和浩特市"),
    ("150102", "1501", "district", "新城区"),
    ("150102001", "150102", "street", "海拉尔东路街道"),
    ("150102001001", "150102001", "community", "星火巷社区居委会"),
)


def load(path: Path) -> Outcome:
    return load_divisions(Source(path, path.name), actor=SYSTEM, at=AT, watch=lambda *_: None)


def load_rows(folder: Path, *rows: Sequence[str], head: Sequence[str] = HEAD) -> Outcome:
    path = folder / "divisions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return load(path)


def check_tree() -> None:
    """Every division holds keys, inside of its parent, apart from its siblings."""
    db.execute("ANALYZE place")
    db.execute("ANALYZE place_span")
    assert not db.rows(
        "SELECT code FROM place p WHERE kind <= 40 AND NOT EXISTS (SELECT 1 FROM place_span s WHERE s.place_id = p.id)"
    )
    assert not db.rows(
        """
        SELECT c.code FROM place c JOIN place_span s ON s.place_id = c.id
        WHERE c.kind = 40 AND NOT (s.lo <= c.lo AND c.hi <= s.hi)
        """
    )
    wrong = db.scalar(
        """
        SELECT count(*) FROM place_span s JOIN place p ON p.id = s.place_id
        WHERE p.parent_id IS DISTINCT FROM s.parent_place_id AND p.kind <= 40
        """
    )
    assert wrong == 0


def test_what_the_product_ships() -> None:
    rows = len(OURS.read_text("utf-8").splitlines()) - 1
    first = load(OURS)
    assert (first.account.rows_in, first.account.created, first.account.rejected) == (rows, rows, 0)
    check_tree()
    again = load(OURS)
    assert (again.account.unchanged, again.account.rows_in) == (rows, rows)
    pseudo = queries.get_place("150101")
    assert pseudo.name == "市辖区"
    assert queries.list_children(pseudo.id, AT) == []
    assert queries.extent_of(pseudo.id, AT)


@pytest.mark.skipif(not SHARED.exists(), reason="the real lists are not here")
def test_five_cities() -> None:
    for path in sorted(SHARED.glob("divisions_2020_*.csv")):
        outcome = load(path)
        assert outcome.account.rejected == 0, outcome.rejections[:3]
    assert db.scalar("SELECT count(*) FROM place WHERE kind = 10") == 5
    assert db.scalar("SELECT count(*) FROM place") == 10_070 - 1  # two cities share a province
    check_tree()
    assert queries.extent_of(queries.get_place("61").id, AT) <= EVERYWHERE
    newer = load(SHARED / "divisions_2023_to_street.csv")
    assert newer.account.balances
    assert newer.account.rejected == 0
    assert newer.account.created > 0
    check_tree()
    assert load(SHARED / "divisions_2023_to_street.csv").account.unchanged == newer.account.rows_in
    names = [place.name for place in queries.list_children(queries.get_place("150102").id, AT)]
    assert {"呼伦路街道", "丁香路街道", "东河街道"} <= set(names)


def test_a_part_of_it_and_the_rest_later(tmp_path: Path) -> None:
    assert load_rows(tmp_path, *TREE[:3]).account.created == 3
    outcome = load_rows(tmp_path, *reversed(TREE))
    assert (outcome.account.created, outcome.account.unchanged) == (2, 3)
    check_tree()
    community = queries.get_place("150102001001")
    assert [place.code for place in queries.path_of(community.id, AT)] == ["1501", "150102", "150102001"]


def test_renamed_and_still_found(tmp_path: Path) -> None:
    load_rows(tmp_path, *TREE)
    outcome = load_rows(tmp_path, (*TREE[3][:3], "海东路街道"), TREE[0])
    assert (outcome.account.updated, outcome.account.unchanged) == (1, 1)
    found = queries.search_places("海拉尔东路街道", actor=SYSTEM, at=AT)
    assert [place.name for place in found] == ["海东路街道"]


def test_codes_of_twelve_digits_and_chinese_levels(tmp_path: Path) -> None:
    rows = [
        ("150000000000", "", "省", "内蒙古自治区"),
        ("150100000000", "150000000000", "市", "呼和浩特市"),
        ("150102000000", "", "区县", "新城区"),
    ]
    outcome = load_rows(tmp_path, *rows, head=("统计用区划代码", "上级代码", "级别", "名称"))
    assert outcome.account.created == 3, outcome.rejections
    assert queries.get_place("150102").kind == Kind.DISTRICT
    assert normal_code("150102001000", Kind.STREET) == "150102001"
    assert normal_code("150102001001", Kind.STREET) is None


BAD = {
    "empty": ("", "1501", "district", "无代码区"),
    "code": ("15010", "1501", "district", "短码区"),
    "level": ("150103", "1501", "planet", "回民区"),
    "code_twice": ("150102", "1501", "district", "又一个新城区"),
    "parent_level": ("150104", "150102", "district", "玉泉区"),
    "not_under_parent": ("150105", "1502", "district", "赛罕区"),
    "parent_unknown": ("150199001", "150199", "street", "无上级街道"),
    "parent": ("16", "15", "province", "没有这个省"),
    "too_long": ("150121", "1501", "district", "长" * 121),
}


@pytest.mark.parametrize("code", BAD)
def test_bad_rows(tmp_path: Path, code: str) -> None:
    outcome = load_rows(tmp_path, *TREE, BAD[code])
    assert outcome.account.as_dict() == {"rows_in": 6, "created": 5, "updated": 0, "unchanged": 0, "rejected": 1}
    (rejection,) = outcome.rejections
    assert (rejection.code, rejection.row) == (code, 7)
    assert rejection.cell[1:] == "7"
    assert rejection.message
    assert rejection.advice


def test_rejected_parent_takes_its_children_along(tmp_path: Path) -> None:
    rows = (*TREE[:2], ("150102", "1501", "district", ""), *TREE[3:])
    outcome = load_rows(tmp_path, *rows)
    assert (outcome.account.created, outcome.account.rejected) == (2, 3)
    assert [one.code for one in outcome.rejections] == ["empty", "parent_unknown", "parent_unknown"]


def test_code_that_stands_for_something_else(tmp_path: Path) -> None:
    load_rows(tmp_path, *TREE)
    db.execute("UPDATE place SET ended_at = created_at WHERE code = '150102001001'")
    outcome = load_rows(tmp_path, TREE[4])
    assert [one.code for one in outcome.rejections] == ["code_taken"]


def test_nothing_is_made_below_a_place_that_was_dissolved(tmp_path: Path) -> None:
    load_rows(tmp_path, *TREE[:4])
    db.execute("UPDATE place SET ended_at = created_at WHERE code = '150102001'")
    outcome = load_rows(tmp_path, *TREE)
    assert [one.code for one in outcome.rejections] == ["code_taken", "parent_unknown"]
    assert (outcome.account.created, outcome.account.unchanged) == (0, 3)


def test_an_older_list_makes_no_place_a_second_time(tmp_path: Path) -> None:
    load_rows(tmp_path, *TREE)
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    recoded = (*TREE[:3], ("150102012", "150102", "street", TREE[3][3]), ("150102012001", "150102012", *TREE[4][2:]))
    for path, rows in ((old, TREE), (new, recoded)):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEAD, *rows])
    was, now = (read_release(Source(path, path.name), LATER)[0] for path in (old, new))
    services.migrate_divisions(old=was, new=now, dry_run=False, actor=SYSTEM, at=LATER)
    outcome = load(old)
    assert [(one.code, one.row) for one in outcome.rejections] == [("former_code", 5), ("former_code", 6)]
    assert "150102012" in str(outcome.rejections[0].message)
    assert (outcome.account.created, outcome.account.unchanged) == (0, 3)
    again = load(new)
    assert (again.account.unchanged, again.account.rejected) == (5, 0)
