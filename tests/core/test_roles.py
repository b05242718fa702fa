"""The web role: made once on a server, whoever else prepares a database beside."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from linli.core.roles import ensure_role
from linli.site.database import get_conninfo

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"


@pytest.fixture
def role() -> Iterator[str]:
    name = f"linli_test_{uuid.uuid4().hex[:12]}"
    yield name
    with psycopg.connect(get_conninfo(), autocommit=True) as conn:
        conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def _is_member(role: str) -> bool:
    with psycopg.connect(get_conninfo()) as conn:
        row = conn.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (role,)).fetchone()
    return row == (True,)


def test_made_once_and_again_without_harm(role: str) -> None:
    with psycopg.connect(get_conninfo(), autocommit=True) as conn:
        ensure_role(conn, role)
        ensure_role(conn, role)
    assert _is_member(role)


def test_whoever_comes_second_finds_the_role_of_the_first(role: str) -> None:
    """The first is another database's start: no lock of this database is between the two."""
    failed: list[BaseException] = []
    with psycopg.connect(get_conninfo()) as first, psycopg.connect(get_conninfo(), autocommit=True) as second:
        first.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))

        def make() -> None:
            try:
                ensure_role(second, role)
            except psycopg.Error as error:
                failed.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        with psycopg.connect(get_conninfo(), autocommit=True) as look:
            for _ in range(500):
                if look.execute(WAITING, [second.info.backend_pid]).fetchone():
                    break
                time.sleep(0.01)
            else:
                pytest.fail("the second did not wait for the first")
        first.commit()
        thread.join()
    assert failed == []
    assert _is_member(role)
