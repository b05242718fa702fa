"""The content security policy: pages load nothing from elsewhere and run no inline script.

One exception, which the installation has to name: map tiles (LINLI_TILES), from the one host that they come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase

HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def tiles_origin(address: str) -> str:
    """`https://tiles.example.cn` of an address of tiles; "" of none. Raises ImproperlyConfigured."""
    if not address:
        return ""
    parts = urlsplit(address)
    whole = all(hole in address for hole in ("{z}", "{x}", "{y}"))
    # A host that is not plain could smuggle further directives into the policy.
    if parts.scheme not in ("https", "http") or not whole or not HOST.fullmatch(parts.netloc):
        raise ImproperlyConfigured(
            "LINLI_TILES is no address of tiles: write it like https://tiles.example.cn/{z}/{x}/{y}.png"
        )
    return f"{parts.scheme}://{parts.netloc}"


def write_policy(tiles: str) -> str:
    """Styles may be inline: charts and progress bars set widths by style attributes. Maps fetch tiles by script."""
    origin = tiles_origin(tiles)
    from_tiles = f" {origin}" if origin else ""
    connect = f"connect-src 'self'{from_tiles}; " if origin else ""
    return (
        f"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:{from_tiles}; {connect}"
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


POLICY = write_policy(settings.LINLI_TILES)


class ContentPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
