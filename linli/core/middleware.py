"""Every signed-in request acts as somebody, in one transaction, behind the wall; every problem becomes one shape."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError, IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from linli.core import access, clock, db, integrity
from linli.core.api import PROBLEM_TYPE, problem_response, status_problem
from linli.core.errors import OnlyByForm, Problem, ValueBeyond
from linli.core.requests import acting

Handler = Callable[[HttpRequest], HttpResponse]


class ActingMiddleware:
    """Wraps signed-in page requests in `access.acting`. The API does the same for itself, from its token.

    The whole view, template included, runs inside the transaction, because row-level security ends with it. A
    response that failed takes its writes back.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/api/", "/static/")) or not request.user.is_authenticated:
            return self.get_response(request)
        user = request.user
        at = clock.now()
        try:
            with db.atomic():
                actor = access.actor_of(user.pk, user.name, at)
                known = acting(request)
                known.actor, known.at = actor, at
                with access.acting(actor):
                    response = self.get_response(request)
                    if response.status_code == 405 and not response.content:
                        response = _explain_method(request, response)
                    if response.status_code >= 400:
                        transaction.set_rollback(True, using=db.using())
            if not isinstance(response, _Refused):
                return response
            problem = response.problem
        except IntegrityError as error:  # a constraint that is checked at commit: the view has long ended
            problem = integrity.explain(error)
        with access.acting(actor):
            return render_problem(request, problem)


class _Refused(HttpResponse):
    """The database refused something, and with it perhaps the transaction: nothing more can be read in it, so the page
    that says so is made after it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(status=problem.status)
        self.problem = problem


def _explain_method(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Whoever signs in again comes back to the address of a form: an empty page would say nothing."""
    page = render_problem(request, OnlyByForm())
    page["Allow"] = response["Allow"]
    return page


class ProblemMiddleware:
    """Turns a `Problem`, or a write that a constraint refused, into a page that says what to do; for htmx into a
    fragment of one, for the API into problem+json. So does whatever the framework itself refuses below /api/."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/api/") or response.status_code < 400:
            return response
        if response.headers.get("Content-Type") == PROBLEM_TYPE:
            return response
        problem = problem_response(status_problem(response.status_code))
        if "Allow" in response:  # 405
            problem["Allow"] = response["Allow"]
        return problem

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        is_refused = isinstance(error, IntegrityError | DataError)
        if isinstance(error, IntegrityError):
            error = integrity.explain(error)
        elif isinstance(error, DataError | OverflowError):
            error = ValueBeyond()
        if not isinstance(error, Problem):
            return None
        if request.path.startswith("/api/"):
            return problem_response(error)
        if is_refused and hasattr(request, "actor"):
            return _Refused(error)
        return render_problem(request, error)


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    fragment = request.headers.get("HX-Request") == "true"
    template = "core/problem_fragment.html" if fragment else "core/problem.html"
    response = render(request, template, {"problem": problem}, status=problem.status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response
