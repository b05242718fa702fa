"""More callers at once than the server has time for: what do those who are served wait, what are the others told?

    python -m bench.flood --port 8123 --seconds 20 16 165 500 1000

Asks a server that is running on this machine, with LINLI_HOME (or DATABASE_URL) as it has them. Every caller is
somebody of his own - a session, or a token of the API - with one request under way on one connection, without a pause.
Whoever is refused comes again when the answer says so, or at once with --rude. Prints a line for each number of them.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import secrets
import selectors
import socket
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bench.crowd import find_wait
from bench.load import is_whole
from bench.report import get_percentile

SPREAD_SECONDS = 1.0  # beyond the time that an answer gives
PATIENCE_SECONDS = 60.0  # for the last answers
SHARE_OF_PAGES = 0.7


@dataclass
class Outcome:
    """Of one flood. `served`, `refused`: milliseconds of each answer; `broken`: connections that ended early."""

    seconds: float = 0.0
    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    client_seconds: float = 0.0


@dataclass
class _Caller:
    requests: Sequence[bytes]
    next: int = 0
    link: socket.socket | None = None
    answer: bytes = b""
    sent_at: float = 0.0
    is_waiting: bool = False


class Flood:
    """So many callers, for so many seconds."""

    def __init__(self, port: int, callers: Sequence[Sequence[bytes]], *, seconds: float, is_rude: bool) -> None:
        self.port, self.seconds, self.is_rude = port, seconds, is_rude
        self.outcome, self.selector, self.rng = Outcome(), selectors.DefaultSelector(), random.Random(1)
        self.callers = [_Caller(requests) for requests in callers]
        self.due: list[tuple[float, int]] = [(0.0, number) for number in range(len(callers))]
        self.under_way = 0

    def run(self) -> Outcome:
        started, cpu = time.perf_counter(), time.process_time()
        end = started + self.seconds
        while self.under_way or (self.due and time.perf_counter() < end):
            now = time.perf_counter()
            if now > end + PATIENCE_SECONDS:
                self.outcome.broken["no answer"] += self.under_way
                break
            while now < end and self.due and self.due[0][0] <= now:
                self._ask(heapq.heappop(self.due)[1])
            pause = self.due[0][0] - now if self.due and now < end else 0.2
            for key, _ in self.selector.select(max(0.0, min(0.2, pause))):
                self._hear(key.data)
        self.outcome.seconds = time.perf_counter() - started
        self.outcome.client_seconds = time.process_time() - cpu
        return self.outcome

    def _ask(self, number: int) -> None:
        caller = self.callers[number]
        try:
            if caller.link is None:
                caller.link = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                caller.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(caller.link, selectors.EVENT_READ, number)
            caller.answer, caller.sent_at = b"", time.perf_counter()
            caller.link.sendall(caller.requests[caller.next % len(caller.requests)])
            self.under_way += 1
            caller.is_waiting = True
        except OSError as error:
            self._break(number, f"asking: {type(error).__name__}")

    def _break(self, number: int, why: str) -> None:
        caller = self.callers[number]
        self.outcome.broken[why] += 1
        caller.is_waiting = False
        if caller.link is not None:
            self.selector.unregister(caller.link)
            caller.link.close()
            caller.link = None
        heapq.heappush(self.due, (time.perf_counter() + SPREAD_SECONDS, number))

    def _hear(self, number: int) -> None:
        caller = self.callers[number]
        assert caller.link is not None
        try:
            piece = caller.link.recv(1 << 18)
        except OSError as error:
            self.under_way -= caller.is_waiting
            self._break(number, f"hearing: {type(error).__name__}")
            return
        if not caller.is_waiting:  # the server ends a connection on which nothing was asked for a while
            self.selector.unregister(caller.link)
            caller.link.close()
            caller.link = None
            return
        caller.answer += piece
        if not piece:
            self.under_way -= 1
            self._break(number, f"closed after {len(caller.answer)} bytes")
            return
        if is_whole(caller.answer):
            self.under_way -= 1
            self._settle(number, caller)

    def _settle(self, number: int, caller: _Caller) -> None:
        caller.is_waiting = False
        now = time.perf_counter()
        took = (now - caller.sent_at) * 1000
        status, wait = caller.answer[9:12].decode(), find_wait(caller.answer)
        self.outcome.statuses[status] += 1
        if status != "503":
            self.outcome.served.append(took)
            caller.next += 1
            wait = 0.0
        else:
            self.outcome.refused.append(took)
            self.outcome.told.append(wait if wait is not None else -1.0)
            wait = 0.0 if self.is_rude else (wait or 1.0) + self.rng.random() * SPREAD_SECONDS
        heapq.heappush(self.due, (now + wait, number))


def describe(number: int, outcome: Outcome) -> str:
    served, refused = outcome.served, outcome.refused
    words = [
        f"{number:>5} callers {outcome.seconds:5.1f} s: served {len(served):>5} ({len(served) / outcome.seconds:.0f}/s)"
    ]
    if served:
        words.append(
            f"median {statistics.median(served):,.0f} p95 {get_percentile(served):,.0f} max {max(served):,.0f} ms"
        )
    if refused:
        words.append(
            f"refused {len(refused)} (median {statistics.median(refused):,.0f} p95 {get_percentile(refused):,.0f}"
            f" max {max(refused):,.0f} ms; told {min(outcome.told):.0f} to {max(outcome.told):.0f} s,"
            f" median {statistics.median(outcome.told):.0f})"
        )
    words.append(f"statuses {dict(outcome.statuses)}")
    if outcome.broken:
        words.append(f"broken {dict(outcome.broken)}")
    return "; ".join([*words, f"client {outcome.client_seconds:.1f} s of processor time"])


def make_callers(count: int, rng: random.Random) -> list[list[bytes]]:
    """Requests of `count` people, each signed in by himself: most read pages, the others are programs."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from linli.core import clock, db
    from linli.core.models import Account, ApiToken
    from linli.duty.authority import digest_token

    at = clock.now()
    with db.owner():
        account = Account.objects.get(username="command")
        pages, operations = list_addresses()
        callers = []
        for _ in range(count):
            if rng.random() < SHARE_OF_PAGES:
                session = SessionStore()
                session[SESSION_KEY] = str(account.pk)
                session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
                session[HASH_SESSION_KEY] = account.get_session_auth_hash()
                session.create()
                head, addresses = f"Cookie: {settings.SESSION_COOKIE_NAME}={session.session_key}", pages
            else:
                token = f"linli_{secrets.token_hex(16)}"
                ApiToken.objects.create(
                    account=account, name=f"flood {os.getpid()}", digest=digest_token(token),
                    scopes=["rounds.view", "places.view"], created_at=at, expires_at=at + timedelta(days=1),
                )  # fmt: skip
                head, addresses = f"Authorization: Bearer {token}", operations
            callers.append([_request(address, head) for address in rng.sample(addresses, len(addresses))])
    return callers


