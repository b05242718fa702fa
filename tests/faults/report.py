"""What the faults did, for people (docs/faults.md) and for machines (var/faults.json)."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.checking import Found
from tests.faults.killing import Kills
from tests.faults.running import Site
from tests.faults.work import Ledger
from tests.site.test_supervise import REPOSITORY

FIGURES = REPOSITORY / "var" / "faults.json"
PAGE = REPOSITORY / "docs" / "faults.md"
NAMES = {
    "kill_web": "web server, `kill -9`",
    "kill_web_worker": "one web process, `kill -9`",
    "kill_job_worker": "job worker, `kill -9`",
    "stop_database": "PostgreSQL, `pg_ctl stop -m immediate`",
    "kill_database": "PostgreSQL, `kill -9` of the postmaster",
    "cut_power": "everything at once, then `linli run` again",
}
HEAD = """# What was tried to make Linli lose something

Written by `make faults`; the quick part is in `make test`. Three phones mark people over the API, alone and in
batches, half of the marks at the same few doors; an office sends rosters and filled-in sheets of marks on the page.
Whatever gets no answer is sent again, the same, until there is one. Meanwhile processes are killed, at moments that a
seed decides. Then every acknowledged mark, person and job is looked for in the database, one by one.
"""

TAIL = """
## Besides

What else `make faults` and `make test` try, each in a test that says what must hold:

- `tests/residents/test_conflicts.py`: two people edit one household or person. The second sees both values and chooses.
- `tests/site/test_import_faults.py`: a roster of 30,000 rows; the worker, the database, everything is killed. It is
  carried out in the end, once.
- `tests/residents/test_roster_long.py`: a roster of 100,000 rows in bounded memory; killed, it leaves nothing.
- `tests/field/test_model.py`: 10,000 drawn sequences of what phones send, doubled, out of order, cut off.
- `tests/browser/test_field_trouble.py`: a phone that is full, signed out, or whose post goes to another meanwhile.
- `tests/site/test_api_schema.py`: the API drawn at length from its own description. No 5xx.
- `tests/site/test_wrong_rows.py`: more than a hundred kinds of wrong rows, each named with its cell and what to do.
"""


def write_kills(*, seed: int, killed: Kills, ledger: Ledger, found: Found, seconds: float) -> str:
    """Both files; returns the page's table for the terminal."""
    return _keep("kills", {
        "seed": seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "seconds": round(seconds),
        "kills": dict(killed.done),
        "back_seconds": {name: _spread(times) for name, times in killed.back.items()},
        "requests": ledger.tries,
        "answers_not_now": {str(status): count for status, count in sorted(ledger.server_errors.items())},
        "jobs_failed_with_advice": len(ledger.jobs_advised),
        "longest_job_seconds": round(ledger.longest_job, 1),
        **found.figures,
        "faults": found.faults,
    })  # fmt: skip


def write_full_disk(name: str, figures: dict[str, Any]) -> str:
    """One case of a full disk, added to what is there."""
    return _keep(name, {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": _commit(), **figures})


def _commit() -> str:
    """Which code it was; "" where there is no git."""
    with contextlib.suppress(OSError):
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        return found.stdout.strip()
    return ""


def _when(figures: dict[str, Any]) -> str:
    return str(figures["at"])[:10] + (f", commit {figures['commit']}" if figures.get("commit") else "")


def _spread(times: list[float]) -> dict[str, float]:
    return {"median": round(median(times), 2), "max": round(max(times), 2)}


def _keep(part: str, figures: dict[str, Any]) -> str:
    FIGURES.parent.mkdir(exist_ok=True)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    known[part] = figures
    FIGURES.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n")
    PAGE.write_text(render(known))
    return json.dumps(figures, ensure_ascii=False, indent=1)


def render(known: dict[str, Any]) -> str:
    lines = [HEAD]
    if kills := known.get("kills"):
        lines += _render_kills(kills)
    else:
        lines += ["\n## Kills\n\nThe whole has not been run on this machine yet."]
    full = {name: figures for name, figures in known.items() if name != "kills"}
    if full:
        lines += ["\n## A full disk\n"]
        for name, figures in sorted(full.items()):
            lines += [f"\n**{name}** ({_when(figures)})\n", *_rows(figures, skip=("at", "commit"))]
    return "\n".join([*lines, TAIL])


def _render_kills(figures: dict[str, Any]) -> list[str]:
    total = sum(figures["kills"].values())
    lines = [
        f"\n## {total} kills\n",
        f"{_when(figures)}, {figures['machine']}, seed {figures['seed']}, {figures['seconds'] // 60} min "
        f"{figures['seconds'] % 60} s.\n",
        "| killed | times | answers again after, median | longest |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, words in NAMES.items():
        if count := figures["kills"].get(name):
            back = figures["back_seconds"].get(name)
            lines.append(
                f"| {words} | {count} | " + (f"{back['median']:.1f} s | {back['max']:.1f} s |" if back else "| |")
            )
    lines += [
        "\nA web server that dies again and again within half a minute is started again after longer and longer\n"
        "pauses, up to 10 s: that is what the longest times show.\n",
        *_rows(figures, skip=("at", "commit", "machine", "seed", "seconds", "kills", "back_seconds", "faults")),
        "\n" + ("**Faults found:** none." if not figures["faults"] else "**Faults found:**\n"),
        *(f"- {fault}" for fault in figures["faults"]),
    ]
    return lines


def _rows(figures: dict[str, Any], skip: tuple[str, ...]) -> list[str]:
    lines = ["| | |", "| --- | ---: |"]
    for name, value in figures.items():
        if name in skip:
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {count}" for key, count in value.items()) or "none"
        shown = f"{value:,}" if isinstance(value, int) else value
        lines.append(f"| {name.replace('_', ' ')} | {shown} |")
    return lines


def keep_log(site: Site) -> Path:
    """The log of a run that found something, for whoever looks for the cause."""
    kept = FIGURES.with_name("faults.log")
    if site.log.exists():
        shutil.copyfile(site.log, kept)
    return kept
