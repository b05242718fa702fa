from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connections, transaction
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from linli.core import db
from linli.site.database import migrate_all
from linli.site.prepare import has_pending_migrations


@pytest.mark.django_db
def test_migrations_land_in_two_schemas() -> None:
    found = dict(db.rows("SELECT schemaname, count(*) FROM pg_tables WHERE tablename = 'django_migrations' GROUP BY 1"))
    jobs = db.rows("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'procrastinate%'")
    assert found == {"linli": 1, "linli_jobs": 1}
    assert jobs == [("linli_jobs",)]
    assert db.rows("SELECT schemaname FROM pg_tables WHERE tablename = 'account'") == [("linli",)]


@pytest.mark.django_db(transaction=True)
def test_migrating_twice_changes_nothing() -> None:
    assert not has_pending_migrations()
    tables = "SELECT schemaname, tablename FROM pg_tables ORDER BY 1, 2"
    before = db.rows(tables)
    migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
    assert db.rows(tables) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_web_code_runs_as_the_web_role() -> None:
    assert db.rows("SELECT current_user")[0][0] == "linli_web"


def queue_job() -> None:
    queued = Job(queue="default", lock=None, queueing_lock=None, task_name="nothing", task_kwargs={})
    JobManager(DjangoConnector(alias=db.using())).defer_job(queued)


def count_jobs() -> int:
    with connections["jobs"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_a_job_is_queued_with_the_transaction_that_asks_for_it() -> None:
    with db.atomic():
        queue_job()
        assert count_jobs() == 0
    assert count_jobs() == 1
    with db.atomic():
        queue_job()
        transaction.set_rollback(True, using=db.using())
    assert count_jobs() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_the_web_role_may_not_take_or_change_jobs() -> None:
    with pytest.raises(Exception, match="permission denied"), db.atomic():
        db.execute("UPDATE procrastinate_jobs SET status = 'cancelled'")
    with pytest.raises(Exception, match="permission denied"), db.atomic():
        db.execute("DELETE FROM procrastinate_jobs")
