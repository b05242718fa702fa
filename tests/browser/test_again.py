"""Who came while too many waited: the page loads itself again, a form is sent again by whoever filled it in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from linli.core import refusal
from linli.core.admission import Crowded
from tests.browser import looks

pytestmark = pytest.mark.django_db(transaction=True)


def refuse(route: Route, *, seconds: int, language: str, body: bytes = b"") -> None:
    """What the server says, as an answer that the browser does not report as an error."""
    environ: dict[str, Any] = {
        "PATH_INFO": "/sign-in/", "REQUEST_METHOD": "POST" if body else "GET", "HTTP_ACCEPT_LANGUAGE": language,
        "CONTENT_TYPE": refusal.FORM_TYPE,
    }  # fmt: skip
    said: list[Any] = []
    answer = b"".join(refusal.refuse(environ, lambda *given: said.extend(given), Crowded(seconds), body))
    route.fulfill(status=200, body=answer, headers={name: value for name, value in said[1] if name != "Content-Length"})


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "系统正忙。"), ("en", "The system is busy.")])
def test_a_page_loads_itself_again(page: Page, live_server: LiveServer, language: str, words: str) -> None:
    seconds = [60, 1]
    page.route(
        "**/sign-in/",
        lambda route: refuse(route, seconds=seconds.pop(0), language=language) if seconds else route.fallback(),
    )
    page.goto(f"{live_server.url}/sign-in/")
    expect(page.locator("h1")).to_have_text(words)
    assert not looks.run_axe(page)
    assert not looks.find_sideways(page)
    expect(page.locator("[data-left]")).to_have_text("58")
    page.get_by_role("link").first.click()
    expect(page.locator("input[name=username]")).to_be_visible()


def test_a_form_waits_and_is_sent_again(page: Page, live_server: LiveServer) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data or "")
            route.fulfill(status=200, body="done")
        else:
            refuse(route, seconds=3, language="en", body="name=张三&note=a%26b".encode())

    page.route("**/sign-in/", answer)
    page.goto(f"{live_server.url}/sign-in/")
    button = page.get_by_role("button", name="Send again")
    expect(button).to_be_disabled()
    assert not looks.run_axe(page)
    expect(button).to_be_enabled()
    button.click()
    expect(page.locator("body")).to_have_text("done")
    assert parse_qs(sent[0]) == {"name": ["张三"], "note": ["a&b"]}
