"""Live parts of a page: fetched again every few seconds, answered with 304 while nothing has changed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import get_language

from linli.core import clock

AS_OF = "X-Linli-As-Of"


def render_live(
    request: HttpRequest, template: str, context: dict[str, Any], *, version: object = None
) -> HttpResponse:
    """Render a live fragment, or answer 304 when the browser holds the same one.

    `version`: whatever decides the fragment's content (figures, newest mark...), so that an unchanged one is not even
    rendered; None: the rendered text itself is compared, which must then hold no CSRF token. The answer says as of when
    it holds, in the header AS_OF.
    """
    response: HttpResponse
    if version is not None:
        etag = _etag(f"{version!r}|{template}")
        if _matches(request, etag):
            return _stamp(HttpResponseNotModified(), etag)
        response = render(request, template, context)
    else:
        response = render(request, template, context)
        etag = _etag(response.content.decode())
        if _matches(request, etag):
            response = HttpResponseNotModified()
    return _stamp(response, etag)


def _etag(text: str) -> str:
    return quote_etag(hashlib.sha256(f"{get_language()}|{text}".encode()).hexdigest()[:32])


def _matches(request: HttpRequest, etag: str) -> bool:
    return etag in parse_etags(request.headers.get("If-None-Match", ""))


def _stamp(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response[AS_OF] = timezone.localtime(clock.now()).strftime("%H:%M:%S")
    patch_vary_headers(response, ["Cookie", "Accept-Language", "HX-Request"])
    return response
