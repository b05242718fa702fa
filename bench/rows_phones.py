"""The morning after: thousands of phones find their signal again, with a day's work each.

Every phone has a post, a session and its own key; what it queued is sealed and cut into batches as the app does it,
before the clock starts. Meanwhile somebody reads pages of the desk. Then the same rows go to a bare endpoint.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
from django.conf import settings
from django.core.management import call_command

from bench import crowd, phones
from bench.city import FULL, City
from bench.phones import Phone, Prepared
from bench.report import Row, get_percentile, measures, row
from bench.rows_api import BARE_TABLE, make_bare_table, own_round, serving
from bench.rows_desk import sign_in
from linli.core import arrays, clock, db
from linli.places.terms import FOREVER, Kind
from linli.rounds.queries import RoundView

PHONES = 7_000
COMMANDS = 200
DESK_GOAL_MS = 500
PAUSE_SECONDS = 0.4  # between two pages of the desk's reader
LIMIT_PHONES = (
    "processor time: PostgreSQL, two granian workers and the phones themselves share two cores; a mark leaves a fact"
    " and a state, its unit is counted again, and its box is opened and its time judged in Python. In runs of"
    " 3,000 phones, two batches at a time in each of two processes and pages before them, the processors had nothing"
    " to do for a fifth of the time; with three it was a seventh, but each batch cost a tenth more and fewer came"
    " through. How fast the machine itself is that day makes a fifth of a difference"
)
LIMIT_BARE = (
    "two writes against one (a mark also sets a state, which is looked up first), and what a phone's work asks for"
    " besides: the session and its posts of a week, a box and an answer for each command, a transaction for a hundred"
)


@dataclass
class Desk:
    """Somebody at the command centre who reads one page after the other while the block runs."""

    times_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def reading(self, port: int, pages: Sequence[str]) -> Iterator[None]:
        stopping = threading.Event()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            sign_in(client)
            for page in pages:
                client.get(page)  # fills what is filled once
            reader = threading.Thread(target=self._read, args=(client, pages, stopping))
            reader.start()
            try:
                yield
            finally:
                stopping.set()
                reader.join()

    def _read(self, client: httpx.Client, pages: Sequence[str], stopping: threading.Event) -> None:
        number = 0
        while not stopping.wait(PAUSE_SECONDS):
            page = pages[number % len(pages)]
            number += 1
            started = time.perf_counter()
            try:
                status = client.get(page).status_code
            except httpx.HTTPError as error:
                self.failures.append(f"{page}: {error!r}")
                continue
            self.times_ms.append((time.perf_counter() - started) * 1000)
            if status != 200:
                self.failures.append(f"{page}: {status}")


def _draw_phones(city: City, round_: RoundView) -> list[Phone]:
    """Grid workers' phones, evenly over the city: each for 200 people on end within one grid, where there are as many;
    a grid with too few for another phone goes without it."""
    wanted = max(1, PHONES * city.people // FULL)
    with db.owner():
        keys, people = arrays.read_arrays(
            "SELECT array_agg(key ORDER BY key, subject_id), array_agg(subject_id ORDER BY key, subject_id)"
            " FROM round_state WHERE part = %s AND round_id = %s",
            [8, 8], [round_.part, round_.id],
        )  # fmt: skip
        spans = db.rows(
            "SELECT place_id, lo, hi FROM place_span WHERE kind = %s AND until = %s ORDER BY place_id, lo",
            [Kind.GRID.value, FOREVER],
        )
    held: dict[int, list[int]] = {}
    for place, lo, hi in spans:
        first, last = np.searchsorted(keys, [lo, hi]).tolist()
        held.setdefault(place, []).extend(people[first:last].tolist())
    found = [
        Phone(place, phones.SEAT + start // COMMANDS, mine[start : start + COMMANDS])
        for place, mine in held.items()
        for start in range(0, len(mine) - COMMANDS + 1, COMMANDS)
    ]
    if len(found) < wanted:
        raise RuntimeError(f"the grids have room for {len(found)} phones alone")
    return [found[index] for index in np.linspace(0, len(found) - 1, wanted).astype(int).tolist()]


def _list_pages(city: City, round_: RoundView) -> list[str]:
    """What a command centre looks at while work comes in: the round, a community's gaps, a building, a place."""
    communities = [place.code for place, _ in city.sample(Kind.COMMUNITY, 12)]
    buildings = [place.code for place, _ in city.sample(Kind.BUILDING, 12)]
    pages = []
    for community, building in zip(communities, buildings, strict=True):
        pages += [
            "/", f"/rounds/{round_.code}/", f"/rounds/{round_.code}/?place={community}",
            f"/rounds/{round_.code}/gaps/?place={community}", f"/rounds/{round_.code}/building/{building}/",
            f"/places/{community}/",
        ]  # fmt: skip
    return pages


