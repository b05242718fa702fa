"""What the rooms' HTTP APIs share: who calls, one transaction a call, one error shape, pages by cursor, ETags.

    router = Router(tags=["rounds"])

    @router.get("/{code}", response=RoundOut)
    @permission("rounds.view")
    def get_round(request: ApiRequest, code: str) -> RoundOut:
        return RoundOut.of(queries.get_round(code=code, actor=request.actor, at=request.at))

Every operation runs in `access.acting(request.actor)` with its answer serialised inside, because row-level security
ends with the transaction. An answer of 400 or above takes its writes back. An operation without `@permission` is
refused at start-up.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Generic, TypeVar

import orjson
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.utils import check_csrf
from pydantic import Field

from linli.core import access, clock, db, integrity
from linli.core.access import Actor
from linli.core.errors import Forbidden, Invalid, NotFound, NotSignedIn, Problem, ValueBeyond
from linli.core.requests import ActingRequest, acting
from linli.core.validation import say_fault

PROBLEM_TYPE = "application/problem+json"
PAGE_SIZE = 50
LARGEST_PAGE = 500
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class ApiRequest(ActingRequest):
    """A request inside an operation."""


# --- who may call what ----------------------------------------------------------------------------------------------


def permission(name: str | None) -> Callable[[F], F]:
    """Declare what an operation needs somewhere at least; None: to be signed in. The service or query asks where.

    The view function is marked, not wrapped: ninja reads its annotations in its own module.
    """

    def mark(view: F) -> F:
        view.linli_permission = name  # type: ignore[attr-defined]
        return view

    return mark


def for_strangers(view: F) -> F:
    """Declare an operation that whoever is not signed in may call, such as signing in. It runs outside of a transaction
    and finds out by itself who calls.
    """
    view.linli_stranger = True  # type: ignore[attr-defined]
    return permission(None)(view)


class Undeclared(RuntimeError):
    """An operation without `@permission`."""


def declared_permission(operation: Operation) -> str | None:
    try:
        return operation.view_func.linli_permission  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        raise Undeclared(
            f"{operation.view_func.__module__}.{operation.view_func.__name__} has no @permission"
        ) from None


def authenticate(request: HttpRequest, at: datetime) -> Actor:
    """Who calls: a bearer token, else the session of a page, which must show its CSRF token to write.

    Raises NotSignedIn, CsrfMissing.
    """
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return access.actor_of_token(token.strip(), at)
    if scheme:
        raise NotSignedIn(_("Only bearer tokens are understood."))
    user = request.user
    if not user.is_authenticated:
        raise NotSignedIn
    if request.method not in SAFE_METHODS and check_csrf(request) is not None:
        raise CsrfMissing
    return access.actor_of(user.pk, user.name, at)


def query_names(operation: Operation) -> tuple[str, ...]:
    """What an operation takes behind the question mark of its address."""
    return tuple(
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    )


def require_known(request: HttpRequest, taken: tuple[str, ...]) -> None:
    """Raises ParameterUnknown: a filter passed over in silence would give everybody's figures for those of a few."""
    for name in request.GET:
        if name not in taken:
            raise ParameterUnknown(name, taken)


class CsrfMissing(Forbidden):
    code = "core.csrf"
    title = _("The request does not show that it comes from a page of this site.")
    advice_text = _("Send the header X-CSRFToken, or use a token instead of a session.")


