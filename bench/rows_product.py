"""What a newcomer waits for: the demo, and the second start of `linli run`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from bench.homes import Home, find_port
from bench.report import REPOSITORY, Row, measures, row

STARTS = 3
PATIENCE = 120


@measures("demo_s", "start_s", city=False)
def measure_first_hour(_: None) -> Iterator[Row]:
    home = Home.fresh("bench-demo")
    try:
        tables = home.run("migrate")
        demo = home.run("demo", "--json")
        made = json.loads(demo.output)
        yield row(
            "demo_s",
            tables.seconds + demo.seconds,
            ours=f"tables {tables.seconds:.1f} s, demo {demo.seconds:.1f} s: {made['people']:,} people,"
            f" {made['doors']:,} doors, {made['marks']:,} marks; {demo.mib:,.0f} MiB",
            limit="sealing ID numbers and phones one by one in Python (4 µs a value); then indexes and the marks",
        )
        _start(home)  # collects static files
        seconds = [_start(home) for _ in range(STARTS)]
        yield row(
            "start_s",
            max(seconds),
            ours=f"slowest of {STARTS}: " + ", ".join(f"{one:.2f} s" for one in seconds),
            limit="starting PostgreSQL, then loading Python and Django twice side by side: to look whether anything is"
            " missing, and in the web server",
        )
    finally:
        home.stop()


def _start(home: Home) -> float:
    """Seconds from `linli run` until its first page answers; stops it again."""
    port = find_port()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "linli.site.cli", "run", "--port", str(port)],
        env=home.environment,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while time.perf_counter() - started < PATIENCE:
            if process.poll() is not None:
                raise RuntimeError(f"linli run ended with {process.returncode}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=10) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - started
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        raise RuntimeError("linli run did not answer")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
