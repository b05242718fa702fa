"""Headers: many names, any order, full-width and punctuated; nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheet_files import HEAD, ROSTER, ROW

from linli.core.sheets import Field, HeaderMissing, HeaderTwice, SheetSpec, column_index, column_letter
from linli.core.sheets.headers import find_header, normal_title


@pytest.mark.parametrize(
    "title",
    [
        "身份证号",
        "身份证号码",
        "身份证",
        "证件号码",
        "公民身份号码",
        "ID number",
        "ＩＤ　Number",
        "*身份证 号：",
        "身份证号（必填）",
        "id_number",
        "身份\n证号",
    ],
)
def test_many_names_for_one_column(title: str) -> None:
    header = find_header([1], [["姓　名", title]], ROSTER)
    assert header.columns["id_number"].index == 1
    assert header.unknown == ()


@given(st.permutations(HEAD))
def test_any_order(titles: list[str]) -> None:
    header = find_header([3], [titles], ROSTER)
    assert {name: titles[column.index] for name, column in header.columns.items()} == {
        "name": "姓名",
        "id_number": "身份证号",
        "phone": "手机号",
        "compound": "小区",
        "room": "房号",
    }


@given(st.integers(0, 18277))
def test_letters(index: int) -> None:
    assert column_index(column_letter(index)) == index


def test_a_title_as_written_wins_over_one_with_a_remark() -> None:
    header = find_header([1], [["姓名", "身份证号", "手机号（紧急联系人）", "手机号"]], ROSTER)
    assert header.columns["phone"].letter == "D"
    assert [column.title for column in header.unknown] == ["手机号（紧急联系人）"]
    with pytest.raises(HeaderTwice):
        find_header([1], [["姓名", "身份证号", "手机号（本人）", "手机号（配偶）"]], ROSTER)


def test_the_mapping_settles_what_detection_cannot() -> None:
    titles = ["姓名", "身份证号", "身份证", "手机号"]
    header = find_header([1], [titles], ROSTER, mapping={"id_number": 2}, skip={3})
    assert header.columns["id_number"].letter == "C"
    assert "phone" not in header.columns
    assert [column.title for column in header.unknown] == ["身份证号", "手机号"]


def test_a_row_of_data_is_no_header_and_only_the_first_rows_are_looked_at() -> None:
    assert find_header([1, 2], [["居民姓名 登记"], HEAD], ROSTER).row == 2
    assert find_header([1, 2], [HEAD, ROW], ROSTER).row == 1
    with pytest.raises(HeaderMissing):
        find_header([1, 21], [["姓名"], HEAD], ROSTER)


def test_one_title_cannot_stand_for_two_fields() -> None:
    with pytest.raises(ValueError, match="stands for both"):
        SheetSpec((Field("a", ("甲",)), Field("b", ("甲 ",))))


def test_normal_title() -> None:
    assert normal_title(" ＊身份证 号\u200b：") == "身份证号"
    assert normal_title(1.5) == "15"
