"""Gap lists, roll-ups and the price of row-level security, on the city's round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from bench.city import City
from bench.report import Row, get_percentile, measures, quiet, row
from linli.core import access, db
from linli.core.extents import Extent
from linli.places.terms import FOREVER, Kind
from linli.rounds import gaps, queries, rollups
from linli.rounds.terms import Figures

SAMPLES = 300
LIMIT_UNIT = (
    "two round trips (begin, extent and list in one; commit) between two processes that wake each other, 1 ms of"
    " processor time on both sides together"
)
LIMIT_COMMUNITY = (
    "everybody in a unit with a gap is read and held against the wall, ten for each one shown, then door and person of"
    " each one shown, some 8 µs; warm, the slowest twentieth takes 9 ms of the server and 3 ms here, and first reads of"
    " its pages double that; an index of the open states alone would spare the ten, at the cost of every mark"
)
WARM_UP = 20


def _milliseconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _read_gaps(city: City, extent: Extent, limit: int) -> gaps.GapPage:
    """As a page does it: one transaction of the web role, the extent set, the list read."""
    with access.acting(city.actor):
        held = extent & city.actor.extent_for("rounds.gaps")
        return gaps.list_gaps(round_=city.round, extent=held, at=city.at, limit=limit)


@measures("gap_unit_ms", "gap_compound_ms", "gap_community_ms", "gap_district_page_ms")
def measure_gaps(city: City) -> Iterator[Row]:
    first = _read_for_the_first_time(city)
    limits = "reading states, doors and people of the open ones; the list is whole, not a page"
    for id, kind, limit, why in (
        (
            "gap_unit_ms",
            Kind.UNIT,
            gaps.ALL,
            LIMIT_UNIT,
        ),
        ("gap_compound_ms", Kind.COMPOUND, gaps.ALL, limits),
        ("gap_community_ms", Kind.COMMUNITY, gaps.ALL, LIMIT_COMMUNITY),
        ("gap_district_page_ms", Kind.DISTRICT, gaps.PAGE, "counting the district's tallies; a page is cut along them"),
    ):
        picked = city.sample(kind, SAMPLES)
        times, found = [], 0
        for _, extent in picked[:WARM_UP]:
            _read_gaps(city, extent, limit)
        with quiet():
            for _, extent in picked:
                started = time.perf_counter()
                page = _read_gaps(city, extent, limit)
                times.append((time.perf_counter() - started) * 1000)
                found += page.total
        yield row(
            id,
            get_percentile(times),
            ours=f"median {statistics.median(times):.2f} ms, max {max(times):.1f} ms, {SAMPLES} places of"
            f" {found / len(picked):,.0f} open people on average"
            + (
                f"; p95 {first:.1f} ms while the server, just started, reads each page for the first time"
                * (id == "gap_unit_ms")
            ),
            limit=why,
        )


def _read_for_the_first_time(city: City) -> float:
    """p95 of stairwells right after the server's start; then every community once, as a morning's work reads them."""
    times = []
    for _, extent in city.sample(Kind.UNIT, SAMPLES, seed=7):
        started = time.perf_counter()
        _read_gaps(city, extent, gaps.ALL)
        times.append((time.perf_counter() - started) * 1000)
    for _, extent in city.hold(city.list_places(Kind.COMMUNITY)):
        _read_gaps(city, extent, gaps.ALL)
    return get_percentile(times)


# As well as SQL does it: marks are counted to units once, then each unit finds its place of every kind by the index.
_FROM_MARKS = """
    WITH u AS MATERIALIZED (
        SELECT m.key >> 11 << 11 AS lo, count(*) FILTER (WHERE m.kind = 10) AS done,
               count(*) FILTER (WHERE m.kind = 11) AS exempt, count(*) FILTER (WHERE m.kind = 1) AS absent,
               count(*) FILTER (WHERE m.kind = 2) AS refused
        FROM mark m WHERE m.round_id = %(round)s GROUP BY 1
    )
    SELECT s.place_id, sum(u.done), sum(u.exempt), sum(u.absent), sum(u.refused)
    FROM u CROSS JOIN unnest(%(kinds)s::smallint[]) AS k (kind)
    CROSS JOIN LATERAL (
        SELECT x.place_id, x.hi FROM place_span x
        WHERE x.kind = k.kind AND x.lo <= u.lo AND x.until = %(forever)s ORDER BY x.lo DESC LIMIT 1
    ) AS s WHERE u.lo < s.hi GROUP BY s.place_id
