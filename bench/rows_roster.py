"""A roster of 100,000 rows from .xlsx through `linli import roster`: everybody new, then the same file again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bench.homes import Home
from bench.report import Row, measures, row
from bench.roster_home import ACCOUNT, PEOPLE


@measures("roster_new_s", "roster_again_s", "roster_mib", city=False)
def measure_roster(_: None) -> Iterator[Row]:
    home = Home.fresh("bench-roster")
    sheet = home.path / "roster.xlsx"
    try:
        home.run(str(sheet), module="bench.roster_home")
        words = ("--as", ACCOUNT, "import", "roster", str(sheet), "--json")
        new, again = home.run(*words), home.run(*words)
    finally:
        home.stop()
    first, second = (json.loads(ran.output)["account"] for ran in (new, again))
    assert (first["created"], first["rejected"]) == (PEOPLE, 0), first
    assert (second["unchanged"], second["created"]) == (PEOPLE, 0), second
    size = sheet.stat().st_size / 2**20 if sheet.exists() else 0.0
    yield row(
        "roster_new_s",
        new.seconds,
        ours=f"{PEOPLE / new.seconds:,.0f} rows/s, {size:.1f} MiB of .xlsx, from the shell to the account",
        limit="cleaning cells and sealing ID numbers and phones in Python",
    )
    yield row(
        "roster_again_s",
        again.seconds,
        ours=f"{PEOPLE / again.seconds:,.0f} rows/s, every row unchanged",
        limit="reading and cleaning the cells again",
    )
    yield row(
        "roster_mib",
        max(new.mib, again.mib),
        ours=f"{new.mib:,.0f} MiB new, {again.mib:,.0f} MiB again: the command and its child that reads the sheet",
        limit="the reader's copy of the sheet in the child process",
    )
