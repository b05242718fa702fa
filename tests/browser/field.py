"""A phone's browser with a profile of its own, and what a worker does on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import segno
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.browser.conftest import ARGS, CHROMIUM, PHONE
from tests.browser.stoppable import Server
from tests.builders.duty import PASSWORD

PIN = "246810"


@contextmanager
def open_phone(
    playwright: Playwright, profile: Path, server: Server, *, flags: Sequence[str] = (), **more: Any
) -> Iterator[Page]:
    """One run of a phone's browser. The profile outlives it, as a phone's storage outlives a restart."""
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=[*ARGS, *flags],
        headless=True,
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        base_url=server.url,
        **more,
    )
    context.set_default_timeout(15_000)
    page = context.pages[0] if context.pages else context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not faults, "\n".join(faults)


def sign_in_phone(page: Page, username: str, password: str = PASSWORD) -> None:
    """As a worker does it: name, password, a PIN; then the pack comes."""
    page.goto("/field/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.click("form button")
    page.fill("input[name=pin]", PIN)
    page.fill("input[name=again]", PIN)
    page.click("form button")
    page.wait_for_selector("a[href^='#/unit/']")


def unlock(page: Page, pin: str = PIN) -> None:
    page.fill("input[name=pin]", pin)
    page.click("form button")
    page.wait_for_selector("[data-line]")


def wait_for_worker(page: Page) -> None:
    """The shell is kept: from now on the app opens without a server."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        """async () => {
          for (const name of await caches.keys()) {
            if ((await (await caches.open(name)).keys()).length > 5) return true;
          }
          return false;
        }"""
    )


def expect_waiting(page: Page, count: int) -> None:
    """The count of unsent work on the screen; nothing is shown of none."""
    shown = page.locator("[data-waiting]")
    if count:
        expect(shown.first).to_contain_text(re.compile(rf"(^|\D){count}(\D|$)"))
    else:
        expect(shown).to_have_count(0)


def open_unit(page: Page, name: str) -> None:
    page.goto("/field/#/")
    page.get_by_role("link", name=name).first.click()
    page.wait_for_selector("[data-door]")


def mark_door(page: Page, key: int, act: str = "done") -> None:
    page.click(f"[data-door='{key}']")
    expect(page.locator(f"[data-door='{key}']")).to_have_attribute("aria-pressed", "true")
    page.click(f"[data-act={act}]")


def film_codes(texts: list[str], path: Path) -> None:
    """A film of QR codes, grey on grey, for Chromium's pretended camera (YUV4MPEG2)."""
    wide, high, scale = 640, 480, 4
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{wide} H{high} F10:1 Ip A1:1 C420jpeg\n".encode())
        for text in texts:
            rows = [bytes(235 - 200 * bool(dot) for dot in row) for row in segno.make(text, error="l").matrix]
            left, top = (wide - len(rows) * scale) // 2, (high - len(rows) * scale) // 2
            assert min(left, top) > 0
            luma = bytearray([235]) * (wide * high)
            for y, row in enumerate(rows):
                drawn = b"".join(bytes([dot]) * scale for dot in row)
                for line in range(scale):
                    start = (top + y * scale + line) * wide + left
                    luma[start : start + len(drawn)] = drawn
            film.write((b"FRAME\n" + bytes(luma) + bytes([128]) * (wide * high // 2)) * 6)
