"""Rounds in a real browser: the board moves by itself; doors are marked in the list and in the picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from linli.core import clock, db
from linli.core.models import Account
from linli.rounds import queries
from linli.rounds.terms import Mark
from tests.browser.conftest import PHONE, enter, overflow
from tests.builders.duty import make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import Walk, mark_homes, open_over

pytestmark = pytest.mark.django_db(transaction=True)
OPENED_AGO = timedelta(hours=3)


@pytest.fixture
def walk() -> Walk:
    """Two compounds, opened three hours ago, a quarter done; an office account `office` over all of it."""
    with db.owner():
        now = clock.now()
        district = make_district(communities=2, compounds=1, buildings=1, units=2, floors=3, a_floor=2)
        homes = {key: make_household(key) for key in district.keys[:-1]}
        round_ = open_over(district.extent(district.district), at=now - OPENED_AGO)
        made = Walk(district, homes, round_)
        mark_homes(made, district.keys[:6], at=now - timedelta(minutes=30))
        make_account(role="office", place=district.district, username="office", name="区指挥部")
    return made


def test_board_follows_the_round_by_itself(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/")
    still_open = page.locator("#board .ln-figure-gap .ln-value")
    expect(still_open).to_have_text(re.compile(r"^\s*34\D"))
    expect(page.locator("#aside svg").first).to_be_visible()
    with db.owner():
        mark_homes(walk, walk.district.keys[6:8], at=clock.now())
    expect(still_open).to_have_text(re.compile(r"^\s*30\D"), timeout=60_000)
    assert overflow(page) == 0


def test_list_is_walked_with_the_keys(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/gaps/")
    first = page.locator("tbody[data-home]").first
    page.keyboard.press("j")
    expect(first).to_have_class("rd-home is-chosen")
    page.keyboard.press("d")
    expect(first).to_have_class("rd-home is-closed")
    expect(first).to_contain_text("已记录")
    expect(page.locator("#gaps-head .ln-figure-gap .ln-value")).to_have_text(re.compile(r"^\s*32\D"))  # 34 before
    # The next door is chosen by itself.
    expect(page.locator("tbody[data-home]").nth(1)).to_have_class("rd-home is-chosen")
    page.keyboard.press("r")
    expect(page.locator("tbody[data-home]").nth(1).locator(".rd-state").first).to_contain_text("拒绝")
    with db.owner():
        figures = queries.get_figures(round_id=walk.round.id, extent=queries.scope_of(walk.round.id), at=clock.now())
    assert (figures.done, figures.refused) == (14, 2)


def test_refused_mark_says_what_to_do(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/gaps/")
    home = page.locator("tbody[data-home]").first
    home.locator("summary").click()
    home.locator("button[value=exempt]").click()
    expect(page.locator("#ln-problems")).to_contain_text("豁免要写明原因")
    home.locator("input[name=reason]").fill("住院")
    home.locator("button[value=exempt]").click()
    expect(home.locator(".rd-state").first).to_contain_text("豁免")


@pytest.mark.parametrize("look", [{}, {"viewport": PHONE}, {"dark": True}])
def test_door_is_marked_in_the_picture(open_page: Callable[..., Page], walk: Walk, look: dict[str, Any]) -> None:
    page = open_page(**look)
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/building/{walk.district.buildings[1].code}/")
    door = page.locator("a.ln-door", has_text="301").first
    expect(door).to_have_class("ln-door d-not_reached")
    door.click()
    page.locator("#door .rd-main").click()
    expect(page.locator("#door")).to_contain_text("全部走到")
    expect(page.locator("a.ln-door", has_text="301").first).to_have_class("ln-door d-done")
    assert overflow(page) == 0


def test_new_round_is_picked_in_the_tree(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto("/rounds/new/")
    page.fill("[name=name]", "第 4 轮")
    page.locator("summary", has_text="展开下级").first.click()
    street = page.locator("[data-pick]").nth(1)
    street.check()
    expect(page.locator("#count")).to_contain_text("46")
    page.fill("#q", "第1社区")
    page.locator("#hits [data-leave]").first.click()
    expect(page.locator("#count")).to_contain_text("22")
    page.get_by_role("button", name="存为草稿").click()
    expect(page.locator("h1")).to_contain_text("第 4 轮")
    expect(page.locator("h1")).to_contain_text("草稿")


@pytest.mark.parametrize(
    "path", ["/rounds/", "/rounds/{code}/", "/rounds/{code}/gaps/", "/rounds/new/", "/rounds/{code}/close/", "/"]
)
def test_pages_fit_a_narrow_screen(open_page: Callable[..., Page], walk: Walk, path: str) -> None:
    page = open_page(viewport=PHONE)
    enter(page, "office")
    page.goto(path.format(code=walk.code))
    assert overflow(page) == 0


def test_a_long_name_leaves_the_head_of_a_phone_whole(open_page: Callable[..., Page], walk: Walk) -> None:
    name = "第一轮敲门行动（全区，含寄宿和工地）"
    with db.owner(), db.cursor() as cursor:
        cursor.execute("UPDATE round SET name = %s WHERE id = %s", [name, walk.round.id])
    page = open_page(viewport=PHONE)
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/close/")
    assert overflow(page) == 0
    last = page.locator(".ln-crumbs li").last
    expect(last).to_contain_text("关闭")
    assert last.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("path", ["/rounds/{code}/", "/rounds/{code}/gaps/", "/"])
def test_the_number_of_a_city_stays_inside_its_card_in_english(
    open_page: Callable[..., Page], walk: Walk, path: str
) -> None:
    with db.owner():
        Account.objects.filter(username="office").update(language="en")
    page = open_page(viewport=PHONE)
    enter(page, "office")
    page.goto(path.format(code=walk.code))
    beyond = page.locator(".ln-figure-gap .ln-value").first.evaluate(
        """(value) => {
            value.firstChild.data = '2,995,084';
            value.querySelector('small').textContent = 'people · 1,203,226 doors';
            const card = value.closest('.card-body');
            const room = card.getBoundingClientRect().right - parseFloat(getComputedStyle(card).paddingRight);
            return Math.max(...[...value.children, value].map((one) => one.getBoundingClientRect().right)) - room;
        }"""
    )
    assert beyond <= 0


def test_english_is_whole(open_page: Callable[..., Page], walk: Walk) -> None:
    with db.owner():
        mark_homes(walk, walk.district.keys[8:9], Mark.ABSENT, at=clock.now())
        Account.objects.filter(username="office").update(language="en")
    page = open_page(locale="en-GB")
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/")
    expect(page.locator("#board")).to_contain_text("Still to reach")
    expect(page.get_by_role("link", name="See who is missing")).to_be_visible()
