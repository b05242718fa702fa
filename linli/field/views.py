"""The phone app: one page, the same for everybody, and its service worker. Its API asks who it is (docs/sync.md)."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from linli.field.errors import AppNotBuilt

BUILT = Path(__file__).parent / "static" / "field"
"""Written by scripts/build_frontend.mjs; not in the repository."""

# Scripts of its own alone. Photos and QR codes are shown from memory; reading codes compiles WebAssembly where the
# browser has no reader of its own.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def _answer(name: str, content_type: str) -> HttpResponse:
    """Asked for anew each time: it names the hashed files of the moment. Raises AppNotBuilt."""
    try:
        content = (BUILT / name).read_bytes()
    except FileNotFoundError:
        raise AppNotBuilt from None
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": "no-cache"})


@login_not_required
@require_safe
@gzip_page
def show_app(request: HttpRequest) -> HttpResponse:
    response = _answer("index.html", "text/html; charset=utf-8")
    response["Content-Security-Policy"] = POLICY
    return response


@login_not_required
@require_safe
@gzip_page
def send_worker(request: HttpRequest) -> HttpResponse:
    """The service worker lies beside the page, because it may only look after what lies below it."""
    return _answer("sw.js", "text/javascript; charset=utf-8")
