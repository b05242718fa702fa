"""Sixty doors without a server: reload, restart, three days, and all of them arrive once."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, Request, expect

from linli.core import clock, db
from tests.browser.conftest import DESK, overflow
from tests.browser.field import (
    expect_quiet,
    expect_waiting,
    make_walk_now,
    mark_door,
    open_desk,
    open_phone,
    open_unit,
    sign_in_phone,
    unlock,
    wait_for_worker,
)
from tests.browser.stoppable import Server
from tests.builders.rounds import Walk

pytestmark = pytest.mark.django_db(transaction=True)
DOORS, LEFT = 60, 4
BATCH_BYTES = 20_000


@pytest.fixture
def walk() -> Walk:
    """Two stairwells of 32 doors each."""
    return make_walk_now(units=2, floors=16, a_floor=2)


def count_marks(walk: Walk) -> tuple[int, int]:
    """Facts on record, and people closed."""
    with db.owner():
        facts = db.rows("SELECT count(*) FROM mark WHERE round_id = %(round)s", {"round": walk.round.id})[0][0]
        closed = db.rows(
            "SELECT count(*) FROM round_state WHERE round_id = %(round)s AND state = 10", {"round": walk.round.id}
        )[0][0]
    return facts, closed


def count_homes_on_gap_list(playwright: Playwright, server: Server, walk: Walk) -> int:
    """As the office sees them on the desk."""
    with open_desk(playwright, server, viewport=DESK) as page:
        page.goto(f"/rounds/{walk.code}/gaps/")
        expect(page.locator("[data-gaps]")).to_be_visible()
        return page.locator("tbody[data-home]").count()


def mark_all(page: Page, walk: Walk) -> None:
    half = len(walk.district.keys) // 2
    for unit, keys in enumerate((walk.district.keys[:half], walk.district.keys[half:-LEFT]), 1):
        open_unit(page, f"{unit}单元")
        for key in keys:
            mark_door(page, key)


def expand_batch(request: Request) -> dict[str, Any]:
    """What went over the line compressed."""
    body = request.post_data_buffer or b""
    assert request.headers["content-encoding"] == "gzip"
    assert len(body) <= BATCH_BYTES
    found: dict[str, Any] = json.loads(gzip.decompress(body))
    return found


def test_sixty_doors_without_a_server(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    profile = tmp_path / "phone"
    with open_phone(phones, profile, stoppable, restarts=True) as page:
        sign_in_phone(page, "wang")
        assert overflow(page) == 0
        wait_for_worker(page)
        assert count_homes_on_gap_list(phones, stoppable, walk) > LEFT  # a page of them
        stoppable.stop()
        mark_all(page, walk)
        expect_waiting(page, DOORS)
        page.reload()
        unlock(page)
        expect_waiting(page, DOORS)

    with open_phone(
        phones, profile, stoppable, restarts=True
    ) as page:  # the phone was restarted; there is still no server
        page.goto("/field/")
        unlock(page)
        expect(page.locator("[data-line]")).to_contain_text("没有信号")
        expect_waiting(page, DOORS)
        open_unit(page, "1单元")
        expect(page.locator("[data-door].s-done")).to_have_count(len(walk.district.keys) // 2)
        assert count_marks(walk) == (0, 0)

    with open_phone(phones, profile, stoppable, restarts=True) as page:
        page.clock.set_fixed_time(datetime.now(tz=clock.now().tzinfo) + timedelta(hours=73))
        page.goto("/field/")
        expect(page.locator("main")).to_contain_text("72 小时没有联系上服务器")
        expect_waiting(page, DOORS)
        expect(page.locator("input[name=username]")).to_be_visible()
        assert page.locator("input[name=pin]").count() == 0  # there is nothing left to unlock
        sent: list[Request] = []
        page.on("request", lambda asked: sent.append(asked) if asked.url.endswith("/api/field/sync") else None)
        stoppable.start()
        sign_in_phone(page, "wang")
        expect_quiet(page)
        assert {len(expand_batch(one)["sealed"]) for one in sent} == {DOORS}  # all of them in one batch
    assert count_marks(walk) == (DOORS * 2, DOORS * 2)
    assert count_homes_on_gap_list(phones, stoppable, walk) == LEFT