"""


@measures("rollup_districts_ms", "rollup_all_ms", "rollup_speedup")
def measure_rollups(city: City) -> Iterator[Row]:
    with db.owner():
        districts = [place.id for place in city.list_places(Kind.DISTRICT)]

    def read_districts() -> dict[int, Figures]:
        with access.acting(city.actor):
            return queries.list_figures_of_places(round_id=city.round.id, place_ids=districts, at=city.at)

    def read_all() -> rollups.RollUp:
        with access.acting(city.actor) as actor:
            return rollups.roll_up_all(round_id=city.round.id, extent=actor.extent_for("rounds.view"), at=city.at)

    read_districts()
    read_all()
    with quiet():
        few = [_milliseconds(read_districts) for _ in range(40)]
        whole = [_milliseconds(read_all) for _ in range(20)]
    figures, everything = read_districts(), read_all()
    yield row(
        "rollup_districts_ms",
        get_percentile(few),
        ours=f"median {statistics.median(few):.1f} ms, {len(districts)} districts",
        limit="114,000 tallies, one row each, through their index, each district added up by itself: 50 to 60 ms of"
        " processor time, of which a third is reading the rows and a quarter finding what is recent",
    )
    yield row(
        "rollup_all_ms",
        get_percentile(whole),
        ours=f"median {statistics.median(whole):.1f} ms, {len(everything.place_ids):,} places",
        limit="fetching 114,000 tallies and 206,000 spans as packed arrays is 130 ms of the server's processor time,"
        " running totals and look-ups in memory some 60 ms",
    )
    slow_few, from_marks = _group_marks(city, [Kind.DISTRICT])
    slow_all, all_marks = _group_marks(city, list(Kind))
    for place_id, counted in figures.items():
        assert (counted.done, counted.exempt, counted.absent, counted.refused) == from_marks[place_id]
    for place_id, line in zip(everything.place_ids.tolist(), everything.figures.tolist(), strict=True):
        assert place_id not in all_marks or tuple(line[1:5]) == all_marks[place_id], place_id
    ratio_few, ratio_all = slow_few / statistics.median(few), slow_all / statistics.median(whole)
    yield row(
        "rollup_speedup",
        min(ratio_few, ratio_all),
        ours=f"districts {statistics.median(few):.1f} ms, all places {statistics.median(whole):.0f} ms",
        against=f"districts {slow_few:,.0f} ms ({ratio_few:.0f} ×), all places {slow_all:,.0f} ms ({ratio_all:.0f} ×)",
        against_what="GROUP BY over the marks, to units first and from there by index to the places; figures equal",
        limit="the lower of the two ratios; the marks are read by two processes at once where the server can",
    )


def _group_marks(city: City, kinds: list[Kind]) -> tuple[float, dict[int, tuple[int, ...]]]:
    """The fastest of three, and the figures."""
    params = {"round": city.round.id, "kinds": [kind.value for kind in kinds], "forever": FOREVER}
    best = float("inf")
    with db.owner():
        for _ in range(3):
            started = time.perf_counter()
            found = db.rows(_FROM_MARKS, params)
            best = min(best, (time.perf_counter() - started) * 1000)
    return best, {row[0]: tuple(int(value) for value in row[1:]) for row in found}


def _time_both(city: City, extent: Extent) -> tuple[float, float]:
    """Milliseconds of one list behind the wall, and of the same without."""
    started = time.perf_counter()
    _read_gaps(city, extent, gaps.ALL)
    between = time.perf_counter()
    # In as many round trips as behind the wall: what goes first goes with the list.
    first = "SELECT set_config('linli.extent', %s, true)", [str(city.actor.extent)]
    with db.owner(), db.atomic(), db.sent_first(*first):
        gaps.list_gaps(round_=city.round, extent=extent, at=city.at, limit=gaps.ALL)
    return (between - started) * 1000, (time.perf_counter() - between) * 1000


@measures("rls_cost_pct")
def measure_wall(city: City) -> Iterator[Row]:
    """The same list of the same communities, turn and turn about: behind the wall as the web role, and as the owner."""
    picked = [extent for _, extent in city.sample(Kind.COMMUNITY, 60)]
    behind: list[float] = []
    plain: list[float] = []

    for extent in picked[:10]:
        _time_both(city, extent)
    with quiet():
        for extent in picked:
            pairs = [_time_both(city, extent) for _ in range(7)]
            behind.append(statistics.median(pair[0] for pair in pairs))
            plain.append(statistics.median(pair[1] for pair in pairs))
    yield row(
        "rls_cost_pct",
        (sum(behind) / sum(plain) - 1) * 100,
        ours=f"{sum(behind) / len(behind):.2f} ms a list as the web role",
        against=f"{sum(plain) / len(plain):.2f} ms",
        against_what="the same lists as the owner of the tables, who stands before no wall",
        limit="one containment check a row of states and people",
    )
