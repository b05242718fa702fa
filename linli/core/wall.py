"""The wall: what the web role may touch, said in migrations and kept by PostgreSQL.

Every table is one of four, and its comment says which: *policied* (row-level security by door key), *own* (by
account), *public* (no resident's data, readable by every signed-in page) or *closed* (no grant at all). A test walks
through all of them. Only the parent of a partitioned table is granted, or a partition would answer past its parent's
policy.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

ROLE = "linli_web"
READ, APPEND, WRITE = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE"
FULL = "SELECT, INSERT, UPDATE, DELETE"


def policied(table: str, *, grant: str = WRITE, column: str = "key") -> RunSQL:
    """Rows are visible and writable only where `column` (a door key) lies in the caller's extent.

    The sub-select makes PostgreSQL evaluate the extent once a query instead of once a row.
    """
    rule = f"{column} <@ (SELECT linli_extent())"
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY extent ON {table} TO {ROLE} USING ({rule}) WITH CHECK ({rule});
        GRANT {grant} ON {table} TO {ROLE};
        COMMENT ON TABLE {table} IS 'wall: policied';
        """,
        RunSQL.noop,
    )


def own(table: str, *, grant: str = WRITE, column: str = "account_id") -> RunSQL:
    """Rows belong to one account, and only that account sees them."""
    rule = f"{column} = (SELECT linli_account())"
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON {table} TO {ROLE} USING ({rule}) WITH CHECK ({rule});
        GRANT {grant} ON {table} TO {ROLE};
        COMMENT ON TABLE {table} IS 'wall: policied (own rows)';
        """,
        RunSQL.noop,
    )


def public(table: str, why: str, *, grant: str = READ) -> RunSQL:
    """The table holds no resident's data; `why` says what it holds and who reads it."""
    quoted = why.replace("'", "''")
    return RunSQL(
        f"GRANT {grant} ON {table} TO {ROLE}; COMMENT ON TABLE {table} IS 'wall: public: {quoted}';", RunSQL.noop
    )


def closed(table: str, why: str) -> RunSQL:
    """The web role reaches nothing of it; `why` says what it holds and who does."""
    quoted = why.replace("'", "''")
    return RunSQL(
        f"REVOKE ALL ON {table} FROM {ROLE}; COMMENT ON TABLE {table} IS 'wall: closed: {quoted}';", RunSQL.noop
    )
