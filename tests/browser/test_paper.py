"""Paper: gap lists and certificates on A4, each sheet with what it is, its number and a line to sign."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.rounds import bulk
from tests.browser.conftest import enter
from tests.builders.duty import make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import open_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
A4_HEIGHT, A4_WIDTH = 842, 595  # points


def sheets_of(page: Page, name: str) -> int:
    """Prints the page; how many sheets. LINLI_PAPER names a folder to keep the PDF in, to be looked at."""
    page.evaluate("document.fonts.ready.then(() => true)")
    made = page.pdf(prefer_css_page_size=True, print_background=True)
    if kept := os.environ.get("LINLI_PAPER"):
        (Path(kept) / f"{name}.pdf").write_bytes(made)
    assert f"/MediaBox [0 0 {A4_WIDTH} {A4_HEIGHT}".encode() in made or b"/MediaBox [0 0 594.9" in made
    return made.count(b"/Type /Page\n")


def test_every_sheet_says_what_it_is_and_can_be_signed(page: Page) -> None:
    with db.owner():
        now = clock.now()
        district = make_district(communities=1, compounds=1, buildings=2, units=2, floors=6, a_floor=3)
        for key in district.keys:
            make_household(key)
        round_ = open_over(district.extent(district.district), at=now - timedelta(hours=3))
        make_account(role="office", place=district.district, username="office", name="区指挥部")
    enter(page, "office")
    page.goto(f"/rounds/{round_.code}/gaps/?print=1&place={district.communities[0].code}")
    page.emulate_media(media="print")
    expect(page.locator(".rd-sheet > thead .ln-print-head")).to_contain_text(round_.code)
    expect(page.locator(".rd-sheet > thead .ln-print-head")).to_contain_text(district.communities[0].name)
    # Paper is read on other days: the day stands there, today as well.
    today = f"{timezone.localdate().year}年{timezone.localdate().month}月"
    expect(page.locator(".rd-sheet > thead .ln-print-head")).to_contain_text(today)
    # A table's head and foot are drawn on every sheet it goes over.
    display = "(element) => getComputedStyle(element).display"
    assert page.locator(".rd-sheet > thead").evaluate(display) == "table-header-group"
    assert page.locator(".rd-sheet > tfoot").evaluate(display) == "table-footer-group"
    expect(page.locator(".rd-sheet > tfoot .rd-sign")).to_be_visible()
    expect(page.locator("#ln-side")).not_to_be_visible()
    # The last column has its right border on paper too: nothing of the table reaches the edge of the sheet.
    right = "(element) => element.getBoundingClientRect().right"
    assert page.locator(".rd-gaps").first.evaluate(right) <= page.locator(".rd-sheet").evaluate(right) - 1
    assert sheets_of(page, "gaps") > 1

    with db.owner():
        bulk.close_round(round_id=round_.id, actor=SYSTEM, at=clock.now())
    page.goto(f"/rounds/{round_.code}/certificate/")
    expect(page.locator(".rd-sign")).to_be_visible()
    assert page.locator(".rd-certificate").inner_text().count(today) == 3  # when it was to be, was opened, was closed
    assert sheets_of(page, "certificate") == 1
