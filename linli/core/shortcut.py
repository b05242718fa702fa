"""A shorter road into the hottest operations of the API, beside Django's: no middleware, no session, one transaction.

A room registers an address with `@shortcut`. A POST to it with a bearer token is answered here, with the same words as
the operation of that address; anything else (a page's session, another method) goes on to Django. `linli/site/wsgi.py`
puts it in front. What the middleware would do for such a request is done here: authenticate, act as somebody, one shape
of errors in the caller's language, headers that keep browsers from guessing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import orjson
from django.conf import settings
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.utils import translation

from linli.core import clock, db, integrity, language, limits
from linli.core.access import Knock
from linli.core.api import PROBLEM_TYPE
from linli.core.errors import Problem, Unavailable, ValueBeyond
from linli.core.full_disk import DiskFull, is_disk_full
from linli.core.turns import PAGES, Turns

Work = Callable[[str, bytes, Knock], bytes]
Expand = Callable[[bytes, str], bytes]
Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Lend = Callable[[], AbstractContextManager[None]]
HEADERS = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
           429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
           507: "Insufficient Storage"}  # fmt: skip
QUERY_CANCELED = "57014"  # it took too long: a second try would take as long
_roads: list[_Road] = []
_log = logging.getLogger(__name__)


class _Road:
    """An address, what is done there, whose turn it is (None: everybody's), and how bodies are expanded."""

    def __init__(self, address: str, work: Work, turns: Turns | None, expand: Expand | None = None) -> None:
        self.address, self.work, self._turns, self._expand = re.compile(address), work, turns, expand

    def read(self, environ: Environ) -> bytes:
        """The body, as `work` takes it."""
        body = _read(environ)
        return body if self._expand is None else self._expand(body, environ.get("HTTP_CONTENT_ENCODING", ""))

    def line(self, token: str) -> AbstractContextManager[None]:
        """Raises Unavailable when there is no room: said at once, so that nobody else waits behind it."""
        return self._turns.line(token) if self._turns is not None else nullcontext()

    @property
    def has_turns(self) -> bool:
        return self._turns is not None

    @contextmanager
    def turn(self, lend: Lend) -> Iterator[None]:
        """With connections for the time that it lasts. Where everybody's turn it is, that one brought them."""
        if self._turns is None:
            yield
        else:
            with self._turns.turn(), lend():
                yield


def shortcut(address: str, *, turns: Turns | None = None, expand: Expand | None = None) -> Callable[[Work], Work]:
    """Register `work(the one name in the address, body, knock) -> JSON`, run outside of a transaction.

    It says who may, before it says anything else: `knock.actor` raises when the token is refused.
    It is run a second time when the database went away in the middle, so it has to be idempotent. `turns`: for work
    that can wait and would keep all others waiting; those who find no room are told to come again. `expand(body,
    encoding)`: what `work` is given of a body that came with this Content-Encoding ("": with none).
    """

    def register(work: Work) -> Work:
        _roads.append(_Road(address, work, turns, expand))
        return work

    return register


def put_in_front(application: Application, lend: Lend = nullcontext) -> Application:
    """The WSGI application with its short roads. `lend`: what gives those connections that have turns of their own."""

    def short_or_long(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        road, name = _find_road(environ)
        if road is not None:
            token = environ["HTTP_AUTHORIZATION"][7:].strip()
            return _answer(environ, start_response, road, name, token, lend)
        if environ["PATH_INFO"].startswith("/api/"):
            return application(environ, start_response)
        with PAGES.under_way():
            return application(environ, start_response)

    return short_or_long


def has_own_turns(environ: Environ) -> bool:
    """Whether the request goes a road that looks itself to how many are on it."""
    road, _name = _find_road(environ)
    return road is not None and road.has_turns


def _find_road(environ: Environ) -> tuple[_Road | None, str]:
    if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer ":
        for road in _roads:
            found = road.address.fullmatch(environ["PATH_INFO"])
            if found:
                return road, found[1]
    return None, ""


def _answer(
    environ: Environ, start_response: StartResponse, road: _Road, name: str, token: str, lend: Lend = nullcontext
) -> Iterable[bytes]:
    status, body, kind, retry_after = 200, b"", "application/json", None
    with translation.override(language.find_asked(environ)):
        try:
            limits.admit_token(token, limits.address_of(environ))
            with road.line(token):
                sent = road.read(environ)  # before its turn: a phone with a poor signal keeps nobody waiting
                with road.turn(lend):
                    body = _run(road.work, name, sent, token)
        except Problem as problem:
            status, kind, body = problem.status, PROBLEM_TYPE, orjson.dumps(problem.as_dict())
            retry_after = problem.retry_after
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *HEADERS]
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="linli"'))
        limits.blame(limits.address_of(environ))
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    start_response(f"{status} {REASONS.get(status, 'Problem')}", headers)
    return [body]


class BodyTooLarge(Problem):
    code = "core.too_large"
    status = 413
    title = translation.gettext_lazy("The request is larger than %(mib)s MiB.")
    advice_text = translation.gettext_lazy("Send it in several parts.")


def _read(environ: Environ) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    body: bytes = environ["wsgi.input"].read(limit + 1) if not environ.get("CONTENT_LENGTH") else b""
    if length := environ.get("CONTENT_LENGTH"):
        size = int(length) if length.isdigit() else limit + 1
        body = environ["wsgi.input"].read(size) if size <= limit else bytes(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(mib=limit >> 20)
    return body


def _run(work: Work, name: str, body: bytes, token: str) -> bytes:
    for last in (False, True):
        try:
            return work(name, body, Knock(token, clock.now()))
        except IntegrityError as error:
            raise integrity.explain(error) from error
        except (DataError, OverflowError) as error:
            raise ValueBeyond from error
        except (OperationalError, InterfaceError) as error:
            if is_disk_full(error):
                _log.warning("the disk of the database is full: %s", error)
                raise DiskFull from error
            # The database was restarted, or is away: the connection is of no more use.
            db.connection().close()
            if last or getattr(error.__cause__, "sqlstate", None) == QUERY_CANCELED:
                _log.warning("the database does not answer: %s", error)
                raise Unavailable from error
    raise AssertionError("unreachable")
