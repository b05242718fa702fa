"""What goes wrong on a worker's day: a full phone, a sign-in that was ended, a post that was handed over, two phones at
one door. Nothing is lost, and the worker is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Playwright, expect

from linli.accounts.services import sessions
from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.models import Account
from linli.duty import posts
from linli.duty.models import Appointment
from tests.browser.field import (
    expect_quiet,
    expect_waiting,
    let_clocks_part,
    make_walk_now,
    mark_door,
    open_phone,
    open_unit,
    send_now,
    sign_in_phone,
    state_of,
    unlock,
    wait_for_worker,
)
from tests.browser.stoppable import Server
from tests.builders.duty import make_account
from tests.builders.rounds import Walk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk() -> Walk:
    """One stairwell of six doors."""
    return make_walk_now()


def count_marks() -> int:
    with db.owner():
        return int(db.rows("SELECT count(*) FROM mark")[0][0])


def test_a_full_phone_keeps_and_sends_everything(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable, restarts=True) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
    stoppable.stop()
    # Before the first write of another run: Chromium asks for the room left only now and then.
    with open_phone(phones, tmp_path / "phone", stoppable, restarts=True) as page:
        storage = page.context.new_cdp_session(page)
        storage.send("Storage.overrideQuotaForOrigin", {"origin": stoppable.url, "quotaSize": 1})
        page.goto("/field/")
        unlock(page)
        open_unit(page, "1单元")
        for key in walk.district.keys[:2]:
            mark_door(page, key)
        expect_waiting(page, 2)
        expect(page.get_by_role("alert")).to_contain_text("手机存储已满：2 条只在内存里")
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
        assert count_marks() == 4
        expect(page.get_by_text("只在内存里")).to_have_count(0)

        stoppable.stop()
        open_unit(page, "1单元")
        mark_door(page, walk.district.keys[2])
        expect(page.get_by_role("alert")).to_contain_text("1 条只在内存里")
        storage.send("Storage.overrideQuotaForOrigin", {"origin": stoppable.url})  # room was made
        send_now(page)
        expect(page.get_by_text("只在内存里")).to_have_count(0)
        page.reload()  # it is in the store now
        unlock(page)
        expect_waiting(page, 1)
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
    assert count_marks() == 6


def test_a_full_phone_sends_and_hands_over_what_it_has(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    """Work that was stored while there was room, more that came when there was none; then nothing can be noted."""
    stored, more = walk.district.keys[:3], walk.district.keys[3]
    with open_phone(phones, tmp_path / "phone", stoppable, restarts=True) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        for key in stored:
            mark_door(page, key)
        expect_waiting(page, 3)
    with open_phone(phones, tmp_path / "phone", stoppable, restarts=True) as page:
        storage = page.context.new_cdp_session(page)
        storage.send("Storage.overrideQuotaForOrigin", {"origin": stoppable.url, "quotaSize": 1})
        page.goto("/field/")
        unlock(page)
        open_unit(page, "1单元")
        mark_door(page, more)
        expect(page.get_by_role("alert")).to_contain_text("1 条只在内存里")
        page.goto("/field/#/handover")
        with page.expect_download() as saved:
            page.click("[data-save]")
        handed = json.loads(saved.value.path().read_text())
        assert len(handed["work"]) == 4  # also what is in memory alone
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
        page.goto("/field/#/")
        expect(page.get_by_role("alert")).to_contain_text("手机存储已满")  # the new pack does not fit
        open_unit(page, "1单元")
        for key in (*stored, more):
            expect(page.locator(f"[data-door='{key}']")).to_contain_text("✓ 2 人")
        storage.send("Storage.overrideQuotaForOrigin", {"origin": stoppable.url})  # room was made
        page.evaluate("dispatchEvent(new Event('online'))")
        page.goto("/field/#/")
        expect(page.get_by_role("alert")).to_have_count(0)
    assert count_marks() == 8


def test_a_clock_of_1970_proposes_the_right_hours(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    absent, exempt, *_rest = walk.district.keys
    with open_phone(phones, tmp_path / "phone", stoppable, timezone_id="Asia/Shanghai") as page:
        page.clock.set_fixed_time(datetime(1970, 1, 2, tzinfo=UTC))
        sign_in_phone(page, "wang")
        open_unit(page, "1单元")
        mark_door(page, absent, "absent")
        page.get_by_role("button", name="一小时后").click()
        page.click(f"[data-door='{exempt}']")
        page.click("[data-act=more]")
        page.locator("[data-for-household]").first.click()
        page.click("[data-mark=exempt]")
        page.click("[data-until-days='0']")
        expect(page.locator(".f-sheet")).to_have_count(0)  # it closes once the mark is stored
        expect_quiet(page)
        page.goto("/field/#/returns")
        expect(page.locator("main li")).to_have_count(1)
        expect(page.locator("main li")).not_to_contain_text("该去了")
    now = clock.now()
    with db.owner():
        back = db.scalar("SELECT max(back_at) FROM round_state WHERE key = %s", [absent])
        until = db.scalar("SELECT max(until_at) FROM round_state WHERE key = %s", [exempt])
    assert now + timedelta(minutes=50) < back < now + timedelta(minutes=61)
    assert now - timedelta(minutes=10) < until < now + timedelta(hours=24)
    assert until.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") == "23:59"


def test_a_sign_in_ended_while_offline(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        for key in walk.district.keys[:3]:
            mark_door(page, key)
        expect_waiting(page, 3)
        with db.owner():
            wang = Account.objects.get(username="wang")
            sessions.end_all_sessions(account_id=wang.pk, actor=SYSTEM, at=clock.now())
        stoppable.start()
        send_now(page)
        expect(page.locator("main")).to_contain_text("登录已失效")
        expect(page.locator("main")).to_contain_text("3 条没上传的工作封存在这部手机上")
        kept = page.evaluate(
            """async () => {
              const db = await new Promise((done) => {
                const asked = indexedDB.open('linli-field');
                asked.onsuccess = () => done(asked.result);
              });
              const count = (name) => new Promise((done) => {
                const asked = db.transaction(name).objectStore(name).count();
                asked.onsuccess = () => done(asked.result);
              });
              return [await count('pack'), await count('outbox')];
            }"""
        )
        assert kept == [0, 3]
        assert count_marks() == 0
        sign_in_phone(page, "wang")
        expect_quiet(page)
    assert count_marks() == 6


def test_a_post_handed_over_while_offline(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    before, after, *_rest = walk.district.keys
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        open_unit(page, "1单元")
        mark_door(page, before)
        expect_waiting(page, 1)
        let_clocks_part(page)
        with db.owner():
            post = Appointment.objects.get(account__username="wang")
            heir = make_account(username="heir", name="接任者")
            posts.hand_over(appointment_id=post.pk, to_account_id=heir.pk, actor=SYSTEM, at=clock.now())
        let_clocks_part(page)
        mark_door(page, after)
        expect_waiting(page, 2)
        stoppable.start()
        send_now(page)
        expect_waiting(page, 0)
        expect(page.locator("[data-settle]")).to_have_count(1)  # done when the post was another's: to be settled
        expect(page.locator("[data-settle]")).to_contain_text("没有相应的岗位")
        page.goto("/field/#/")
        expect(page.locator("main")).to_contain_text("您名下还没有门户")
        page.goto("/field/#/outbox")
        page.locator("[data-set-aside]").click()
        page.get_by_role("dialog").get_by_role("button", name="放下").click()
        expect(page.locator("[data-settle]")).to_have_count(0)
    assert state_of(walk, before) == {10}
    assert state_of(walk, after) == {0}


def test_two_phones_at_one_door(phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path) -> None:
    door, other, *_rest = walk.district.keys
    with (
        open_phone(phones, tmp_path / "wang", stoppable) as wang,
        open_phone(phones, tmp_path / "li", stoppable) as li,
    ):
        for page, username in ((wang, "wang"), (li, "li")):
            sign_in_phone(page, username)
            wait_for_worker(page)
        stoppable.stop()
        for page in (wang, li):
            open_unit(page, "1单元")
        mark_door(wang, door, "absent")
        expect_waiting(wang, 1)
        let_clocks_part(wang, li)
        mark_door(li, door)  # later: somebody opened
        mark_door(li, other)
        mark_door(wang, other)  # both found everybody: counts once
        expect_waiting(wang, 2)
        expect_waiting(li, 2)
        stoppable.start()
        send_now(li)
        expect_waiting(li, 0)
        send_now(wang)
        expect_waiting(wang, 0)
        open_unit(wang, "1单元")
        expect(wang.locator(f"[data-door='{door}']")).to_contain_text("✓ 2 人")  # the later mark counts, on both phones
        expect(wang.locator(f"[data-door='{other}']")).to_contain_text("✓ 2 人")
    assert state_of(walk, door) == state_of(walk, other) == {10}
    with db.owner():
        (closed,) = db.rows(
            "SELECT count(*) FROM round_state WHERE round_id = %(round)s AND state = 10", {"round": walk.round.id}
        )[0]
    assert closed == 4
