"""docs/tour.md and its pictures: every page of the demo, and no page forgotten. `make screenshots` draws them anew."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from linli.core import db
from tests.browser import moments, tour
from tests.browser.conftest import DESK, PHONE, sign_in

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "images" / "tour"
FURTHER = [  # the same pages in other looks
    ("rounds:board", "phone"), ("rounds:gaps", "phone"), ("rounds:building", "phone"), ("residents:household", "phone"),
    ("places:release-job", "phone"), ("desk:home", "dark"), ("rounds:building", "dark"), ("rounds:map", "dark"),
    ("rounds:gaps", "large"), ("desk:home", "english"), ("rounds:new", "drawn"), ("places:redraw", "preview"),
]  # fmt: skip
LOOKS = {"phone": ("手机", "on a phone"), "dark": ("深色", "dark"), "large": ("长辈版", "large type"),
         "english": ("英文", "in English"), "drawn": ("在地图上画出范围", "an area drawn on the map"),
         "preview": ("预览调整前后", "before and after")}  # fmt: skip
LARGEST = 6_000_000  # bytes of all pictures
TALLEST = 1500  # pixels of a picture


def file_of(name: str, look: str = "") -> str:
    return name.replace(":", "-") + (f"-{look}" if look else "") + ".webp"


def write_tour() -> str:
    """The document: a picture and two lines a page."""
    lines = [
        "# 功能导览 · A tour of every page", "",
        "画面取自演示数据：区划真实，人员与数字全部虚构。",
        "The pictures show the demo: divisions are real, people and figures are made up.",
        "", "由测试生成（`make screenshots`），请勿手改。Made by a test (`make screenshots`); not edited by hand.", "",
    ]  # fmt: skip
    for name, _address, chinese, english in tour.PAGES:
        lines += [f"## {chinese} · {english}", "", f"![{english}](images/tour/{file_of(name)})", ""]
        for other, look in FURTHER:
            if other == name:
                words = " · ".join(LOOKS[look])
                lines += [f"{words}：", "", f"![{english}, {LOOKS[look][1]}](images/tour/{file_of(name, look)})", ""]
    return "\n".join(lines) + "\n"


def test_tour_is_what_the_pages_are() -> None:
    assert (DOCS / "tour.md").read_text() == write_tour(), "run 'make screenshots'"
    wanted = {file_of(name) for name, *_ in tour.PAGES} | {file_of(name, look) for name, look in FURTHER}
    assert {path.name for path in PICTURES.iterdir()} == wanted, "run 'make screenshots'"
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < LARGEST


# Every map that is in sight is there, and nothing of it is on its way any more.
DRAWN = """() => [...document.querySelectorAll('[data-map]')]
  .filter((one) => one.checkVisibility() && !one.classList.contains('is-empty'))
  .every((one) => {
    const { map } = window.linliMaps.of(one) || {};
    return one.dataset.drawn && map.loaded() && !map.isMoving();
  })"""
END_OF_MAPS = """() => Math.max(0, ...[...document.querySelectorAll('[data-map]')]
  .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().bottom + window.scrollY))"""
AREA = """() => {
  const bounds = window.linliMaps.of(document.querySelector('[data-map]')).map.getBounds();
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const corner = ([x, y]) => `${(west + x * (east - west)).toFixed(6)}, ${(south + y * (north - south)).toFixed(6)}`;
  const text = document.getElementById('area');
  text.value = [[0.42, 0.3], [0.58, 0.3], [0.58, 0.7], [0.42, 0.7]].map(corner).join('\\n');
  text.dispatchEvent(new Event('change'));
}"""


def settle(page: Page) -> None:
    """Charts and maps draw themselves; a page with a map is shown down to the map's end."""
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(400)


def shoot(page: Page, name: str) -> None:
    """The window as it stands, as a small WebP."""
    settle(page)
    wide = page.viewport_size
    assert wide is not None
    end = page.evaluate(END_OF_MAPS)
    if wide["width"] == DESK["width"] and wide["height"] < end < TALLEST:
        page.set_viewport_size({"width": wide["width"], "height": int(end) + 24})
        settle(page)
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": 60})
    session.detach()
    page.set_viewport_size(wide)
    (PICTURES / name).write_bytes(base64.b64decode(shot["data"]))


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_draw_every_page(open_page: Callable[..., Page], settings: object, tmp_path: Path) -> None:
    """Draws what LINLI_PAGES names (all without), and writes the document."""
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with db.owner():
        demo = tour.build_ground()
    only = os.environ.get("LINLI_PAGES", "")
    addresses = {name: address(demo) for name, address, *_ in tour.PAGES}
    page, stranger = open_page(viewport=DESK), open_page(viewport=DESK)
    sign_in(page, "command", tour.PASSWORD)
    for name, address in addresses.items():
        if only not in name:
            continue
        shown = stranger if name in tour.STRANGERS else page
        if name in BEFORE:
            BEFORE[name](shown)
        shown.set_viewport_size(PHONE if name in tour.PHONES else DESK)  # type: ignore[arg-type]
        answer = shown.goto(address)
        assert answer is not None
        assert answer.ok, f"{name} {address}: {answer.status}"
        if name in AFTER:
            AFTER[name](shown, demo)
        shoot(shown, file_of(name))
    for name, look in FURTHER:
        if only in name:
            page.goto(addresses[name])
            _shoot_in(page, name, look)
    (DOCS / "tour.md").write_text(write_tour())


def _begin_second_step(page: Page) -> None:
    page.goto("/sign-in/")
    page.fill("input[name=username]", moments.TWO_STEPS)
    page.fill("input[name=password]", tour.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/sign-in/code/**")


def _begin_app(page: Page) -> None:
    page.goto("/account/")
    page.click("form[action$='/app/start/'] button")
    page.wait_for_load_state()


def _search(page: Page, demo: tour.Demo) -> None:
    page.fill("main form input[name=text]", demo.name)
    page.press("main form input[name=text]", "Enter")
    page.wait_for_load_state()


AFTER = {"residents:search": _search}
"""What has to be done on a page before it shows something."""
BEFORE = {"desk:second-step": _begin_second_step, "accounts:app": _begin_app}
"""What has to be pressed before a page is there."""


def _draw_area(page: Page) -> None:
    """Half of what the map shows, and what lies inside."""
    page.locator("summary", has_text="在地图上画范围").click()
    settle(page)
    page.evaluate(AREA)
    page.click("[data-draw-ask]")
    page.wait_for_selector("#drawn fieldset, #drawn p")
    page.locator("[data-take-drawn]").click()
    page.locator(".mp-tools").evaluate("one => one.scrollIntoView()")


def _preview(page: Page) -> None:
    page.locator("input[name=piece]").first.check()
    page.fill("input[name=name]", "新设社区居委会")
    page.click("button[name=preview]")
    page.wait_for_selector("#preview")


def _shoot_in(page: Page, name: str, look: str) -> None:
    """One page in another look, and back again."""
    acts = {"drawn": _draw_area, "preview": _preview}
    switch = {"large": ".ln-top button[name=size]", "english": ".ln-top button[name=language]"}.get(look)
    if look == "phone":
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.reload()
    elif look == "dark":
        page.emulate_media(color_scheme="dark")
    elif switch:
        page.click(switch)
        page.wait_for_load_state()
    else:
        acts[look](page)
    shoot(page, file_of(name, look))
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    if switch:
        page.click(switch)
        page.wait_for_load_state()
