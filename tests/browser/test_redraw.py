"""Boundaries are redrawn in a real browser: tick, look at before and after, do it, watch the boards, take it back."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.places import services as places
from linli.places.terms import Kind, PlaceRef
from linli.rounds import bulk
from linli.rounds.queries import RoundView
from tests.browser import looks
from tests.browser.conftest import PHONE, enter, overflow, pixel
from tests.builders.duty import make_account
from tests.builders.outlines import SIDE, SOUTH, WEST, draw_compounds
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import Walk, mark_homes, open_over

pytestmark = pytest.mark.django_db(transaction=True)
AGO = timedelta(hours=3)
SHOTS = os.environ.get("LINLI_SHOTS")  # a folder for pictures of the page in its states


@pytest.fixture
def grids() -> list[PlaceRef]:
    return []


@pytest.fixture
def walk(grids: list[PlaceRef]) -> Walk:
    """Two grids of a compound each (4 buildings and 48 people in all), a round open over them, half a building done."""
    with db.owner():
        now = clock.now()
        town = make_district(communities=1, compounds=2, buildings=2, units=2, floors=3, a_floor=1)
        grids += [
            places.add_overlay(
                kind=Kind.GRID, parent_id=town.communities[0].id, name=f"第{n + 1}网格", place_ids=[compound.id],
                actor=SYSTEM, at=now - AGO - timedelta(hours=1),
            )
            for n, compound in enumerate(town.compounds)
        ]  # fmt: skip
        homes = {key: make_household(key) for key in town.keys}
        made = Walk(town, homes, open_over(town.extent(town.district), at=now - AGO))
        mark_homes(made, town.keys[:3], at=now - timedelta(minutes=30))
        make_account(role="office", place=town.district, username="office", name="区指挥部")
    return made


@pytest.fixture
def closed(walk: Walk) -> RoundView:
    """Another round over the same doors, closed an hour ago with nobody reached."""
    with db.owner():
        now = clock.now()
        made = open_over(walk.district.extent(walk.district.district), at=now - AGO, name="第 2 轮")
        bulk.close_round(round_id=made.id, actor=SYSTEM, at=now - timedelta(minutes=20))
    return made


def rows_of(page: Page, code: str, community: PlaceRef) -> dict[str, str]:
    """The board of a community by grid: name of each -> its row as it reads."""
    page.goto(f"/rounds/{code}/?place={community.code}&by={Kind.GRID.value}")
    rows = page.locator("#board tbody tr")
    return {row.locator("th").inner_text().strip(): " ".join(row.inner_text().split()) for row in rows.all()}


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def tick(page: Page, name: str) -> Locator:
    return page.locator(".ln-pieces").get_by_role("checkbox", name=name, exact=True)


def test_split_watch_and_take_back(page: Page, walk: Walk, grids: list[PlaceRef], closed: RoundView) -> None:
    community = walk.district.communities[0]
    enter(page, "office")
    board = page.context.new_page()
    before_open, before_closed = (rows_of(board, code, community) for code in (walk.code, closed.code))
    page.goto(f"/places/{grids[0].code}/")
    page.get_by_role("link", name="调整边界").click()
    page.locator(".ln-pieces summary").first.click()
    tick(page, "1号楼").check()
    page.fill("[name=name]", "第3网格")
    page.get_by_role("button", name="预览调整前后").click()
    preview = page.get_by_role("region", name="预览")
    expect(preview.locator("svg.ln-picture").first).to_be_visible()
    expect(preview).to_contain_text("第3网格")
    expect(tick(page, "1号楼")).to_be_checked()
    assert rows_of(board, walk.code, community) == before_open  # nothing has been done yet
    page.get_by_role("button", name="确认调整").click()
    expect(page.locator("h1")).to_contain_text("边界调整")
    expect(page.locator("table")).to_contain_text("第3网格")
    after = rows_of(board, walk.code, community)
    assert set(after) == {"第1网格", "第2网格", "第3网格"}
    assert after["第2网格"] == before_open["第2网格"]
    assert after["第1网格"] != before_open["第1网格"]
    assert rows_of(board, closed.code, community) == before_closed
    page.get_by_role("button", name="撤销这次调整").click()
    expect(page.locator("main")).to_contain_text("撤销于")
    assert rows_of(board, walk.code, community) == before_open
    assert rows_of(board, closed.code, community) == before_closed


def go_to(page: Page, wanted: Locator, *, most: int = 120) -> None:
    """Tab on until it has the focus, as somebody without a mouse does."""
    for _step in range(most):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached with the keyboard: {wanted}")


def test_drawn_area_and_picked_compound_tick_the_list(page: Page, walk: Walk) -> None:
    """On the map of a community that is redrawn; the list of pieces is what is sent."""
    with db.owner():
        draw_compounds(walk.district)
    first, second = walk.district.compounds
    enter(page, "office")
    page.goto(f"/places/{walk.district.communities[0].code}/redraw/")
    page.locator("summary", has_text="在地图上画范围").click()
    page.wait_for_selector("[data-map][data-drawn]")
    west, south = WEST - SIDE / 2, SOUTH - SIDE / 2
    east, north = WEST + 1.5 * SIDE, SOUTH + 1.5 * SIDE
    page.fill("#area", f"{west}, {south}\n{east}, {south}\n{east}, {north}\n{west}, {north}")
    page.locator("[data-draw-ask]").click()
    expect(page.locator("#drawn [data-drawn]")).to_have_count(2)
    page.get_by_role("button", name="在列表中勾选这些").click()
    expect(tick(page, first.name)).to_be_checked()
    expect(tick(page, second.name)).not_to_be_checked()
    page.click("[data-draw-clear]")
    picked = pixel(page, 0.5, 0.5)
    page.mouse.click(*picked)
    expect(tick(page, first.name)).not_to_be_checked()
    page.mouse.click(*picked)
    expect(tick(page, first.name)).to_be_checked()
    page.fill("[name=name]", "新社区")
    page.get_by_role("button", name="预览调整前后").click()
    expect(page.get_by_role("region", name="预览")).to_contain_text("新社区")


def test_by_keyboard_alone(page: Page, walk: Walk, grids: list[PlaceRef]) -> None:
    enter(page, "office")
    page.goto(f"/places/{grids[0].code}/redraw/")
    go_to(page, page.locator(".ln-pieces summary").first)
    page.keyboard.press("Enter")
    go_to(page, tick(page, "2号楼"))
    page.keyboard.press("Space")
    go_to(page, page.locator("[name=name]"))
    page.keyboard.type("第3网格")
    go_to(page, page.get_by_role("button", name="预览调整前后"))
    page.keyboard.press("Enter")
    confirm = page.get_by_role("button", name="确认调整")
    expect(confirm).to_be_visible()
    page.locator("body").focus()
    go_to(page, confirm)
    page.keyboard.press("Enter")
    expect(page.locator("table")).to_contain_text("第3网格")
    undo = page.get_by_role("button", name="撤销这次调整")
    go_to(page, undo)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="撤销这次调整")).to_have_count(0)


@pytest.mark.parametrize("look", [{}, {"viewport": PHONE}, {"dark": True}, {"viewport": PHONE, "dark": True}])
def test_preview_is_fit_to_be_looked_at(
    open_page: Callable[..., Page], walk: Walk, grids: list[PlaceRef], look: dict[str, Any]
) -> None:
    page = open_page(**look)
    enter(page, "office")
    page.goto(f"/places/{grids[0].code}/redraw/")
    page.locator(".ln-pieces summary").first.click()
    tick(page, "1号楼").check()
    page.fill("[name=name]", "第3网格")
    name = f"redraw-{'phone' if 'viewport' in look else 'desk'}{'-dark' if 'dark' in look else ''}"
    shoot(page, name)
    page.get_by_role("button", name="预览调整前后").click()
    expect(page.get_by_role("button", name="确认调整")).to_be_visible()
    shoot(page, f"{name}-preview")
    assert looks.run_axe(page) == []
    assert overflow(page) == 0
