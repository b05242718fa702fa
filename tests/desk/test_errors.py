"""Whatever goes wrong, the page says what happened, what is safe and what to do; the API says the same as JSON."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from linli.core import db
from linli.core.errors import Problem
from linli.site.urls import handler400, handler403, handler404, handler500  # noqa: F401 - named by ROOT_URLCONF
from linli.site.urls import urlpatterns as base
from tests.builders.duty import PASSWORD, make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role, pytest.mark.urls(__name__)]


class Flood(Problem):
    code = "test.flood"
    status = 409
    title = "The cellar is under water."
    advice_text = "Come back when it is dry."


def fail(request: HttpRequest, how: str) -> HttpResponse:
    if how == "beyond":
        db.scalar("SELECT %s::bigint", [str(2**80)])  # the transaction of the request is lost with it
    raise {
        "flood": Flood(),
        "denied": PermissionDenied(),
        "strange": SuspiciousOperation(),
        "broken": RuntimeError("secret words"),
    }[how]


urlpatterns = [path("fail/<str:how>/", fail), *base]


@pytest.fixture
def client() -> Client:
    make_account(username="li.na", name="李娜")
    signed_in = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    signed_in.post("/sign-in/", {"username": "li.na", "password": PASSWORD})
    return signed_in


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/fail/flood/", 409, ["The cellar is under water.", "Come back when it is dry.", "Nothing was changed"]),
        ("/fail/denied/", 403, ["You are not appointed", "What to do"]),
        ("/fail/strange/", 400, ["could not be understood", "Reload the page"]),
        ("/fail/broken/", 500, ["Something broke on our side.", "What is safe", "Try again in a minute"]),
        ("/fail/beyond/", 422, ["larger than anything that can be kept", "Nothing was changed", "Command desk"]),
        ("/sign-out/", 405, ["only takes what a form sends", "press its button again", "Command desk"]),
        ("/nowhere/", 404, ["There is no page at this address.", "start from the home page"]),
    ],
)
def test_each_says_what_happened_what_is_safe_and_what_to_do(
    client: Client, address: str, status: int, words: list[str]
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    page = answer.content.decode()
    for word in words:
        assert word in page
    assert "secret words" not in page
    assert "Content-Security-Policy" in answer.headers


def test_htmx_gets_a_fragment(client: Client) -> None:
    for address in ("/fail/flood/", "/fail/broken/", "/nowhere/"):
        page = client.get(address, headers={"hx-request": "true"}).content.decode()
        assert 'class="ln-problem"' in page
        assert "<html" not in page


def test_a_form_that_was_open_too_long(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    answer = strict.post("/sign-in/", {"username": "li.na", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This form was open too long" in answer.content.decode()
    assert "send it once more" in answer.content.decode()


def test_the_api_answers_in_json(client: Client) -> None:
    answer = client.get("/api/nowhere")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_chinese_is_the_language_unless_another_is_asked_for(client: Client) -> None:
    page = Client(headers={"accept-language": "zh-CN"}).get("/sign-in/").content.decode()
    assert '<html lang="zh-Hans"' in page
    assert "登录" in page
    assert '<html lang="zh-Hans"' in Client().get("/sign-in/").content.decode()
