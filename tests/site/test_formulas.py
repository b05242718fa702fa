"""Names that a spreadsheet would take for a formula, in every table that leaves the product."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from linli.core import clock, db
from linli.places import cli_codes
from linli.places.codes import list_code_sheets
from tests.builders.duty import appoint, make_account
from tests.builders.rounds import NOON, Walk, make_walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
EVIL = '=HYPERLINK("http://x","y")'
STARTS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with db.owner():
        walk = make_walk(communities=1, compounds=1, buildings=1, units=2, floors=2, a_floor=2)
        for kind in (60, 70, 80, 90):
            db.execute("UPDATE place SET name = %s WHERE kind = %s", [EVIL, kind])
        for table in ("person", "household"):
            column = "name" if table == "person" else "label"
            db.execute(f"UPDATE {table} SET {column} = %s", [EVIL])
        db.execute("UPDATE door SET number = %s || position", ["+"])
    return walk


def browser(walk: Walk) -> Client:
    account = make_account(role="command", place=walk.district.district, name=EVIL, username="evil")
    appoint(account, "grid_worker", walk.district.communities[0])
    appoint(account, "unit_lead", walk.district.units[0])
    client = Client(headers={"accept-language": "en"})
    client.force_login(account)
    return client


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def cells_of_csv(data: bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        yield from row


def tables(walk: Walk, client: Client) -> Iterator[tuple[str, bytes]]:
    place, round_ = walk.district.district.code, walk.code
    yield "roll-up.csv", body(client.get(f"/api/rounds/{round_}/rollup?format=csv"))
    for kind in ("csv", "xlsx"):
        wanted = {"format": kind, "purpose": "contact"}
        yield f"gaps.{kind}", body(client.post(f"/rounds/{round_}/gaps/export/", wanted))
        yield f"journal.{kind}", body(client.post("/journal/export/", {**wanted, "purpose": "audit"}))
        yield f"chain.{kind}", body(client.get(f"/duty/chain/{place}/export/?format={kind}"))
    with db.owner():
        sheets = list_code_sheets(walk.district.buildings[0], site="http://x", at=NOON)
    yield "codes.csv", cli_codes._write_table(sheets).encode()


def test_they_stay_texts(walk: Walk) -> None:
    seen = set()
    for name, data in tables(walk, browser(walk)):
        if name.endswith(".csv"):
            cells = list(cells_of_csv(data))
            assert not [cell for cell in cells if cell.startswith(STARTS)], name
            found = any(EVIL in cell for cell in cells)
        else:
            rows = [row for sheet in load_workbook(io.BytesIO(data)) for row in sheet.iter_rows()]
            assert not [cell for row in rows for cell in row if cell.data_type == "f"], name
            found = any(EVIL in str(cell.value) for row in rows for cell in row)
        if found:
            seen.add(name)
    assert seen >= {"roll-up.csv", "gaps.csv", "gaps.xlsx", "chain.csv", "chain.xlsx", "codes.csv", "journal.csv"}


def test_the_api_says_them_as_they_are(walk: Walk) -> None:
    lines = browser(walk).get(f"/api/rounds/{walk.code}/rollup").json()
    assert {line["place"]["name"] for line in lines if line["place"]["kind"] in ("building", "unit")} == {EVIL}


def test_pages_say_them_as_they_are(walk: Walk) -> None:
    """And no name becomes a piece of a page."""
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    with db.owner():
        for table, column in (("place", "name"), ("person", "name"), ("account", "name"), ("round", "name")):
            db.execute(f"UPDATE {table} SET {column} = %s", [script])
        db.execute("UPDATE door SET number = '<b id=x>' || position")
    client = browser(walk)
    town, door = walk.district, walk.district.keys[0]
    home = walk.homes[door]
    for address in (
        "/", "/rounds/", f"/rounds/{walk.code}/", f"/rounds/{walk.code}/gaps/", f"/rounds/{walk.code}/gaps/?print=1",
        f"/rounds/{walk.code}/map/", f"/rounds/{walk.code}/door/{door}/", f"/rounds/{walk.code}/aside/",
        f"/rounds/{walk.code}/building/{town.buildings[0].code}/", f"/rounds/{walk.code}/close/", "/rounds/new/",
        f"/rounds/new/places/?under={town.communities[0].code}", "/places/", f"/places/{town.communities[0].code}/",
        f"/places/{town.buildings[0].code}/", f"/residents/household/{home}/", "/duty/accounts/",
        f"/duty/chain/{town.district.code}/", f"/duty/chain/{town.district.code}/vacant/", f"/duty/door/{door}/",
        "/duty/appointments/", "/duty/me/", "/journal/", "/imports/", "/specials/", "/account/",
        "/account/invitations/",
    ):  # fmt: skip
        shown = body(client.get(address)).decode()
        for piece in ("<script>alert", "<img src=x", "<b id=x"):
            assert piece not in shown, address
