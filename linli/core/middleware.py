"""Every signed-in request acts as somebody, in one transaction, behind the wall; every problem becomes one shape."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from linli.core import access, clock, db
from linli.core.errors import Problem

Handler = Callable[[HttpRequest], HttpResponse]


class ActingMiddleware:
    """Wraps signed-in page requests in `access.acting`. The API does the same for itself, from its token.

    The whole view, template included, runs inside the transaction, because row-level security ends with it. A response that
    failed takes its writes back.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or request.path.startswith(("/api/", "/static/")):
            return self.get_response(request)
        at = clock.now()
        with db.atomic():
            actor = access.actor_of(user.pk, user.name, at)
            request.actor = actor  # type: ignore[attr-defined]
            request.at = at  # type: ignore[attr-defined]
            with access.acting(actor):
                response = self.get_response(request)
                if response.status_code >= 400:
                    transaction.set_rollback(True, using=db.using())
        return response


class ProblemMiddleware:
    """Turns a `Problem` raised by a page into a page (or a fragment for htmx) that says what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Problem):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(error.as_dict(), status=error.status, content_type="application/problem+json")
        fragment = request.headers.get("HX-Request") == "true"
        template = "core/problem_fragment.html" if fragment else "core/problem.html"
        return render(request, template, {"problem": error}, status=error.status)
