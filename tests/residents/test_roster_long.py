"""A roster of 100,000 rows: in bounded memory, all or nothing when it is killed. Its time is a row of the bench."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.core.sheets import ExportColumn, write_xlsx
from linli.places import bulk as places_bulk
from linli.residents import queries
from linli.residents.imports import import_roster
from tests.builders.places import AT as BUILT
from tests.builders.places import District, make_district
from tests.builders.residents import make_id_number
from tests.builders.rosters import TITLES, figures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
WHEN = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)
ROWS = 100_000
MEBIBYTES = 1024
A_HOME, A_UNIT, A_BUILDING = 3, 12, 20  # people, homes, units


def build_ground(rows: int) -> District:
    """Compounds with enough buildings and units for so many people; no doors: the roster makes them."""
    town = make_district(communities=1, compounds=0)
    units = -(-rows // (A_HOME * A_UNIT))
    compounds = -(-units // (A_BUILDING * 10))
    made = places_bulk.ensure_compounds(
        [(n, town.communities[0].id, f"第{n + 1}小区") for n in range(compounds)], at=BUILT
    )
    blocks = places_bulk.ensure_buildings(
        [(n * 10 + b, made[n].id, f"{b + 1}号楼") for n in range(compounds) for b in range(10)], at=BUILT
    )
    places_bulk.ensure_units(
        [(n * A_BUILDING + u, place.id, f"{u + 1}单元") for n, place in blocks.items() for u in range(A_BUILDING)],
        at=BUILT,
    )
    return town


def write_big(path: Path, rows: int) -> None:
    def line(n: int) -> tuple[object, ...]:
        home, one = divmod(n, A_HOME)
        unit, door = divmod(home, A_UNIT)
        building, stair = divmod(unit, A_BUILDING)
        compound, block = divmod(building, 10)
        number = make_id_number(date(1940, 1, 1) + timedelta(n % 29_000), number=n)
        return (
            *(f"第{compound + 1}小区", f"{block + 1}号楼", f"{stair + 1}单元", f"{door // 2 + 1}{door % 2 + 1:02}"),
            *(f"居民{chr(0x4E00 + n % 5000)}{chr(0x4E00 + n // 5000)}", ("户主", "配偶", "子")[one], number),
            f"154{n:08}",
        )

    columns = [ExportColumn(title) for title in TITLES]
    write_xlsx(path, columns, (line(n) for n in range(rows)), title="花名册", as_of="2022-10-04")


def peak_mib() -> float:
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + children) / 1024


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    with db.atomic():
        build_ground(ROWS)
    path = tmp_path / "花名册.xlsx"
    write_big(path, ROWS)
    for expected in ((ROWS, 0, 0, 0), (0, 0, ROWS, 0)):
        report = import_roster(path, actor=SYSTEM, at=WHEN)
        assert figures(report) == expected
    assert peak_mib() <= MEBIBYTES
    assert queries.count_residents(EVERYWHERE, actor=SYSTEM).people == ROWS


IMPORT = """
import django, sys
django.setup()
from datetime import datetime, UTC
from linli.core.access import SYSTEM
from linli.residents.imports import import_roster
def progress(step, done, total):
    print(done, flush=True)
import_roster(sys.argv[1], actor=SYSTEM, at=datetime(2022, 10, 4, 2, 0, tzinfo=UTC), progress=progress)
"""


@pytest.mark.parametrize("after", [10_000, 20_000], ids=["while reading", "while merging"])
def test_killed_in_the_middle_leaves_nothing(tmp_path: Path, after: int) -> None:
    rows = 20_000
    with db.atomic():
        build_ground(rows)
    path = tmp_path / "roster.xlsx"
    write_big(path, rows)
    doors = db.scalar("SELECT count(*) FROM door")
    with subprocess.Popen([sys.executable, "-c", IMPORT, str(path)], stdout=subprocess.PIPE, text=True) as importer:
        assert importer.stdout is not None
        while int(importer.stdout.readline()) < after:
            pass
        os.kill(importer.pid, signal.SIGKILL)
    assert importer.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while db.scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 771001"):
        assert time.monotonic() < deadline, "the server still works for a client that is gone"
        time.sleep(0.2)
    for table in ("household", "person", "unit_count"):
        assert db.scalar(f"SELECT count(*) FROM {table}") == 0
    assert db.scalar("SELECT count(*) FROM door") == doors
    assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'residents.import_roster'") == 0
    assert figures(import_roster(path, actor=SYSTEM, at=WHEN)) == (rows, 0, 0, 0), "and it can be sent again"
