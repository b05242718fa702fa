"""The phone app in the hand: the phone's "back", the keyboard, and what a worker has typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.field import (
    expect_quiet,
    expect_waiting,
    make_walk_now,
    open_phone,
    open_unit,
    sign_in_phone,
)
from tests.browser.stoppable import Server
from tests.builders.rounds import Walk

pytestmark = pytest.mark.django_db(transaction=True)

FOCUSED = "document.activeElement.closest('[role=dialog]') !== null"
PAGE_RESTS = "document.getElementById('app').inert"


@pytest.fixture
def walk() -> Walk:
    return make_walk_now()


def open_sheet(page: Page) -> None:
    page.locator("[data-for-door]").click()
    expect(page.locator("[data-mark=done]")).to_be_visible()


def test_back_and_escape_close_what_lies_over_the_page(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        page.click("[data-act=more]")
        page.wait_for_selector("[data-member]")
        door = page.url
        open_sheet(page)
        assert page.evaluate(FOCUSED)
        assert page.evaluate(PAGE_RESTS)
        for _ in range(12):  # Tab goes round in the sheet and in the browser, never to the page behind
            page.keyboard.press("Tab")
            assert page.evaluate(f"document.activeElement === document.body || {FOCUSED}")
        page.go_back()
        expect(page.locator("[data-mark=done]")).to_have_count(0)
        expect(page).to_have_url(door)  # the step back is taken back
        assert not page.evaluate(PAGE_RESTS)
        open_sheet(page)
        page.keyboard.press("Escape")
        expect(page.locator("[data-mark=done]")).to_have_count(0)
        assert page.evaluate("document.activeElement.hasAttribute('data-for-door')")
        page.go_back()
        page.wait_for_selector("[data-door]")
        expect_waiting(page, 0)


def test_people_are_checked_while_they_stand_at_the_door(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        page.click("[data-act=more]")
        page.get_by_role("link", name="登记新住户").click()
        page.fill("[name=label]", "合租")
        page.fill("[name=name-0]", " 其其格 ")
        page.fill("[name=phone-0]", "6912345")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("alert")).to_contain_text("座机请加区号")
        page.fill("[name=phone-0]", "0471 6912345")
        page.fill("[name=id-0]", "15010219800230002X")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("alert")).to_contain_text("身份证号不对")
        page.go_back()  # what was typed is not lost by a slip of the thumb
        page.get_by_role("dialog").get_by_role("button", name="取消").click()
        expect(page.locator("[name=name-0]")).to_have_value(" 其其格 ")
        page.fill("[name=id-0]", "150102 19800229 002x")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("main")).to_contain_text("其其格")
        expect_quiet(page)


def test_a_stairwell_that_is_no_longer_ones_own(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        page.goto("/field/#/unit/l999999?door=5")
        expect(page.locator("main")).to_contain_text("不在您的工作包里")
        page.get_by_role("link", name="返回").click()
        page.wait_for_selector("a[href^='#/unit/']")


def test_the_tenth_wrong_pin_ends_the_sign_in_wherever_it_is_given(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        page.goto("/field/#/settings")
        for left in range(9, -1, -1):
            page.get_by_label("现在的 PIN 码").fill("000000")
            page.get_by_label("新 PIN 码").fill("135791")
            page.get_by_role("button", name="更换 PIN 码").click()
            if left:
                expect(page.get_by_role("alert")).to_contain_text(f"还可以试 {left} 次")
        expect(page.locator("main")).to_contain_text("PIN 码连错十次")
        expect(page.locator("input[name=username]")).to_be_visible()
