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
        limit="one after the other: the sheet is unpacked (2-3 s before its first row), cleaned and sealed in one"
        " Python process, merged by one server process; a third of the merge is keeping the ten indexes of `person`",
    )
    yield row(
        "roster_again_s",
        again.seconds,
        ours=f"{PEOPLE / again.seconds:,.0f} rows/s, every row unchanged",
        limit="the same reading and cleaning again, then locking and comparing every person in one server process",
    )
    yield row(
        "roster_mib",
        max(new.mib, again.mib),
        ours=f"{new.mib:,.0f} MiB new, {again.mib:,.0f} MiB again: the command and its child that reads the sheet",
        limit="the reader's copy of the sheet in the child process",
    )
