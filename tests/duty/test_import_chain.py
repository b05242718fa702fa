"""Import of the chain: the account balances, the same sheet twice changes nothing, what is refused names its cell."""

from __future__ import annotations

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linli.core import access, crypto, db, events
from linli.core.access import SYSTEM, Actor
from linli.core.importers import Outcome, Source
from linli.core.models import Account
from linli.duty import queries, services
from linli.duty.coverage import count_posts, list_everybody, list_vacancies
from linli.duty.events import PostHandedOver
from linli.duty.imports.chain import load_chain
from linli.duty.imports.spec import CHAIN_SHEET, SAMPLE, read_officer_kind, read_post
from linli.duty.terms import OfficerKind, Role
from linli.places.services import add_alias, add_overlay, rename_place
from linli.places.terms import Kind
from tests.builders.duty import actor_for, make_account
from tests.builders.places import AT as FOUNDED
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db
AT = datetime(2022, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD = (
    "职务",
    "所属社区",
    "小区名称",
    "楼栋",
    "单元",
    "责任人姓名",
    "手机号码",
    "B岗姓名",
    "B岗电话",
    "工作单位",
    "信息员类别",
)
UNIT = ("单元长", "第1社区", "阳光小区", "1号楼", "1单元", "王敏", "15412340001", "", "", "", "")


@pytest.fixture
def home() -> District:
    return make_district()


@pytest.fixture
def send(tmp_path: Path, home: District) -> Any:
    def load(*rows: tuple[str, ...], head: tuple[str, ...] = HEAD, actor: Actor = SYSTEM, at: datetime = AT) -> Outcome:
        path = tmp_path / f"chain{time.monotonic_ns()}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((head, *rows))
        return load_chain(Source(path, path.name), actor=actor, at=at, watch=lambda *_: None)

    return load


def account_of(outcome: Outcome) -> tuple[int, int, int, int]:
    one = outcome.account
    assert one.balances
    return one.created, one.updated, one.unchanged, one.rejected


def codes(outcome: Outcome) -> list[str]:
    return [f"{one.cell} {one.code}" for one in outcome.rejections]


def test_a_sheet_fills_the_chain_and_changes_nothing_the_second_time(send: Any, home: District) -> None:
    add_overlay(
        kind=Kind.GRID, parent_id=home.communities[0].id, name="第1网格", place_ids=[home.compounds[0].id],
        actor=SYSTEM, at=FOUNDED,
    )  # fmt: skip
    head = (*HEAD, "所属网格")
    rows = [
        ("网格长", "第1社区", "", "", "", "乌兰", "154 1234 0009", "高娃", "15412340008", "", "", "第1网格"),
        ("楼长", "第1社区居委会", "阳光小区", "1#", "", "李强", "15412340002", "", "", "", "", ""),
        (*UNIT, ""),
        ("单元长", "第1社区", "阳光小区", "1号楼", "2", "王敏", "15412340001", "", "", "", "", ""),
        ("信息员", "第1社区", "阳光小区", "1号楼", "", "赵芳", "15412340003", "", "", "安居物业", "物业企业", ""),
        ("信息员", "第1社区", "阳光小区", "1号楼", "", "钱进", "15412340004", "", "", "", "社会力量", ""),
        ("单元长", "第1社区", "阳光小区", "2号楼", "1单元", "", "", "", "", "", "", ""),
    ]
    first = send(*rows, head=head)
    assert codes(first) == []
    assert account_of(first) == (6, 0, 1, 0)
    chain = queries.find_chain(home.doors[0].key, AT)
    assert chain.level("grid_lead").deputies[0].name == "高娃"
    assert [chain.level(role).holders[0].name for role in ("building_lead", "unit_lead")] == ["李强", "王敏"]
    assert chain.level("unit_lead").holders[0].has_phone
    assert [(one.name, one.officer_kind, one.seat) for one in chain.level("information_officer").holders] == [
        ("赵芳", "property", 1), ("钱进", "society", 2),
    ]  # fmt: skip
    assert Account.objects.filter(name="王敏").count() == 1  # one phone is one person, with two posts
    assert not Account.objects.get(name="王敏").has_usable_password()
    (sealed,) = db.rows("SELECT s.phone FROM staff s JOIN account c ON c.id = s.account_id WHERE c.name = '乌兰'")
    assert crypto.unseal(sealed[0]) == "15412340009"
    assert account_of(send(*rows, head=head, at=AT + DAY)) == (0, 0, 7, 0)


def test_another_name_at_a_held_post_hands_it_over(send: Any, home: District) -> None:
    heard: list[PostHandedOver] = []
    events.subscribe(PostHandedOver, heard.append)
    send(UNIT)
    new = (*UNIT[:5], "斯琴", "15412340007", "王敏", "15412340001", "", "")
    assert account_of(send(new, at=AT + DAY)) == (0, 1, 0, 0)
    chain = queries.find_chain(home.doors[0].key, AT + DAY)
    level = chain.level("unit_lead")
    assert ([one.name for one in level.holders], [one.name for one in level.deputies]) == (["斯琴"], ["王敏"])
    assert queries.find_chain(home.doors[0].key, AT).level("unit_lead").holders[0].name == "王敏"
    assert [one.role for one in heard if one.at == AT + DAY] == ["unit_lead"]
    back = (*UNIT[:7], "", "", "", "")  # the deputy becomes the holder again
    assert account_of(send(back, at=AT + 2 * DAY)) == (0, 1, 0, 0)
    level = queries.find_chain(home.doors[0].key, AT + 2 * DAY).level("unit_lead")
    assert ([one.name for one in level.holders], level.deputies) == (["王敏"], ())


def test_a_deputys_row_of_our_own_list_hands_nothing_over(send: Any, home: District) -> None:
    send(UNIT)
    head = (*HEAD, "是否代理")
    outcome = send((*UNIT, "否"), (*UNIT[:5], "斯琴", "15412340007", "", "", "", "", "是"), head=head, at=AT + DAY)
    assert account_of(outcome) == (0, 0, 1, 1)
    assert [one.name for one in queries.find_chain(home.doors[0].key, AT + DAY).level("unit_lead").holders] == ["王敏"]


def test_names_and_codes_of_before_are_understood(send: Any, home: District) -> None:
    """Sheets are older than the register: a renamed community, another code, a building's old name."""
    community, building = home.communities[0], home.buildings[0]
    rename_place(place_id=community.id, name="新名社区", actor=SYSTEM, at=AT)
    add_alias(place_id=community.id, text="999999001001", actor=SYSTEM, at=AT)
    rename_place(place_id=building.id, name="牡丹楼", actor=SYSTEM, at=AT)
    assert account_of(send(UNIT, at=AT + DAY)) == (1, 0, 0, 0)
    by_code = (UNIT[0], "999999001001", *UNIT[2:])
    assert account_of(send(by_code, at=AT + 2 * DAY)) == (0, 0, 1, 0)
    rename_place(place_id=home.buildings[1].id, name="1号楼", actor=SYSTEM, at=AT)
    assert account_of(send(UNIT, at=AT + 3 * DAY)) == (1, 0, 0, 0)  # who has the name now is meant


def test_what_changes_beside_the_name_is_an_update(send: Any, home: District) -> None:
    row = ("信息员", "第1社区", "阳光小区", "1号楼", "", "赵芳", "15412340003", "", "", "安居物业", "物业")
    send(row)
    assert account_of(send((*row[:9], "安泰物业", "物业"), at=AT + DAY)) == (0, 1, 0, 0)
    (one,) = queries.find_chain(home.doors[0].key, AT + DAY).level("information_officer").holders
    assert one.organisation == "安泰物业"


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        (("队长", *UNIT[1:]), ["A2 role_unknown"]),
        (("", *UNIT[1:]), ["A2 empty"]),
        (("单元长", "第9社区", *UNIT[2:]), ["B2 place_unknown"]),
        (("单元长", "", "", "", "", *UNIT[5:]), ["B2 place_empty"]),
        (("单元长", "第1社区", "月光小区", *UNIT[3:]), ["C2 place_unknown"]),
        (("单元长", "第1社区", "阳光小区", "", *UNIT[4:]), ["D2 place_unknown"]),
        (("单元长", "第1社区", "阳光小区", "1号楼", "", *UNIT[5:]), ["D2 place_kind"]),
        (("网格长", *UNIT[1:]), ["E2 place_kind"]),
        ((*UNIT[:6], "", "", "", "", ""), ["G2 empty"]),
        ((*UNIT[:5], "", *UNIT[6:]), ["F2 empty"]),
        ((*UNIT[:6], "12345", "", "", "", ""), ["G2 phone"]),
        ((*UNIT[:7], "王敏", "15412340001", "", ""), ["H2 deputy_same"]),
        ((*UNIT[:10], "物业"), ["K2 officer_kind"]),
        (("信息员", *UNIT[1:10], "亲戚"), ["K2 officer_kind"]),
        (("信息员", *UNIT[1:5], "", "", "", "", "", ""), ["F2 name_empty"]),
        ((*UNIT[:9], "单" * 81, ""), ["J2 too_long"]),
    ],
)
def test_a_wrong_row_names_its_cell(send: Any, row: tuple[str, ...], refused: list[str]) -> None:
    outcome = send(row)
    assert codes(outcome) == refused
    assert all(one.message and one.advice for one in outcome.rejections)
    assert account_of(outcome) == (0, 0, 0, 1)
    assert db.scalar("SELECT count(*) FROM appointment") == 0
    assert db.scalar("SELECT count(*) FROM staff") == 0


