"""One shape for every failure, pages by cursor, ETags, and constraints in words."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from ninja import NinjaAPI, Router
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

from linli.core import api as shared
from linli.core import db, integrity
from linli.core.access import SYSTEM
from linli.core.errors import Conflict, NotFound, NotSignedIn
from linli.site.api import api


class Cause(Exception):
    def __init__(self, sqlstate: str, constraint: str | None = None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate
        self.diag = type("Diag", (), {"constraint_name": constraint})


def refused(sqlstate: str, constraint: str | None = None) -> IntegrityError:
    error = IntegrityError("refused")
    error.__cause__ = Cause(sqlstate, constraint)
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "core.not_found"),
        (Conflict(), 409, "core.conflict"),
        (Http404("x"), 404, "core.not_found"),
        (HttpError(413, "too large"), 413, "core.problem"),
        (ValidationError({"name": ["is empty"]}), 422, "core.fields"),
        (ValidationError("is empty"), 422, "core.fields"),
        (NinjaValidationError([{"loc": ("body", "body", "role"), "msg": "is odd"}]), 422, "core.fields"),
        (refused("23505", "account_username_key"), 409, "core.rule"),
        (refused("23514", "appointment_time"), 422, "core.rule"),
        (refused("23514", "nobody_put_me_into_words"), 422, "core.rule"),
        (refused("23503"), 409, "core.rule"),
    ],
)
def test_every_expected_failure_is_a_problem(error: Exception, status: int, code: str) -> None:
    problem = shared.as_problem(error)
    body = orjson.loads(shared.problem_response(problem).content)
    assert (problem.status, problem.code) == (status, code)
    assert set(body) == {"type", "title", "status", "detail", "code", "advice", "params"}
    assert body["status"] == status
    assert body["detail"]


def test_a_wrong_field_is_named() -> None:
    problem = shared.as_problem(NinjaValidationError([{"loc": ("body", "body", "role"), "msg": "is odd"}, {}]))
    assert problem.params == {"field": "body.role", "why": "is odd", "wrong": 2}


def test_a_fault_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        shared.as_problem(ZeroDivisionError())


def test_401_says_how_to_come_in() -> None:
    answer = shared.problem_response(shared.status_problem(401))
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_every_rule_put_into_words_exists() -> None:
    names = {
        name
        for (name,) in db.rows(
            "SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
            " UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique"
        )
    }
    words = set(integrity._CONFLICTS) | set(integrity._INVALID)
    assert words <= names, words - names


def test_cursors_come_back_as_they_went() -> None:
    assert shared.read_cursor(shared.make_cursor(7, "甲"), int, str) == (7, "甲")
    assert shared.read_cursor("", int) is None


@pytest.mark.parametrize(
    "text", ["x", "%%%", "!", base64.urlsafe_b64encode(b'["a"]').decode(), base64.urlsafe_b64encode(b"7").decode()]
)
def test_cursors_made_elsewhere_are_refused(text: str) -> None:
    with pytest.raises(shared.CursorWrong):
        shared.read_cursor(text, int)


def test_pages_are_cut_and_the_last_has_no_next() -> None:
    page, following = shared.cut_page([1, 2, 3], 2, lambda row: (row,))
    assert (page, shared.read_cursor(following or "", int)) == ([1, 2], (2,))
    assert shared.cut_page([1, 2], 2, lambda row: (row,)) == ([1, 2], None)


def test_who_already_has_this_version_is_not_sent_it_again() -> None:
    calls: list[int] = []

    def answer() -> dict[str, int]:
        calls.append(1)
        return {"open": 7}

    tag = shared.etag_of("round", 7)
    first = shared.unless_known(RequestFactory().get("/"), tag, answer)
    again = shared.unless_known(RequestFactory().get("/", headers={"if-none-match": tag}), tag, answer)
    other = shared.unless_known(RequestFactory().get("/", headers={"if-none-match": '"x"'}), tag, answer)
    assert [first.status_code, again.status_code, other.status_code] == [200, 304, 200]
    assert len(calls) == 2
    assert first["ETag"] == again["ETag"] == tag
    assert "private" in first["Cache-Control"]
    assert orjson.loads(first.content) == {"open": 7}


def test_an_operation_without_a_permission_is_refused_at_start_up() -> None:
    api = NinjaAPI(urls_namespace="undeclared")
    router = Router()

    @router.get("/x")
    def forgot(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    api.add_decorator(shared.act, mode="view")
    api.add_router("/r", router)
    with pytest.raises(shared.Undeclared, match="forgot"):
        _ = api.urls


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("how", "status", "kept"),
    [("answers", 200, 1), ("says no", 409, 0), ("raises", 409, 0), ("breaks a rule", 409, 0), ("too late", 409, 0)],
)
def test_what_is_refused_takes_its_writes_back(
    how: str, status: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = NinjaAPI(urls_namespace=f"refused {how}")
    router = Router()

    @router.get("/x")
    @shared.permission(None)
    def write(request: HttpRequest) -> HttpResponse:
        db.execute("INSERT INTO written VALUES (1)")
        if how == "raises":
            raise Conflict
        if how == "breaks a rule":
            db.execute("INSERT INTO written VALUES (1)")
        if how == "too late":
            db.execute("INSERT INTO written VALUES (NULL), (NULL)")
        return HttpResponse(status=409 if how == "says no" else 200)

    api.add_decorator(shared.act, mode="view")
    shared.handle_errors(api)
    api.add_router("/r", router)
    (view,) = [found.callback for found in api.urls[0] if str(found.pattern) == "r/x"]
    monkeypatch.setattr(shared, "authenticate", lambda request, at: SYSTEM)
    with db.owner():
        db.execute("CREATE TABLE written (n integer UNIQUE, m integer DEFAULT 1 UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    try:
        with db.owner():
            assert view(RequestFactory().get("/x")).status_code == status
            assert db.scalar("SELECT count(*) FROM written") == kept
    finally:
        with db.owner():
            db.execute("DROP TABLE written")


def test_parameters_that_are_taken_are_those_of_the_description() -> None:
    described, taken = {}, {}
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            described[operation["operationId"]] = (method, path, names)
    for _prefix, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                taken[api.get_openapi_operation_id(operation)] = set(shared.query_names(operation))
    assert len(taken) > 90
    for operation_id, (method, path, names) in described.items():
        assert taken[operation_id] == names, (method, path)


def test_what_is_not_known_behind_the_question_mark_is_refused_and_told() -> None:
    request = RequestFactory().get("/x?place=1501&kind=zzz")
    shared.require_known(request, ("place", "kind"))
    with pytest.raises(shared.ParameterUnknown) as caught:
        shared.require_known(request, ("place", "level"))
    assert caught.value.params == {"name": "kind", "taken": "place, level"}
    assert "place, level" in caught.value.advice
    with pytest.raises(shared.ParameterUnknown) as caught:
        shared.require_known(request, ())
    assert str(shared.ParameterUnknown.advice_text) != caught.value.advice


def test_answers_are_written_fast_and_whole() -> None:
    data: dict[Any, Any] = {"a": {1: "甲"}, "b": NotSignedIn.title}
    body = shared.FastRenderer().render(RequestFactory().get("/"), data, response_status=200)
    assert orjson.loads(body)["a"] == {"1": "甲"}
