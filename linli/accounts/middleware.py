"""Notes that sessions are in use, and stops those that owe a second factor."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from linli.accounts import entry, services
from linli.accounts.errors import FactorNeeded
from linli.accounts.terms import SEEN_EVERY
from linli.core import clock
from linli.core.api import problem_response

STAY_OPEN = re.compile(
    r"/(account/((app|passkeys|confirm|recovery-codes|sessions|invitation)/.*)?$|sign-out/|sign-in/|password/|language/|size/"
    r"|static/|favicon\.ico)"
)
"""What one needs to set a second factor up, and to leave."""


class SessionMiddleware:
    """Costs nothing but every five minutes: what it needs to know lies in the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The API goes by the token where there is one; pages know no tokens.
        by_token = request.path.startswith("/api/") and "Authorization" in request.headers
        if by_token or not request.user.is_authenticated:
            return self.get_response(request)
        at = clock.now()
        if entry.is_overdue(request, at) and not STAY_OPEN.match(request.path):
            return self._stop(request)
        seen = request.session.get(entry.SEEN)
        if seen is not None and at.timestamp() - seen > SEEN_EVERY.total_seconds():
            services.touch_session(
                account_id=request.user.pk,
                session_key=str(request.session.session_key),
                address=entry.address_of(request),
                at=at,
            )
            request.session[entry.SEEN] = at.timestamp()
        return self.get_response(request)

    def _stop(self, request: HttpRequest) -> HttpResponse:
        problem = FactorNeeded()
        if request.path.startswith("/api/"):
            return problem_response(problem)
        messages.error(request, str(problem))
        return redirect("accounts:index")
