"""A real server under too much: floods get 429, a database without room or time 503, and both say when to come back."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from linli.core.models import Account, ApiToken
from linli.duty.authority import digest_token
from linli.site.database import get_conninfo
from linli.site.supervise import web_command
from tests.builders.duty import LONG_AGO, make_account
from tests.builders.places import make_district
from tests.site.test_supervise import find_free_port, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
SCHEMA = sql.Identifier(settings.LINLI_SCHEMA)
REPOSITORY = Path(__file__).resolve().parents[2]


LOGIN = f"linli_few_{os.getpid()}"


@pytest.fixture
def narrow() -> Iterator[str]:
    """The conninfo of a login that may become the web role, and whose connections can be limited."""
    role = sql.Identifier(LOGIN)
    with psycopg.connect(get_conninfo(), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        owner.execute(sql.SQL("GRANT linli_web TO {}").format(role))
        try:
            yield make_conninfo(get_conninfo(), user=LOGIN)
        finally:
            end_connections(owner)
            owner.execute(sql.SQL("DROP ROLE {}").format(role))


def end_connections(owner: psycopg.Connection) -> None:
    owner.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [LOGIN])


@contextmanager
def serving(conninfo: str, **more: str) -> Iterator[str]:
    """The address of a web server with settings of its own."""
    port = find_free_port()
    words = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    process = subprocess.Popen(
        web_command("127.0.0.1", port), cwd=REPOSITORY, env={**words, "DATABASE_URL": conninfo, **more},
        start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: is_listening(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@pytest.fixture
def server(narrow: str) -> Iterator[str]:
    with serving(narrow, LINLI_STATEMENT_SECONDS="3", LINLI_RATE="2") as address:
        yield address


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def put_token(account: Account) -> str:
    token = f"linli_{secrets.token_hex(16)}"
    ApiToken.objects.create(
        account=account, name="x", digest=digest_token(token), scopes=["rounds.view", "rounds.mark"],
        created_at=LONG_AGO, expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return token


def check_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    if answer.headers["Content-Type"].startswith("application/problem+json"):
        assert answer.json()["code"] == "core.unavailable"
    else:
        assert "系统正忙" in answer.text or "The system is busy" in answer.text


def test_floods_and_a_database_without_room_or_time(server: str) -> None:
    district = make_district(compounds=1, buildings=1, units=1)
    account = make_account(username="office", role="office", place=district.district)

    def ask(method: str = "GET", path: str = "/api/rounds", token: str = "", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or put_token(account)}"}
        return httpx.request(method, server + path, headers=headers, timeout=30, **more)

    assert ask().status_code == 200

    # A statement that waits for a lock for longer than it may.
    with psycopg.connect(get_conninfo()) as holder:
        holder.execute(sql.SQL("LOCK TABLE {}.round IN ACCESS EXCLUSIVE MODE").format(SCHEMA))
        started = time.monotonic()
        check_unavailable(ask())
        check_unavailable(ask("POST", "/api/rounds/x/marks", json={"marks": []}))
        assert time.monotonic() - started < 25
    assert ask().status_code == 200, "and it goes on"

    # No connection is to be had.
    with psycopg.connect(get_conninfo(), autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 0").format(sql.Identifier(LOGIN)))
        end_connections(owner)
        check_unavailable(ask())
        check_unavailable(ask("POST", "/api/rounds/x/marks", json={"marks": []}))
        check_unavailable(httpx.get(f"{server}/", cookies={"sessionid": "x" * 32}, timeout=30))
        owner.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT -1").format(sql.Identifier(LOGIN)))
    assert ask().status_code == 200

    # One token floods; another goes on.
    flooding = put_token(account)
    headers = {"Authorization": f"Bearer {flooding}"}
    with httpx.Client(base_url=server, headers=headers, timeout=60) as flood, ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: flood.get("/api/rounds"), range(150)))
    assert {answer.status_code for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "core.too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert ask().status_code == 200


def count_connections() -> int:
    with psycopg.connect(get_conninfo()) as owner:
        return int(owner.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [LOGIN]).fetchone()[0])  # type: ignore[index]


def test_more_callers_than_there_is_time_for(narrow: str) -> None:
    """While those at work wait for a lock, a crowd comes: each is answered, soon, and the web process stays within its
    connections. Files are handed out all the while; afterwards everybody is served."""
    district = make_district(compounds=1, buildings=1, units=1)
    account = make_account(username="office", role="office", place=district.district)
    at_work = min(8, os.cpu_count() or 1) * 8
    with serving(narrow, LINLI_RATE="0", LINLI_WAIT_SECONDS="1", LINLI_STATEMENT_SECONDS="900") as server:
        headers = {"Authorization": f"Bearer {put_token(account)}", "Accept-Language": "en"}

        def ask(path: str, method: str = "GET", **more: Any) -> httpx.Response:
            return httpx.request(method, server + path, timeout=600, **more)

        assert ask("/api/rounds", headers=headers).status_code == 200
        with psycopg.connect(get_conninfo()) as holder, ThreadPoolExecutor(at_work + 60) as callers:
            holder.execute(sql.SQL("LOCK TABLE {}.round IN ACCESS EXCLUSIVE MODE").format(SCHEMA))
            crowd = [callers.submit(ask, "/api/rounds", headers=headers) for _ in range(at_work + 60)]
            wait_for(lambda: sum(one.done() for one in crowd) >= 60)
            page = ask("/rounds/", headers={"Accept-Language": "en"})
            form = ask("/sign-in/", "POST", data={"next": "/rounds/"})
            large = ask("/imports/", "POST", files={"file": ("x.csv", bytes(600_000))})
            head = ask("/rounds/", "HEAD")
            held = count_connections()
            refused = [one.result() for one in crowd if one.done()]
            holder.rollback()
        assert Counter(one.result().status_code for one in crowd) == {503: len(refused), 200: len(crowd) - len(refused)}
        for answer in (*refused, page, form, large, head):
            assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert {answer.json()["code"] for answer in refused} == {"core.unavailable"}
        assert "Leave this page open" in page.text
        assert 'name="next" value="/rounds/"' in form.text
        assert head.content == b""
        assert held <= at_work, "who waits has no connection"
        assert ask("/api/rounds", headers=headers).status_code == 200, "and it goes on"
