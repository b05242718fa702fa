"""Who answers for a door: the chain over random doors of the city, with everybody of the five levels on their posts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from bench.city import SEED, City
from bench.report import Row, get_percentile, measures, quiet, row
from linli.core import access, db
from linli.duty import queries
from linli.places.terms import Kind

SAMPLES = 400
WARM_UP = 40
PAGES = 60
PAGE = 50  # stairwells of one page of a gap list
MARK = "bench-chain"

# One account a lead's post of the city, and two information officers a unit, as a sheet would leave them.
_ACCOUNTS = """
    INSERT INTO account (username, name, password, is_active, language, large_type, created_at)
    SELECT %(mark)s || '-' || n, '责任人' || n, '!', true, '', false, %(at)s FROM generate_series(1, %(count)s) AS n
"""
_POSTS = """
    WITH post AS (
        SELECT p.id, CASE p.kind WHEN 90 THEN 'unit_lead' WHEN 80 THEN 'building_lead' ELSE 'grid_lead' END AS role,
               row_number() OVER (ORDER BY p.id) AS n
        FROM place p WHERE p.kind IN (61, 80, 90) AND p.ended_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM appointment a WHERE a.place_id = p.id AND a.until IS NULL
            AND a.role IN ('unit_lead', 'building_lead', 'grid_lead'))
    ), one AS (
        SELECT c.id, row_number() OVER (ORDER BY c.id) AS n FROM account c WHERE c.username LIKE %(mark)s || '-%%'
    )
    INSERT INTO appointment (account_id, role, place_id, seat, is_deputy, officer_kind, since, created_at, created_by)
    SELECT one.id, post.role, post.id, 1, false, '', %(at)s, %(at)s, 0 FROM post JOIN one USING (n)
    UNION ALL
    SELECT one.id, 'information_officer', p.id, 8 + k, false, 'community', %(at)s, %(at)s, 0
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM place WHERE kind = 90 AND ended_at IS NULL) AS p
    CROSS JOIN generate_series(1, 2) AS k JOIN one ON one.n = (p.n * 2 + k) %% %(count)s + 1
"""


def _fill(at: datetime) -> int:
    """Everybody on their posts, once; returns how many appointments are in force."""
    with db.owner(), db.atomic():
        if not db.scalar("SELECT EXISTS (SELECT 1 FROM account WHERE username = %s)", [f"{MARK}-1"]):
            count = db.scalar("SELECT count(*) FROM place WHERE kind IN (61, 80, 90) AND ended_at IS NULL")
            db.execute(_ACCOUNTS, {"mark": MARK, "at": at, "count": count})
            db.execute(_POSTS, {"mark": MARK, "at": at, "count": count})
            db.execute("ANALYZE account")
            db.execute("ANALYZE appointment")
        return int(db.scalar("SELECT count(*) FROM appointment WHERE until IS NULL"))


def _ask(city: City, doors: Sequence[int]) -> tuple[list[float], int]:
    """Milliseconds for each of the doors after the first few, and how many people they name."""
    times, named = [], 0
    for number, key in enumerate(doors):
        with access.acting(city.actor):
            started = time.perf_counter()
            chain = queries.find_chain(key, city.at)
            spent = (time.perf_counter() - started) * 1000
        if number >= WARM_UP:
            times.append(spent)
            named += sum(len(level.holders) for level in chain.levels)
    return times, named


@measures("chain_ms", "chain_page_ms")
def measure_chain(city: City) -> Iterator[Row]:
    posts = _fill(city.at)
    rng = np.random.default_rng(SEED)
    with db.owner():
        keys = [key for (key,) in db.rows("SELECT key FROM door ORDER BY key")]
    doors = [keys[index] for index in rng.integers(0, len(keys), SAMPLES + WARM_UP).tolist()]
    with quiet():
        first, _ = _ask(city, doors)
        times, named = _ask(city, doors)
    yield row(
        "chain_ms",
        get_percentile(times),
        ours=f"median {statistics.median(times):.2f} ms, max {max(times):.1f} ms over {SAMPLES} random doors;"
        f" {posts:,} appointments in force, {named / SAMPLES:.1f} people named a door; p95"
        f" {get_percentile(first):.1f} ms while the server, just started, reads each page for the first time",
        limit="twelve steps down two indexes and the names of those found, one statement in one round trip",
    )
    with db.owner():
        units = [lo for (lo,) in db.rows("SELECT lo FROM place WHERE kind = %s ORDER BY lo", [Kind.UNIT.value])]
    starts = rng.integers(0, len(units) - PAGE, PAGES + 2).tolist()
    pages = [units[start : start + PAGE] for start in starts]  # one after the other, as a gap list walks them
    spent_on = []
    for page in pages:
        with access.acting(city.actor):
            started = time.perf_counter()
            queries.find_answering(page, city.at)
            spent_on.append((time.perf_counter() - started) * 1000)
    yield row(
        "chain_page_ms",
        get_percentile(spent_on[2:]),
        ours=f"median {statistics.median(spent_on[2:]):.1f} ms for {PAGE} stairwells in one statement",
        limit="the same steps for every stairwell, and reading some hundred rows",
    )
