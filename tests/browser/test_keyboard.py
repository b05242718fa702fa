"""The main job by the keyboard alone: home, board, gap list, a mark, and its undoing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from linli.core import clock, db
from linli.rounds import queries
from tests.browser.conftest import enter, sign_in
from tests.builders.duty import make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import Walk, open_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
FURTHEST = 60  # presses of Tab to anything on a page


@pytest.fixture
def walk() -> Walk:
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1, units=1, floors=3, a_floor=2)
        homes = {key: make_household(key) for key in district.keys}
        round_ = open_over(district.extent(district.district), at=clock.now() - timedelta(hours=3))
        make_account(role="office", place=district.district, username="office", name="区指挥部")
    return Walk(district, homes, round_)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something of this selector has the focus, as one sees it: with an outline."""
    for _press in range(FURTHEST):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {selector} cannot be seen"
            return
    raise AssertionError(f"Tab does not reach {selector}")


def done_in(walk: Walk) -> int:
    with db.owner():
        figures = queries.get_figures(round_id=walk.round.id, extent=queries.scope_of(walk.round.id), at=clock.now())
    return figures.done


def test_from_home_to_a_mark_and_back(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".ln-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, f"main h2 a[href='/rounds/{walk.code}/']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/rounds/{walk.code}/")
    tab_to(page, "main .ln-actions a.btn-primary")
    page.keyboard.press("Enter")
    expect(page.locator("[data-gaps]")).to_be_visible()
    page.wait_for_load_state()  # the keys are listened to

    page.keyboard.press("j")
    home = page.locator("tbody[data-home]").first
    expect(home).to_be_focused()
    page.keyboard.press("d")
    expect(home).to_have_class("rd-home is-closed")
    expect(home).to_contain_text("撤销")
    # The focus went on to the next door, and was not lost with what was replaced.
    expect(page.locator("tbody[data-home]").nth(1)).to_be_focused()
    assert done_in(walk) == 2
    page.keyboard.press("u")
    expect(home).to_contain_text("已撤销")
    expect(home).to_be_focused()
    assert done_in(walk) == 0


def test_undo_can_be_reached_by_tab_too(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/gaps/")
    page.keyboard.press("j")
    tab_to(page, "tbody[data-home] button[value=done][data-act=d]")
    page.keyboard.press("Enter")
    expect(page.locator("tbody[data-home]").first).to_contain_text("撤销")
    expect(page.locator("tbody[data-home]").nth(1)).to_be_focused()  # it has moved on; back to what was marked
    page.keyboard.press("k")
    tab_to(page, "tbody[data-home] button[data-act=u]")
    page.keyboard.press("Enter")
    expect(page.locator("tbody[data-home]").first).to_contain_text("已撤销")
    assert done_in(walk) == 0


def test_escape_closes_what_is_open(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/gaps/")
    menu = page.locator("tbody[data-home] details.ln-menu").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    tab_to(page, "tbody[data-home] input[name=back]")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_theme_is_switched_and_kept(open_page: Callable[..., Page], walk: Walk) -> None:
    page = open_page()
    sign_in(page, "office")
    switch = page.locator(".ln-top [data-theme-switch]")
    expect(switch).to_contain_text("跟随系统")
    switch.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(switch).to_contain_text("深色")
    page.goto("/rounds/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator(".ln-top [data-theme-switch]").click()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