def test_a_kind_that_is_none_is_told_apart_from_a_post_that_has_none(send: Any, home: District) -> None:
    said = [str(send(row).rejections[0].message) for row in ((*UNIT[:10], "物业"), ("信息员", *UNIT[1:10], "亲戚"))]
    assert said == ["只有信息员才分类别。", "没有这一类信息员。"]


def test_columns_that_were_not_read_are_told(send: Any, home: District) -> None:
    outcome = send((*UNIT, "群众"), head=(*HEAD, "政治面貌"))
    assert [str(one) for one in outcome.notes] == ["以下列未读取：L 政治面貌。"]
    assert send(UNIT, at=AT + DAY).notes == []


def test_rows_that_contradict_each_other_or_the_register(send: Any, home: District) -> None:
    outcome = send(UNIT, (*UNIT[:5], "斯琴", "15412340005", "", "", "", ""))
    assert codes(outcome) == ["F3 post_twice"]
    outcome = send(("楼栋长", *UNIT[1:4], "", "李强", "15412340001", "", "", "", ""), at=AT + DAY)
    assert codes(outcome) == ["G2 phone_taken"]
    outcome = send((*UNIT[:5], "", "", "", "", "", ""), at=AT + DAY)
    assert codes(outcome) == ["F2 name_empty"]
    other = make_account()
    services.appoint(
        account_id=other.pk, role="unit_lead", place_id=home.units[1].id, since=AT + 5 * DAY, actor=SYSTEM, at=AT
    )
    coming = ("单元长", "第1社区", "阳光小区", "1号楼", "2单元", "钱进", "15412340006", "", "", "", "")
    assert codes(send(coming, at=AT + DAY)) == ["F2 coming"]


