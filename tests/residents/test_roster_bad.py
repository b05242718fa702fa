"""Every kind of bad row is rejected, names its cell and says what to do; the account balances."""

from __future__ import annotations

from typing import Any

import pytest

from linli.core.access import SYSTEM, Actor, Grant
from linli.core.sheets import Rejection
from linli.places import services as places
from linli.residents.imports import RosterReport
from linli.residents.models import Person
from tests.builders.places import AT as BUILT
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person
from tests.builders.rosters import figures, roster, row

pytestmark = pytest.mark.django_db

NUMBER = make_id_number(number=1)
# What is wrong, the bad row (row 3 of the sheet, after a good one), the title of the cell, the code.
BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("no name", row(""), "姓名", "name_missing"),
    ("digits in the name", row("张三13"), "姓名", "name"),
    ("a name without end", row("长" * 81), "姓名", "too_long"),
    ("no compound", {**row("张三"), "小区": ""}, "小区", "compound_missing"),
    ("unknown compound", {**row("张三"), "小区": "阳光花园"}, "小区", "compound_unknown"),
    ("compound of another district", {**row("张三"), "小区": "外区小区"}, "小区", "wrong_district"),
    ("no building", {**row("张三"), "楼栋": ""}, "楼栋", "building_missing"),
    ("unknown building", {**row("张三"), "楼栋": "9号楼"}, "楼栋", "building_unknown"),
    ("no unit", {**row("张三"), "单元": ""}, "单元", "unit_missing"),
    ("unknown unit", {**row("张三"), "单元": "七单元"}, "单元", "unit_unknown"),
    ("no door", row("张三", ""), "房号", "room_missing"),
    ("a sentence for a door", row("张三", "从东门进去左手边第二个门再往里走十米就到了"), "房号", "room"),
    ("other district", row("张三", 区县="赛罕区"), "区县", "wrong_place"),
    ("other street", row("张三", 街道="迎新路街道"), "街道", "wrong_place"),
    ("other community", row("张三", 社区="第2社区"), "社区", "wrong_place"),
    ("ID as 1.1E+17", row("张三", 身份证号="1.1E+17"), "身份证号", "number_precision"),
    ("ID rounded", row("张三", 身份证号="150102198005171000"), "身份证号", "number_precision"),
    ("ID too short", row("张三", 身份证号="15010219800517"), "身份证号", "id_number_length"),
    ("ID of 15 digits", row("张三", 身份证号="150102800517123"), "身份证号", "id_number_old"),
    ("ID with letters", row("张三", 身份证号="15010219800517ABCD"), "身份证号", "id_number"),
    ("born on 30 February", row("张三", 身份证号="150102198002301234"), "身份证号", "birth_date"),
    ("born in the future", row("张三", 身份证号="150102203001011234"), "身份证号", "birth_date"),
    ("birth date in the future", row("张三", 出生日期="2023-01-01"), "出生日期", "birth_date"),
    ("birth date before anybody", row("张三", 出生日期="1850-01-01"), "出生日期", "birth_date"),
    ("no such day", row("张三", 出生日期="1980-13-01"), "出生日期", "date_impossible"),
    ("not a date", row("张三", 出生日期="五十岁"), "出生日期", "date"),
    ("birth date against the ID", row("张三", 身份证号=NUMBER, 出生日期="1981-05-17"), "出生日期", "birth_differs"),
    ("sex against the ID", row("张三", 身份证号=NUMBER, 性别="女"), "性别", "sex_differs"),
    ("not a sex", row("张三", 性别="未知性别"), "性别", "sex"),
    ("phone too short", row("张三", 手机号="1380013"), "手机号", "phone"),
    ("two phones", row("张三", 手机号="13800138000/13900139000"), "手机号", "phone_several"),
    ("landline without area code", row("张三", 手机号="6912345"), "手机号", "phone_area_code"),
    ("phone as 1.5E+10", row("张三", 手机号="1.38E+10"), "手机号", "number_precision"),
    ("unknown state", row("张三", 状态="上班"), "状态", "status"),
    ("back, but not away", row("张三", 状态="在家", 返回日期="2022-10-20"), "返回日期", "back_on"),
    ("neither yes nor no", row("张三", 独居="高血压"), "独居", "yes_no"),
    ("unknown mark", row("张三", 重点人群="独居、话多"), "重点人群", "needs"),
    ("relation without end", row("张三", 与户主关系="长" * 21), "与户主关系", "too_long"),
    ("remarks without end", row("张三", 备注="长" * 401), "备注", "too_long"),
    ("lives elsewhere", row("王五", 身份证号=make_id_number(number=2)), "身份证号", "lives_elsewhere"),
]


@pytest.fixture
def town() -> District:
    return make_district(communities=2, compounds=1, buildings=2)


