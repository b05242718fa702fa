"""Rows, their goals, and how they are written down."""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "bench" / "results.json"
TABLE = REPOSITORY / "docs" / "bench.md"

# Row id -> (at least or at most, goal, unit, what is measured).
GOALS: dict[str, tuple[str, float, str, str]] = {
    "ingest_empty_vs_copy": ("≥", 0.5, "×", "marks through the bulk path into an empty round, against raw COPY"),
    "ingest_half_vs_copy": ("≥", 0.3, "×", "the same into a round already half marked"),
    "api_batch_vs_bare": ("≥", 0.5, "×", "API batches of 200 marks, against a bare view that only inserts"),
    "api_single_rps": ("≥", 1000, "/s", "API, one mark a request"),
    "gap_unit_ms": ("≤", 5, "ms", "gap list of a unit, p95"),
    "gap_compound_ms": ("≤", 10, "ms", "gap list of a compound, p95"),
    "gap_community_ms": ("≤", 20, "ms", "gap list of a community, p95"),
    "gap_district_page_ms": ("≤", 50, "ms", "a page of a district's gap list, p95"),
    "rollup_districts_ms": ("≤", 80, "ms", "figures of all districts"),
    "rollup_all_ms": ("≤", 300, "ms", "figures of every place, city to unit"),
    "rollup_speedup": ("≥", 10, "×", "the same from the tallies, against GROUP BY over the marks"),
    "roster_new_s": ("≤", 20, "s", "roster of 100,000 rows from .xlsx, everybody new"),
    "roster_again_s": ("≤", 20, "s", "the same file again"),
    "roster_mib": ("≤", 1024, "MiB", "peak memory of that import, its child process included"),
    "desk_ms": ("≤", 150, "ms", "pages of the desk, p95"),
    "chain_ms": ("≤", 5, "ms", "who answers for a door at each level, and who stands in, p95"),
    "chain_page_ms": ("≤", 20, "ms", "the same for the 50 stairwells of a page, p95"),
    "rls_cost_pct": ("≤", 20, "%", "row-level security on the community gap list"),
    "demo_s": ("≤", 60, "s", "the demo of 130,000 people, from an empty folder"),
    "febrl1_precision": ("≥", 0.98, "", "duplicates found in febrl's set 1: how many of the found are right"),
    "febrl1_recall": ("≥", 0.95, "", "the same: how many of those there are were found"),
    "febrl2_precision": ("≥", 0.98, "", "febrl's set 2, precision"),
    "febrl2_recall": ("≥", 0.95, "", "febrl's set 2, recall"),
    "febrl3_precision": ("≥", 0.98, "", "febrl's set 3, precision"),
    "febrl3_recall": ("≥", 0.95, "", "febrl's set 3, recall"),
    "search_ms": ("≤", 50, "ms", "searching places and doors as one types, p95"),
    "phones_min": ("≤", 3, "min", "7,000 phones send 200 commands each, all stored once; desk pages ≤ 500 ms p95"),
    "phones_vs_bare": ("≥", 0.5, "×", "the same, against the same rows sent to a bare endpoint that only inserts"),
    "pack_ms": ("≤", 150, "ms", "work pack of a phone for 1,500 people, p95"),
    "pack_kb": ("≤", 150, "kB", "the same as it is sent, compressed, the largest"),
    "increment_ms": ("≤", 30, "ms", "what changed after 100 marks behind those doors, p95"),
    "shell_kb": ("≤", 200, "kB", "the phone app's shell, compressed, with all that is fetched behind the first screen"),
    "first_screen_cached_s": ("≤", 2, "s", "the phone app's first screen on a slow phone and line, opened again"),
    "first_screen_cold_s": ("≤", 10, "s", "the same for the first time"),
    "start_s": ("≤", 5, "s", "second start of `linli run` until it answers"),
}


@dataclass(frozen=True)
class Row:
    """One figure. `ours` and `against` are the raw measures on both sides; `limit` says what holds it where it is."""

    id: str
    value: float
    unit: str
    goal: str
    holds: bool
    ours: Any
    against: Any
    against_what: str
    limit: str


