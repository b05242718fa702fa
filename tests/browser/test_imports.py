"""Importing in a real browser: check first, say which column is which, and the way of rejected rows there and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from linli.core import db, jobs
from linli.core.models import Job
from linli.residents.models import Person
from tests.browser.conftest import DESK, PHONE, enter, overflow
from tests.builders.duty import make_account
from tests.builders.places import make_district

pytestmark = pytest.mark.django_db(transaction=True)
OpenPage = Callable[..., Page]
TITLES = ["小区", "楼栋", "单元", "房号", "住户", "身份证号", "手机号"]
ROWS = [
    ["阳光小区", "1号楼", "1单元", "101", "张三", "", "15400000001"],
    ["阳光小区", "1号楼", "1单元", "102", "李四", "1.1E+17", "15400000002"],
    ["阳光小区", "1号楼", "9单元", "201", "王五", "", "12"],
]


@pytest.fixture(autouse=True)
def _office(settings: Any, tmp_path: Path) -> None:
    settings.LINLI_HOME = tmp_path / "home"
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1)
    make_account(username="office", name="街道办", role="office", place=district.district)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "三月花名册"
    for row in (TITLES, *ROWS):
        page.append(row)
    book.save(tmp_path / "roster.xlsx")
    return tmp_path / "roster.xlsx"


def carry_out() -> None:
    with db.owner():
        jobs.carry_out(Job.objects.latest("created_at").pk)


def choose(page: Page, path: Path, button: str = "核对文件") -> None:
    page.goto("/imports/?kind=residents.import_roster")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url("**/imports/*-*/")
    carry_out()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_rejected_rows_are_corrected_and_all_is_imported(
    open_page: OpenPage, sheet: Path, tmp_path: Path, viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport)
    enter(page, "office")
    choose(page, sheet)
    # 住户 alone tells nobody what it holds.
    expect(page.locator(".ln-problem-what")).to_contain_text("姓名")
    page.get_by_role("link", name="指定各列内容").click()
    expect(page.locator(".ln-problem-what")).to_have_text("缺少对应的列：姓名。")
    assert "张三" not in page.content()
    assert overflow(page) == 0
    page.get_by_label("E 住户").select_option(label="姓名 *")
    page.get_by_role("button", name="保存并重新核对").click()
    page.wait_for_url(lambda url: "columns" not in url)
    carry_out()

    expect(page.locator("#job h2").first).to_have_text("核对结果")
    expect(page.locator(".ln-account .is-rejected .ln-value")).to_have_text("2")
    expect(page.locator("tbody th[scope=row]:visible")).to_have_count(2)
    assert overflow(page) == 0
    with db.owner():
        assert not Person.objects.exists()
    with page.expect_navigation():
        page.get_by_role("button", name="确认导入").click()
    carry_out()
    expect(page.locator("#job h2").first).to_have_text("办理结果")
    expect(page.locator(".ln-account .ln-value").nth(1)).to_have_text("1")

    with page.expect_download() as waiting:
        page.locator("a[download]").click()
    back = tmp_path / "back.xlsx"
    waiting.value.save_as(back)
    book = openpyxl.load_workbook(back)
    rejected = book["三月花名册"]
    marked = {cell.coordinate for row in rejected.iter_rows() for cell in row if cell.comment}
    assert marked == {"F2", "G3"}  # a row whose cells are bad in themselves is not looked up yet
    rejected["F2"].value, rejected["C3"].value, rejected["G3"].value = None, "2单元", "15400000003"
    book.save(back)

    choose(page, back)  # 住户 is remembered; the columns of help do not matter
    expect(page.locator(".ln-account .ln-value").first).to_have_text("2")
    expect(page.locator(".ln-account .is-rejected")).to_have_count(0)
    with page.expect_navigation():
        page.get_by_role("button", name="确认导入").click()
    carry_out()
    expect(page.locator("#job h2").first).to_have_text("办理结果")
    with db.owner():
        assert sorted(Person.objects.values_list("name", flat=True)) == ["张三", "李四", "王五"]


def test_a_checked_file_is_discarded_and_another_goes_in_at_once(page: Page, sheet: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(sheet)
    book.worksheets[0]["E1"].value = "姓名"
    book.save(tmp_path / "plain.xlsx")
    enter(page, "office")
    choose(page, tmp_path / "plain.xlsx")
    page.get_by_role("button", name="丢弃文件").click()
    page.wait_for_url("**/imports/")
    with db.owner():
        assert not Person.objects.exists()
    choose(page, tmp_path / "plain.xlsx", "不核对，直接导入")
    expect(page.locator(".ln-account .ln-value").nth(1)).to_have_text("1")
    with db.owner():
        assert Person.objects.count() == 1
