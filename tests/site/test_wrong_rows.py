"""A hundred kinds of wrong rows: each is refused with its cell and what to do, the row beside it is taken, the account
balances, and the row comes back in the workbook it was sent in, marked where it is wrong.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from linli.core import access, clock, importers
from linli.core.access import SYSTEM, Actor
from linli.core.spoken import hear_all
from linli.places import services as places
from tests.builders.duty import actor_for, make_account
from tests.builders.places import AT as BUILT
from tests.builders.places import make_district
from tests.builders.residents import make_household, make_id_number, make_person
from tests.builders.rounds import NOON, open_over
from tests.builders.wrong_rows import BESIDE, GOOD, WRONG

pytestmark = pytest.mark.django_db
KINDS = {
    "roster": "residents.import_roster",
    "compounds": "places.import_compounds",
    "divisions": "places.import_divisions",
    "chain": "duty.import_chain",
    "marks": "rounds.import_marks",
}
SHEET = "十月 花名册"


def test_there_are_more_than_a_hundred_kinds() -> None:
    assert len(WRONG) > 100
    assert len({(sheet, name) for sheet, name, *_ in WRONG}) == len(WRONG)


@pytest.fixture
def office(settings: Any, tmp_path: Path) -> Actor:
    """The office of a district with a few homes; beside it another district, with people too."""
    settings.LINLI_HOME = tmp_path / "home"
    town = make_district(communities=2, compounds=1, floors=1)
    beside = make_district(code="150103", name="回民区", communities=1, compounds=1, buildings=1, units=1, floors=1)
    places.rename_place(place_id=beside.compounds[0].id, name="外区小区", actor=SYSTEM, at=BUILT)
    make_household(beside.keys[0], people=[make_person("王五", id_number=make_id_number(number=2))])
    return actor_for(make_account(role="office", place=town.district), NOON)


def answers_for(sheet: str, office: Actor) -> dict[str, str]:
    if sheet != "marks":
        return {}
    extent = office.extent_for("rounds.import")
    for key in (extent.los[0], extent.los[0] + 1):
        make_household(key, people=[make_person("居民甲")])
    return {"round": open_over(extent).code}


def write_sheet(path: Path, sheet: str, changes: dict[str, Any]) -> list[str]:
    titles = list(GOOD[sheet])
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = SHEET
    page.append(["登记表"])
    page.append(titles)
    for more in (changes, BESIDE[sheet]):
        page.append([{**GOOD[sheet], **more}[title] for title in titles])
    book.save(path)
    return titles


@pytest.mark.parametrize(
    ("sheet", "changes", "title", "code"),
    [(sheet, *case) for sheet, _, *case in WRONG],
    ids=[f"{sheet}: {name}" for sheet, name, *_ in WRONG],
)
def test_wrong_row(office: Actor, tmp_path: Path, sheet: str, changes: dict[str, Any], title: str, code: str) -> None:
    importer = importers.find_importer(KINDS[sheet])
    assert importer is not None
    path = tmp_path / "a.xlsx"
    titles = write_sheet(path, sheet, changes)
    answers = answers_for(sheet, office)
    with clock.stopped(NOON):
        job = importers.import_here(importer=importer, path=path, answers=answers, actor=office, at=NOON)
        assert job.result is not None, job.error
        (found,) = hear_all(job.result["rejections"])
        cell = f"{'ABCDEFGHIJKLMNOPQRST'[titles.index(title)]}3"
        assert (found["code"], found["cell"], found["column_title"]) == (code, cell, title)
        assert job.result["account"] == {"rows_in": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
        with access.acting(office), importers.fetch_rejected(job=job, actor=office, at=NOON) as file:
            book = openpyxl.load_workbook(io.BytesIO(file.read()))
    assert any(words in found["advice"] for words in ADVICE[code])
    assert all(
        len(str(value)) < 12 or str(value) not in found["message"] + found["advice"] for value in changes.values()
    )
    page = book[SHEET]
    assert [one.value for one in page[2]][: len(titles)] == titles
    marked = {one.coordinate for row in page.iter_rows(min_row=3) for one in row if one.comment}
    assert marked == {cell}
    assert found["advice"] in str(page[cell].comment.text)
    assert page[cell].fill.fgColor.rgb == "FFFFD9D6"
    assert page.max_row == 3
    assert found["message"] in str(page.cell(3, len(titles) + 2).value)


# What the advice says, by code; a code that several sheets use may say it in several ways.
ADVICE: dict[str, tuple[str, ...]] = {
    "name_missing": ("请填姓名",),
    "name": ("此格请只填姓名",),
    "too_long": ("请缩短", "请写短一些"),
    "cell_error": ("请用数值本身替换公式",),
    "cell_not_computed": ("打开该表并保存",),
    "compound_missing": ("请在每一行填写小区",),
    "compound_unknown": ("相近的名称", "请改正此单元格"),
    "wrong_district": ("请交由负责的社区上传这一行",),
    "building_missing": ("请写明是哪一个：1号楼、2号楼",),
    "building_unknown": ("相近的名称", "请改正此单元格"),
    "unit_missing": ("请写明是哪一个：1单元、2单元",),
    "unit_unknown": ("相近的名称", "请改正此单元格"),
    "room_missing": ("请填写房号",),
    "room": ("请只填门上的号码",),
    "room_date": ("再重新填写房号",),
    "wrong_place": ("请改正此单元格", "请改正小区"),
    "number_precision": ("设为“文本”格式", "文本"),
    "id_number_length": ("共 18 位",),
    "id_number_old": ("共 18 位",),
    "id_number": ("共 18 位",),
    "birth_date": ("请对照身份证核对出生日期",),
    "lives_elsewhere": ("请核对号码",),
    "date_impossible": ("请改正日期",),
    "date": ("年-月-日",),
    "birth_differs": ("改正有误的一处",),
    "sex_differs": ("改正有误的一处",),
    "sex": ("请填“男”或“女”",),
    "phone": ("请填写 11 位手机号",),
    "phone_several": ("请只保留一个号码",),
    "phone_area_code": ("加上区号",),
    "status": ("请填：在家、外出",),
    "back_on": ("请把状态写成“外出”",),
    "yes_no": ("请填“是”或“否”",),
    "needs": ("请用：独居",),
    "empty": ("请填写", "请写明是哪一栋", "请两项都填"),
    "community_unknown": ("请核对写法，或改填代码",),
    "range": ("请改正数值",),
    "integer": ("请只填数字",),
    "unit_and_units": ("只保留一项",),
    "level": ("请填写：省、市",),
    "code": ("该级别的代码为", "编号形如 P1024"),
    "parent_level": ("请填写直接上级的代码",),
    "not_under_parent": ("请改正代码或上级代码",),
    "parent_unknown": ("请补上或改正上级那一行",),
    "forbidden": ("请由负责该地点的单位导入此行",),
    "role_unknown": ("请填写：片区长",),
    "place_unknown": ("请核对名称",),
    "place_kind": ("单元长须填到单元",),
    "officer_kind": ("请留空，或填写",),
    "code_kind": ("请导出本轮次的名单",),
    "not_in_round": ("请核对是否登记在住",),
    "nobody": ("请填导出名单上的编号",),
    "unknown_door": ("请对照地点目录",),
    "unknown_name": ("请核对姓名和房号",),
    "unknown_id": ("请核对号码",),
    "result": ("请写：完成",),
    "reason_missing": ("请写在“原因”一列",),
    "reason_long": ("请",),
    "time": ("今天的写 14:30",),
    "time_of_day": ("请都写上",),
    "time_ahead": ("请连日期一起写",),
    "time_future": ("请改正日期",),
}
