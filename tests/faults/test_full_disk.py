"""A disk that is full in the middle of the work: a clean answer, nothing acknowledged lost, and on it goes."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.checking import check
from tests.faults.disks import fill, may_mount, run_where_one_may_mount, small_disk
from tests.faults.ground import describe
from tests.faults.running import Site, running
from tests.faults.work import Office, Phone, Workforce
from tests.site.test_supervise import wait_for

pytestmark = pytest.mark.long
DATA_MIB = 512  # of a new database with its first write-ahead log, and room to work
NOT_NOW = 5  # refusals that have to be seen before there is room again
FULL_SECONDS = 10.0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that a database server of another user may reach as well."""
    folder = Path(tempfile.mkdtemp(prefix="linli-full-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def work_through(name: str, site: Site, disk: Path, *, phones_go_on: bool) -> None:
    """Work; fill the disk; make room; let everybody finish; compare."""
    ground = describe(site)
    work = Workforce.start(site, ground, seed=1)
    try:
        wait_for(lambda: len(work.ledger.marks) > 20 and work.ledger.newcomers, 300)
        ballast, before = fill(disk), len(work.ledger.marks)
        started = time.monotonic()
        wait_for(lambda: sum(work.ledger.server_errors.values()) >= NOT_NOW, 300)
        time.sleep(max(0.0, FULL_SECONDS - (time.monotonic() - started)))
        during = len(work.ledger.marks) - before
        ballast.unlink()
        freed = time.monotonic()
        back = site.wait(180)
        reached, imported = len(work.ledger.marks), len(work.ledger.newcomers)
        wait_for(lambda: len(work.ledger.marks) > reached and len(work.ledger.newcomers) > imported, 300)
        resumed = time.monotonic() - freed
    finally:
        work.finish()
    found = check(site, ground, work.ledger)
    report.write_full_disk(name, {
        "full for seconds": round(freed - started, 1), "marks acknowledged meanwhile": during,
        "answers not now": {str(status): count for status, count in sorted(work.ledger.server_errors.items())},
        "answers again after seconds": round(back, 1), "marks and imports again after seconds": round(resumed, 1),
        "jobs failed with advice": len(work.ledger.jobs_advised), **found.figures, "faults": len(found.faults),
    })  # fmt: skip
    if found.faults:
        report.keep_log(site)
    assert found.faults == []
    assert 507 in work.ledger.server_errors
    assert {type(client) for client in work.clients} == {Phone, Office}
    if phones_go_on:
        assert during > 0, "marks need no room where the uploads go"


def test_no_room_for_uploads(place: Path) -> None:
    if not may_mount():
        run_where_one_may_mount("test_full_disk.py::test_no_room_for_uploads")
        return
    home = place / "home"
    with small_disk(home / "uploads", 1, mode="700"), running(home) as site:
        work_through("The folder of uploads", site, home / "uploads", phones_go_on=True)


def test_no_room_for_anything(place: Path) -> None:
    """The database, its write-ahead log, uploads, all on one disk."""
    if not may_mount():
        run_where_one_may_mount("test_full_disk.py::test_no_room_for_anything")
        return
    with small_disk(place / "home", DATA_MIB) as home, running(home) as site:
        work_through("The disk of the database", site, home, phones_go_on=False)
