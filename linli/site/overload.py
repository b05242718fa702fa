"""Too much at once, said cleanly: 429 for a caller beyond its rate, 503 when the database has no room or no time, 507
when a disk is full.

All say when to come again (Retry-After), in the one shape of errors, and touch neither database nor session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from linli.core import db, limits
from linli.core.errors import Problem, Unavailable
from linli.core.full_disk import DiskFull, is_disk_full
from linli.desk.errors import answer_plainly

log = logging.getLogger("linli.overload")
FREE = ("/static/", "/favicon.ico")


class OverloadMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(FREE):
            try:
                _admit(request)
            except Problem as problem:
                return answer_plainly(request, problem)
        response = self.get_response(request)
        if _is_invented(request, response):
            limits.blame(limits.address_of(request.META))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """No connection to be had, a statement that took too long, a database that restarts, a disk that is full."""
        is_full = is_disk_full(error)
        if not is_full and not isinstance(error, OperationalError | InterfaceError):
            return None
        log.warning("%s: %s", request.path, str(error).strip().splitlines()[0] if str(error) else type(error).__name__)
        connection = db.connection()
        if not connection.in_atomic_block:
            connection.close()
        return answer_plainly(request, DiskFull() if is_full else Unavailable())


def _is_invented(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether a token or a session was shown that is none, or no longer. Asks the database nothing."""
    if "Authorization" in request.headers:
        return response.status_code == 401
    user = getattr(request, "_cached_user", None)  # who the session belongs to, where that was looked up
    return settings.SESSION_COOKIE_NAME in request.COOKIES and user is not None and not user.is_authenticated


def _admit(request: HttpRequest) -> None:
    address = limits.address_of(request.META)
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if scheme.lower() == "bearer":
        limits.admit_token(token.strip(), address)
    elif session:
        limits.admit_session(session, address)
    else:
        limits.admit_stranger(address)
    if request.method == "POST" and (request.path.startswith("/sign-in/") or request.path == "/api/field/session"):
        limits.admit_entry(address)
