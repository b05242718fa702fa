"""Where requests come in: files and phones' work pass, others wait; connections go with the turn."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.http import StreamingHttpResponse

from linli.core import entrance, lending, shortcut
from linli.core.access import Knock
from linli.core.admission import API, FORM, LIVE, PAGE, Line
from linli.core.turns import Turns


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Without any room: whoever has to wait is refused at once."""
    found = Line(1, most=0)
    monkeypatch.setattr(entrance, "ORDINARY", found)
    return found


def ask(application: Callable[..., Any], path: str, method: str = "GET", **more: Any) -> tuple[str, Any]:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", **more}
    guarded = entrance.guard(application, is_file={"/static/a.css"}.__contains__, lend=nullcontext)
    answer = guarded(environ, lambda *given: said.extend(given))
    return said[0] if said else "", answer


def plain(_environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"done"]


def test_files_are_handed_out_while_others_wait(line: Line) -> None:
    began = line.enter(PAGE)
    assert ask(plain, "/static/a.css")[0] == "200 OK"
    for path in ("/", "/static/none.css", "/api/rounds"):
        assert ask(plain, path)[0] == "503 Service Unavailable"
    line.leave(began)
    assert ask(plain, "/")[0] == "200 OK"
    assert line._at_work == 0


def test_roads_with_turns_of_their_own_do_not_stand_in_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "_roads", [])
    lent: list[str] = []

    @contextmanager
    def lend() -> Iterator[None]:
        lent.append("lent")
        yield

    @shortcut.shortcut("/phones/(.*)", turns=Turns(1))
    def work(_name: str, _body: bytes, _knock: Knock) -> bytes:
        return b"{}"

    @shortcut.shortcut("/marks/(.*)")
    def mark(_name: str, _body: bytes, _knock: Knock) -> bytes:
        return b"{}"

    line.enter(PAGE)
    application = shortcut.put_in_front(plain, lend)

    def send(path: str) -> str:
        return ask(
            application, path, "POST", HTTP_AUTHORIZATION="Bearer x", CONTENT_LENGTH="2", REMOTE_ADDR="127.0.0.1",
            **{"wsgi.input": io.BytesIO(b"{}")},
        )[0]  # fmt: skip

    assert send("/phones/a") == "200 OK"
    assert lent == ["lent"]
    assert send("/marks/a") == "503 Service Unavailable"


@pytest.mark.parametrize(
    ("path", "method", "more", "share"),
    [
        ("/", "GET", {}, PAGE),
        ("/", "POST", {}, FORM),
        ("/", "GET", {"HTTP_X_LINLI_LIVE": "1"}, LIVE),
        ("/api/rounds", "POST", {}, API),
    ],
)
def test_who_gives_way_to_whom(path: str, method: str, more: dict[str, str], share: float) -> None:
    assert entrance._share({"PATH_INFO": path, "REQUEST_METHOD": method, **more}) == share


def test_a_request_ends_within_its_turn(line: Line) -> None:
    at_work: list[int] = []

    class Answer:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"do", b"ne"])

        def close(self) -> None:
            at_work.append(line._at_work)

    assert ask(lambda *_: Answer(), "/")[1] == [b"done"]
    assert (at_work, line._at_work) == ([1], 0)


def test_who_fetches_slowly_keeps_no_turn(line: Line) -> None:
    def application(_environ: Any, _start: Any) -> Any:
        return StreamingHttpResponse([b"a", b"b"])

    answer = ask(application, "/")[1]
    assert line._at_work == 0
    assert list(answer) == [b"a", b"b"]


def test_a_turn_is_given_back_after_a_failure(line: Line) -> None:
    def application(_environ: Any, _start: Any) -> Any:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            ask(application, "/")
    assert line._at_work == 0


@pytest.mark.parametrize(("size", "is_taken"), [(10, True), (entrance.READ_BEFORE + 1, True), (200_001, False)])
def test_what_a_refused_one_sends_is_taken_all_the_same(
    line: Line, monkeypatch: pytest.MonkeyPatch, size: int, is_taken: bool
) -> None:
    """Up to a limit: else the connection would break before the answer is read."""
    monkeypatch.setattr(entrance, "DROPPED", 200_000)
    line.enter(PAGE)
    sent = io.BytesIO(bytes(size))
    status, _ = ask(plain, "/", "POST", CONTENT_LENGTH=str(size), **{"wsgi.input": sent})
    assert status == "503 Service Unavailable"
    assert (sent.read() == b"") == is_taken


def test_what_was_read_before_the_turn_is_there_in_it(line: Line) -> None:
    read: list[bytes] = []

    def application(environ: Any, start_response: Any) -> Any:
        read.append(environ["wsgi.input"].read(3))
        return plain(environ, start_response)

    ask(application, "/", "POST", CONTENT_LENGTH="3", **{"wsgi.input": io.BytesIO(b"abc")})
    assert read == [b"abc"]


def in_thread(act: Callable[[], None]) -> None:
    """Of the web server's, which has no connections of its own."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join(60)
    assert not failed, failed


def test_connections_go_from_turn_to_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "_idle", [])
    seen: list[Any] = []

    def use() -> None:
        with lending.Lent():
            seen.append(connections["default"])
            seen[-1].validate_thread_sharing()
        assert not connections.all(initialized_only=True)

    in_thread(use)
    in_thread(use)
    assert seen[0] is seen[1]

    def use_two() -> None:
        with lending.Lent():
            seen.append(connections["default"])
            in_thread(use)

    in_thread(use_two)
    assert seen[2] is seen[0]
    assert seen[3] is not seen[0]
    assert len(lending._idle) == 2


def test_a_connection_left_in_the_middle_is_for_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "_idle", [])

    def leave() -> None:
        with lending.Lent():
            connections["default"].in_atomic_block = True

    in_thread(leave)
    assert not lending._idle
