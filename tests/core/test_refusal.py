"""Whoever is told to come again reads it in their language, and loses nothing that they filled in."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from linli.core import refusal
from linli.core.admission import Crowded

FORM = {"HTTP_HOST": "x", "CONTENT_TYPE": "application/x-www-form-urlencoded"}


def ask(path: str, body: bytes = b"", method: str = "GET", **more: str) -> tuple[str, dict[str, str], str]:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", **more}
    answer = b"".join(refusal.refuse(environ, lambda *given: said.extend(given), Crowded(17), body))
    headers = dict(said[1])
    assert headers["Content-Length"] == str(len(answer))
    assert headers["Retry-After"] == "17"
    assert headers["Cache-Control"] == "no-store"
    return said[0], headers, answer.decode()


def test_a_program_is_told_in_the_one_shape_of_errors() -> None:
    status, headers, body = ask("/api/rounds", method="POST", HTTP_ACCEPT_LANGUAGE="en")
    problem = json.loads(body)
    assert status == "503 Service Unavailable"
    assert headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"], problem["params"]) == ("core.unavailable", 503, {"retry_after": 17})
    assert problem["advice"] == "Nothing was done, and nothing was lost. Send it again in 17 s."
    assert "17 秒" in json.loads(ask("/api/rounds")[2])["advice"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "系统正忙。"),
        ({"HTTP_ACCEPT_LANGUAGE": "en-GB,zh;q=0.5"}, "The system is busy."),
        ({"HTTP_COOKIE": "a=b; django_language=en"}, "The system is busy."),
        ({"HTTP_COOKIE": "django_language=zh-hans", "HTTP_ACCEPT_LANGUAGE": "en"}, "系统正忙。"),
        ({"HTTP_COOKIE": "django_language=xx", "HTTP_ACCEPT_LANGUAGE": "en"}, "The system is busy."),
    ],
)
def test_a_reader_gets_a_page_that_loads_again(more: dict[str, str], words: str) -> None:
    _status, headers, page = ask("/rounds/", **more)
    assert headers["Content-Type"].startswith("text/html")
    assert words in page
    assert 'data-again="page" data-seconds="17"' in page
    assert '<noscript><meta http-equiv="refresh" content="17"></noscript>' in page
    assert "<form" not in page
    assert str(refusal.SECONDS) not in page
    assert f"{refusal.SECONDS:,}" not in page


def test_what_was_filled_in_can_be_sent_again() -> None:
    fields = [
        ("name", '"><script>张三</script>'),
        ("note", ""),
        ("tag", "a"),
        ("tag", "b&c"),
        ("csrfmiddlewaretoken", "x"),
    ]
    body = urlencode(fields).encode()
    _status, _headers, page = ask(
        "/residents/人/".encode().decode("latin-1"), body, "POST", QUERY_STRING='a=1&b="', **FORM
    )
    assert 'data-again="filled"' in page
    assert "refresh" not in page, "it is sent by whoever filled it in"
    assert "<script>张三" not in page
    (action,) = re.findall(r'<form method="post" action="([^"]*)"', page)
    assert action == "/residents/%E4%BA%BA/?a=1&amp;b=&quot;"
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    unescaped = [
        (name, value.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        for name, value in found
    ]
    assert unescaped == fields == parse_qsl(body.decode(), keep_blank_values=True)


def test_a_form_is_sent_to_this_host_alone() -> None:
    page = ask("//elsewhere.example/x", b"a=b", "POST", **FORM)[2]
    assert 'action="/elsewhere.example/x"' in page


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"username=a&password=b", FORM["CONTENT_TYPE"]),
        (b"a=b", "multipart/form-data; boundary=x"),
        (b"", FORM["CONTENT_TYPE"]),
    ],
)
def test_passwords_and_files_are_not_kept(body: bytes, kind: str) -> None:
    page = ask("/sign-in/", body, "POST", CONTENT_TYPE=kind, HTTP_ACCEPT_LANGUAGE="en")[2]
    assert 'data-again="sent"' in page
    assert "<form" not in page
    assert "go back to the form and send it again" in page


def test_parts_of_pages_are_not_replaced_by_a_whole_one() -> None:
    fragment = ask("/rounds/", method="POST", HTTP_HX_REQUEST="true", HTTP_ACCEPT_LANGUAGE="en")[2]
    assert fragment.startswith('<div class="ln-problem"')
    assert "Send it again in 17 s." in fragment
    _status, headers, live = ask("/rounds/", HTTP_HX_REQUEST="true", HTTP_X_LINLI_LIVE="1")
    assert (live, headers["Content-Type"]) == ("", refusal.PLAIN), "a part that is fetched again says nothing"
