"""A load generator that costs little itself: raw sockets, HTTP/1.1 kept alive, requests made beforehand.

One process, several connections, each with one request under way; epoll tells which has been answered. It runs on the
same cores as what it measures, and takes some 0.03 ms of them a request.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

CONNECTIONS = 16


@dataclass(frozen=True)
class Load:
    """What a run of requests came to. `client_seconds`: processor time of the generator."""

    requests: int
    seconds: float
    client_seconds: float
    failed: int
    first_failure: str
    latencies_ms: list[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def make_request(path: str, body: bytes, token: str, *, encoding: str = "") -> bytes:
    told = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\n{told}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS, good: bytes = b"") -> Load:
    """Send all requests in a process of its own. An answer fails when it is not 200 or lacks `good`."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(theirs, port, requests, connections, good))
    child.start()
    theirs.close()
    load: Load = ours.recv()
    child.join()
    return load


def _child(pipe: object, port: int, requests: Sequence[bytes], connections: int, good: bytes) -> None:
    pipe.send(_drive(port, requests, connections, good))  # type: ignore[attr-defined]


def _drive(port: int, requests: Sequence[bytes], connections: int, good: bytes) -> Load:
    selector = selectors.DefaultSelector()
    waiting = iter(requests)
    sent_at: dict[int, float] = {}
    held: dict[int, bytes] = {}
    latencies: list[float] = []
    failed, first_failure, under_way = 0, "", 0
    started, cpu = time.perf_counter(), time.process_time()
    for request in (next(waiting, None) for _ in range(connections)):
        if request is None:
            break
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ)
        link.sendall(request)
        sent_at[link.fileno()], held[link.fileno()] = time.perf_counter(), b""
        under_way += 1
    while under_way:
        for key, _ in selector.select():
            answered: socket.socket = key.fileobj  # type: ignore[assignment]
            number = answered.fileno()
            piece = answered.recv(1 << 18)
            answer = held[number] + piece
            if piece and not is_whole(answer):
                held[number] = answer
                continue
            latencies.append((time.perf_counter() - sent_at[number]) * 1000)
            if not answer.startswith(b"HTTP/1.1 200") or good not in answer:
                failed += 1
                first_failure = first_failure or answer[:2000].decode(errors="replace")
            request = next(waiting, None) if piece else None
            if request is None:
                selector.unregister(answered)
                answered.close()
                under_way -= 1
                continue
            held[number] = b""
            answered.sendall(request)
            sent_at[number] = time.perf_counter()
    seconds = time.perf_counter() - started
    return Load(len(latencies), seconds, time.process_time() - cpu, failed, first_failure, latencies)


def is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return len(answer) >= end + 4 + length
