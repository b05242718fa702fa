"""The wall: every table has a side, and behind it the web role sees and takes only what the caller may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import InternalError, ProgrammingError

from linli.core import access, db, journal
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.extents import EVERYWHERE, NOWHERE, Extent
from linli.core.roles import WEB_ROLE
from tests.builders.ledger import command, give, make_block, open_round

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 10, 5, 4, tzinfo=UTC)
DENIED = (ProgrammingError, InternalError)  # insufficient privilege; row-level security

TABLES = """
    SELECT c.relname, coalesce(obj_description(c.oid), ''), c.relrowsecurity
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition ORDER BY 1
"""
FACTS = ("mark", "journal_entry")


def person_at(extent: Extent) -> Actor:
    return Actor(7, "x", (Grant(1, "office", 1, frozenset({"journal.view"}), extent),))


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DENIED), db.atomic():
        yield


def grants() -> dict[str, set[str]]:
    """Table or partition -> what the web role may do with it."""
    found: dict[str, set[str]] = {}
    for table, privilege in db.rows(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = current_schema() AND grantee = %s",
        [WEB_ROLE],
    ):
        found.setdefault(table, set()).add(privilege)
    return found


def test_every_table_is_policied_public_or_closed_as_its_comment_says() -> None:
    with db.owner():
        held = grants()
        for table, comment, has_policies in db.rows(TABLES):
            side = re.match(r"wall: (policied|public|closed)", comment)
            assert side, f"{table} says nothing of its side of the wall: use linli.core.wall in its migration"
            assert has_policies == (side[1] == "policied"), table
            assert (table not in held) == (side[1] == "closed"), table


def test_every_policy_narrows_by_the_caller() -> None:
    with db.owner():
        policies = db.rows(
            "SELECT tablename, roles::text[], coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies"
            " WHERE schemaname = current_schema()"
        )
    tables = {table for table, *_ in policies}
    assert {"person", "household", "mark", "round_state", "journal_entry", "job"} <= tables
    for table, roles, shown, taken in policies:
        assert roles == [WEB_ROLE], table
        # The sub-select is evaluated once a query; the bare function would be once a row.
        assert "( SELECT linli_" in shown + taken or table == "journal_entry", table


def test_partitions_and_sequences_answer_nobody_directly() -> None:
    with db.owner():
        block = make_block()
        open_round(block.extent)
        partitions = [name for (name,) in db.rows(
            "SELECT c.relname FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"
            " AND c.relnamespace = current_schema()::regnamespace"
        )]  # fmt: skip
        held = grants()
    assert partitions
    assert not set(partitions) & set(held)
    with access.acting(person_at(EVERYWHERE)):
        for name in partitions:
            with refused():
                db.rows(f'SELECT 1 FROM "{name}" LIMIT 1')


def test_the_web_role_owns_nothing_and_makes_nothing() -> None:
    with db.owner():
        owned = db.rows(
            "SELECT relname FROM pg_class WHERE relowner = %s::regrole"
            " UNION ALL SELECT proname FROM pg_proc WHERE proowner = %s::regrole"
            " UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = %s::regrole",
            [WEB_ROLE] * 3,
        )
        ((super_, bypass, login),) = db.rows(
            "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = %s", [WEB_ROLE]
        )
    assert owned == []
    assert (super_, bypass, login) == (False, False, False)
    assert db.scalar("SELECT current_user") == WEB_ROLE
    with refused():
        db.execute("CREATE TABLE mine (x integer)")
    with refused():
        db.execute("ALTER TABLE person DISABLE ROW LEVEL SECURITY")


def test_functions_that_run_as_their_owner_find_the_products_tables_alone() -> None:
    """A temporary table, which anybody may make, would come before them; and nobody but the web calls them."""
    with db.owner():
        found = db.rows(
            "SELECT p.proname, coalesce(array_to_string(p.proconfig, ';'), ''), current_schema(),"
            " has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p"
            " WHERE p.prosecdef AND p.pronamespace = current_schema()::regnamespace ORDER BY 1"
        )
    assert {name for name, *_ in found} == {
        "linli_follow", "linli_rejoin", "linli_stood_before", "linli_later_merger", "linli_merged_below",
        "linli_carried_out",
    }  # fmt: skip
    for name, settings, schema, is_anybodys in found:
        assert f"search_path={schema}, pg_temp" in settings.split(";"), name
        assert not is_anybodys, name


@pytest.mark.parametrize("table", ["person", "household", "mark", "round_state"])
def test_a_page_that_forgot_its_extent_fails(table: str) -> None:
    """It must not report that nobody was missed."""
    with db.owner():
        block = make_block()
        give(open_round(block.extent), [command(block.people[0])])
    with pytest.raises(DENIED, match="nobody is acting"):
        db.rows(f"SELECT 1 FROM {table} LIMIT 1")


def test_a_setting_ends_with_its_transaction() -> None:
    with db.owner():
        make_block()
    with access.acting(person_at(EVERYWHERE)):
        assert db.scalar("SELECT count(*) FROM person") > 0
    with pytest.raises(DENIED, match="nobody is acting"):
        db.scalar("SELECT count(*) FROM person")


def test_own_rows_ask_who_is_acting() -> None:
    with pytest.raises(DENIED, match="nobody is acting"):
        db.rows("SELECT 1 FROM job LIMIT 1")


def test_an_empty_extent_is_a_real_thing() -> None:
    with db.owner():
        make_block()
    with access.acting(person_at(NOWHERE)):
        assert db.rows("SELECT 1 FROM person") == []


def test_rows_are_seen_and_taken_inside_the_extent_only() -> None:
    with db.owner():
        one, two = make_block(number=1), make_block(number=2)
    with access.acting(person_at(one.extent)):
        assert db.rows("SELECT DISTINCT key >> 28 FROM person") == [(1,)]
        assert db.execute("UPDATE person SET note = 'x' WHERE key >= %s", [two.lo]) == 0
        assert db.execute("UPDATE person SET note = 'x' WHERE key = %s", [one.doors[0]]) > 0
        with refused():
            db.execute(
                "INSERT INTO household (key, label, note, created_at, updated_at) VALUES (%s, 'x', '', now(), now())",
                [two.doors[0]],
            )
        with refused():  # nor moved out of sight
            db.execute("UPDATE household SET key = %s WHERE key = %s", [two.doors[0], one.doors[0]])


@pytest.mark.parametrize("table", FACTS)
def test_facts_are_added_and_read_but_not_changed(table: str) -> None:
    with db.owner():
        assert not grants()[table] & {"UPDATE", "DELETE", "TRUNCATE"}
    with access.acting(person_at(EVERYWHERE)):
        for statement in (f"UPDATE {table} SET key = 1", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with refused():
                db.execute(statement)


def test_people_and_states_are_never_deleted() -> None:
    with db.owner():
        held = grants()
    for table in ("person", "household", "round_state", "round_tally", "appointment", "account", "place", "door"):
        assert "DELETE" not in held[table], table


def test_the_journal_shows_what_lies_inside_and_takes_what_is_done_anywhere() -> None:
    with db.owner():
        for key in (0, 5000, 9000):
            journal.record(actor=SYSTEM, at=AT, verb="test.write", key=key)
    clerk = person_at(Extent.of([(4096, 6144)]))
    with access.acting(clerk):
        journal.record(actor=clerk, at=AT, verb="test.write", key=9001)
        assert [row["key"] for row in journal.list_entries(actor=clerk)] == [5000]
        assert db.scalar("SELECT count(*) FROM journal_entry") == 1
    with access.acting(person_at(EVERYWHERE)) as whole:
        assert [row["key"] for row in journal.list_entries(actor=whole)] == [9001, 9000, 5000, 0]


def test_copy_into_a_policied_table_is_refused() -> None:
    copied = "COPY journal_entry (at, account_id, account_name, origin, verb) FROM STDIN"
    with access.acting(person_at(EVERYWHERE)), db.cursor() as cursor, pytest.raises(psycopg.errors.FeatureNotSupported):
        cursor.copy(copied).__enter__()
