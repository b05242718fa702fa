"""The page of the phone app, as the server gives it out."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.test import Client

from linli.field import views

pytestmark = pytest.mark.django_db


def test_the_app_is_for_everybody_and_runs_no_foreign_script() -> None:
    answer = Client().get("/field/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-cache"
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"].partition("style-src")[0]
    html = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert set(re.findall(r'(?:src|href)="(/[a-z]+/)', html)) == {"/static/"}
    for name in re.findall(r'(?:src|href)="/static/field/([^"]+)"', html):
        assert (views.BUILT / name).is_file()


def test_the_worker_keeps_the_shell_of_this_very_build() -> None:
    answer = Client().get("/field/sw.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    kept = set(re.findall(r"/static/field/([\w./-]+\.\w+)", answer.content.decode()))
    built = {path.relative_to(views.BUILT).as_posix() for path in views.BUILT.rglob("*") if path.is_file()}
    assert kept == {name for name in built if not name.endswith(".wasm")} - {"index.html", "sw.js"}


def test_the_shell_is_small() -> None:
    """At most 200 kB compressed, all chunks included."""
    names = [path for path in views.BUILT.rglob("*") if path.suffix in {".js", ".css", ".html"}]
    assert sum(len(gzip.compress(path.read_bytes())) for path in names) <= 200_000


def test_it_says_what_to_do_when_it_was_never_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(views, "BUILT", tmp_path)
    answer = Client(headers={"accept-language": "en"}).get("/field/")
    assert answer.status_code == 503
    assert "make setup" in answer.content.decode()


@pytest.mark.parametrize("address", ["/field/", "/field/sw.js"])
def test_what_is_no_static_file_is_compressed_too(address: str) -> None:
    answer = Client(headers={"accept-encoding": "gzip"}).get(address)
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == Client().get(address).content
