"""The phone app in the hand: the phone's "back", the keyboard, and what a worker has typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.field import (
    expect_quiet,
    expect_state,
    expect_waiting,
    make_walk_now,
    mark_door,
    open_phone,
    open_unit,
    sign_in_phone,
    unlock,
    wait_for_worker,
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
        expect(page.locator("[data-household]", has_text="其其格")).to_be_in_viewport()  # the last of those at the door
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


def save_unsent(page: Page, file: Path) -> dict[str, Any]:
    """From the page before the work: nothing of it asks for a PIN."""
    if not page.locator("[data-hand-out]").count():
        page.click("[data-hand-over]")
    with page.expect_download() as saved:
        page.click("[data-save]")
    saved.value.save_as(file)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_who_cannot_get_in_any_more_hands_over(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    """The PIN is forgotten, and without a signal nobody signs in: a colleague's phone takes the work along."""
    file, key = tmp_path / "handed.json", walk.district.keys[0]
    with open_phone(phones, tmp_path / "li", stoppable, restarts=True) as page:
        sign_in_phone(page, "li")
        wait_for_worker(page)
    with open_phone(phones, tmp_path / "wang", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        mark_door(page, key)
        expect_waiting(page, 1)
        page.reload()
        locked = save_unsent(page, file)
        page.get_by_role("button", name="忘记 PIN 码").click()
        page.get_by_role("dialog").get_by_role("button", name="退出登录").click()
        page.wait_for_selector("input[name=username]")
        expect_waiting(page, 1)
        expect(page.locator("[data-farewells]")).to_be_visible()
        assert save_unsent(page, file) == locked  # sealed when it was queued, and the same bytes ever since
        page.click("[data-show]")
        expect(page.locator("figure img")).to_be_visible()
    assert len(locked["work"]) == 1
    assert "rounds.mark" not in file.read_text()
    with open_phone(phones, tmp_path / "li", stoppable, restarts=True) as page:
        page.goto("/field/")
        unlock(page)
        page.goto("/field/#/handover")
        page.set_input_files("[data-file]", file)
        expect(page.get_by_text("接收了 1 条")).to_be_visible()
        stoppable.start()
        page.evaluate("dispatchEvent(new Event('online'))")
        expect_state(page, walk, key, {10})
        expect_quiet(page)


def test_the_thumb_goes_on_to_the_next_stairwell(phones: Playwright, stoppable: Server, tmp_path: Path) -> None:
    walk = make_walk_now(units=2, floors=1, a_floor=2)
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[0], "absent")
        page.get_by_role("button", name="明早 9:00").click()
        expect(page.locator(".f-panel")).to_contain_text("9:00 再来")
        page.click("[data-act=done]")
        page.click("[data-act=next]")
        page.click("[data-act=done]")
        page.click("[data-act=onward]")
        expect(page.locator("h1")).to_contain_text("2单元")
        page.click("[data-act=done]")
        expect_quiet(page)
