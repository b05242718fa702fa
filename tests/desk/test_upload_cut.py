"""A connection that is cut mid-upload leaves nothing: no job, no file, no half sheet taken for whole."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from linli.core import db, import_files
from linli.core.models import Job
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
BOUNDARY = "----a-boundary"


def part(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


@pytest.mark.parametrize("rows", [200, 200_000], ids=["small", "spooled"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "whole"])
def test_half_a_file_is_not_imported(live_server: Any, settings: Any, tmp_path: Path, rows: int, is_cut: bool) -> None:
    settings.LINLI_HOME = tmp_path / "home"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1)
    make_account(username="office", role="office", place=district.district)
    client = Client()
    client.post("/sign-in/", {"username": "office", "password": PASSWORD})
    client.get("/imports/")
    cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    sheet = "小区,楼栋,单元,房号,姓名\n" + "阳光小区,1号楼,1单元,101,张三\n" * rows
    fields = part("csrfmiddlewaretoken", client.cookies["csrftoken"].value) + part("kind", "residents.import_roster")
    told = 'Content-Disposition: form-data; name="file"; filename="a.csv"'
    file = f"--{BOUNDARY}\r\n{told}\r\n\r\n{sheet}\r\n--{BOUNDARY}--\r\n"
    body = (fields + file).encode()
    address = urlsplit(str(live_server))
    head = (
        f"POST /imports/ HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookies}\r\nOrigin: {live_server}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as line:
        line.sendall(head + body[: len(body) // 2 if is_cut else len(body)])
        line.shutdown(socket.SHUT_WR)  # the server sees the end, and could answer
        answer = b""
        while piece := line.recv(1 << 16):
            answer += piece
    with db.owner():
        assert Job.objects.count() == (0 if is_cut else 1), answer[:300]
    assert len(list(import_files.uploads().iterdir())) == (0 if is_cut else 1)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
