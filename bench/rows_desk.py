"""Pages of the desk over HTTP, with the city loaded: granian as `linli run` starts it, one visitor after another."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from bench.city import PASSWORD, ROUND_CODE, City
from bench.homes import find_port
from bench.report import REPOSITORY, Row, get_percentile, measures, row
from linli.core import db
from linli.places.terms import Kind
from linli.site.supervise import web_command

EACH = 15
PATIENCE = 60


@measures("desk_ms")
def measure_desk(city: City) -> Iterator[Row]:
    pages = _list_pages(city)
    call_command("collectstatic", interactive=False, verbosity=0)
    port = find_port()
    environment = {**os.environ, "LINLI_HOME": str(settings.LINLI_HOME)}
    server = subprocess.Popen(web_command("127.0.0.1", port), env=environment, cwd=REPOSITORY)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            sign_in(client)
            times = {name: _time(client, addresses) for name, addresses in pages.items()}
    finally:
        server.terminate()
        server.wait(timeout=30)
    slowest = max(times, key=lambda name: get_percentile(times[name]))
    each = ", ".join(f"{name} {get_percentile(found):.0f}" for name, found in times.items())
    everything = [one for found in times.values() for one in found]
    yield row(
        "desk_ms",
        get_percentile(everything),
        ours=f"median {statistics.median(everything):.0f} ms over {len(everything)} pages; p95 of each: {each} ms",
        against_what="",
        limit=f"the slowest is {slowest}; whole pages over HTTP through granian, as the web role, without a browser;"
        " processor time, not waiting: home, boards and rounds of the whole city pass once over 114,000 tallies (50 to"
        " 70 ms), a list of a hundred names is rendered in 50 ms",
    )


def _list_pages(city: City) -> dict[str, list[str]]:
    """Addresses by kind of page; the whole city's command centre looks at random places."""
    sampled = {
        kind: [place for place, _ in city.sample(kind, EACH)]
        for kind in (Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY, Kind.COMPOUND, Kind.BUILDING)
    }
    with db.owner():
        people = db.rows("SELECT id, household_id, name FROM person WHERE id %% 9973 = 7 LIMIT %s", [EACH])
    names = [kind.name.lower() for kind in sampled]
    pages = {"home": ["/"] * EACH, "rounds": ["/rounds/"] * EACH, "places": ["/places/"] * EACH}
    for name, (_, found) in zip(names, sampled.items(), strict=True):
        pages[f"place ({name})"] = [f"/places/{place.code}/" for place in found]
    pages["board"] = [f"/rounds/{ROUND_CODE}/"] * EACH
    for kind in (Kind.DISTRICT, Kind.COMMUNITY):
        name = kind.name.lower()
        pages[f"board ({name})"] = [f"/rounds/{ROUND_CODE}/?place={place.code}" for place in sampled[kind]]
        pages[f"gaps ({name})"] = [f"/rounds/{ROUND_CODE}/gaps/?place={place.code}" for place in sampled[kind]]
    pages["building"] = [f"/rounds/{ROUND_CODE}/building/{place.code}/" for place in sampled[Kind.BUILDING]]
    pages["person"] = [reverse("residents:person", args=[person]) for person, _, _ in people]
    pages["household"] = [reverse("residents:household", args=[household]) for _, household, _ in people]
    pages["search"] = [f"{reverse('residents:search')}?q={quote(name)}" for _, _, name in people]
    pages["accounts"] = ["/duty/accounts/"] * EACH
    pages["journal"] = ["/journal/"] * EACH
    return pages


def sign_in(client: httpx.Client) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            client.get("/sign-in/")
            break
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    answer = client.post(
        "/sign-in/",
        data={"username": "command", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]},
        headers={"Referer": str(client.base_url)},
    )
    assert answer.status_code == 302, answer.status_code


def _time(client: httpx.Client, addresses: list[str]) -> list[float]:
    """Milliseconds of each; the first is fetched once more beforehand, to fill what is filled once."""
    client.get(addresses[0])
    found = []
    for address in addresses:
        started = time.perf_counter()
        answer = client.get(address)
        found.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (address, answer.status_code)
    return found
