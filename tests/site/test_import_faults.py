"""A roster import under `linli run`, with the worker, the database or everything killed in its middle.

Nothing acknowledged is lost, nothing is there twice, and the job that was cut off is carried out in the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from linli.site import embedded
from tests.site.test_supervise import REPOSITORY, Running, start, wait_for
from tests.site.test_supervise import running as running  # the fixture

pytestmark = pytest.mark.long
ROWS = 30_000
ASK = """
import django, pathlib, sys
django.setup()
from linli.core import clock, db, importers
from linli.core.access import SYSTEM
from tests.residents import test_roster_long as big
with db.owner():
    if not db.scalar("SELECT count(*) FROM place"):
        with db.atomic():
            big.build_ground({rows})
    path = pathlib.Path(sys.argv[1])
    if not path.exists():
        big.write_big(path, {rows})
    roster = next(one for one in importers.list_importers(SYSTEM) if "roster" in one.kind)
    job = importers.start_import(
        importer=roster, chunks=[path.read_bytes()], name=path.name, answers={{}}, actor=SYSTEM, at=clock.now()
    )
print(job.id)
"""


def ask_for_import(running: Running, path: Path) -> str:
    """Enqueue the job as a page would; returns its id once it is committed, which is the acknowledgement."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LINLI_", "DATABASE_"))}
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(rows=ROWS), str(path)],
        cwd=REPOSITORY,
        env={
            **environment,
            "LINLI_HOME": str(running.home),
            "DATABASE_URL": embedded.ensure_running(running.home),
            "DJANGO_SETTINGS_MODULE": "linli.site.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def ask(running: Running, sql: str, *params: object) -> tuple[object, ...]:
    """One row, on a connection of its own; what the database says while it is away is asked again."""
    for _ in range(600):
        try:
            with psycopg.connect(embedded.find_place(running.home).url) as connection:
                connection.execute("SET search_path = linli, linli_jobs")
                return connection.execute(sql, params).fetchone() or ()
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("the database did not come back")


def kill_database(running: Running) -> None:
    pid = embedded.read_pid(embedded.find_place(running.home))
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def kill_worker(running: Running) -> None:
    worker = running.find_child("work")
    assert worker is not None
    worker.kill()


def kill_everything(running: Running) -> None:
    """As a power cut does; then somebody starts it again."""
    running.process.kill()
    running.process.wait()
    kill_database(running)
    again = start(running.home, running.port)
    running.process, running.log = again.process, again.log


@pytest.mark.parametrize("kill", [kill_worker, kill_database, kill_everything])
def test_an_import_cut_off_is_carried_out_in_the_end(running: Running, tmp_path: Path, kill: object) -> None:
    job = ask_for_import(running, tmp_path / "roster.xlsx")
    wait_for(lambda: ask(running, "SELECT done > 0 OR state <> 'queued' FROM job WHERE id = %s", job)[0])
    time.sleep(1.5)  # well into it
    kill(running)  # type: ignore[operator]
    wait_for(lambda: ask(running, "SELECT state FROM job WHERE id = %s", job)[0] in ("done", "failed"), 600)
    state, error = ask(running, "SELECT state, error FROM job WHERE id = %s", job)
    assert (state, error) == ("done", None)
    people, numbers = ask(running, "SELECT count(*), count(DISTINCT id_hash) FROM person")
    assert (people, numbers) == (ROWS, ROWS)
    assert ask(running, "SELECT count(*) FROM household")[0] == ROWS // 3
