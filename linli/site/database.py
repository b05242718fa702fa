"""Bring the database to the present version: roles and schemas, then the migrations of both aliases."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo

from linli.core.roles import ensure_roles

MIGRATED = ("owner", "jobs")
"""Aliases that own tables, in the order they are migrated: `owner` sees the jobs' schema too, so it comes first."""


def get_conninfo(alias: str = "owner") -> str:
    """libpq's connection string of an alias, as configured (in tests: of the test database)."""
    params = dict(connections[alias].get_connection_params())
    for name in ("cursor_factory", "context", "prepare_threshold", "options"):
        params.pop(name, None)
    return make_conninfo("", **params)


def prepare_database(*, schema: str, jobs_schema: str) -> None:
    ensure_roles(get_conninfo(), schema=schema, jobs_schema=jobs_schema)


def migrate_all(*, schema: str, jobs_schema: str, verbosity: int = 1) -> None:
    """Idempotent. Runs as the owner; takes as long as the migrations take."""
    prepare_database(schema=schema, jobs_schema=jobs_schema)
    for alias in MIGRATED:
        call_command("migrate", database=alias, interactive=False, verbosity=verbosity)
    grant_jobs()


def grant_jobs() -> None:
    """The web role may enqueue a job inside its own transaction; it may neither change nor take one."""
    with connections["jobs"].cursor() as cursor:
        cursor.execute("GRANT SELECT, INSERT ON procrastinate_jobs, procrastinate_events TO linli_web")
        cursor.execute("GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq TO linli_web")