def _check(round_: RoundView, work: Prepared, total: int) -> None:
    """Every command sent is on record once: one mark, of the person it named, and nothing besides. The tallies say what
    the states say."""
    with db.owner(), db.atomic():
        db.execute("CREATE TEMPORARY TABLE bench_sent (id uuid, person bigint) ON COMMIT DROP")
        with db.cursor() as cursor, cursor.copy("COPY bench_sent FROM STDIN") as sink:
            for path in work.sent:
                sink.write(path.read_bytes())
        db.execute("ANALYZE bench_sent")
        found = db.rows(
            """SELECT (SELECT count(DISTINCT id) FROM bench_sent),
                 (SELECT count(*) FROM bench_sent s JOIN mark m ON m.client_id = s.id AND m.subject_id = s.person
                  WHERE m.part = %(part)s AND m.round_id = %(round)s),
                 (SELECT count(*) FROM mark WHERE round_id = %(round)s),
                 (SELECT count(*) FROM bench_sent s JOIN round_state t ON t.client_id = s.id AND t.subject_id = s.person
                  WHERE t.part = %(part)s AND t.round_id = %(round)s)""",
            {"round": round_.id, "part": round_.part},
        )[0]
        names = ("ids", "marks of them", "marks", "states by them")
        if any(count != total for count in found):
            raise RuntimeError(f"of {total:,} commands: {dict(zip(names, found, strict=True))}")
        tallied, closed = (
            db.scalar(sql, {"round": round_.id})
            for sql in (
                "SELECT sum(done) FROM round_tally WHERE round_id = %(round)s",
                "SELECT count(*) FROM round_state WHERE round_id = %(round)s AND state = 10",
            )
        )
        if tallied != closed:
            raise RuntimeError(f"the tallies say {tallied} done, the states {closed}")


def _expect_clean(outcome: crowd.Outcome, total: int) -> None:
    if outcome.failed or outcome.commands != total:
        raise RuntimeError(
            f"{outcome.failed} of {outcome.requests} answers were wrong, {outcome.commands:,} of {total:,} commands"
            f" settled: {outcome.first_failure}"
        )


@measures("phones_min", "phones_vs_bare")
def measure_phones(city: City) -> Iterator[Row]:
    call_command("collectstatic", interactive=False, verbosity=0)
    folder = Path(settings.LINLI_HOME) / "bench-phones"
    at = clock.now()
    try:
        with own_round(city, opened=at - timedelta(hours=8)) as (round_, _):
            drawn = _draw_phones(city, round_)
            total = sum(len(one.subjects) for one in drawn)
            started = time.perf_counter()
            work = phones.prepare(drawn, round_code=round_.code, opened=at - timedelta(hours=8), folder=folder)
            sealing = time.perf_counter() - started
            pages = _list_pages(city, round_)
            with phones.signed_in(drawn, at):
                ours, desk = _send(pages, "linli.site.wsgi:application", work.sealed, _count_settled)
                _expect_clean(ours, total)
                _check(round_, work, total)
            bare = _send_bare(work, pages, total)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _tidy()
    yield from _describe(ours, desk, bare, len(drawn), total, sealing)


