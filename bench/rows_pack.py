"""The work pack of a phone: what the server takes to make it, and how large it is on its way.

Asked for over HTTP with the token of a phone, as the app does it, one phone after the other.
"""

from __future__ import annotations

import gzip
import random
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson

from bench import phones
from bench.city import City
from bench.phones import Phone
from bench.report import Row, get_percentile, measures, row
from bench.rows_api import own_round, serving
from linli.core import clock, db
from linli.core.extents import Extent
from linli.places import queries as places
from linli.places.terms import FOREVER, Kind, PlaceRef

PEOPLE = 1_500
PLACES = 12
ROUNDS = 5
CHANGES = 100
KB = 1_000
WARM_UP = 3

_NEXT = """
    SELECT s.place_id, sum(c.people)::integer FROM place_span s JOIN unit_count c ON c.lo >= s.lo AND c.lo < s.hi
    WHERE s.kind = ANY(%s) AND s.until = %s GROUP BY 1 HAVING sum(c.people) >= %s ORDER BY 2, 1 LIMIT %s
"""


def _pick(city: City) -> list[tuple[PlaceRef, Extent, int]]:
    """Grids and communities with at least PEOPLE residents, the smallest of them: place, doors, residents."""
    kinds = [Kind.GRID.value, Kind.COMMUNITY.value]
    with db.owner():
        people = dict(db.rows(_NEXT, [kinds, FOREVER, PEOPLE, PLACES]))
        found = places.get_places(people)
    if not people:
        raise RuntimeError(f"the city has no grid and no community of {PEOPLE:,} people")
    return [(place, extent, people[place.id]) for place, extent in city.hold([found[id] for id in people])]


class _Asker:
    """One phone's connection."""

    def __init__(self, client: httpx.Client, phone: Phone) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {phone.token}"}

    def pack(self, cursor: str = "") -> tuple[float, int, dict[str, Any]]:
        """Milliseconds until all of it has come, bytes of its body as sent, and what it says."""
        params = {"cursor": cursor} if cursor else {}
        request = self.client.build_request(
            "GET", "/api/field/pack", params=params, headers={**self.headers, "Accept-Encoding": "gzip"}
        )
        started = time.perf_counter()
        answer = self.client.send(request, stream=True)
        sent = b"".join(answer.iter_raw())
        spent = (time.perf_counter() - started) * 1000
        assert answer.status_code == 200, (answer.status_code, sent[:500])
        body = gzip.decompress(sent) if answer.headers.get("Content-Encoding") == "gzip" else sent
        return spent, len(sent), orjson.loads(body)

    def mark(self, round_code: str, people: list[str]) -> None:
        at = clock.now().isoformat()
        commands = [
            {"id": str(uuid4()), "kind": "rounds.mark", "at": at, "device_seq": number,
             "payload": {"round": round_code, "person": person, "mark": "done"}}
            for number, person in enumerate(people, 1)
        ]  # fmt: skip
        answer = self.client.post("/api/field/sync", json={"commands": commands}, headers=self.headers)
        taken = [one["result"] for one in answer.json()["results"]]
        assert taken == ["accepted"] * len(people), answer.text[:500]


@measures("pack_ms", "pack_kb", "increment_ms")
def measure_packs(city: City) -> Iterator[Row]:
    picked = _pick(city)
    drawn = [Phone(place.id, phones.SEAT) for place, _, _ in picked]
    people = [count for _, _, count in picked]
    told = f"{len(drawn)} phones of {min(people):,} to {max(people):,} people"
    scope = Extent()
    for _, extent, _ in picked:
        scope |= extent
    with (
        phones.signed_in(drawn, clock.now()),
        serving("linli.site.wsgi:application") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        askers = [_Asker(client, phone) for phone in drawn]
        yield from _measure_whole(askers, told)
        with own_round(city, opened=clock.now() - timedelta(minutes=1), scope=scope) as (round_, _):
            yield _measure_increments(round_.code, askers, told)


def _measure_whole(askers: list[_Asker], told: str) -> Iterator[Row]:
    for asker in askers[:WARM_UP]:
        asker.pack()
    found = [asker.pack() for _ in range(ROUNDS) for asker in askers]
    times, sizes = [one[0] for one in found], [one[1] for one in found]
    last = found[0][2]["sections"]
    rows = ", ".join(f"{len(section['put']):,} {name}" for name, section in last.items() if section["put"])
    yield row(
        "pack_ms",
        get_percentile(times),
        ours=f"median {statistics.median(times):.0f} ms, max {max(times):.0f} ms, {len(times)} packs, {told}: {rows}",
        limit="reading each section by the doors' keys, opening phone numbers one by one, JSON and gzip; over HTTP, as"
        " the web role",
    )
    yield row(
        "pack_kb",
        max(sizes) / KB,
        ours=f"median {statistics.median(sizes) / KB:.0f} kB, {told}",
        limit="names and phone numbers, which hardly compress; gzip, without a head",
    )


def _measure_increments(round_code: str, askers: list[_Asker], told: str) -> Row:
    """After 100 marks of people drawn at random behind the phone's doors, in a second open round: what changed."""
    rng = random.Random(1)
    times, sizes, rows = [], [], []
    for asker in askers:
        _, _, whole = asker.pack()
        cursor = whole["cursor"]
        due = [one["id"] for one in whole["sections"]["due"]["put"] if one["round"] == round_code]
        rng.shuffle(due)
        for _ in range(ROUNDS):
            asker.mark(round_code, [due.pop() for _ in range(CHANGES)])
            spent, size, change = asker.pack(cursor)
            put = change["sections"]["due"]["put"]
            assert not change["full"], "it began anew"
            assert len(put) >= CHANGES, len(put)
            cursor = change["cursor"]
            times.append(spent)
            sizes.append(size)
            rows.append(len(put))
    return row(
        "increment_ms",
        get_percentile(times),
        ours=f"median {statistics.median(times):.1f} ms, max {max(times):.0f} ms, {len(times)} increments of"
        f" {statistics.median(rows):.0f} rows in {statistics.median(sizes) / KB:.0f} kB, {told}",
        limit="every section is asked what was written since; a unit whose tally changed is sent whole",
    )
