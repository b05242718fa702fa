"""Pages for what goes wrong outside of any view: what happened, what is safe, what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Forbidden, NotFound, Problem


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
    problem = Broken()
    if _wants_json(request):
        return _json(problem)
    fragment = request.headers.get("HX-Request") == "true"
    template = "core/problem_fragment.html" if fragment else "desk/broken.html"
    return HttpResponse(render_to_string(template, {"problem": problem}), status=problem.status)


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if _wants_json(request):
        return _json(problem)
    fragment = request.headers.get("HX-Request") == "true"
    template = "core/problem_fragment.html" if fragment else "core/problem.html"
    return render(request, template, {"problem": problem}, status=problem.status)


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _json(problem: Problem) -> JsonResponse:
    return JsonResponse(problem.as_dict(), status=problem.status, content_type="application/problem+json")