def _count_settled(answer: bytes) -> int:
    return answer.count(b'"result":"accepted"') + answer.count(b'"result":"known"')


def _count_inserted(answer: bytes) -> int:
    return int(answer.rsplit(b":", 1)[1].rstrip(b"}"))


def _send(
    pages: list[str], application: str, which: list[tuple[Path, phones.Cuts]], count: crowd.Count
) -> tuple[crowd.Outcome, Desk]:
    desk = Desk()
    with db.owner():
        db.execute("CHECKPOINT")
    with serving(application) as port:
        outcome = crowd.run(port, which, count=count, beside=desk.reading(port, pages))
    if not desk.times_ms:
        raise RuntimeError(f"no page of the desk was read: {desk.failures[:1]}")
    return outcome, desk


def _send_bare(work: Prepared, pages: list[str], total: int) -> crowd.Outcome:
    """The same rows in the clear to a view that inserts them; the desk's pages meanwhile too."""
    make_bare_table()
    try:
        outcome, _ = _send(pages, "bench.bare:application", work.clear, _count_inserted)
        with db.owner():
            stored = db.scalar(f"SELECT count(*) FROM {BARE_TABLE}")
    finally:
        with db.owner():
            db.execute(f"DROP TABLE {BARE_TABLE}")
    _expect_clean(outcome, total)
    if stored != total:
        raise RuntimeError(f"the bare table has {stored:,} rows of {total:,}")
    return outcome


def _tidy() -> None:
    """What autovacuum would do within minutes, of the tables that outlive the round."""
    with db.owner():
        for table in ("account", "appointment", "field_session", "django_session", "account_session"):
            db.execute(f"VACUUM ANALYZE {table}")


def _describe(
    ours: crowd.Outcome, desk: Desk, bare: crowd.Outcome, count: int, total: int, sealing: float
) -> Iterator[Row]:
    p95 = get_percentile(desk.times_ms)
    pages = f"{p95:,.0f} ms p95, {max(desk.times_ms):,.0f} ms at most ({len(desk.times_ms)} pages)"
    if desk.failures:
        pages += f", {len(desk.failures)} pages failed ({desk.failures[0]})"
    taken = ours.requests - ours.told_to_wait
    found = row(
        "phones_min",
        ours.seconds / 60,
        ours=f"{count:,} phones, {total:,} commands in {taken:,} batches, compressed: {ours.seconds:.0f} s"
        f" ({total / ours.seconds:,.0f}/s), {get_percentile(ours.latencies_ms):,.0f} ms p95 a batch; desk pages"
        f" {pages}; told to wait (503) {ours.told_to_wait:,} times, {ours.again:,} batches sent again, no other error;"
        " each on record exactly once",
        against=f"{sealing:.0f} s",
        against_what="sealing all of it beforehand, not counted",
        limit=f"{LIMIT_PHONES}; the phones come within {crowd.find_arrival_seconds(count):.0f} s, at most"
        f" {crowd.AT_ONCE} send at once, and they take {ours.client_seconds:.0f} s of processor time",
    )
    yield replace(found, holds=found.holds and p95 <= DESK_GOAL_MS and not desk.failures)
    yield row(
        "phones_vs_bare",
        bare.seconds / ours.seconds,
        ours=f"{total / ours.seconds:,.0f} commands/s",
        against=f"{total / bare.seconds:,.0f} rows/s",
        against_what="the same server, phones and pages of the desk meanwhile: the same commands in the clear, in"
        f" {bare.requests:,} bodies of at most 20 kB of plain JSON each, as a client without a phone's protocol would"
        " send them, read as JSON and inserted by one INSERT ... SELECT unnest() a batch into a table like `mark` with"
        " its indexes; nobody is asked who they are, nothing is opened, no states or tallies",
        limit=LIMIT_BARE,
    )