def test_a_name_that_stands_for_several_places(send: Any, home: District) -> None:
    make_district(code="150103", name="回民区", communities=1)
    outcome = send(UNIT)
    assert codes(outcome) == ["B2 place_several"]
    assert "150102001001" in outcome.rejections[0].message
    by_code = ("单元长", home.units[0].code, "王敏", "15412340001", "")
    head = ("岗位", "地点代码", "姓名", "电话", "账号")
    assert account_of(send(by_code, head=head)) == (1, 0, 0, 0)
    known = make_account(username="li.na", name="李娜")
    outcome = send(
        ("单元长", home.units[1].code, "", "", "li.na"), ("单元长", home.units[2].code, "", "", "nobody"), head=head
    )
    assert (account_of(outcome), codes(outcome)) == ((1, 0, 0, 1), ["E3 account_unknown"])
    chain = queries.find_chain(home.units[1].lo or 0, AT)
    assert chain.level("unit_lead").holders[0].account_id == known.pk


def test_nobody_imports_beyond_what_they_answer_for(send: Any, home: District) -> None:
    office = actor_for(make_account(role="office", place=home.communities[1]), AT)
    assert codes(send(UNIT, actor=office)) == ["B2 place_unknown"]
    own = ("单元长", "第2社区", "团结小区", *UNIT[3:])
    above = ("指挥部", "第2社区", "", "", "", "赵", "15412340010", "", "", "", "")
    assert codes(send(own, above, actor=office)) == []
    lead = actor_for(make_account(role="grid_lead", place=home.communities[1]), AT)
    assert account_of(send(own, actor=lead)) == (0, 0, 0, 1)


