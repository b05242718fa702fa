"""`python -m bench [--only id,id] [--people N] [--skip-load]`."""

from __future__ import annotations

import argparse
import fcntl
import importlib
import os
import pkgutil
import sys
import time
import traceback

from bench import report

HOME = report.REPOSITORY / "var" / "bench"


def set_up() -> None:
    """A home and an embedded server of the bench's own; BENCH_DATABASE_URL, not DATABASE_URL, names another."""
    os.environ["LINLI_HOME"] = str(HOME)
    os.environ.pop("DATABASE_URL", None)
    if os.environ.get("BENCH_DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["BENCH_DATABASE_URL"]
    os.environ["LINLI_RATE"] = "1000000"  # a few tokens make all the load; the limits are counted all the same
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    HOME.mkdir(parents=True, exist_ok=True)
    _take_turns()
    import django

    from linli.core.catalogs import compile_stale

    compile_stale()
    django.setup()


def _take_turns() -> None:
    """One bench at a time: two would spoil each other's figures, and one might empty the city under the other."""
    held = os.open(HOME / "bench.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another bench is running; waiting for it ...", flush=True)
        fcntl.flock(held, fcntl.LOCK_EX)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", help="rows to measure, comma separated; all of them otherwise")
    parser.add_argument("--people", type=int, default=3_400_000, help="a smaller city, for trying things out")
    parser.add_argument("--skip-load", action="store_true", help="use the city that is there, whatever its version")
    parser.add_argument("--dry", action="store_true", help="print the rows, write nothing")
    options = parser.parse_args()
    set_up()
    import bench

    for module in sorted(found.name for found in pkgutil.iter_modules(bench.__path__)):
        if module.startswith("rows_"):
            importlib.import_module(f"bench.{module}")
    from bench.city import get_city

    wanted = {name.strip() for name in options.only.split(",") if name.strip()} or set(report.GOALS)
    if unknown := wanted - set(report.GOALS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    picked = [(ids, needs, act) for ids, needs, act in report.MEASURES if not wanted.isdisjoint(ids)]
    city = None
    if any(needs for _, needs, _ in picked):
        city = get_city(people=options.people, skip_load=options.skip_load)
    rows: list[report.Row] = []
    failed = False
    for ids, _, act in picked:
        print(f"{', '.join(ids)} ...", flush=True)
        started = time.monotonic()
        try:
            found = list(act(city))
        except Exception:
            traceback.print_exc()
            failed = True
            continue
        for one in found:
            print(
                f"  {one.id}: {one.value:g} {one.unit} ({one.goal}) {'holds' if one.holds else 'MISSED'}; {one.ours}",
                flush=True,
            )
        print(f"  [{time.monotonic() - started:.1f} s]", flush=True)
        rows += found
    if not options.dry and options.people == 3_400_000:
        report.write_results(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
