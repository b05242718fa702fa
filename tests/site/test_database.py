from __future__ import annotations

import pytest
from django.db import connections

from linli.core import db


@pytest.mark.django_db
def test_migrations_land_in_two_schemas() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT schemaname, count(*) FROM pg_tables WHERE tablename = 'django_migrations' GROUP BY 1")
        found = dict(cursor.fetchall())
        cursor.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'procrastinate%'")
        jobs = [row[0] for row in cursor.fetchall()]
    assert found == {"linli": 1, "linli_jobs": 1}
    assert jobs == ["linli_jobs"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_web_code_runs_as_the_web_role() -> None:
    assert db.rows("SELECT current_user")[0][0] == "linli_web"
