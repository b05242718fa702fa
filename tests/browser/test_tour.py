"""docs/tour.md and its pictures: every page of the demo, and no page forgotten. `make screenshots` draws them anew."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from linli.core import db
from tests.browser import tour
from tests.browser.conftest import DESK, PHONE, sign_in

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "images" / "tour"
FURTHER = [  # the same pages in other looks
    ("rounds:board", "phone"), ("rounds:gaps", "phone"), ("rounds:building", "phone"), ("residents:household", "phone"),
    ("desk:home", "dark"), ("rounds:building", "dark"), ("rounds:gaps", "large"), ("desk:home", "english"),
]  # fmt: skip
LOOKS = {"phone": ("手机", "on a phone"), "dark": ("深色", "dark"), "large": ("长辈版", "large type"),
         "english": ("英文", "in English")}  # fmt: skip
LARGEST = 6_000_000  # bytes of all pictures


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
    lines += [
        "## 其余页面 · Pages of a moment",
        "",
        "这些页面只在办理当中出现，没有固定画面。These exist only while something is going on.",
        "",
    ]
    lines += [f"- {chinese} · {english}" for chinese, english in tour.MOMENTS.values()]
    return "\n".join(lines) + "\n"


def test_tour_is_what_the_pages_are() -> None:
    assert (DOCS / "tour.md").read_text() == write_tour(), "run 'make screenshots'"
    wanted = {file_of(name) for name, *_ in tour.PAGES} | {file_of(name, look) for name, look in FURTHER}
    assert {path.name for path in PICTURES.iterdir()} == wanted, "run 'make screenshots'"
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < LARGEST


def shoot(page: Page, name: str) -> None:
    """The window as it stands, as a small WebP."""
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(400)  # charts and maps draw themselves
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": 60})
    session.detach()
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
    page = open_page(viewport=DESK)
    page.goto("/sign-in/")
    if only in "desk:sign-in":
        shoot(page, file_of("desk:sign-in"))
    sign_in(page, "command", tour.PASSWORD)
    addresses = {name: address(demo) for name, address, *_ in tour.PAGES}
    for name, address in addresses.items():
        if name != "desk:sign-in" and only in name:
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok, f"{name} {address}: {answer.status}"
            shoot(page, file_of(name))
    for name, look in FURTHER:
        if only in name:
            page.goto(addresses[name])
            _shoot_in(page, name, look)
    (DOCS / "tour.md").write_text(write_tour())


def _shoot_in(page: Page, name: str, look: str) -> None:
    """One page in another look, and back again."""
    switch = {"large": ".ln-top button[name=size]", "english": ".ln-top button[name=language]"}.get(look)
    if look == "phone":
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.reload()
    elif look == "dark":
        page.emulate_media(color_scheme="dark")
    elif switch:
        page.click(switch)
        page.wait_for_load_state()
    shoot(page, file_of(name, look))
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    if switch:
        page.click(switch)
        page.wait_for_load_state()
