"""Where requests come in, before anything is asked of the database: files are handed out, the roads that have turns of
their own (phones' work) go by them, and everybody else waits in line - or is told when to come again.

Who is at work holds a place and, with it, connections to the database; who waits, is refused or fetches a file holds a
thread alone.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

from linli.core import admission, refusal, shortcut
from linli.core.admission import API, FORM, LIVE, ORDINARY, PAGE
from linli.core.shortcut import Application, Environ, Lend, StartResponse

READ_BEFORE = 64 * 1024
"""Bytes: so much of what is sent is read before there is a turn, so that nobody waits for a poor signal."""
DROPPED, DROP_SECONDS = 32 << 20, 20.0
"""So many bytes, for so long, are taken from whoever is refused: one who is still sending would find the connection
broken instead of an answer."""
PIECE = 1 << 16


def guard(application: Application, *, is_file: Callable[[str], bool], lend: Lend) -> Application:
    """`is_file`: whether an address is one of a file that is there, which is handed out without a turn; `lend`: what
    gives connections for the time of a turn."""

    def enter(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if is_file(environ["PATH_INFO"]) or shortcut.has_own_turns(environ):
            return application(environ, start_response)
        body = _read_small(environ)
        try:
            began = ORDINARY.enter(_share(environ))
        except admission.Crowded as problem:
            _drop_large(environ)
            return refusal.refuse(environ, start_response, problem, body)
        try:
            with lend():
                return _finish(application(environ, start_response))
        finally:
            ORDINARY.leave(began)

    return enter


def _share(environ: Environ) -> float:
    if environ["PATH_INFO"].startswith("/api/"):
        return API
    if environ["REQUEST_METHOD"] == "POST":
        return FORM
    return LIVE if "HTTP_X_LINLI_LIVE" in environ else PAGE


def _finish(response: Iterable[bytes]) -> Iterable[bytes]:
    """The whole answer, with all that ends a request behind it; of what is sent piece by piece, the pieces: they are
    read outside of the transaction anyway, and whoever fetches them slowly keeps no turn meanwhile."""
    if isinstance(response, list) or getattr(response, "streaming", False):
        return response
    try:
        return [b"".join(response)]
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()


def _read_small(environ: Environ) -> bytes:
    """What was sent, read and put back, if it is short and says how long it is."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal() or not 0 < int(length) <= READ_BEFORE:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _drop_large(environ: Environ) -> None:
    length: Any = environ.get("CONTENT_LENGTH", "")
    left = int(length) if length.isdecimal() else 0
    if not READ_BEFORE < left <= DROPPED:
        return
    until = time.monotonic() + DROP_SECONDS
    while left > 0 and time.monotonic() < until:
        piece = environ["wsgi.input"].read(min(left, PIECE))
        if not piece:
            return
        left -= len(piece)
