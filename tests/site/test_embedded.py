"""The embedded server: starts, survives `kill -9`, is shared, and leaves its surroundings alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from linli.site import embedded, server_place

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    folder = REPOSITORY / "var" / f"embedded-{os.getpid()}"
    yield folder
    leave_nothing(folder)


def leave_nothing(home: Path) -> None:
    if home.exists():
        embedded.stop(home, mode="immediate")
        place = embedded.find_place(home)
        if place.data.parent != home:
            shutil.rmtree(place.data.parent, ignore_errors=True)
        shutil.rmtree(place.socket, ignore_errors=True)
        shutil.rmtree(home)


def start_in_child(home: Path, call: str) -> subprocess.Popen[bytes]:
    code = (
        f"import pathlib; from linli.site import embedded; embedded.{call}(pathlib.Path({str(home)!r}), durable=False)"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)


def get_running(home: Path) -> int:
    pid = embedded.read_pid(embedded.find_place(home))
    assert pid is not None
    return pid


def test_starts_once_and_listens_on_a_private_socket_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = embedded.ensure_running(home)
    pid = get_running(home)
    with monkeypatch.context() as patch:
        patch.delattr(embedded, "_start")
        assert embedded.ensure_running(home) == url
    assert get_running(home) == pid
    place = embedded.find_place(home)
    assert place.socket.stat().st_mode & 0o777 == 0o700
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, setting FROM pg_settings").fetchall()
    settings: dict[str, str] = dict(rows)
    assert settings["listen_addresses"] == ""
    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on", "on", "on")


def test_keeps_what_was_acknowledged_through_kill_9(home: Path) -> None:
    url = embedded.ensure_running(home)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    for _ in range(2):
        os.kill(get_running(home), signal.SIGKILL)
        assert embedded.ensure_running(home) == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_server_that_runs_and_does_not_answer_is_said_to_do_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded.ensure_running(home, durable=False)
    pid = get_running(home)

    def refuse(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("timeout expired")

    with monkeypatch.context() as patch:
        patch.setattr(embedded, "START_SECONDS", 0.2)
        patch.setattr(psycopg, "connect", refuse)
        with pytest.raises(embedded.EmbeddedServerError, match=r"runs, but has not answered .* try again"):
            embedded.ensure_running(home, durable=False)
    embedded.ensure_running(home, durable=False)
    assert get_running(home) == pid


def test_many_starts_at_once_make_one_server(home: Path) -> None:
    home.mkdir(parents=True)
    children = [start_in_child(home, "ensure_running") for _ in range(4)]
    assert [child.wait(180) for child in children] == [0, 0, 0, 0]
    log = embedded.find_place(home).log.read_text()
    assert log.count("database system is ready") == 1


def test_a_pid_file_that_names_a_stranger_is_no_hindrance(home: Path) -> None:
    embedded.ensure_running(home, durable=False)
    place = embedded.find_place(home)
    content = (place.data / "postmaster.pid").read_text()
    embedded.stop(home, mode="immediate")
    lines = content.splitlines()
    lines[0] = str(os.getpid())
    (place.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    embedded.ensure_running(home, durable=False)
    assert get_running(home) != os.getpid()


def test_the_last_holder_stops_it(home: Path) -> None:
    home.mkdir(parents=True)
    assert start_in_child(home, "hold").wait(180) == 0
    assert embedded.read_pid(embedded.find_place(home)) is None


def test_a_deep_folder_gets_a_socket_elsewhere(home: Path) -> None:
    deep = home / ("d" * 90)
    try:
        url = embedded.ensure_running(deep, durable=False)
        psycopg.connect(url).close()
        assert len(str(embedded.find_place(deep).socket)) < 60
    finally:
        leave_nothing(deep)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_root_opens_no_folder_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    tmp_path.chmod(0o700)
    parents = {folder: folder.stat().st_mode for folder in tmp_path.parents}
    try:
        url = embedded.ensure_running(home, durable=False)
        place = embedded.find_place(home)
        assert place.data.stat().st_uid != 0
        assert not place.data.is_relative_to(tmp_path)
        assert tmp_path.stat().st_mode & 0o777 == 0o700
        assert {folder: folder.stat().st_mode for folder in tmp_path.parents} == parents
        psycopg.connect(url).close()
    finally:
        leave_nothing(home)


def test_a_folder_of_another_user_is_refused_with_advice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "pg").mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 54321)
        with pytest.raises(embedded.EmbeddedServerError, match="another user"):
            embedded.find_place(home)
    (home / "pg").rmdir()


def test_a_full_disk_is_named_when_the_server_cannot_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = embedded.find_place(home)
    full = shutil.disk_usage("/")._replace(free=3 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full)
    with pytest.raises(embedded.EmbeddedServerError, match=r"disk of .* is full \(3 MiB free\).* Make room, .*pg_ctl"):
        embedded._run(place, "pg_ctl", "stop", "-D", str(place.data))


def test_memory_settings_follow_the_machine(home: Path) -> None:
    place = embedded.find_place(REPOSITORY / "var")
    small = server_place.render_config(place, durable=True, memory=lambda: 512)
    large = server_place.render_config(place, durable=True, memory=lambda: 64 * 1024)
    assert "shared_buffers = 128MB" in small
    assert "shared_buffers = 8192MB" in large
    assert "commit_delay = 400" in small
