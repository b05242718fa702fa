"""A real Chromium against a real server: pages answer as the web role, from committed data.

    def test_x(page): ...      `page` fails the test for console errors and for requests that leave the host

The whole folder is marked `browser`. Where no Chromium is installed its tests are skipped, unless LINLI_BROWSER=1
demands them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test.testcases import LiveServerThread
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from tests.browser.stoppable import EndingServer, Server
from tests.builders.duty import PASSWORD
from tests.builders.outlines import SIDE, SOUTH, WEST

NAMES = ("chromium", "chromium-browser")
CHROMIUM = os.environ.get("LINLI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
# The headless shell, where it is installed, is the same engine without the windows, tabs and toolbars that a whole
# Chromium makes for every profile, though nobody sees them: half the processor time of most tests here. A phone's
# browser that is closed and opened again with its storage is a whole one.
SHELL = os.environ.get("LINLI_CHROMIUM") or shutil.which("chromium-headless-shell") or CHROMIUM
ARGS = ["--headless", "--no-sandbox", "--disable-background-networking", "--disable-gpu"]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 760}
# Chromium reports every answer of 400 and above, and every cut line; tests of refused acts expect those.
EXPECTED = (
    "the server responded with a status of 4",
    "Response Status Error Code 4",
    "net::ERR_INTERNET_DISCONNECTED",
    "htmx:",
    "GL Driver Message",  # of software rendering: that reading a picture back is slow
)
HERE = Path(__file__).parent

# On a machine that does much else a page that is right may take this long; a test that is right never does elsewhere.
PATIENCE = 30_000  # milliseconds
expect.set_options(timeout=PATIENCE)

LiveServerThread.server_class = EndingServer

# Playwright keeps an event loop in this thread; Django would refuse the tests' own queries because of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = CHROMIUM is None and os.environ.get("LINLI_BROWSER") != "1"
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason="no Chromium here: see README for what tests need"))


class Running:
    """Playwright and one Chromium, for all files of this folder that one worker does one after the other."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    @property
    def playwright(self) -> Playwright:
        if self._playwright is None:
            self._playwright = self._stack.enter_context(sync_playwright())
        return self._playwright

    @property
    def browser(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            launch = self.playwright.chromium.launch
            self._browser = self._stack.enter_context(launch(executable_path=SHELL, args=ARGS, headless=True))
        return self._browser

    def stop(self) -> None:
        self._stack.close()
        self._playwright = self._browser = None


RUNNING = Running()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """While Playwright runs an event loop does too, which tests of other folders must not meet."""
    try:
        yield
    finally:
        if nextitem is None or HERE not in nextitem.path.parents:
            RUNNING.stop()


@pytest.fixture
def browser() -> Browser:
    return RUNNING.browser


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """`open_page(viewport=PHONE)`: a fresh browser profile. What went wrong in any of them fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []
    host = urlsplit(str(live_server)).netloc

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(words in message.text for words in EXPECTED):
            faults.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != host:
            faults.append(f"left the host: {request.url}")

    def make(*, viewport: dict[str, int] = DESK, locale: str = "zh-CN", dark: bool = False) -> Page:
        context = browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            locale=locale,
            color_scheme="dark" if dark else "light",
            base_url=str(live_server),
        )
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(2 * PATIENCE)  # the first page of a cold server
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("request", asked)
        return page

    yield make
    for context in contexts:
        context.close()
    # What a page still asked for must not meet the emptying of the tables: each would wait for the other.
    server = live_server.thread.httpd
    assert isinstance(server, EndingServer)
    server.end()
    assert not faults, "\n".join(faults)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def phones() -> Playwright:
    """What starts phones' browsers, each with a profile of its own (tests.browser.field.open_phone)."""
    return RUNNING.playwright


@pytest.fixture
def stoppable(transactional_db: None) -> Iterator[Server]:
    """A server that can be stopped and started again."""
    server = Server()
    yield server
    server.stop()


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Through the sign-in page, as a person does."""
    page.goto("/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("#ln-side", state="attached")
    page.wait_for_load_state()  # looks and scripts are there too


def enter(page: Page, username: str, password: str = PASSWORD) -> None:
    """Signed in by what the sign-in page sends, which nobody looks at; no page is open yet. For what lies behind it."""
    page.request.get("/sign-in/")
    (token,) = (one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
    answer = page.request.post("/sign-in/", form=form, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, "/")


def overflow(page: Page) -> int:
    """By how many pixels the page can be scrolled sideways; 0 is right."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def pixel(page: Page, column: float, row: float) -> tuple[float, float]:
    """Where a point of the builder's row of squares stands on the screen."""
    at: Any = page.evaluate(
        """([lon, lat]) => {
          const { map } = window.linliMaps.of(document.querySelector('[data-map]'));
          const box = map.getCanvas().getBoundingClientRect();
          const point = map.project([lon, lat]);
          return [box.left + point.x, box.top + point.y];
        }""",
        [WEST + column * SIDE, SOUTH + row * SIDE],
    )
    return at[0], at[1]