def act(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Around every operation: find out who calls, act as them, take back what failed. A decorator of mode "view"."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    needed = declared_permission(operation)
    is_open = hasattr(operation.view_func, "linli_stranger")
    taken = query_names(operation)

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        known = acting(request)
        known.at = at = clock.now()
        try:
            if is_open:
                require_known(request, taken)
                return run(request, *args, **kwargs)
            with db.atomic():
                known.actor = actor = authenticate(request, at)
                if needed is not None:
                    actor.require(needed)
                require_known(request, taken)
                with access.acting(actor, savepoint=False):
                    response = run(request, *args, **kwargs)
                    refused = response.status_code >= 400
                    if refused:  # perhaps by the database: then there is nothing left to keep
                        transaction.set_rollback(True, using=db.using())
            return response
        except Problem as problem:
            return problem_response(problem)
        except IntegrityError as error:  # a constraint that is checked at commit
            return problem_response(integrity.explain(error))

    return wrapped


def is_signed_in(request: HttpRequest) -> bool:
    """ninja's own check, for the documentation's sake: `act` has already found out who calls."""
    return hasattr(request, "actor")


# --- one error shape ------------------------------------------------------------------------------------------------


def problem_response(problem: Problem) -> HttpResponse:
    response = HttpResponse(orjson.dumps(problem.as_dict()), status=problem.status, content_type=PROBLEM_TYPE)
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="linli"'
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


class FieldsWrong(Invalid):
    code = "core.fields"
    title = _("%(field)s: %(why)s")
    advice_text = _("Correct the field and send it again; /api/docs says what each field takes.")


class ParameterUnknown(Invalid):
    code = "core.parameter_unknown"
    title = _("There is no parameter “%(name)s” at this address.")
    advice_text = _("Correct it or leave it out; those there are: %(taken)s. Nothing was done.")

    def __init__(self, name: str, taken: tuple[str, ...]) -> None:
        none = None if taken else _("Leave it out; this address takes none. Nothing was done.")
        super().__init__(advice=none, name=name, taken=", ".join(taken))


CANNOT_PARSE = "Cannot parse request body"  # what the framework says of a body that is not JSON


class WrongMethod(Problem):
    code = "core.method"
    status = 405
    title = _("This address does not take such a request.")
    advice_text = _("/api/docs says with which method it is called; the header Allow names those it takes.")


class BodyNotJson(Problem):
    code = "core.not_json"
    status = 400
    title = _("What was sent is not JSON.")
    advice_text = _("Send the fields that /api/docs names, as one JSON object; nothing was changed.")


def as_problem(error: Exception) -> Problem:
    """Any expected exception as the Problem it stands for. Others are a fault of ours and are raised again."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        first = error.errors[0]
        field = ".".join(str(part) for part in first.get("loc", ())[1:]) or "body"
        return FieldsWrong(field=field, why=say_fault(first), wrong=len(error.errors))
    if isinstance(error, DjangoValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else {"body": error.messages}
        field, whys = next(iter(fields.items()))
        return FieldsWrong(field=field, why=" ".join(whys), wrong=len(fields))
    if isinstance(error, IntegrityError):
        return integrity.explain(error)
    if isinstance(error, DataError | OverflowError):
        return ValueBeyond()
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, HttpError):
        return status_problem(error.status_code, str(error))
    raise error


def status_problem(status: int, detail: str = "") -> Problem:
    """A Problem for an answer that came as a bare status, from the framework."""
    if status == BodyNotJson.status and detail == CANNOT_PARSE:
        return BodyNotJson()
    kinds: dict[int, type[Problem]] = {401: NotSignedIn, 403: Forbidden, 404: NotFound, 405: WrongMethod}
    problem = kinds.get(status, Problem)(detail or None)
    problem.status = status
    return problem


def _render(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(as_problem(error))


def handle_errors(api: NinjaAPI) -> None:
    """Render every expected exception of an operation as a problem."""
    expected = (
        Problem, ValidationError, DjangoValidationError, IntegrityError, DataError, OverflowError, Http404, HttpError,
    )  # fmt: skip
    for kind in expected:
        api.add_exception_handler(kind, _render)


# --- bodies, pages, ETags -------------------------------------------------------------------------------------------


class FastRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class FastParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class PageQuery(Schema):
    """`limit` rows a page; `after`: the cursor that the page before gave as `next`."""

    limit: int = Field(PAGE_SIZE, ge=1, le=LARGEST_PAGE)
    after: str = ""


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = None  # None: this is the last page


class CursorWrong(Invalid):
    code = "core.cursor"
    title = _("The cursor is not one that was given out here.")
    advice_text = _("Begin again without it.")


def make_cursor(*position: float | str) -> str:
    """The opaque text of a position in an order, such as the last row's (key, id)."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> tuple[Any, ...] | None:
    """The position again; None for the empty text. Raises CursorWrong unless it has exactly these types."""
    if not text:
        return None
    try:
        position = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise CursorWrong from None
    if not isinstance(position, list) or [type(value) for value in position] != list(kinds):
        raise CursorWrong
    return tuple(position)


def cut_page(
    rows: Sequence[T], limit: int, position: Callable[[T], Iterable[float | str]]
) -> tuple[list[T], str | None]:
    """Of `limit + 1` rows asked for: the page, and the cursor of the next one (None when there is none)."""
    page = list(rows[:limit])
    return page, make_cursor(*position(page[-1])) if len(rows) > limit else None


def etag_of(*parts: object) -> str:
    """An ETag from what the answer depends on: a version, the actor's extent, the language."""
    return '"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:24] + '"'


def unless_known(
    request: HttpRequest, etag: str, answer: Callable[[], HttpResponse | bytes | dict[str, Any] | list[Any]]
) -> HttpResponse:
    """304 when the caller already has this version, else `answer()`, tagged. Works for pages and operations alike."""
    response = get_conditional_response(request, etag=etag)
    if response is None:
        body = answer()
        if not isinstance(body, HttpResponse):
            data = body if isinstance(body, bytes) else orjson.dumps(body, default=str)
            body = HttpResponse(data, content_type="application/json")
        response = body
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
    return response
