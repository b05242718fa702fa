"""Phones that reconnect: each holds a connection, sends one batch after the other, and does as an answer tells it.

Like `bench.load` a process of its own that costs little; the requests lie in files, made beforehand.
"""

from __future__ import annotations

import heapq
import mmap
import multiprocessing
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import load
from bench.phones import Cuts

AT_ONCE = 256  # connections; further phones stand in line, as they would for a cell of the network
ARRIVE_SECONDS = 15.0  # within these 7,000 phones find their signal again; fewer within as much less
ARRIVING = 7_000
WAIT_SECONDS = 2.0  # where the answer gives no time, as the app waits
SPREAD_SECONDS = 1.0  # beyond the time that an answer gives, as the app comes (linli/field/app/src/work/pace.ts)
PATIENCE = 900.0
MOST_FAILED = 500
Count = Callable[[bytes], int]


@dataclass
class Outcome:
    """What a crowd's sending came to. `told_to_wait`: answers 503 with Retry-After; `again`: batches sent again because
    commands in them were refused for the time being; `failed`: any other answer, and connections that broke."""

    commands: int = 0
    requests: int = 0
    seconds: float = 0.0
    client_seconds: float = 0.0
    told_to_wait: int = 0
    again: int = 0
    failed: int = 0
    first_failure: str = ""
    latencies_ms: list[float] = field(default_factory=list)


@dataclass
class _Phone:
    source: Any
    cuts: Cuts
    next: int = 0
    link: socket.socket | None = None
    answer: bytes = b""
    sent_at: float = 0.0


def run(port: int, work: Sequence[tuple[Path, Cuts]], *, count: Count, beside: AbstractContextManager[None]) -> Outcome:
    """Let all phones send their batches, while `beside` holds. `count`: how many commands an answer settles."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(theirs, port, work, count))
    child.start()  # before `beside` starts threads
    theirs.close()
    with beside:
        ours.send("go")
        outcome: Outcome = ours.recv()
    child.join()
    return outcome


def _child(pipe: Any, port: int, work: Sequence[tuple[Path, Cuts]], count: Count) -> None:
    pipe.recv()
    pipe.send(_Crowd(port, work, count).drive())


class _Crowd:
    def __init__(self, port: int, work: Sequence[tuple[Path, Cuts]], count: Count) -> None:
        self.port, self.count = port, count
        self.outcome = Outcome()
        self.selector = selectors.DefaultSelector()
        files = {path: path.open("rb") for path in {path for path, _ in work}}
        maps = {path: mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for path, file in files.items()}
        self.left = len(work)
        self.open = 0
        self.line: deque[_Phone] = deque()
        self.started = time.perf_counter()
        self.rng = random.Random(1)
        self.due = [
            (self.started + self.rng.random() * find_arrival_seconds(len(work)), number, _Phone(maps[path], cuts))
            for number, (path, cuts) in enumerate(work)
        ]
        self.number = len(work)
        heapq.heapify(self.due)

    def drive(self) -> Outcome:
        cpu = time.process_time()
        while self.left:
            now = time.perf_counter()
            if now - self.started > PATIENCE or self.outcome.failed > MOST_FAILED:
                self._fail(f"given up with {self.left} phones not served")
                break
            while self.due and self.due[0][0] <= now:
                self.line.append(heapq.heappop(self.due)[2])
            while self.line and self.open < AT_ONCE:
                self._connect(self.line.popleft())
            pause = max(0.0, self.due[0][0] - now) if self.due else 1.0
            for key, _ in self.selector.select(min(1.0, pause)):
                self._hear(key.data)
        self.outcome.seconds = time.perf_counter() - self.started
        self.outcome.client_seconds = time.process_time() - cpu
        return self.outcome

    def _connect(self, phone: _Phone) -> None:
        try:
            phone.link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        except OSError as error:
            self._fail(f"connecting: {error}")
            self._later(phone, WAIT_SECONDS)
            return
        phone.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open += 1
        self.selector.register(phone.link, selectors.EVENT_READ, phone)
        self._send(phone)

    def _send(self, phone: _Phone) -> None:
        assert phone.link is not None
        start, length, _ = phone.cuts[phone.next]
        phone.answer, phone.sent_at = b"", time.perf_counter()
        try:
            phone.link.sendall(memoryview(phone.source)[start : start + length])
        except OSError as error:
            self._fail(f"sending: {error}")
            self._hang_up(phone, WAIT_SECONDS)

    def _hear(self, phone: _Phone) -> None:
        assert phone.link is not None
        try:
            piece = phone.link.recv(1 << 18)
        except OSError as error:
            self._fail(f"hearing: {error}")
            self._hang_up(phone, WAIT_SECONDS)
            return
        phone.answer += piece
        if not piece:
            self._fail(f"the connection was closed before a whole answer: {phone.answer[:500]!r}")
            self._hang_up(phone, WAIT_SECONDS)
        elif load.is_whole(phone.answer):
            self.outcome.requests += 1
            self.outcome.latencies_ms.append((time.perf_counter() - phone.sent_at) * 1000)
            self._settle(phone, phone.answer)

    def _settle(self, phone: _Phone, answer: bytes) -> None:
        count = phone.cuts[phone.next][2]
        wait = find_wait(answer)
        if answer.startswith(b"HTTP/1.1 503") and wait is not None:
            self.outcome.told_to_wait += 1
            self._hang_up(phone, wait + self.rng.random() * SPREAD_SECONDS)
            return
        settled = self.count(answer) if answer.startswith(b"HTTP/1.1 200") else 0
        if settled == count:
            self.outcome.commands += count
            phone.next += 1
            if phone.next < len(phone.cuts):
                self._send(phone)
            else:
                self._hang_up(phone, None)
            return
        if settled and settled + answer.count(b'"retry":true') == count:
            self.outcome.again += 1
        else:
            self._fail(answer[:2000].decode(errors="replace"))
        self._hang_up(phone, WAIT_SECONDS)

    def _hang_up(self, phone: _Phone, wait: float | None) -> None:
        """Close the connection. `wait`: come again after so many seconds; None: nothing is left to send."""
        assert phone.link is not None
        self.selector.unregister(phone.link)
        phone.link.close()
        phone.link = None
        self.open -= 1
        if wait is None:
            self.left -= 1
        else:
            self._later(phone, wait)

    def _later(self, phone: _Phone, wait: float) -> None:
        self.number += 1
        heapq.heappush(self.due, (time.perf_counter() + wait, self.number, phone))

    def _fail(self, words: str) -> None:
        self.outcome.failed += 1
        self.outcome.first_failure = self.outcome.first_failure or words


def find_arrival_seconds(phones: int) -> float:
    return ARRIVE_SECONDS * phones / ARRIVING


def find_wait(answer: bytes) -> float | None:
    """Seconds of Retry-After; None where the answer has none."""
    head = answer[: answer.find(b"\r\n\r\n")].lower()
    at = head.find(b"retry-after:")
    return float(head[at + 12 :].split(b"\r\n", 1)[0]) if at >= 0 else None