@pytest.fixture
def office(town: District) -> Actor:
    """May import for the town, not for the district beside it, where compounds and people are too."""
    beside = make_district(code="150103", name="回民区", communities=1, compounds=1, buildings=1)
    places.rename_place(place_id=beside.compounds[0].id, name="外区小区", actor=SYSTEM, at=BUILT)
    make_household(beside.keys[0], people=[make_person("王五", id_number=make_id_number(number=2))])
    held = frozenset({"residents.import", "residents.view"})
    return Actor(5, "街道办", (Grant(1, "office", 1, held, town.extent(town.district)),))


def the_one(report: RosterReport) -> Rejection:
    assert len(report.rejections) == 1, report.rejections
    return report.rejections[0]


@pytest.mark.parametrize(("bad", "title", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_row(town: District, office: Actor, bad: dict[str, Any], title: str, code: str) -> None:
    good = row("好人", "302", 身份证号=make_id_number())
    report = roster(good, bad, actor=office)
    found = the_one(report)
    titles = list(dict.fromkeys(name for one in (good, bad) for name in one))
    assert (found.code, found.column_title) == (code, title)
    assert found.cell == f"{'ABCDEFGHIJKLMNOP'[titles.index(title)]}3"
    assert found.message
    assert found.advice
    assert figures(report) == (1, 0, 0, 1)
    for value in bad.values():
        assert len(str(value)) < 10 or str(value) not in f"{found.message}{found.advice}"


def test_there_are_more_than_thirty_kinds() -> None:
    assert len(BAD) >= 30


PAIRS: list[tuple[str, dict[str, Any], dict[str, Any], dict[int, str]]] = [
    ("two homes", row("张三", 身份证号=NUMBER), row("张三", "102", 身份证号=NUMBER), {2: "two_homes", 3: "two_homes"}),
    ("other particulars", row("张三", 身份证号=NUMBER), row("张四", 身份证号=NUMBER), {3: "person_twice"}),
    ("namesakes", row("张三", 手机号="15400000001"), row("张三", 手机号="15400000002"), {3: "person_unclear"}),
    ("namesake without a number", row("张三", 身份证号=NUMBER), row("张三"), {3: "person_unclear"}),
    ("empty with somebody", row("张三"), row("", 状态="空户"), {3: "not_vacant"}),
    ("here and gone", row("张三", 身份证号=NUMBER), row("张三", 身份证号=NUMBER, 状态="搬走"), {3: "person_twice"}),
]


@pytest.mark.parametrize(("one", "two", "codes"), [case[1:] for case in PAIRS], ids=[case[0] for case in PAIRS])
def test_rows_that_disagree(town: District, one: dict[str, Any], two: dict[str, Any], codes: dict[int, str]) -> None:
    report = roster(one, two)
    assert {found.row: found.code for found in report.rejections} == codes
    assert report.account.rejected == len(codes)
    other = {2: "3", 3: "2"}
    assert all(other[found.row] in str(found.message) or found.code == "person_unclear" for found in report.rejections)


def test_all_of_them_in_one_sheet(town: District, office: Actor) -> None:
    doors = [f"{floor}{door:02}" for floor in range(10, 30) for door in range(1, 4)]
    good = [row(f"好人{chr(0x4E00 + index)}", door) for index, door in enumerate(doors)]
    report = roster(*good, *[bad for _, bad, _, _ in BAD], actor=office)
    assert figures(report) == (len(good), 0, 0, len(BAD))
    assert sorted(found.code for found in report.rejections) == sorted(code for _, _, _, code in BAD)
    assert Person.objects.count() == len(good) + 1


def test_a_row_with_two_bad_cells_is_rejected_once(town: District) -> None:
    report = roster(row("张三", 身份证号="1", 手机号="2"))
    assert figures(report) == (0, 0, 0, 1)
    assert len(report.rejections) == 2


def test_near_names_are_named(town: District) -> None:
    report = roster({**row("张三"), "小区": "阳光花园"}, {**row("张三"), "楼栋": "3号楼"})
    assert "阳光小区" in str(report.rejections[0].advice)
    assert "1号楼、2号楼" in str(report.rejections[1].advice)


def test_compounds_of_one_name_are_told_apart(town: District) -> None:
    twin = places.add_compound(community_id=town.communities[1].id, name="阳光小区", actor=SYSTEM, at=BUILT)
    places.add_building(compound_id=twin.id, name="1号楼", actor=SYSTEM, at=BUILT)
    report = roster(row("张三"), row("李四", 社区="第1社区居委会"))
    assert figures(report) == (1, 0, 0, 1)
    found = the_one(report)
    assert found.code == "compound_twice"
    assert "第1社区、第2社区" in str(found.advice)