Measure = Callable[[Any], Iterable[Row]]
M = TypeVar("M", bound=Measure)
MEASURES: list[tuple[tuple[str, ...], bool, Measure]] = []


def measures(*ids: str, city: bool = True) -> Callable[[M], M]:
    """Mark a function that answers the rows of these ids, given the `bench.city.City` (None when it needs no city)."""
    unknown = set(ids) - set(GOALS)
    if unknown:
        raise ValueError(f"no such rows: {sorted(unknown)}")

    def register(act: M) -> M:
        MEASURES.append((ids, city, act))
        return act

    return register


def row(id: str, value: float, *, ours: Any, against: Any = None, against_what: str = "", limit: str = "") -> Row:
    """A row with the goal and unit of its id. `ours`, `against`: text or numbers with their unit, e.g. `"21.3 s"`."""
    sign, goal, unit, _ = GOALS[id]
    rounded = float(f"{value:.4g}")
    holds = rounded >= goal if sign == "≥" else rounded <= goal
    return Row(id, rounded, unit, f"{sign} {goal:g}", holds, ours, against, against_what, limit)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the garbage collector of the measuring process itself."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def get_percentile(values: Iterable[float], share: float = 0.95) -> float:
    """The smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def describe_machine() -> dict[str, Any]:
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next(
            (line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line), ""
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "processor": model or platform.processor() or platform.machine(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": _postgresql(),
    }


def _postgresql() -> str:
    from linli.core import db

    with db.owner():
        return str(db.scalar("SHOW server_version"))


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "--", "linli"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def write_results(rows: list[Row]) -> None:
    """Put the rows into results.json, beside those of earlier runs not measured again, and write the table."""
    kept: dict[str, dict[str, Any]] = {}
    if RESULTS.exists():
        kept = {found["id"]: found for found in json.loads(RESULTS.read_text("utf-8"))["rows"]}
    stamp = {"commit": _commit(), "date": datetime.now(UTC).isoformat(timespec="seconds")}
    for one in rows:
        kept[one.id] = asdict(one) | stamp
    ordered = [kept[id] for id in GOALS if id in kept]
    result = {**stamp, "machine": describe_machine(), "rows": ordered}
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(render_table(result), "utf-8")


def render_table(result: dict[str, Any]) -> str:
    """docs/bench.md."""
    machine = result["machine"]
    lines = [
        "# How fast Linli is",
        "",
        "<!-- Written by `make bench`; do not edit. -->",
        "",
        "A city of 3.4 million people in 1.2 million households on the real divisions of Hohhot, all of it synthetic,",
        f"with one round of 2,995,084 marks. Measured on {machine['cores']} cores ({machine['processor']}),"
        f" {machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']},"
        f" PostgreSQL {machine['postgresql']}, at {result['date']} (commit `{result['commit'][:12]}`).",
        "`make bench` measures it all again; `make bench ARGS='--only gap_unit_ms'` one row.",
        "",
        "| row | what | value | goal | | ours | against |",
        "| --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    for found in result["rows"]:
        against = " — ".join(str(part) for part in (found["against"], found["against_what"]) if part not in (None, ""))
        lines.append(
            f"| `{found['id']}` | {GOALS[found['id']][3]} | **{found['value']:g} {found['unit']}** | {found['goal']}"
            f" {found['unit']} | {'holds' if found['holds'] else '**missed**'} | {found['ours']} | {against} |"
        )
    missing = [f"`{id}`" for id in GOALS if id not in {found["id"] for found in result["rows"]}]
    if missing:
        lines += ["", "Not measured yet: " + ", ".join(missing) + "."]
    lines += ["", "## What limits each figure", ""]
    lines += [f"- `{found['id']}`: {found['limit']}" for found in result["rows"] if found["limit"]]
    older = [f for f in result["rows"] if f["commit"] != result["commit"]]
    if older:
        lines += ["", "## Rows of an earlier commit", ""]
        lines += [f"- `{f['id']}`: commit `{f['commit'][:12]}`, {f['date']}" for f in older]
    return "\n".join(lines) + "\n"
