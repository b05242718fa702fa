"""A photo and a voice note without a server: kept over a restart, sent once, on the desk's pages."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from linli.core import db
from tests.browser import looks
from tests.browser.conftest import PHONE
from tests.browser.field import (
    FAKE_MEDIA,
    expect_waiting,
    look,
    make_walk_now,
    open_desk,
    open_phone,
    open_unit,
    send_now,
    sign_in_phone,
    unlock,
    wait_for_worker,
)
from tests.browser.stoppable import Server
from tests.builders.rounds import Walk

pytestmark = pytest.mark.django_db(transaction=True)
WIDE, HIGH = 2400, 1800
TWO_SECONDS = re.compile(r"停止 · ([2-9]|[1-5]\d)/60 秒")  # or more: a busy machine does not see each of them
PLACE = b"GPS 40.84N 111.75E"


@pytest.fixture
def walk() -> Walk:
    return make_walk_now(floors=4, a_floor=2)


def make_picture(path: Path) -> Path:
    """What a camera gives: large, and with words beside the picture that say where it was."""
    row = b"".join(bytes((x * 255 // WIDE, 90, (x * 7) % 256)) for x in range(WIDE))
    pixels = b"".join(b"\0" + row[y % 90 * 3 :] + row[: y % 90 * 3] for y in range(HIGH))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", WIDE, HIGH, 8, 2, 0, 0, 0)), (b"tEXt", b"Comment\0" + PLACE),
        (b"IDAT", zlib.compress(pixels)), (b"IEND", b""),
    ]  # fmt: skip
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def take_all(page: Page, walk: Walk, picture: Path) -> None:
    """A photo and a voice note at the first door, and a special situation there with a photo."""
    key = walk.district.keys[0]
    open_unit(page, "1单元")
    page.goto(f"/field/#/door/{key}")
    page.set_input_files("[data-attach] [data-photo]", picture)
    expect_waiting(page, 1)
    page.click("[data-attach] [data-voice]")
    expect(page.locator("[data-attach] [data-voice]")).to_contain_text(TWO_SECONDS)
    look(page, "recording")
    page.click("[data-attach] [data-voice]")
    expect_waiting(page, 2)
    expect(page.locator("[data-attach] [data-files]")).to_contain_text("2 个")
    page.click("[data-for-door]")
    expect(page.locator(".f-sheet [data-files]")).to_contain_text("2 个")
    look(page, "sheet")
    page.get_by_role("button", name="取消").click()
    page.goto(f"/field/#/special?door={key}")
    page.set_input_files("[data-photo]", picture)
    expect(page.locator("[data-files]")).to_contain_text("1 个")
    page.click("[data-special=fire]")
    look(page, "special")
    page.get_by_role("button", name="马上报告").click()
    page.wait_for_url("**/#/door/*")  # it goes back by itself, once all is kept
    expect_waiting(page, 4)


def test_photos_and_a_voice_note_without_a_server(
    phones: Playwright, stoppable: Server, walk: Walk, tmp_path: Path
) -> None:
    profile, picture = tmp_path / "phone", make_picture(tmp_path / "photo.png")
    with open_phone(phones, profile, stoppable, flags=FAKE_MEDIA, restarts=True) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        take_all(page, walk, picture)
        page.goto("/field/#/outbox")
        expect(page.locator("[data-file-card]")).to_have_count(3)
        look(page, "outbox")
        page.goto("/field/#/handover")
        expect(page.locator("[data-file-only]")).to_be_visible()

    with open_phone(phones, profile, stoppable, flags=FAKE_MEDIA, restarts=True) as page:  # the phone was restarted
        page.goto("/field/")
        unlock(page)
        expect_waiting(page, 4)
        stoppable.start()
        send_now(page)
        expect(page.locator("[data-waiting]")).to_have_count(0, timeout=180_000)
        expect(page.locator("[data-file-card]")).to_have_count(0)

    with db.owner():
        arrived = db.rows(
            "SELECT f.kind, f.key, f.special_id IS NOT NULL, b.whole_at IS NOT NULL, b.size FROM notice_file f"
            " JOIN notice_file_bytes b ON b.file_id = f.id ORDER BY 3, 1"
        )
    key = walk.district.keys[0]
    assert [row[:4] for row in arrived] == [
        ("photo", key, False, True), ("voice", key, False, True), ("photo", key, True, True)
    ]  # fmt: skip
    assert all(row[4] <= 200_000 for row in arrived)
    look_on_the_desk(phones, stoppable, walk)


def look_on_the_desk(playwright: Playwright, server: Server, walk: Walk) -> None:
    with open_desk(playwright, server, viewport=PHONE) as page:
        page.goto("/specials/")
        expect(page.locator("#specials a[href^='/specials/files/']")).to_have_count(1)
        look(page, "desk-specials")
        assert not looks.run_axe(page)
        page.goto(f"/residents/household/{walk.homes[walk.district.keys[0]]}/")
        links = page.locator("a[href^='/specials/files/']")
        expect(links).to_have_count(3)
        look(page, "desk-household")
        assert not looks.run_axe(page)
        addresses = [str(link.get_attribute("href")) for link in links.all()]
        for address in addresses:
            answer = page.request.get(address)
            assert answer.headers["x-content-type-options"] == "nosniff"
            if answer.headers["content-type"] == "image/jpeg":
                assert PLACE not in answer.body()
                page.goto(address)  # a browser shows it, within the policy
                shown = page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
                assert shown == [1600, 1200]
            else:
                assert answer.headers["content-type"] == "audio/webm"
                page.goto(address)
                media = "document.querySelector('video, audio')"
                page.wait_for_function(f"{media}.readyState || {media}.error")
                assert page.evaluate(f"{media}.error") is None
    with db.owner():
        seen = db.rows("SELECT DISTINCT account_name, subject FROM journal_entry WHERE verb = 'notices.look_at_file'")
    assert sorted(seen) == sorted(("区指挥部", f"file:{address.split('/')[-2]}") for address in addresses)
