"""The database's roles and schemas: what has to be there before the first migration."""

from __future__ import annotations

import psycopg
from psycopg import sql

WEB_ROLE = "linli_web"


def ensure_roles(conninfo: str, *, schema: str, jobs_schema: str) -> None:
    """Create the web role and both schemas where they are missing. Safe to repeat, and from several processes."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(772001)")  # two starts at once
        if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (WEB_ROLE,)).fetchone():
            conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOBYPASSRLS").format(sql.Identifier(WEB_ROLE)))
        # A login that may become the role already need not be allowed to grant it.
        if conn.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (WEB_ROLE,)).fetchone() != (True,):
            conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(WEB_ROLE)))
        for name in (schema, jobs_schema):
            conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))
            conn.execute(
                sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(name), sql.Identifier(WEB_ROLE))
            )
        conn.execute("SELECT pg_advisory_unlock(772001)")
