"""Every table is policied, public or closed, and its comment says which."""

from __future__ import annotations

import pytest

from linli.core import db

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


def test_every_table_declares_its_side_of_the_wall() -> None:
    undeclared = db.rows(
        """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND coalesce(obj_description(c.oid), '') NOT LIKE 'wall: %'
        """
    )
    assert undeclared == []
