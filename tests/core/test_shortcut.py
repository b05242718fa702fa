"""Work that can wait gives way: what finds no room is told at once when to come again."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest

from linli.core import shortcut, turns
from linli.core.access import Knock
from linli.core.turns import Turns


@pytest.fixture(autouse=True)
def no_other_roads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "_roads", [])


def ask(address: str, sent: Any = None) -> tuple[int, dict[str, str], Any]:
    """`sent`: what the body is read from."""
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": address, "HTTP_AUTHORIZATION": "Bearer x", "CONTENT_LENGTH": "2",
        "HTTP_ACCEPT_LANGUAGE": "en", "wsgi.input": sent or io.BytesIO(b"{}"),
    }  # fmt: skip
    answer = b"".join(shortcut.put_in_front(lambda *_: [b""])(environ, lambda *given: said.extend(given)))
    return int(said[0].split()[0]), dict(said[1]), json.loads(answer)


def test_beyond_the_room_there_is_we_say_when_to_come_again() -> None:
    inside, go_on = threading.Semaphore(0), threading.Event()

    @shortcut.shortcut("/slow/(.*)", turns=Turns(2))
    def work(_name: str, _body: bytes, _knock: Knock) -> bytes:
        inside.release()
        assert go_on.wait(60)
        return b'"done"'

    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(ask("/slow/a"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert all(inside.acquire(timeout=60) for _ in threads)
    status, headers, problem = ask("/slow/a")
    assert (status, problem["code"]) == (503, "core.unavailable")
    assert 1 <= int(headers["Retry-After"]) <= turns.LATEST_SECONDS
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert [(status, body) for status, _headers, body in answers] == [(200, "done")] * 2
    assert ask("/slow/a")[0] == 200, "there is room again"


class Trickle(io.BytesIO):
    """A body that comes when it comes."""

    def __init__(self) -> None:
        super().__init__(b"{}")
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.set()
        assert self.come.wait(60)
        return super().read(size)


def test_who_sends_slowly_keeps_nobody_waiting() -> None:
    @shortcut.shortcut("/quick/(.*)", turns=Turns(1, 1))
    def work(_name: str, _body: bytes, _knock: Knock) -> bytes:
        return b'"done"'

    slow, answers = Trickle(), list[Any]()
    thread = threading.Thread(target=lambda: answers.append(ask("/quick/a", slow)))
    thread.start()
    assert slow.asked.wait(60)
    assert ask("/quick/a")[0] == 200
    slow.come.set()
    thread.join(60)
    assert [status for status, _headers, _body in answers] == [200]


def test_room_is_given_back_after_a_failure() -> None:
    @shortcut.shortcut("/fails/(.*)", turns=Turns(1))
    def work(_name: str, _body: bytes, _knock: Knock) -> bytes:
        raise shortcut.BodyTooLarge(mib=1)

    assert [ask("/fails/a")[0] for _ in range(3)] == [413] * 3


@pytest.mark.parametrize(
    ("address", "is_page"), [("/rounds/", True), ("/api/places", False), ("/api/field/pack", False)]
)
def test_pages_are_known_to_be_under_way(address: str, is_page: bool) -> None:
    """What phones fetch is no page: it comes by the thousand together with their work."""
    seen: list[int] = []

    def application(*_given: object) -> list[bytes]:
        seen.append(turns.PAGES._count)
        return [b""]

    shortcut.put_in_front(application)({"REQUEST_METHOD": "GET", "PATH_INFO": address}, lambda *_: None)
    assert seen == [int(is_page)]
    assert turns.PAGES._count == 0
