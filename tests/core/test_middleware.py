"""A request acts as somebody in one transaction; what fails is taken back; lost races are run again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from linli.core import access, db
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import NotFound
from linli.core.extents import EVERYWHERE, Extent
from linli.core.middleware import ActingMiddleware, ProblemMiddleware
from linli.core.models import Account
from tests.builders.duty import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 10, 5, 4, tzinfo=UTC)


def request_of(account: Account, path: str = "/x/") -> HttpRequest:
    request = RequestFactory().get(path, headers={"accept-language": "en"})
    request.user = account
    return request


def rename(account: Account, name: str) -> None:
    db.execute("UPDATE account SET name = %s WHERE id = %s", [name, account.pk])


def name_of(account: Account) -> str:
    return str(db.scalar("SELECT name FROM account WHERE id = %s", [account.pk]))


@pytest.mark.parametrize(("status", "kept"), [(200, "new"), (302, "new"), (400, "old"), (404, "old"), (500, "old")])
def test_an_answer_that_failed_takes_its_writes_back(status: int, kept: str) -> None:
    account = make_account(name="old")

    def view(request: HttpRequest) -> HttpResponse:
        assert access.current_actor() is request.actor  # type: ignore[attr-defined]
        rename(account, "new")
        return HttpResponse(status=status)

    assert ActingMiddleware(view)(request_of(account)).status_code == status
    assert name_of(account) == kept
    with pytest.raises(RuntimeError):
        access.current_actor()


def test_an_exception_takes_the_writes_back_too() -> None:
    account = make_account(name="old")

    def view(request: HttpRequest) -> HttpResponse:
        rename(account, "new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ActingMiddleware(view)(request_of(account))
    assert name_of(account) == "old"


def test_a_constraint_checked_at_commit_becomes_a_problem() -> None:
    account = make_account(name="old")

    def view(request: HttpRequest) -> HttpResponse:
        rename(account, "new")
        db.execute(
            "INSERT INTO api_token (account_id, name, digest, scopes, created_at, expires_at)"
            " VALUES (999999, 't', 'x', '{}', now(), now() + interval '1 day')"
        )
        return HttpResponse()

    answer = ActingMiddleware(view)(request_of(account))
    assert answer.status_code == 409
    assert name_of(account) == "old"


def test_strangers_and_the_api_are_left_alone() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert not hasattr(request, "actor")
        assert not transaction.get_connection(db.WEB).in_atomic_block
        return HttpResponse()

    assert ActingMiddleware(view)(request_of(make_account(), "/api/x")).status_code == 200


def test_a_problem_becomes_a_page_a_fragment_or_json() -> None:
    middleware = ProblemMiddleware(lambda request: HttpResponse())
    account = make_account()
    with access.acting(access.actor_of(account.pk, account.name, AT)):
        page = middleware.process_exception(request_of(account), NotFound())
        fragment_request = request_of(account)
        fragment_request.META["HTTP_HX_REQUEST"] = "true"
        fragment = middleware.process_exception(fragment_request, NotFound())
    answer = middleware.process_exception(request_of(account, "/api/x"), NotFound())
    assert page is not None
    assert fragment is not None
    assert answer is not None
    assert (page.status_code, fragment.status_code, answer.status_code) == (404, 404, 404)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert answer["Content-Type"] == "application/problem+json"
    assert middleware.process_exception(request_of(account), ZeroDivisionError()) is None


def test_a_refused_write_becomes_a_problem() -> None:
    middleware = ProblemMiddleware(lambda request: HttpResponse())
    account = make_account(username="taken")
    with access.acting(access.actor_of(account.pk, account.name, AT)):
        with pytest.raises(IntegrityError) as caught, db.atomic():
            db.execute(
                "INSERT INTO account (username, password, name, is_active, language, large_type, created_at)"
                " VALUES ('taken', '', 'x', true, '', false, now())"
            )
        answer = middleware.process_exception(request_of(account, "/api/x"), caught.value)
    assert answer is not None
    assert answer.status_code == 409
    assert b"account_username_key" in answer.content


# --- acting, and acting inside acting


def actor_at(lo: int, hi: int, account_id: int = 7) -> Actor:
    return Actor(account_id, "x", (Grant(1, "office", 1, frozenset(), Extent.of([(lo, hi)])),))


def extent_set() -> str:
    return str(db.scalar("SELECT current_setting('linli.extent', true)"))


def test_acting_inside_acting_ends_with_the_outer_extent_again() -> None:
    outer, inner = actor_at(0, 10), actor_at(20, 30)
    with access.acting(outer):
        with access.acting(inner):
            assert extent_set() == "{[20,30)}"
            assert access.current_actor() is inner
        assert access.current_actor() is outer
        assert extent_set() == "{[0,10)}"


def test_a_failure_inside_gives_the_outer_extent_back() -> None:
    with access.acting(actor_at(0, 10)):
        with pytest.raises(ZeroDivisionError), access.acting(actor_at(20, 30)):
            raise ZeroDivisionError
        assert extent_set() == "{[0,10)}"


def test_the_system_acts_everywhere() -> None:
    with access.acting(SYSTEM):
        assert extent_set() == str(EVERYWHERE)


# --- lost races


class Deadlock(Exception):
    sqlstate = "40P01"


def lose(times: int, state: type[Exception] = Deadlock) -> Any:
    left = [times]

    def act() -> str:
        if left[0]:
            left[0] -= 1
            raise OperationalError from state()
        return "done"

    return act


def test_a_lost_race_is_run_again_but_not_for_ever() -> None:
    assert db.retrying(lose(db.RETRIES - 1)) == "done"
    with pytest.raises(OperationalError):
        db.retrying(lose(db.RETRIES))


def test_other_failures_are_not_repeated() -> None:
    with pytest.raises(OperationalError):
        db.retrying(lose(1, ValueError))


def test_a_real_deadlock_ends_well_for_both() -> None:
    accounts = [make_account(name="0"), make_account(name="0")]
    met = threading.Barrier(2, timeout=60)
    tries: list[int] = []

    def work(order: list[int]) -> None:
        first = [True]

        def act() -> None:
            tries.append(1)
            for index in order:
                db.execute("UPDATE account SET name = (name::int + 1)::text WHERE id = %s", [accounts[index].pk])
                if first[0]:
                    first[0] = False
                    met.wait()

        try:
            db.retrying(act)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(order,)) for order in ([0, 1], [1, 0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [name_of(account) for account in accounts] == ["2", "2"]
    assert len(tries) == 3
