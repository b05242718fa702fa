"""No room left is said as such, by whichever way it comes."""

from __future__ import annotations

import errno
import json

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from linli.core.full_disk import is_disk_full
from linli.desk.errors import server_error
from linli.site.overload import OverloadMiddleware


def of_database(cause: Exception) -> OperationalError:
    error = OperationalError("could not extend file")
    error.__cause__ = cause
    return error


FULL = [
    OSError(errno.ENOSPC, "no space left"), OSError(errno.EDQUOT, "quota"), of_database(psycopg.errors.DiskFull()),
]  # fmt: skip
OTHERS = [None, OSError(errno.EACCES, "no"), of_database(psycopg.errors.AdminShutdown()), ValueError()]


@pytest.mark.parametrize("error", FULL)
def test_full(error: Exception) -> None:
    assert is_disk_full(error)


@pytest.mark.parametrize("error", OTHERS)
def test_anything_else(error: Exception | None) -> None:
    assert not is_disk_full(error)


@pytest.mark.django_db
@pytest.mark.parametrize("error", FULL)
@pytest.mark.parametrize("path", ["/api/rounds", "/imports/"])
def test_a_view_that_finds_no_room_is_answered_507(error: Exception, path: str, rf: RequestFactory) -> None:
    def never(_request: HttpRequest) -> HttpResponse:
        raise AssertionError

    check(OverloadMiddleware(never).process_exception(rf.get(path), error), path)


@pytest.mark.parametrize("path", ["/api/rounds", "/imports/"])
def test_no_room_before_any_view(path: str, rf: RequestFactory) -> None:
    """Django spools a large upload while the form's token is looked for."""
    try:
        raise OSError(errno.ENOSPC, "no space left")
    except OSError:
        check(server_error(rf.post(path)), path)


def check(answer: HttpResponse | None, path: str) -> None:
    assert answer is not None
    assert answer.status_code == 507
    assert int(answer["Retry-After"]) > 0
    if path.startswith("/api/"):
        assert json.loads(answer.content)["code"] == "core.disk_full"
