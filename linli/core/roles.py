"""The database's roles and schemas: what has to be there before the first migration."""

from __future__ import annotations

import psycopg
from psycopg import sql

WEB_ROLE = "linli_web"


# What the server says to the second of two who create or grant one role at the same moment.
BEATEN = (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject, psycopg.errors.InternalError_)
ATTEMPTS = 5


def ensure_role(conn: psycopg.Connection, role: str) -> None:
    """Create a role without login and become its member, where either is missing. `conn` commits by itself.

    Roles belong to the whole server, and no lock of one database keeps those apart who prepare another beside it:
    whoever comes second looks again.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _ensure_role(conn, role)
        except BEATEN:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _ensure_role(conn: psycopg.Connection, role: str) -> None:
    if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOBYPASSRLS").format(sql.Identifier(role)))
    # A login that may become the role already need not be allowed to grant it.
    if conn.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (role,)).fetchone() != (True,):
        conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def ensure_roles(conninfo: str, *, schema: str, jobs_schema: str) -> None:
    """Create the web role and both schemas where they are missing. Safe to repeat, and from several processes."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(772001)")  # two starts at once
        ensure_role(conn, WEB_ROLE)
        for name in (schema, jobs_schema):
            conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))
            conn.execute(
                sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(name), sql.Identifier(WEB_ROLE))
            )
        conn.execute("SELECT pg_advisory_unlock(772001)")
