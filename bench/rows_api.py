"""Marks over HTTP: one a request, and batches of 200 against a view that only inserts.

The server is granian as `linli run` starts it; PostgreSQL, the server and the load generator share the machine's cores.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import orjson

from bench import load
from bench.city import City
from bench.report import REPOSITORY, Row, get_percentile, measures, row
from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.extents import Extent
from linli.core.ids import new_id
from linli.core.models import ApiToken
from linli.duty.authority import digest_token
from linli.rounds import bulk, partitions, queries, services
from linli.rounds.queries import RoundView
from linli.rounds.terms import RoundKind
from linli.site.supervise import web_command

BATCH = 200
SINGLES = 6_000
BATCHES = 150
WARM_UP = 600
ROUNDS = 3  # of each measure; the middle one counts
TURNS = 5
BARE_TABLE = "bench_bare"
TOKEN = "linli_bench-of-the-api"
Requests = list[bytes]


@contextlib.contextmanager
def serving(application: str) -> Iterator[int]:
    """Granian with the product's own settings, on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*web_command("127.0.0.1", port), "--application", application]
    server = subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True, env=_environment())
    try:
        _wait_for(port)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _environment() -> dict[str, str]:
    from linli.site.database import get_conninfo

    return {**os.environ, "DATABASE_URL": os.environ.get("DATABASE_URL") or get_conninfo()}


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _make_token(city: City) -> None:
    at = clock.now()
    with db.owner():
        ApiToken.objects.filter(digest=digest_token(TOKEN)).delete()
        ApiToken.objects.create(
            account_id=city.actor.account_id, name="bench", digest=digest_token(TOKEN), scopes=["rounds.mark"],
            created_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip


@contextlib.contextmanager
def own_round(
    city: City, *, opened: datetime | None = None, scope: Extent | None = None
) -> Iterator[tuple[RoundView, list[int]]]:
    """A round over all of the city, or the doors of `scope`, opened just now or at `opened`, and everybody due in it in
    walking order. Taken away afterwards."""
    at = opened or clock.now()
    with db.owner():
        made = services.create_round(
            name="bench", kind=RoundKind.TEST, starts_at=at, ends_at=at + timedelta(hours=12), actor=SYSTEM, at=at,
            scope=scope or queries.scope_of(city.round.id),
        )  # fmt: skip
        bulk.open_round(round_id=made.pk, actor=SYSTEM, at=at)
        round_ = queries.get_round(made.pk)
        db.execute(f"VACUUM ANALYZE round_state_p{round_.part}")
        db.execute("CHECKPOINT")
        subjects = db.rows(
            "SELECT subject_id FROM round_state WHERE part = %s AND round_id = %s ORDER BY key, subject_id",
            [round_.part, round_.id],
        )
    try:
        yield round_, [subject for (subject,) in subjects]
    finally:
        with db.owner(), db.atomic():
            for parent in ("mark", "round_state"):
                if (round_.part or 0) >= partitions.ROUND_PART:
                    db.execute(f"DROP TABLE {parent}_p{round_.part}")
                else:  # a small round lies beside others
                    db.execute(f"DELETE FROM {parent} WHERE round_id = %s", [round_.id])
            db.execute("DELETE FROM round_span WHERE round_id = %s", [round_.id])
            db.execute("DELETE FROM round WHERE id = %s", [round_.id])


def _mark(subject: int, at: str) -> dict[str, object]:
    return {"id": str(new_id()), "person": subject, "mark": "done", "at": at}


def _singles(round_: RoundView, subjects: Sequence[int], count: int, rng: random.Random) -> Requests:
    at, path = clock.now().isoformat(), f"/api/rounds/{round_.code}/marks"
    return [load.make_request(path, orjson.dumps(_mark(rng.choice(subjects), at)), TOKEN) for _ in range(count)]


def _batches(path: str, subjects: Sequence[int], count: int, rng: random.Random) -> Requests:
    """Each the work of one phone: 200 people met in walking order."""
    at = clock.now().isoformat()
    starts = [rng.randrange(len(subjects) - BATCH) for _ in range(count)]
    return [
        load.make_request(path, orjson.dumps({"marks": [_mark(s, at) for s in subjects[start : start + BATCH]]}), TOKEN)
        for start in starts
    ]


def _drive(port: int, make: Callable[[], Requests], good: bytes, *, runs: int = ROUNDS) -> list[load.Load]:
    load.run(port, make()[:WARM_UP], good=good)
    loads = [load.run(port, make(), good=good) for _ in range(runs)]
    for found in loads:
        if found.failed:
            raise RuntimeError(f"{found.failed} of {found.requests} requests failed: {found.first_failure}")
    return sorted(loads, key=lambda found: found.per_second)


@measures("api_single_rps")
def measure_singles(city: City) -> Iterator[Row]:
    _make_token(city)
    rng = random.Random(1)
    with own_round(city) as (round_, subjects), serving("linli.site.wsgi:application") as port:
        loads = _drive(port, lambda: _singles(round_, subjects, SINGLES, rng), b'"accepted"')
    middle = loads[ROUNDS // 2]
    p95 = get_percentile(middle.latencies_ms)
    yield row(
        "api_single_rps",
        middle.per_second,
        ours=f"{middle.per_second:,.0f} requests/s, p95 {p95:.1f} ms, {load.CONNECTIONS} connections",
        against=f"{loads[0].per_second:,.0f} to {loads[-1].per_second:,.0f}",
        against_what=f"slowest and fastest of {ROUNDS} runs of {SINGLES:,} marks of random people, each a commit",
        limit=(
            "processor time: generator, two granian workers and PostgreSQL share two cores, which are 95 % busy; one at"
            " a time a mark takes some 0.9 ms of PostgreSQL (the token's proof, seven short statements and a commit, in"
            " one round trip) and 0.5 ms of the web process, with sixteen under way both half as long again"
            f"; the generator takes {1000 * middle.client_seconds / middle.requests:.2f} ms"
        ),
    )


@measures("api_batch_vs_bare")
def measure_batches(city: City) -> Iterator[Row]:
    """By turns, because how fast a machine is changes within a minute; the turn of the middle ratio counts."""
    _make_token(city)
    rng = random.Random(2)
    make_bare_table()
    with (
        own_round(city) as (round_, subjects),
        serving("linli.site.wsgi:application") as port,
        serving("bench.bare:application") as bare_port,
    ):
        path = f"/api/rounds/{round_.code}/marks"
        turns = [
            (
                _drive(port, lambda: _batches(path, subjects, BATCHES, rng), b'"accepted"', runs=1)[0],
                _drive(bare_port, lambda: _batches("/bare", subjects, BATCHES, rng), b"200", runs=1)[0],
            )
            for _ in range(TURNS)
        ]
    with db.owner():
        db.execute(f"DROP TABLE {BARE_TABLE}")
    turns.sort(key=lambda turn: turn[0].per_second / turn[1].per_second)
    ours, bare = turns[TURNS // 2]
    lowest, highest = (f"{turn[0].per_second / turn[1].per_second:.2f}" for turn in (turns[0], turns[-1]))
    yield row(
        "api_batch_vs_bare",
        ours.per_second / bare.per_second,
        ours=f"{ours.per_second * BATCH:,.0f} marks/s, p95 {get_percentile(ours.latencies_ms):.0f} ms a batch",
        against=f"{bare.per_second * BATCH:,.0f} rows/s",
        against_what=(
            f"{lowest} to {highest} in {TURNS} turns; the same server, requests and commit, reading the same JSON: one"
            " INSERT ... SELECT unnest() of those rows"
            " into a table like `mark` with its indexes; no account, no states or tallies"
        ),
        limit=(
            "two writes against one: each mark also sets a state, which is looked up first; counting some eight units"
            " again is 0.7 ms a batch, reading, timing and answering another 0.8 ms of Python"
        ),
    )


def make_bare_table() -> None:
    """What the bare view writes to: the columns and indexes of a fresh partition of `mark`, which ours is too."""
    with db.owner(), db.atomic():
        db.execute(f"DROP TABLE IF EXISTS {BARE_TABLE}")
        db.execute(f"CREATE TABLE {BARE_TABLE} (LIKE mark INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        for statement in partitions.INDEXES["mark"]:
            db.execute(statement.format(name=BARE_TABLE))
        db.execute(f"GRANT SELECT, INSERT ON {BARE_TABLE} TO linli_web")


if __name__ == "__main__":
    sys.exit("run python -m bench --only api_single_rps,api_batch_vs_bare")
