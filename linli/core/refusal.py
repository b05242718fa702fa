"""What somebody is told who came while too many waited: problem+json, a page, a part of one. Each is made once a
language and only its seconds are put in, because many are told at once. Database and session are left alone.

A page loads itself again. One that would have taken what somebody filled in keeps it, with a button that sends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote

import orjson
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.utils.html import escape

from linli.core.admission import Crowded
from linli.core.api import PROBLEM_TYPE
from linli.core.language import find_asked, find_chosen

Environ = dict[str, Any]
STATUS = "503 Service Unavailable"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HTML, PLAIN = "text/html; charset=utf-8", "text/plain; charset=utf-8"
JSON, LIVE, FRAGMENT, PAGE, FILLED, SENT = "json", "live", "fragment", "page", "filled", "sent"
"""LIVE: a part that is fetched again by itself. FILLED: a form whose fields the page can keep; SENT: one it cannot."""
FORM_TYPE = "application/x-www-form-urlencoded"
SECONDS, FORM = 987_654_321, "linli-form-goes-here"  # replaced in what was made beforehand
SAFE = ("GET", "HEAD", "OPTIONS")


def prepare() -> None:
    """Make all of them, before the web processes are forked."""
    for language, _name in settings.LANGUAGES:
        for kind in (JSON, FRAGMENT, PAGE, FILLED, SENT):
            _make(kind, language)


def refuse(environ: Environ, start_response: Any, problem: Crowded, body: bytes = b"") -> Iterable[bytes]:
    """Answer 503. `body`: what was sent, as far as it was read."""
    kind = find_kind(environ, body)
    language = find_asked(environ) if kind == JSON else find_chosen(environ)
    seconds = str(problem.retry_after)
    answer = _make(kind, language).replace(str(SECONDS).encode(), seconds.encode())
    if kind == FILLED:
        answer = answer.replace(FORM.encode(), _keep_form(environ, body))
    content_type = {JSON: PROBLEM_TYPE, LIVE: PLAIN}.get(kind, HTML)
    headers = [
        ("Content-Type", content_type), ("Content-Length", str(len(answer))), ("Retry-After", seconds),
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
    ]  # fmt: skip
    if content_type == HTML:
        headers += [("Content-Security-Policy", POLICY), ("Referrer-Policy", "same-origin")]
    start_response(STATUS, headers)
    return [answer]


def find_kind(environ: Environ, body: bytes) -> str:
    if environ["PATH_INFO"].startswith("/api/"):
        return JSON
    if environ.get("HTTP_HX_REQUEST") == "true":
        return LIVE if "HTTP_X_LINLI_LIVE" in environ else FRAGMENT
    if environ["REQUEST_METHOD"] in SAFE:
        return PAGE
    return FILLED if body and environ.get("CONTENT_TYPE", "").startswith(FORM_TYPE) and not _is_secret(body) else SENT


def _is_secret(body: bytes) -> bool:
    """A password is not written into a page."""
    return b"password" in body.lower()


@cache
def _make(kind: str, language: str) -> bytes:
    problem = Crowded(SECONDS)
    with translation.override(language):
        if kind == JSON:
            return orjson.dumps(problem.as_dict())
        if kind == LIVE:
            return b""
        if kind == FRAGMENT:
            return render_to_string("core/problem_fragment.html", {"problem": problem}).encode()
        context = {
            "problem": problem, "kind": kind, "seconds": SECONDS, "form": FORM, "language": language,
            "script": _find_script(),
        }  # fmt: skip
        return render_to_string("core/busy.html", context).encode()


def _find_script() -> str:
    """Of the page that loads itself again; none where static files were not put together."""
    try:
        return static("desk/again.js")
    except ValueError:
        return ""


def _keep_form(environ: Environ, body: bytes) -> bytes:
    """The form once more, out of sight, to the same address."""
    address = "/" + quote(environ["PATH_INFO"].encode("latin-1").lstrip(b"/"))  # two of them would name another host
    if environ.get("QUERY_STRING"):
        address += f"?{environ['QUERY_STRING']}"
    fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    hidden = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields)
    return f'<form method="post" action="{escape(address)}" id="again">{hidden}</form>'.encode()
