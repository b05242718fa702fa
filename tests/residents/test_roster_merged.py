"""A roster that is older than a merging: it finds who the merged entry became, and takes nothing of it back."""

from __future__ import annotations

from datetime import date

import pytest

from linli.core.access import SYSTEM, Actor, Grant
from linli.residents.duplicates.households import merge_households, undo_merger
from linli.residents.duplicates.people import merge_people
from linli.residents.models import Household, Person
from linli.residents.terms import Need, Pick, Presence
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person
from tests.builders.rosters import WHEN, figures, roster, row

pytestmark = pytest.mark.django_db
BORN = "1980-05-17"


@pytest.fixture(autouse=True)
def town() -> District:
    return make_district(communities=2, compounds=1, buildings=2)


def find(name: str) -> Person:
    return Person.objects.exclude(presence=Presence.MERGED).get(name=name)


def merge(stays: str, goes: str, **picks: Pick) -> int:
    return merge_people(survivor_id=find(stays).pk, merged_id=find(goes).pk, picks=picks, actor=SYSTEM, at=WHEN)


def state() -> list[object]:
    return [list(Person.objects.order_by("id").values()), list(Household.objects.order_by("id").values())]


def test_by_the_number_it_had_at_its_old_door() -> None:
    old = [
        row("张伟", "101", 身份证号=make_id_number(date(1980, 5, 17))),
        row("张玮", "205", 楼栋="2号楼", 身份证号=make_id_number(date(1980, 5, 18)), 手机号="15400000001", 独居="是"),
    ]
    roster(*old)
    merge("张伟", "张玮", id_number=Pick.KEEP)
    before = state()
    report = roster(*old)
    assert (figures(report), report.survivors) == ((0, 0, 2, 0), 1)
    assert any("1" in said and "合并" in said for said in map(str, report.warnings()))
    report = roster(old[1])
    assert (figures(report), report.survivors) == ((0, 0, 1, 0), 1)
    assert state() == before, "what was chosen when merging stands: name, number, door"


def test_what_the_row_says_besides_is_news_of_the_survivor() -> None:
    number = make_id_number(date(1980, 5, 17))
    roster(row("张伟", "101", 出生日期=BORN), row("张玮", "205", 楼栋="2号楼", 身份证号=number, 备注="门铃坏"))
    merge("张伟", "张玮", note=Pick.KEEP)
    key = find("张伟").key
    report = roster(row("张玮", "205", 楼栋="2号楼", 身份证号=number, 备注="门铃坏", 手机号="15400000009", 残疾="是"))
    assert figures(report) == (0, 1, 0, 0)
    one = find("张伟")
    assert (one.key, one.note, one.needs) == (key, "", Need.DISABLED)
    assert one.phone_hash is not None
    assert Person.objects.count() == 2


def test_by_door_name_and_birth_without_a_number() -> None:
    roster(row("张伟", "101", 身份证号=make_id_number(date(1980, 5, 17))), row("张玮", "102", 出生日期=BORN))
    merge("张伟", "张玮")
    before = state()
    assert figures(roster(row("张玮", "102", 出生日期=BORN), row("张玮", "102"))) == (0, 0, 1, 1)
    assert figures(roster(row("张玮", "102"))) == (0, 0, 1, 0)
    assert state() == before
    assert figures(roster(row("张玮", "102", 出生日期="2001-01-01"))) == (1, 0, 0, 0), "another day of birth"
    other = make_id_number(date(1980, 5, 17))
    assert figures(roster(row("张玮", "102", 出生日期=BORN, 身份证号=other))) == (1, 0, 0, 0), "another number"


def test_at_one_door_in_one_household() -> None:
    old = [row("张伟", "101", 与户主关系="户主", 出生日期=BORN), row("张玮", "101", 手机号="15400000001")]
    roster(*old)
    merge("张伟", "张玮")
    before = state()
    assert figures(roster(*old)) == (0, 0, 2, 0)
    assert figures(roster(old[1])) == (0, 0, 1, 0)
    assert state() == before
    report = roster(row("张玮", "101", 手机号="15400000001", 状态="外出", 返回日期="2022-10-20"))
    assert figures(report) == (0, 1, 0, 0)
    assert (find("张伟").presence, find("张伟").back_on) == (Presence.AWAY, date(2022, 10, 20))


def test_through_several_mergers_and_no_more_once_undone() -> None:
    number = make_id_number(date(1980, 5, 17))
    roster(row("甲", "101"), row("乙", "102"), row("丙", "103", 身份证号=number))
    first = merge("乙", "丙", id_number=Pick.KEEP)
    second = merge("甲", "乙", id_number=Pick.KEEP)
    report = roster(row("丙", "103", 身份证号=number))
    assert (figures(report), report.survivors) == ((0, 0, 1, 0), 1)
    undo_merger(merger_id=second, actor=SYSTEM, at=WHEN)
    undo_merger(merger_id=first, actor=SYSTEM, at=WHEN)
    assert roster(row("乙", "102")).survivors == 0
    assert Person.objects.filter(presence=Presence.MERGED).count() == 0


def test_a_survivor_who_has_left_comes_back_where_the_row_says() -> None:
    number = make_id_number(date(1980, 5, 17))
    roster(row("张伟", "101", 出生日期=BORN), row("张玮", "102", 身份证号=number))
    merge("张伟", "张玮")
    roster(row("张伟", "101", 出生日期=BORN, 状态="搬走"))
    assert figures(roster(row("张玮", "102", 身份证号=number))) == (0, 1, 0, 0)
    one = find("张伟")
    assert (one.presence, one.key) == (Presence.PRESENT, Person.objects.get(presence=Presence.MERGED).key)


def test_nobody_outside_the_importers_places_is_changed(town: District) -> None:
    number = make_id_number(date(1980, 5, 17))
    make_household(town.keys[-1], people=[make_person("张伟")])
    roster(row("张玮", "101", 身份证号=number))
    merge("张伟", "张玮", id_number=Pick.KEEP)
    mine = Actor(5, "街道", (Grant(1, "office", 1, frozenset({"residents.import"}), town.extent(town.communities[0])),))
    before = state()
    report = roster(row("张玮", "101", 身份证号=number, 手机号="15400000001"), actor=mine)
    assert (figures(report), report.survivors) == ((0, 0, 1, 0), 1)
    assert state() == before


def test_a_merged_household_is_not_begun_again() -> None:
    old = [
        row("张伟", "101", 与户主关系="户主", 户="1"),
        row("李芳", "101", 与户主关系="户主", 户="2"),
    ]
    plain = [{**one, "户": ""} for one in old]
    roster(*old)
    one, other = find("张伟").household_id, find("李芳").household_id
    assert one != other
    merge_households(survivor_id=one, merged_id=other, actor=SYSTEM, at=WHEN)
    before = state()
    assert figures(roster(*old)) == (0, 0, 2, 0)
    assert figures(roster(*plain)) == (0, 0, 2, 0)
    assert state() == before
