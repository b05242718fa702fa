"""A phone's browser with a profile of its own, and what a worker does on it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import segno
from playwright.sync_api import BrowserContext, Page, Playwright, TimeoutError, expect

from linli.core import clock, db
from linli.residents.terms import Need
from tests.browser.conftest import ARGS, CHROMIUM, PATIENCE, PHONE, SHELL, enter, overflow
from tests.browser.stoppable import Server
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import Walk, open_over

PIN = "246810"
WORKERS = {"wang": "王芳", "li": "李静"}
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
"""Chromium's flags for a camera and a microphone that are pretended, and allowed without a question."""


def make_walk_now(*, needs: Mapping[int, Need] = {}, empty: Collection[int] = (), **size: Any) -> Walk:
    """Stairwells of one building, two people behind each door, and a round that was opened three hours ago.

    `needs`: of the household at a door, `empty`: doors without one, both by their place in the list. The `WORKERS`
    answer for all of it; `office` stands above them on the desk.
    """
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1, **{"units": 1, **size})
        homes = {
            key: make_household(key, needs=needs.get(index, Need(0)))
            for index, key in enumerate(district.keys)
            if index not in empty
        }
        round_ = open_over(district.extent(district.district), at=clock.now() - timedelta(hours=3))
        for username, name in WORKERS.items():
            make_account(role="grid_worker", place=district.communities[0], username=username, name=name)
        make_account(role="office", place=district.district, username="office", name="区指挥部")
    return Walk(district, homes, round_)


@contextmanager
def open_phone(
    playwright: Playwright,
    profile: Path,
    server: Server,
    *,
    flags: Sequence[str] = (),
    restarts: bool = False,
    **more: Any,
) -> Iterator[Page]:
    """One run of a phone's browser. The profile outlives it, as a phone's storage outlives a restart.

    `restarts`: another run goes on with what this one stored, or this one does; those are of a whole Chromium.
    """
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM if restarts else SHELL,
        args=[*ARGS, *flags],
        headless=True,
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        base_url=server.url,
        **more,
    )
    context.set_default_timeout(PATIENCE)
    page = context.pages[0] if context.pages else context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not faults, "\n".join(faults)


@contextmanager
def open_desk(playwright: Playwright, server: Server, *, viewport: Mapping[str, int]) -> Iterator[Page]:
    """The office's browser, signed in."""
    browser = playwright.chromium.launch(executable_path=SHELL, args=ARGS, headless=True)
    try:
        page = browser.new_page(base_url=server.url, viewport=viewport)  # type: ignore[arg-type]
        page.set_default_timeout(PATIENCE)
        enter(page, "office")
        yield page
    finally:
        browser.close()


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
    """The shell is kept: from now on the app opens without a server. Nothing is under way to that any more."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        """async () => {
          for (const name of await caches.keys()) {
            if ((await (await caches.open(name)).keys()).length > 5) return true;
          }
          return false;
        }"""
    )
    expect(page.locator("[data-line]")).to_contain_text("已连接")


def expect_waiting(page: Page, count: int) -> None:
    """The count of unsent work on the screen; nothing is shown of none."""
    shown = page.locator("[data-waiting]")
    if count:
        expect(shown.first).to_contain_text(re.compile(rf"(^|\D){count}(\D|$)"))
    else:
        expect(shown).to_have_count(0)


def send_now(page: Page) -> None:
    """Without waiting for the phone to try by itself. Where it has done so, no button is left to press; while it does
    so none can be pressed, and what it tries may be from before the server was there."""
    page.goto("/field/#/outbox")
    button = page.get_by_role("button", name="现在上传")
    for _ in range(30):
        with suppress(TimeoutError):
            button.click(timeout=2_000)
            return
        if not button.count():
            return
    raise AssertionError("the phone goes on sending, and does not get through")


def expect_soon(page: Page, read: Callable[[], object], wanted: object) -> None:
    """Of what no page shows; half a minute at the most."""
    for _ in range(300):
        if read() == wanted:
            return
        page.wait_for_timeout(100)
    assert read() == wanted


def expect_quiet(page: Page) -> None:
    """All was sent, and what came back is on the screen: nothing is left to be settled either."""
    expect_waiting(page, 0)
    expect(page.locator("[data-line]")).to_contain_text("已连接")
    expect(page.locator("header .settle")).to_have_count(0)


def let_clocks_part(*pages: Page) -> None:
    """Until what is done next is later by the clock of each phone and by the server's, which the test's is.

    A phone takes its clock to be wrong by up to half of what its last exchange lasted: on a busy machine, seconds.
    """
    pages[0].wait_for_timeout(100 + 2 * sum(abs(page.evaluate(OFFSET) or 0) for page in pages))


OFFSET = """async () => {
  const db = await new Promise((done) => {
    const asked = indexedDB.open('linli-field');
    asked.onsuccess = () => done(asked.result);
  });
  const row = await new Promise((done) => {
    const asked = db.transaction('meta').objectStore('meta').get('offset');
    asked.onsuccess = () => done(asked.result);
  });
  db.close();
  return row && row.value;
}"""


def state_of(walk: Walk, key: int) -> set[int]:
    """The states of those behind a door."""
    with db.owner():
        rows = db.rows(
            "SELECT state FROM round_state WHERE round_id = %(round)s AND key = %(key)s AND due",
            {"round": walk.round.id, "key": key},
        )
    return {state for (state,) in rows}


def expect_state(page: Page, walk: Walk, key: int, states: set[int]) -> None:
    """On the server. For work that is sent at once: its count on the screen is 0 before it is queued and after."""
    expect_soon(page, lambda: state_of(walk, key), states)


def look(page: Page, name: str) -> None:
    """It fits the screen. LINLI_LOOKS names a folder to keep pictures in, to be looked at."""
    assert overflow(page) == 0
    if folder := os.environ.get("LINLI_LOOKS"):
        page.wait_for_timeout(400)  # what slides in has come
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def open_unit(page: Page, name: str) -> None:
    page.goto("/field/#/")
    page.get_by_role("link", name=name).first.click()
    page.wait_for_selector("[data-door]")


def mark_door(page: Page, key: int, act: str = "done") -> None:
    page.click(f"[data-door='{key}']")
    expect(page.locator(f"[data-door='{key}']")).to_have_attribute("aria-pressed", "true")
    page.click(f"[data-act={act}]")


def film_codes(texts: list[str], path: Path) -> list[str]:
    """A film of QR codes, grey on grey, for Chromium's pretended camera (YUV4MPEG2). Returns the flags that show it."""
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
    return [*FAKE_MEDIA, f"--use-file-for-fake-video-capture={path}"]
