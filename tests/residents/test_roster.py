"""Rosters: good sheets in, again, moved, merged, split."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from linli.core import db, events
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden
from linli.core.sheets import HeaderTwice, SheetEmpty, SheetType, give_back
from linli.places.services import add_alias, rename_place
from linli.residents import queries, services
from linli.residents.events import PeopleChanged
from linli.residents.imports import ROSTER, import_roster, write_template
from linli.residents.models import Household, Person
from linli.residents.terms import Need, Presence, Sex
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person, people_of
from tests.builders.rosters import WHEN, figures, make_csv, roster, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> District:
    return make_district(communities=2, compounds=1, buildings=2)


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[PeopleChanged]:
    heard: list[PeopleChanged] = []
    monkeypatch.setitem(events._handlers, PeopleChanged, [heard.append])
    return heard


def person(name: str) -> Person:
    return Person.objects.get(name=name)


def homes(*names: str) -> list[int]:
    return [person(name).household_id for name in names]


def test_new_rows_make_people_households_doors(town: District, news: list[PeopleChanged]) -> None:
    number = make_id_number(date(1942, 3, 15))
    report = roster(
        row("张三", "101", 身份证号=number, 手机号="15400000001", 与户主关系="户主", 重点人群="独居、慢病", 民族="汉"),
        row("李四", "101室", 楼栋="一栋", 单元="1", 性别="女", 出生日期="1950年2月3日", 是否用药="是"),
        row("王五", "９０１", 楼栋="1#", 单元="一单元"),
    )
    assert figures(report) == (3, 0, 0, 0)
    assert (report.doors_created, report.households_created) == (1, 2)
    assert report.suspect_ids == 1
    assert any("民族" in said for said in map(str, report.warnings()))
    one = queries.get_person(person("张三").pk, actor=SYSTEM, at=WHEN)
    assert (one.born_on, one.sex, one.phone_masked) == (date(1942, 3, 15), Sex.MALE, "154****0001")
    assert one.needs == Need.ALONE | Need.CHRONIC | Need.OVER_80
    assert person("李四").needs == Need.MEDICINE
    assert homes("张三") == homes("李四")
    assert queries.get_person(person("王五").pk, actor=SYSTEM, at=WHEN).door == "阳光小区 1号楼 1单元 901"
    assert len(news) == 1
    assert len(news[0].person_ids) == 3
    assert queries.count_residents(town.extent(town.units[0]), actor=SYSTEM).people == 3
    entries = db.rows("SELECT verb, detail::text FROM journal_entry WHERE verb = 'residents.import_roster'")
    assert len(entries) == 1
    assert number not in entries[0][1]


def test_again_changes_nothing(town: District, news: list[PeopleChanged]) -> None:
    rows = [
        row("张三", 身份证号=make_id_number(), 与户主关系="户主", 手机号="15400000001", 备注="门铃坏"),
        row("李四", 出生日期="1950-02-03", 与户主关系="配偶"),
        row("无名", "102", 楼栋="2号楼", 状态="外出", 返回日期="2022-10-20"),
        row("", "103", 状态="空户"),
    ]
    assert figures(roster(*rows)) == (3, 1, 0, 0)
    before = list(Person.objects.order_by("id").values())
    news.clear()
    assert figures(roster(*rows)) == (0, 0, 4, 0)
    assert list(Person.objects.order_by("id").values()) == before, "not even the ciphertext was written again"
    assert not news


def test_again_with_other_values_updates(town: District) -> None:
    number = make_id_number()
    roster(row("张三", 身份证号=number, 手机号="15400000001", 独居="是", 备注="旧"))
    sealed = bytes(person("张三").id_sealed)
    report = roster(row("张三丰", 身份证号=number, 手机号="15400000002", 独居="否", 残疾="是", 备注=""))
    assert figures(report) == (0, 1, 0, 0)
    one = person("张三丰")
    assert one.needs == Need.DISABLED
    assert (one.note, bytes(one.id_sealed)) == ("旧", sealed), (
        "an empty cell leaves it, the same number is not resealed"
    )


def test_moved_in_the_sheet_moves(town: District, news: list[PeopleChanged]) -> None:
    number = make_id_number()
    roster(row("张三", "101", 身份证号=number))
    old = person("张三").household_id
    news.clear()
    report = roster(row("张三", "202", 楼栋="2号楼", 身份证号=number))
    assert (figures(report), report.moved) == ((0, 1, 0, 0), 1)
    assert queries.get_person(person("张三").pk, actor=SYSTEM, at=WHEN).door == "阳光小区 2号楼 1单元 202"
    assert Household.objects.get(pk=old).ended_at == WHEN
    assert news[0].household_ids == tuple(sorted([old, person("张三").household_id]))


def test_divisions_are_known_by_what_they_were_called(town: District) -> None:
    """A roster written before a street and a community got other names, or codes, still says where people live."""
    first, second = town.communities
    old, street = first.name, town.street.name
    assert figures(roster(row("张三", 社区=old, 街道=street))) == (1, 0, 0, 0)
    rename_place(place_id=first.id, name="新名社区", actor=SYSTEM, at=WHEN)
    rename_place(place_id=town.street.id, name="新名街道", actor=SYSTEM, at=WHEN)
    add_alias(place_id=first.id, text="999999001001", actor=SYSTEM, at=WHEN)
    for community in (old, "新名社区", "999999001001", first.code):
        assert figures(roster(row("张三", 社区=community, 街道=street))) == (0, 0, 1, 0)
    other = roster(row("张三", 社区=second.name, 街道="新名街道"))
    assert [one.code for one in other.rejections] == ["wrong_place"]


def test_who_lives_outside_the_importers_places_is_not_moved(town: District) -> None:
    number = make_id_number()
    make_household(town.keys[-1], people=[make_person("张三", id_number=number)])
    mine = Actor(5, "街道", (Grant(1, "office", 1, frozenset({"residents.import"}), town.extent(town.communities[0])),))
    report = roster(row("张三", 身份证号=number), actor=mine)
    assert [one.code for one in report.rejections] == ["lives_elsewhere"]
    assert person("张三").key == town.keys[-1]
    assert "锦绣花园" not in repr(report.rejections)


def test_without_id_number_door_name_and_birth_tell(town: District) -> None:
    roster(row("王伟", 出生日期="1980-05-17"), row("王伟", 出生日期="2005-05-17"))
    assert Person.objects.count() == 2
    report = roster(row("王伟"))
    assert [one.code for one in report.rejections] == ["person_unclear"]
    number = make_id_number(date(1980, 5, 17))
    assert figures(roster(row("王伟", 身份证号=number))) == (0, 1, 0, 0), (
        "found by name and birth, and given the number"
    )
    assert figures(roster(row("王伟", 身份证号=number))) == (0, 0, 1, 0)


def test_a_second_head_begins_a_second_household(town: District) -> None:
    rows = [
        row("老母亲"),
        row("张三", 与户主关系="户主"),
        row("张妻", 与户主关系="配偶"),
        row("李四", 与户主关系="户主"),
        row("李子", 与户主关系="子"),
    ]
    assert figures(roster(*rows)) == (5, 0, 0, 0)
    first, *others = homes("老母亲", "张三", "张妻", "李四", "李子")
    assert others == [first, first, others[2], others[2]]
    assert others[2] != first
    assert sorted(Household.objects.values_list("label", flat=True)) == ["", "2"]
    # In another order each keeps the household they have.
    assert figures(roster(rows[3], rows[4], rows[1], rows[2], rows[0])) == (0, 0, 5, 0)


def test_labels_tell_households_apart(town: District) -> None:
    rows = [row("张三", 户号="A"), row("李四", 户号="B"), row("张妻", 户号="A")]
    assert figures(roster(*rows)) == (3, 0, 0, 0)
    assert homes("张三") == homes("张妻") != homes("李四")
    assert figures(roster(*rows)) == (0, 0, 3, 0)
    # Somebody new without a label, behind a door of two households: a household of their own.
    assert figures(roster(row("客人"))) == (1, 0, 0, 0)
    assert Household.objects.filter(ended_at=None).count() == 3


def test_new_people_join_the_one_household_there_is(town: District) -> None:
    made = make_household(town.keys[0], label="张家", people=1)
    assert figures(roster(row("新生儿", 出生日期="2022-10-01"))) == (1, 0, 0, 0)
    assert homes("新生儿") == [made]


def test_the_same_row_twice_is_one(town: District) -> None:
    number = make_id_number()
    one, head = row("张三", 身份证号=number), row("李四", "102", 与户主关系="户主")
    assert figures(roster(one, one, head, head)) == (2, 0, 2, 0)
    assert Household.objects.count() == 2


def test_moved_out_here_and_living_there(town: District) -> None:
    number = make_id_number()
    roster(row("张三", "101", 身份证号=number))
    report = roster(row("张三", "101", 身份证号=number, 状态="搬走"), row("张三", "102", 身份证号=number, 状态="在家"))
    assert figures(report) == (0, 1, 1, 0)
    assert queries.get_person(person("张三").pk, actor=SYSTEM, at=WHEN).door.endswith("102")


def test_states(town: District) -> None:
    rows = [row("甲", "101"), row("乙", "102"), row("丙", "201"), row("丁", "202")]
    roster(*rows)
    report = roster(
        row("甲", "101", 状态="外出", 返回日期="2022-10-20"),
        row("乙", "102", 状态="搬走"),
        row("", "201", 状态="空户"),
        row("丁", "202", 状态="去世"),
        row("戊", "301", 状态="搬走"),
    )
    assert figures(report) == (0, 4, 1, 0)
    assert report.unknown_gone == 1
    states = {one.name: Presence(one.presence) for one in Person.objects.all()}
    assert states == {
        "甲": Presence.AWAY,
        "乙": Presence.MOVED_OUT,
        "丙": Presence.MOVED_OUT,
        "丁": Presence.DECEASED,
    }
    assert queries.get_door(town.keys[2])["vacant_since"] == date(2022, 10, 4)
    assert queries.get_door(town.keys[1])["vacant_since"] is None, "moved out is not yet an empty home"
    counts = queries.count_residents(town.extent(town.units[0]), actor=SYSTEM)
    assert (counts.people, counts.present, counts.households) == (1, 0, 1)


def test_merged_cells_title_rows_and_full_width(town: District) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["阳光小区居民花名册（2022年10月）"])
    sheet.append([])
    sheet.append(["序号", "小区名称", "楼号", "单元", "房间号", "姓名（必填）", "联系电话", "身份证号码"])
    sheet.append([1, "阳光小区", 1, 2, 302, "张三", "１５４００００００９９", make_id_number()])
    sheet.append([2, None, None, None, None, "李四", None, None])
    sheet.append([3, None, None, None, 301, "王五", None, None])
    sheet.merge_cells("B4:B6")
    sheet.merge_cells("C4:C6")
    sheet.merge_cells("D4:D6")
    sheet.merge_cells("E4:E5")
    buffer = io.BytesIO()
    book.save(buffer)
    report = import_roster(buffer.getvalue(), name="花名册.xlsx", actor=SYSTEM, at=WHEN)
    assert figures(report) == (3, 0, 0, 0)
    assert homes("张三") == homes("李四") != homes("王五")
    found = queries.search_residents("154 0000 0099", actor=SYSTEM, at=WHEN)
    assert [one.name for one in found.people] == ["张三"]


def test_whole_address_in_the_room_column(town: District) -> None:
    assert figures(roster({"小区": "阳光小区", "房号": "2-1-302", "姓名": "张三"})) == (1, 0, 0, 0)
    assert queries.get_person(person("张三").pk, actor=SYSTEM, at=WHEN).door == "阳光小区 2号楼 1单元 302"


def test_rejected_rows_come_back_to_be_corrected(town: District, tmp_path: Path) -> None:
    data = make_csv([["阳光小区", "1号楼", "1单元", "101", "张三", "", "1.1E+17", "12"]])
    report = import_roster(data, name="a.csv", actor=SYSTEM, at=WHEN)
    assert {one.cell for one in report.rejections} == {"G2", "H2"}
    assert figures(report) == (0, 0, 0, 1)
    back = io.BytesIO()
    (tmp_path / "a.csv").write_bytes(data)
    assert give_back(tmp_path / "a.csv", back, report.rejections, spec=ROSTER, name="a.csv") == 1
    sheet = openpyxl.load_workbook(io.BytesIO(back.getvalue())).active
    line = next(cells for cells in sheet.iter_rows() if cells[4].value == "张三")
    assert line[6].comment is not None
    assert line[7].comment is not None


@pytest.mark.parametrize(
    ("data", "name", "problem"),
    [
        (b"", "a.csv", SheetEmpty),
        (b"%PDF-1.4", "a.pdf", SheetType),
        ("小区,房号,姓名,户主姓名,姓名\n".encode() * 2, "a.csv", HeaderTwice),
    ],
)
def test_sheets_that_cannot_be_read(town: District, data: bytes, name: str, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        import_roster(data, name=name, actor=SYSTEM, at=WHEN)
    assert not Person.objects.exists()


def test_nobody_imports_without_the_right(town: District) -> None:
    with pytest.raises(Forbidden):
        roster(row("张三"), actor=Actor(5, "网格员"))


def test_template_can_be_filled_in_and_sent(town: District) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_template()))
    for example in list(book["填写示例"].iter_rows(min_row=2, values_only=True)):
        book["花名册"].append(["第1社区", *example[1:2], "1号楼", *example[3:]])
    buffer = io.BytesIO()
    book.save(buffer)
    report = import_roster(buffer.getvalue(), name="t.xlsx", actor=SYSTEM, at=WHEN)
    assert (figures(report), report.rejections, report.unread) == ((3, 1, 0, 0), [], [])


def test_a_roster_fills_open_vacancies(town: District) -> None:
    made = make_household(town.keys[0], people=1)
    services.record_vacant(household_ids=[made], actor=SYSTEM, at=WHEN)
    roster(row("新住户", "101"))
    assert queries.get_door(town.keys[0])["vacant_since"] is None
    assert people_of(homes("新住户")[0]) != people_of(made)