def list_addresses() -> tuple[list[str], list[str]]:
    """Of pages that a command centre reads, and of operations of the API."""
    from linli.core import db
    from linli.places.terms import FOREVER, Kind

    code = db.scalar("SELECT code FROM round WHERE closed_at IS NULL ORDER BY id LIMIT 1")
    places = [
        place for (place,) in db.rows(
            "SELECT p.code FROM place p JOIN place_span s ON s.place_id = p.id"
            " WHERE s.kind = %s AND s.until = %s LIMIT 6",
            [Kind.COMMUNITY.value, FOREVER],
        )
    ]  # fmt: skip
    pages = ["/", "/rounds/", f"/rounds/{code}/", "/places/", "/residents/", "/journal/"]
    pages += [f"/rounds/{code}/gaps/?place={place}" for place in places] + [f"/places/{place}/" for place in places]
    operations = ["/api/rounds", f"/api/rounds/{code}", *(f"/api/places/{place}" for place in places)]
    return pages, operations


def _request(address: str, head: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n{head}\r\n\r\n".encode()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--rude", action="store_true")
    asked.add_argument("callers", type=int, nargs="+")
    given = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    import django

    django.setup()
    from linli.core import db
    from linli.core.models import ApiToken

    try:
        people = make_callers(max(given.callers), random.Random(1))
        for number in given.callers:
            flood = Flood(given.port, people[:number], seconds=given.seconds, is_rude=given.rude)
            print(describe(number, flood.run()), flush=True)
    finally:
        with db.owner():
            ApiToken.objects.filter(name=f"flood {os.getpid()}").delete()


if __name__ == "__main__":
    main()
