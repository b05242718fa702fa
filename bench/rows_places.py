"""Searching places and doors as one types, over the whole city."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np

from bench.city import SEED, City
from bench.report import Row, get_percentile, measures, row
from linli.core import access, db
from linli.places import queries
from linli.places.spelling import fold, search_keys

WORDS = 150
WARM_UP = 20


def _pick(city: City) -> list[str]:
    """What people type: beginnings of names, parts, pinyin, initials, doors with and without a compound, codes."""
    with db.owner():
        names = [name for (name,) in db.rows("SELECT DISTINCT name FROM place WHERE kind BETWEEN 20 AND 70 ORDER BY 1")]
        doors = db.rows(
            "SELECT c.name, b.name, u.name, d.number FROM door d JOIN place u ON u.id = d.unit_id"
            " JOIN place b ON b.id = u.parent_id JOIN place c ON c.id = b.parent_id ORDER BY hashint8(d.key) LIMIT %s",
            [WORDS],
        )
    rng = np.random.default_rng(SEED)
    texts: list[str] = []
    for index in rng.integers(0, len(names), WORDS).tolist():
        keys = [key.key for key in search_keys(names[index]) if key.start == 0 and not key.key.startswith("#")]
        texts += [names[index][:3], fold(names[index])[1:4], keys[1][:6], keys[-1], keys[-1][:2]]
    for compound, building, unit, number in doors:
        short = f"{building.removesuffix('号楼')}-{unit.removesuffix('单元')}-{number}"
        texts += [short, f"{compound[:3]} {short}", f"{compound} {building}", building, number]
    return [text for text in texts if text] + ["1501", "150102001", "h", "路", "1单元"]


@measures("search_ms")
def measure_search(city: City) -> Iterator[Row]:
    texts = _pick(city)
    times: dict[str, float] = {}
    for text in texts[:WARM_UP]:
        _search(city, text)
    for text in texts:
        times[text] = _search(city, text)
    slowest = sorted(times, key=lambda text: -times[text])[:3]
    with db.owner():
        places, doors, keys = (db.scalar(f"SELECT count(*) FROM {table}") for table in ("place", "door", "place_key"))
    yield row(
        "search_ms",
        get_percentile(times.values()),
        ours=f"median {statistics.median(times.values()):.1f} ms, {len(times)} searches over {places:,} places and"
        f" {doors:,} doors, {keys:,} keys; slowest: " + ", ".join(f"{text} {times[text]:.0f} ms" for text in slowest),
        limit="one letter, or a door without its compound, has thousands of answers to sort",
    )


def _search(city: City, text: str) -> float:
    """Milliseconds of one search as a page does it: as the web role, in a transaction of its own."""
    started = time.perf_counter()
    with access.acting(city.actor) as actor:
        queries.search(text, actor=actor, at=city.at, limit=8)
    return (time.perf_counter() - started) * 1000
