"""What takes longer than a moment: a line, then words; no second press meanwhile; files are waited for too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from linli.core import db
from linli.core.models import JournalEntry
from tests.browser.conftest import PATIENCE, enter, sign_in
from tests.builders.duty import make_account
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db(transaction=True)
SAID = "正在处理，请稍候。|status|true"


@pytest.fixture(autouse=True)
def district() -> District:
    with db.owner():
        made = make_district(compounds=1, buildings=1, units=1)
        make_account(username="command", name="区指挥部", role="command", place=made.district)
    return made


# Locators wait until a page that is being left has been left. So the page tells itself what it says meanwhile.
TELLING = """() => {
  const [line, words] = ['ln-wait', 'ln-wait-words'].map((id) => document.getElementById(id));
  new MutationObserver(() => {
    const said = [words.textContent, words.getAttribute('role'), line.classList.contains('is-on')].join('|');
    navigator.sendBeacon('/said', said);
  }).observe(words, { childList: true });
}"""


class Slow:
    """Requests of one address wait until they are let go, as behind a busy server. `said`: words, role, line."""

    def __init__(self, page: Page, address: str, method: str = "GET") -> None:
        self.page = page
        self.held: list[Route] = []
        self.said: list[str] = []
        page.route(
            address, lambda route: self.held.append(route) if route.request.method == method else route.fallback()
        )
        page.route("**/said", self._hear)
        page.evaluate(TELLING)

    def _hear(self, route: Route) -> None:
        self.said.append(route.request.post_data or "")
        route.fulfill(status=204)

    def expect_said(self, *words: str) -> None:
        """Waits as long as a busy machine takes."""
        for _turn in range(PATIENCE // 100):
            if len(self.said) >= len(words):
                break
            self.page.wait_for_timeout(100)
        assert self.said == list(words)

    def let_go(self) -> None:
        while self.held:
            self.held.pop().continue_()


def test_a_page_that_takes_long_says_so(page: Page) -> None:
    sign_in(page, "command")
    expect(page.locator("#ln-wait-words")).to_be_empty()
    slow = Slow(page, "**/journal/")
    page.locator("#ln-side a", has_text="操作日志").click(no_wait_after=True)
    slow.expect_said(SAID)
    slow.let_go()
    expect(page.locator("h1")).to_have_text("操作日志")
    expect(page.locator("#ln-wait-words")).to_be_empty()
    page.go_back()
    expect(page.locator("#ln-wait-words")).to_be_empty()
    expect(page.locator("#ln-wait.is-on")).to_have_count(0)


def test_who_stops_waiting_is_no_longer_told_to_wait(page: Page) -> None:
    sign_in(page, "command")
    slow = Slow(page, "**/journal/")
    page.locator("#ln-side a", has_text="操作日志").click(no_wait_after=True)
    slow.expect_said(SAID)
    page.keyboard.press("Escape")
    slow.expect_said(SAID, "|status|false")
    slow.let_go()


def test_a_second_press_acts_once(page: Page, district: District) -> None:
    enter(page, "command")
    page.goto(f"/places/{district.district.code}/add/")
    slow = Slow(page, "**/add/**", "POST")
    page.fill("main input[name=name]", "向阳街道")
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('main input[name=name]').form.requestSubmit()")
    slow.expect_said(SAID)
    assert len(slow.held) == 1
    slow.let_go()
    expect(page.locator("main .ln-note, main .ln-problem, main .invalid-feedback").first).to_be_visible()
    expect(page.locator("form[data-sent]")).to_have_count(0)


def test_a_file_is_waited_for_and_handed_over(page: Page) -> None:
    enter(page, "command")
    page.goto("/journal/export/")
    slow = Slow(page, "**/journal/export/**", "POST")
    page.locator("input[name=purpose]").first.check()
    button = page.locator("main form[data-file] button[type=submit]")
    with page.expect_download() as waiting:
        button.click()
        button.click()
        slow.expect_said(SAID)
        assert len(slow.held) == 1
        slow.let_go()
    assert waiting.value.suggested_filename.endswith(".xlsx")
    assert waiting.value.path().read_bytes().startswith(b"PK")
    expect(page.locator("#ln-wait-words")).to_be_empty()
    with db.owner():
        assert JournalEntry.objects.filter(verb__contains="export").count() == 1


def test_a_link_to_a_file_too_and_a_refusal_is_a_page(page: Page, district: District) -> None:
    sign_in(page, "command")
    address = f"/duty/chain/{district.district.code}/"
    page.goto(address)
    link = page.locator("main a[download]").first
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == f"chain-{district.district.code}.xlsx"
    assert page.url.endswith(address)
    page.evaluate("document.querySelector('main a[download]').href = '/duty/chain/999999/export/'")
    link.click()
    expect(page.locator("main h1")).to_contain_text("999999")
