"""The desk's frame in a real browser: signing in, switches, narrow screens, imports, a server that goes away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from linli.core import db, jobs
from linli.core.models import Job
from tests.browser.conftest import DESK, PHONE, enter, overflow, sign_in
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/", "/imports/", "/journal/", "/password/", "/nothing-here/"]
OpenPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def district(settings: object, tmp_path: Path) -> District:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    with db.owner():
        made = make_district(compounds=1, buildings=1, units=1)
        make_account(username="command", name="区指挥部", role="command", place=made.district)
    return made


def carry_out_newest_job() -> Job:
    with db.owner():
        return jobs.carry_out(Job.objects.latest("created_at").pk)


def test_wrong_password_then_right_one_and_on_to_the_page_asked_for(page: Page) -> None:
    page.goto("/journal/")
    expect(page.locator("h1")).to_have_text("登录")
    page.fill("input[name=username]", "command")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    expect(page.locator(".ln-problem")).to_contain_text("账号与密码不符")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(page.locator("h1")).to_have_text("操作日志")
    page.click(".ln-menu summary")
    page.click(".ln-menu-body form button")
    expect(page.locator("h1")).to_have_text("登录")


def test_language_and_size_are_kept_with_the_account(open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, "command")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto("/journal/?verb=places")
    page.click(".ln-top button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Journal")
    page.wait_for_load_state()
    assert page.url.endswith("/journal/?verb=places")
    before = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    page.click(".ln-top button[name=size]")
    expect(page.locator("html")).to_have_attribute("data-size", "large")
    page.wait_for_load_state()
    after = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    assert after >= before * 1.2

    elsewhere = open_page()  # another device: the account brings both along
    sign_in(elsewhere, "command")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "en")
    expect(elsewhere.locator("html")).to_have_attribute("data-size", "large")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_no_page_scrolls_sideways_and_each_has_its_landmarks(
    open_page: OpenPage, viewport: dict[str, int], large: bool
) -> None:
    page = open_page(viewport=viewport)
    page.goto("/sign-in/")
    assert overflow(page) == 0
    if large:
        page.click("button[name=size]")
        expect(page.locator("html")).to_have_attribute("data-size", "large")
        page.wait_for_load_state()
        assert overflow(page) == 0
    sign_in(page, "command")
    for address in PAGES:
        page.goto(address)
        assert overflow(page) == 0, address
        expect(page.locator("main h1")).to_have_count(1)
        expect(page.locator("nav#ln-side")).to_have_count(1)


def test_signing_in_fits_a_phone_in_every_language_and_size(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    page.goto("/sign-in/")
    for switch, name, value in (
        ("language", "lang", "en"),
        ("size", "data-size", "large"),
        ("language", "lang", "zh-Hans"),
    ):
        page.click(f"button[name={switch}]")
        expect(page.locator("html")).to_have_attribute(name, value)
        page.wait_for_load_state()
        assert overflow(page) == 0, (name, value)


def test_the_bar_of_a_phone_says_its_words_whole_in_english(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    page.goto("/sign-in/")
    page.click("button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_load_state()
    sign_in(page, "command")
    expect(page.locator(".ln-bottom span").first).to_have_text("Command desk")
    cut = page.locator(".ln-bottom span").evaluate_all(
        "spans => spans.filter(one => one.scrollWidth > one.clientWidth + 1 && one.checkVisibility())"
        ".map(one => one.textContent)"
    )
    assert cut == []


def test_the_keyboard_reaches_the_page_and_the_narrow_menu(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    enter(page, "command")
    page.goto("/journal/")
    page.keyboard.press("Tab")
    expect(page.locator(".ln-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("#ln-side")).not_to_be_visible()
    page.click(".ln-bottom button")
    expect(page.locator("#ln-side")).to_be_visible()
    page.locator("#ln-side a", has_text="导入").click()
    expect(page.locator("h1")).to_have_text("导入")


def test_dark_follows_the_system_and_paper_is_white(open_page: OpenPage) -> None:
    page = open_page(dark=True)
    sign_in(page, "command")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(page.locator("body")).not_to_have_css("background-color", dark)
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("#ln-side")).not_to_be_visible()
    expect(page.locator(".ln-top")).not_to_be_visible()


def test_an_import_is_watched_to_its_account(page: Page, district: District, tmp_path: Path) -> None:
    compound = district.compounds[0].name
    sheet = tmp_path / "名册.csv"
    sheet.write_text(
        f"姓名,身份证号,小区,楼栋,单元,房号\n张三,,{compound},1号楼,1单元,101\n李四,1.1E+17,{compound},1号楼,1单元,101\n"
    )
    enter(page, "command")
    page.goto("/imports/")
    page.check("input[value='residents.import_roster']")
    page.set_input_files("input[type=file]", str(sheet))
    expect(page.locator("[data-drop-name]")).to_contain_text("名册.csv")
    page.click("form[data-import] button[type=submit]")
    expect(page.locator("#job")).to_have_attribute("data-state", "queued")
    expect(page.locator("#ln-live")).to_have_attribute("data-state", "live")
    assert carry_out_newest_job().state == Job.State.DONE
    expect(page.locator("#job")).to_have_attribute("data-state", "done")
    expect(page.locator("#ln-live")).to_have_attribute("data-state", "still")
    expect(page.locator(".ln-account .ln-value")).to_have_text(["2", "1", "0", "0", "1"])
    expect(page.locator("#job table tbody").last).to_contain_text("B3")
    with page.expect_download() as download:
        page.click("a[download]")
    assert download.value.suggested_filename == "名册-退回.xlsx"


def test_a_refused_file_is_answered_on_the_page(page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.docx"
    wrong.write_bytes(b"x")
    enter(page, "command")
    page.goto("/imports/")
    page.set_input_files("input[type=file]", str(wrong))
    page.click("form[data-import] button[type=submit]")
    expect(page.locator("#ln-problems .ln-problem")).to_contain_text(".docx")
    expect(page.locator("form[data-import] button[type=submit]").first).to_be_enabled()


def test_the_bar_says_when_the_server_is_away(page: Page, tmp_path: Path) -> None:
    sheet = tmp_path / "any.csv"
    sheet.write_text("姓名\n")
    enter(page, "command")
    page.goto("/imports/")
    page.set_input_files("input[type=file]", str(sheet))
    page.click("form[data-import] button[type=submit]")
    bar = page.locator("#ln-live")
    expect(bar).to_have_attribute("data-state", "live")
    page.context.set_offline(True)
    expect(bar).to_have_attribute("data-state", "lost")
    expect(bar).to_contain_text("失去联系")
    page.context.set_offline(False)
    expect(bar).to_have_attribute("data-state", "live")
    page.context.clear_cookies()  # signed out in the meantime: to the sign-in page as a whole, and back afterwards
    page.wait_for_url("**/sign-in/?next=**")
    expect(page.locator("#ln-side")).to_have_count(0)