def test_counts_vacancies_and_everybody(send: Any, home: District) -> None:
    send(
        UNIT, ("楼栋长", "第1社区", "阳光小区", "2号楼", "", "李强", "15412340002", "", "", "", ""),
        ("信息员", "第1社区", "阳光小区", "1号楼", "", "赵芳", "15412340003", "", "", "", "物业"),
    )  # fmt: skip
    services.appoint(
        account_id=make_account(name="代").pk, role="unit_lead", place_id=home.units[1].id,
        detail=services.Detail(is_deputy=True), actor=SYSTEM, at=AT,
    )  # fmt: skip
    first, second = (home.extent(one) for one in home.communities)
    found = count_posts({1: first, 2: second}, AT)
    assert (found[1].posts["unit_lead"].posts, found[1].posts["unit_lead"].held) == (8, 1)
    assert (found[1].posts["unit_lead"].stood_in, found[1].posts["building_lead"].vacant) == (1, 3)
    assert (found[1].nobody, found[2].nobody) == (4, 8)
    assert (found[1].officers, found[2].people) == ({"property": 1}, {})
    vacant = list_vacancies(first, AT)
    assert len(vacant) == found[1].vacant == 10
    assert [one.stood_in for one in vacant if one.place.id == home.units[1].id] == [True]
    assert len(list_vacancies(first, AT, nobody=True)) == 4
    page = list_vacancies(first, AT, limit=4)
    rest = list_vacancies(first, AT, after=(page[-1].lo, page[-1].place.kind))
    assert page + rest == vacant
    lines = list(list_everybody(first, AT))
    assert len(lines) == 12 + 1 + 0  # a line each post of a lead, the deputy in its place, one officer
    assert {(one.role, one.name) for one in lines if one.name} == {
        ("unit_lead", "王敏"), ("building_lead", "李强"), ("information_officer", "赵芳"), ("unit_lead", "代"),
    }  # fmt: skip


def test_the_sheet_knows_its_words() -> None:
    offered = [field for field in CHAIN_SHEET.fields if field.is_offered]
    assert all(len(row) == len(offered) for row in SAMPLE)
    assert {read_post(role.value) for role in Role} == set(Role)
    assert {read_officer_kind(kind.value) for kind in OfficerKind} == set(OfficerKind)
    assert (read_post("楼道长"), read_post("微网格长"), read_post("某某")) == (Role.UNIT_LEAD, Role.GRID_LEAD, None)
    assert access.SYSTEM.may("duty.import")
