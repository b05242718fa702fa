"""Pages for what goes wrong outside of any view: what happened, what is safe, what to do."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from linli.core.api import problem_response
from linli.core.errors import Forbidden, NotFound, Problem, Unavailable
from linli.core.full_disk import DiskFull, is_disk_full


class FormExpired(Problem):
    code = "desk.form_expired"
    status = 403
    title = _("This form was open too long, or in another sign-in.")
    advice_text = _("Go back, reload the page, and send it once more. Copy what you have typed first.")


class NotUnderstood(Problem):
    code = "desk.bad_request"
    title = _("The browser sent something that could not be understood.")
    advice_text = _("Reload the page and try again.")


class Broken(Problem):
    code = "desk.server_error"
    status = 500
    title = _("Something broke on our side.")
    advice_text = _(
        "Try again in a minute. If it happens again, tell your administrator the time and the address of this page."
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotUnderstood())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request,
        NotFound(_("There is no page at this address."), advice=_("Check the address, or start from the home page.")),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, FormExpired())


def server_error(request: HttpRequest) -> HttpResponse:
    """Touches neither the database nor the session: they may be what broke."""
    # Django asks for this page while the exception is being handled. One that came before any view, such as no
    # connection for the session, is not a fault of the program.
    error = sys.exc_info()[1]
    if is_disk_full(error):
        return answer_plainly(request, DiskFull())
    is_away = isinstance(error, OperationalError | InterfaceError)
    return answer_plainly(request, Unavailable() if is_away else Broken())


def answer_plainly(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A page, fragment or JSON made of the problem alone: nothing is read for it."""
    if _wants_json(request):
        return _json(problem)
    fragment = request.headers.get("HX-Request") == "true"
    template = "core/problem_fragment.html" if fragment else "desk/broken.html"
    response = HttpResponse(render_to_string(template, {"problem": problem}), status=problem.status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if _wants_json(request):
        return _json(problem)
    fragment = request.headers.get("HX-Request") == "true"
    template = "core/problem_fragment.html" if fragment else "core/problem.html"
    return render(request, template, {"problem": problem}, status=problem.status)


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _json(problem: Problem) -> HttpResponse:
    return problem_response(problem)
