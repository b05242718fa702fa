"""A worker's day on the phone: marks and undoing them, doors to come back to, people registered on the spot, what is
urgent, work that a colleague's phone sends; and how every page looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from linli.core import db
from linli.residents.terms import Need
from tests.browser.conftest import overflow
from tests.browser.field import (
    expect_state,
    expect_waiting,
    film_codes,
    make_walk_now,
    mark_door,
    open_phone,
    open_unit,
    send_now,
    sign_in_phone,
    wait_for_worker,
)
from tests.browser.looks import measure_large, run_axe
from tests.browser.stoppable import Server
from tests.builders.rounds import Walk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk() -> Walk:
    """One stairwell of six doors, the last one empty; the first household has somebody alone in it."""
    return make_walk_now(needs={0: Need.ALONE}, empty={5})


def test_marks_undone_and_doors_to_come_back_to(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    first, second, third, *_rest = walk.district.keys
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        tile = page.locator(f"[data-door='{first}']")
        expect(tile).to_contain_text("★")
        mark_door(page, first)
        expect(tile).to_contain_text("✓ 2 人")
        expect_state(page, walk, first, {10})  # with a signal it is gone at once
        expect_waiting(page, 0)
        page.click("[data-act=undo]")
        expect(tile).to_contain_text("没去")
        expect_state(page, walk, first, {0})
        expect_waiting(page, 0)

        mark_door(page, second, "absent")
        page.get_by_role("button", name="明早 9:00").click()
        expect(page.get_by_role("button", name="明早 9:00")).to_have_count(0)
        mark_door(page, third)
        page.click("[data-act=next]")
        page.goto("/field/#/returns")
        expect(page.locator("main li")).to_have_count(1)
        expect(page.locator("main li")).to_contain_text("09:00")
        page.goto("/field/#/")
        expect(page.locator("main")).to_contain_text("完成 2")  # the worker's own tally
        expect(page.locator("main")).to_contain_text("不在 2")
        expect_state(page, walk, second, {1})
        expect_state(page, walk, third, {10})
        expect_waiting(page, 0)


def test_one_person_refuses_with_a_note(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    first = walk.district.keys[0]
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        page.click("[data-act=more]")
        member = page.locator("[data-member]").first
        member.get_by_role("button", name="更多").click()
        page.get_by_role("dialog").locator("textarea").fill("不愿开门")
        page.locator("[data-mark=refused]").click()
        expect(member).to_contain_text("拒绝")
        page.locator("[data-member]").nth(1).get_by_role("button", name="完成").click()
        expect(page.locator("[data-member]").nth(1)).to_contain_text("完成")
        expect_state(page, walk, first, {2, 10})
        expect_waiting(page, 0)


def test_people_registered_without_a_signal_are_marked_at_once(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    empty = walk.district.keys[-1]
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        page.goto(f"/field/#/register/{empty}")
        page.fill("[name=name-0]", "新来的人")
        page.get_by_role("button", name="再加一人").click()
        page.fill("[name=name-1]", "她的女儿")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("[data-member]")).to_have_count(2)
        expect(page.locator("main")).to_contain_text("待上传")
        page.click("[data-act=done]")
        expect(page.locator("[data-member]").first).to_contain_text("完成")
        expect_waiting(page, 2)
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
        page.goto(f"/field/#/door/{empty}")
        expect(page.locator("[data-member]")).to_have_count(2)
        expect_state(page, walk, empty, {10})


def test_a_special_situation_goes_first(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[0])
        page.goto("/field/#/special")
        page.click("[data-special=ill]")
        page.get_by_label("补充说明").fill("独居老人，胸口痛")
        page.get_by_role("button", name="马上报告").click()
        page.wait_for_url("**/#/unit/*")  # it goes back by itself
        expect_waiting(page, 2)
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
        page.goto("/field/#/")
        expect(page.locator("main")).to_contain_text("特殊情况 1 件")


def test_work_goes_by_a_colleagues_phone(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    file = tmp_path / "handed.json"
    with open_phone(phones, tmp_path / "wang", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        for key in walk.district.keys[:2]:
            mark_door(page, key)
        expect_waiting(page, 2)
        page.goto("/field/#/handover")
        with page.expect_download() as saved:
            page.click("[data-save]")
        saved.value.save_as(file)
        page.click("[data-show]")
        expect(page.locator("figure img")).to_be_visible()
    stoppable.start()
    assert "rounds.mark" not in file.read_text()
    with open_phone(phones, tmp_path / "li", stoppable) as page:
        sign_in_phone(page, "li")
        page.goto("/field/#/handover")
        page.set_input_files("[data-file]", file)
        expect(page.get_by_text("接收了 2 条")).to_be_visible()
        for key in walk.district.keys[:2]:
            expect_state(page, walk, key, {10})
        expect_waiting(page, 0)
    with db.owner():
        authors = db.rows("SELECT DISTINCT a.username FROM mark m JOIN account a ON a.id = m.account_id")
    assert authors == [("wang",)]


def test_work_is_read_from_a_colleagues_screen(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    """By the camera, and by zxing in WebAssembly: this Chromium reads no codes by itself."""
    with open_phone(phones, tmp_path / "wang", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[0])
        expect_waiting(page, 1)
        page.goto("/field/#/handover")
        with page.expect_download() as saved:
            page.click("[data-save]")
        text = Path(saved.value.path()).read_text()
    stoppable.start()
    parts = [text[start : start + 700] for start in range(0, len(text), 700)]
    frames = [f"LL1 a1b2c3d4 {n} {len(parts)} {part}" for n, part in enumerate(parts, 1)]
    flags = film_codes(frames, tmp_path / "film.y4m")
    with open_phone(phones, tmp_path / "li", stoppable, flags=flags, permissions=["camera"]) as page:
        sign_in_phone(page, "li")
        page.goto("/field/#/handover")
        page.get_by_role("button", name="扫二维码").click()
        expect(page.get_by_text("接收了 1 条")).to_be_visible(timeout=60_000)
        expect_state(page, walk, walk.district.keys[0], {10})
        expect_waiting(page, 0)


def test_a_browser_inside_another_app(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable, service_workers="block") as page:
        page.add_init_script("delete Navigator.prototype.serviceWorker")
        page.goto("/field/")
        expect(page.locator("main")).to_contain_text("此浏览器只能在线使用")
        sign_in_phone(page, "wang")
        expect(page.locator("header")).to_contain_text("仅在线")
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[0])
        expect_state(page, walk, walk.district.keys[0], {10})
        expect_waiting(page, 0)


PAGES = ["#/", "#/unit/{unit}?door={door}", "#/door/{door}", "#/returns", "#/search", "#/special", "#/outbox"]
PAGES += ["#/handover", "#/settings", "#/register/{door}", "#/scan", "#/d/1"]


def look_at(page: Page, walk: Walk, *, large: bool) -> list[str]:
    faults = []
    unit = walk.district.units[0].id
    for address in PAGES:
        page.evaluate("document.querySelector('#app').firstElementChild.dataset.before = ''")
        page.goto("/field/" + address.format(unit=f"l{unit}", door=walk.district.keys[0]))
        expect(page.locator("[data-before]")).to_have_count(0)  # the page before it is gone
        expect(page.locator("h1")).to_be_visible()
        found = run_axe(page) + (measure_large(page) if large else [])
        if overflow(page):
            found.append("can be scrolled sideways")
        faults += [f"{address}: {each}" for each in found]
    return faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_looks_right(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path, scheme: str) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable, color_scheme=scheme) as page:
        page.goto("/field/")
        expect(page.locator("input[name=username]")).to_be_visible()
        faults = [f"sign-in: {each}" for each in run_axe(page)]
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[1], "absent")
        faults += look_at(page, walk, large=False)
        page.goto("/field/#/settings")
        page.click("[data-switch-large]")
        faults += look_at(page, walk, large=True)
    assert not faults, "\n".join(faults)
