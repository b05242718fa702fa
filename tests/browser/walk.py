"""The walk over every page: no violation of WCAG 2.2 A and AA, none that scrolls sideways, none that complains.

Each look at the pages (normal and large type) is a file of its own, so that two workers can walk at the same time; each
of them walks all pages.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

from linli.core import db
from tests.browser import looks, sitemap, tour
from tests.browser.conftest import DESK, PHONE
from tests.browser.sitemap import Spot

TABLET = {"width": 768, "height": 1024}
OpenPage = Callable[..., Page]


def walk_every_page(open_page: OpenPage, folder: Path, *, large: bool) -> list[str]:
    """What is wrong with any page. LINLI_HOME has to be `folder`."""
    with db.owner():
        ground = sitemap.build_ground()
    inside, outside = open_page(), open_page()
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium reports every answer of 400 and above; the page that there is none of is one of those looked at.
        if message.type in {"error", "warning"} and "status of 404" not in message.text:
            heard.append(f"console of {message.page.url if message.page else ''}: {message.text}")

    for page in (inside, outside):
        page.on("console", hear)
        page.emulate_media(reduced_motion="reduce")  # colours are measured at rest, not on their way
    sitemap.sign_in_as_everyone(inside)
    sitemap.make_work(inside, ground, folder)
    outside.goto("/sign-in/")
    if large:
        for page in (inside, outside):
            page.click(".ln-top button[name=size]")
    faults: list[str] = []
    only = os.environ.get("LINLI_PAGES", "")  # while mending: those whose name this pattern finds
    told = {name for name, *_ in tour.PAGES} | set(sitemap.FURTHER)
    for spot in sitemap.list_spots(inside, outside, ground):
        if spot.name not in told:
            faults.append(f"{spot.name} is not on the tour: name it in tests/browser/tour.py")
        if not re.search(only, spot.name):
            continue
        found = look_at(outside if spot.for_strangers else inside, spot, large=large)
        logging.info("%s: %s", spot.name, "\n".join(found) or "nothing")  # seen with -o log_cli=true
        faults += found
    return faults + heard + ground.empty


def look_at_colours(page: Page) -> list[str]:
    """All of axe in light, its rules of colours in dark; first in the theme of the page before, as each switch takes
    the browser about as long as a look."""
    was_dark = page.locator("html").get_attribute("data-bs-theme") == "dark"
    faults: list[str] = []
    for is_dark in (was_dark, not was_dark):
        looks.use_theme(page, "dark" if is_dark else "light")
        if is_dark:
            faults += [f"dark {one}" for one in looks.run_axe(page, "color-contrast", "link-in-text-block")]
        else:
            faults += looks.run_axe(page)
    return faults


def look_at(page: Page, spot: Spot, *, large: bool) -> list[str]:
    """What is wrong with one page at three widths: in light and dark, or in large type."""
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.goto(spot.address, wait_until="load")
    faults = looks.find_sideways(page)
    if not large:  # colours are the same in both sizes of type; axe looks at the large one on the phone, below
        faults += look_at_colours(page)
    for size in (TABLET, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        faults += [f"{size['width']} px: {one}" for one in looks.find_sideways(page)]
    if large:
        faults += [f"phone {one}" for one in looks.run_axe(page)]
        faults += [f"phone {one}" for one in looks.measure_large(page)]
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        faults += looks.measure_large(page)
    return [f"{spot.name} {spot.address}: {one}" for one in faults]
