"""The commands that docs/sync.md shows, run as they stand there, say what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linli.core import clock, db
from tests.browser.stoppable import Server
from tests.builders.duty import PASSWORD, make_account
from tests.builders.media import make_jpeg
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import open_over

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl"))), reason="the commands are for bash and curl"),
]
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sync.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
MARK, FILE = "0193a5c2-7b1e-4c3a-9d52-1f0e6a8b4c11", "0193a5c2-7b1e-4c3a-9d52-1f0e6a8b4c99"


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    """With what the commands speak of: the account `grid`, somebody behind its doors, an open round."""
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1, units=1, floors=1)
        for key in district.keys[:2]:
            make_household(key)
        open_over(district.extent(district.district), at=clock.now() - timedelta(hours=3))
        make_account(role="grid_worker", place=district.communities[0], username="grid", name="李志强")
    made = Server()
    yield made
    made.stop()


def run(server: Server, folder: Path) -> list[dict[str, Any]]:
    """Every block one after the other, in one shell. Returns what they print."""
    environment = {**os.environ, "S": server.url, "PW": PASSWORD, "no_proxy": "*"}
    command = ["bash", "-euc", "echo\n".join(BLOCKS)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    reader, text, found = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        answer, end = reader.raw_decode(text)
        found.append(answer)
        text = text[end:].strip()
    return found


def test_the_commands_of_the_page(server: Server, tmp_path: Path) -> None:
    (tmp_path / "door.jpg").write_bytes(make_jpeg(45_000))
    size = (tmp_path / "door.jpg").stat().st_size
    for time in ("first", "again"):  # whatever is sent twice is done once
        sent, compressed, receipt, announced, *pieces = run(server, tmp_path)
        result = "accepted" if time == "first" else "known"
        assert sent["results"] == [{"id": MARK, "result": result, "given": {"marks": 1}}]
        assert compressed["results"] == [{"id": MARK, "result": "known", "given": {"marks": 1}}]
        assert receipt["results"] == [{"id": MARK, "result": "known", "given": {"marks": 1}}]
        assert announced["results"] == [{"id": FILE, "result": result, "given": {"file": FILE}}]
        assert [piece["have"] for piece in pieces[-2:]] == [size, size]
        assert [piece["whole"] for piece in pieces[-2:]] == [True, True]
        assert [piece["have"] for piece in pieces[:2]] == ([20_000, 40_000] if time == "first" else [size, size])
    with db.owner():
        assert db.rows("SELECT count(*) FROM mark") == [(1,)]
