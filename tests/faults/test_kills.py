"""Kill web, jobs and database while people mark and import: nothing acknowledged is missing, nothing is there twice."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from random import Random

import pytest

from tests.faults import report
from tests.faults.checking import Found, check
from tests.faults.ground import describe
from tests.faults.killing import Kills, make_plan
from tests.faults.running import Site, running
from tests.faults.work import Ledger, Workforce
from tests.site.test_supervise import REPOSITORY


def number(name: str, default: int) -> int:
    return int(os.environ.get(f"LINLI_FAULTS_{name}") or default)


def new_home() -> Path:
    (REPOSITORY / "var").mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="faults-", dir=REPOSITORY / "var"))


def run_through(site: Site, seed: int, *, kills: int, stops: int, cuts: int = 0) -> tuple[Kills, Ledger, Found, float]:
    """Work, kill by the plan, let everybody finish, compare."""
    random = Random(seed)
    ground = describe(site)
    started = time.monotonic()
    work = Workforce.start(site, ground, seed)
    killed = Kills()
    try:
        killed.carry_out(make_plan(random, kills=kills, stops=stops, cuts=cuts), site, random)
    finally:
        work.finish()
    return killed, work.ledger, check(site, ground, work.ledger), time.monotonic() - started


def test_some_kills() -> None:
    """The quick part. Three of the web and jobs, two of the database."""
    seed = number("SEED", 20221004)
    with running(new_home()) as site:
        killed, ledger, found, _seconds = run_through(site, seed, kills=3, stops=2)
        assert found.faults == [], f"seed {seed}"
        assert sum(killed.done.values()) == 5
        assert len(ledger.marks) > 10
        assert ledger.newcomers


@pytest.mark.long
def test_many_kills(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole: 200 of the web and jobs, 50 of the database, and 5 power cuts; the report is written."""
    seed = number("SEED", int(time.time()))
    kills, stops, cuts = number("KILLS", 200), number("STOPS", 50), number("CUTS", 5)
    with running(new_home()) as site:
        killed, ledger, found, seconds = run_through(site, seed, kills=kills, stops=stops, cuts=cuts)
        text = report.write_kills(seed=seed, killed=killed, ledger=ledger, found=found, seconds=seconds)
        with capsys.disabled():
            print("\n" + text)  # noqa: T201 - the report of `make faults`
        if found.faults:
            report.keep_log(site)
        assert found.faults == [], f"seed {seed}"
        assert sum(killed.done.values()) == kills + stops + cuts
