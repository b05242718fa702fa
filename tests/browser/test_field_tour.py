"""docs/field-tour.md and its pictures: a worker's way through the phone app. `make screenshots` draws them anew."""

from __future__ import annotations

import base64
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Playwright, expect

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.residents import services as residents
from linli.residents.terms import Need, PersonInput
from linli.rounds.terms import Mark
from tests.browser.field import film_codes, mark_door, open_phone, open_unit, sign_in_phone, wait_for_worker
from tests.browser.stoppable import Server
from tests.builders.duty import make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household, make_phone
from tests.builders.rounds import Walk, mark_homes, open_over

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "images" / "field"
LARGEST = 1_400_000  # bytes of all pictures
# The camera shows a code, and nothing reads it: the page stays to be drawn.
BLIND = """window.BarcodeDetector = class {
  static async getSupportedFormats() { return ['qr_code']; }
  async detect() { return []; }
};"""
STEPS = [
    ("sign-in", "登录一次；从邀请进来的，一点就进", "Signing in once; from an invitation by one tap"),
    ("home", "我的门户：还差谁、去哪个单元", "My doors: who is open, and in which stairwell"),
    ("unit", "单元楼图：一格一户，一键标记", "The stairwell as it stands; one tap marks a door"),
    ("list", "同一单元，按走的顺序", "The same stairwell as a list, in walking order"),
    ("unit-large", "长辈版", "Large type"),
    ("unit-dark", "深色", "Dark"),
    ("door", "一户门后：每个人、需求、电话", "Behind one door: people, needs, phones"),
    ("sheet", "更多：一人或一户，备注、照片、语音", "More: one person or household; note, photo, voice note"),
    ("exempt", "豁免：到什么时候", "Exempt: until when"),
    ("register", "当场登记", "Registered on the spot"),
    ("search", "查找，不用信号", "Search, with no signal"),
    ("scan", "扫门码开门户", "A door is opened by its code"),
    ("absent", "不在家：什么时候再来", "Absent: when to come back"),
    ("returns", "再访名单", "Doors to come back to"),
    ("outbox", "没有信号：待上传的都在这里", "No signal: what waits to be sent"),
    ("conflict", "和别人的记录不一致：由您选", "Not what others entered: the worker chooses"),
    ("special", "特殊情况：一按就报", "A special situation, reported at once"),
    ("handover", "转交：请同事的手机上传", "Handing work to a colleague's phone"),
    ("unlock", "重新打开：PIN 码解锁", "Opened again: the PIN"),
]
NAMES = cycle(["那日苏", "李静", "王建国", "其其格", "张海霞", "包丽", "云志强", "刘洋", "斯琴", "高秀兰"])
NEEDS = cycle([Need(0), Need.ALONE, Need(0), Need(0), Need.MEDICINE, Need(0), Need(0)])


def write_tour() -> str:
    lines = [
        "# 手机端导览 · A tour of the phone app", "",
        "画面中的地点、人员与数字全部虚构。由测试生成（`make screenshots`），请勿手改。",
        "Places, people and figures are made up. Made by a test (`make screenshots`); not edited by hand.", "",
        "说明：[field.md](field.md)。What it does and how: [field.md](field.md).", "",
    ]  # fmt: skip
    for name, chinese, english in STEPS:
        lines += [f"## {chinese} · {english}", "", f"![{english}](images/field/{name}.webp)", ""]
    return "\n".join(lines)


def test_the_tour_is_whole() -> None:
    assert (DOCS / "field-tour.md").read_text() == write_tour(), "run 'make screenshots'"
    assert {path.stem for path in PICTURES.iterdir()} == {name for name, *_ in STEPS}, "run 'make screenshots'"
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < LARGEST


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)  # words that come and go are gone
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": 70})
    session.detach()
    (PICTURES / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


def switch_size(page: Page) -> None:
    page.goto("/field/#/settings")
    page.click("[data-switch-large]")


def make_home(key: int) -> int:
    people = [
        PersonInput(name=next(NAMES), phone=make_phone(), relation=relation, needs=next(NEEDS))
        for relation in ("户主", "配偶", "子女")
    ]
    return make_household(key, people=people)


def build() -> Walk:
    now = clock.now()
    district = make_district(communities=1, compounds=1, buildings=2, units=3, floors=11, a_floor=3)
    empty = set(district.keys[16::31])
    homes = {key: make_home(key) for key in district.keys if key not in empty}
    walk = Walk(district, homes, open_over(district.extent(district.district), at=now - timedelta(hours=3)))
    at = now - timedelta(hours=1)
    open_ones = set(district.keys[3::9])
    kinds = cycle([Mark.DONE] * 6 + [Mark.ABSENT, Mark.DONE, Mark.DONE, Mark.EXEMPT, Mark.DONE, Mark.REFUSED])
    for key in homes:
        if key not in open_ones:
            mark_homes(walk, [key], next(kinds), at=at)
    make_account(role="grid_worker", place=district.communities[0], username="wang", name="王芳")
    return walk


def shoot_behind_the_door(page: Page, key: int) -> None:
    page.click("[data-for-household]")
    shoot(page, "sheet")
    page.click("[data-mark=exempt]")
    shoot(page, "exempt")
    page.get_by_role("button", name="取消").click()
    page.goto(f"/field/#/register/{key}")
    page.fill("[name=name-0]", next(NAMES))
    shoot(page, "register")
    page.fill("[name=name-0]", "")  # a form with something in it asks before it is left
    page.goto("/field/#/search")
    page.get_by_label("姓名、门牌、电话").fill("张")
    shoot(page, "search")
    page.goto("/field/#/scan")
    shoot(page, "scan")
    page.goto("/field/#/")
    open_unit(page, "1号楼 1单元")
    page.locator("button.switch").click()
    shoot(page, "list")


def disagree(page: Page, server: Server, key: int) -> None:
    """Registered on the phone without a signal, while somebody else registered a household of this name there."""
    page.goto(f"/field/#/register/{key}")
    page.fill("[name=label]", "合租")
    page.fill("[name=name-0]", "后到的")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/#/door/*")
    with db.owner():
        residents.register_household(
            key=key, label="合租", people=[PersonInput("先来的")], client_id=uuid4(), actor=SYSTEM, at=clock.now()
        )
    server.start()
    page.goto("/field/#/outbox")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-settle]")).to_have_count(1, timeout=60_000)
    page.locator("[data-settle]").scroll_into_view_if_needed()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_draw_the_tour(phones: Playwright, stoppable: Server, tmp_path: Path) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with db.owner():
        walk = build()
    first = walk.district.keys[3]
    film_codes([f"{stoppable.url}/field/#/d/{first}"], tmp_path / "film.y4m")
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    more: dict[str, Any] = {"flags": flags, "permissions": ["camera"], "device_scale_factor": 2}
    with open_phone(phones, tmp_path / "phone", stoppable, **more) as page:
        page.add_init_script(BLIND)
        page.goto("/field/")
        shoot(page, "sign-in")
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        shoot(page, "home")
        open_unit(page, "1号楼 1单元")
        page.click(f"[data-door='{first}']")
        shoot(page, "unit")
        page.emulate_media(color_scheme="dark")
        shoot(page, "unit-dark")
        page.emulate_media(color_scheme="light")
        switch_size(page)
        open_unit(page, "1号楼 1单元")
        shoot(page, "unit-large")
        switch_size(page)
        page.goto(f"/field/#/door/{first}")
        shoot(page, "door")
        shoot_behind_the_door(page, first)
        stoppable.stop()
        open_unit(page, "1号楼 1单元")
        mark_door(page, walk.district.keys[12], "absent")
        shoot(page, "absent")
        page.get_by_role("button", name="明早 9:00").click()
        mark_door(page, first)
        expect(page.locator("[data-line]")).to_contain_text("没有信号", timeout=20_000)
        for name in ("returns", "outbox"):
            page.goto(f"/field/#/{name}")
            shoot(page, name)
        page.goto("/field/#/special")
        page.click("[data-special=ill]")
        shoot(page, "special")
        page.goto("/field/#/handover")
        page.click("[data-show]")
        shoot(page, "handover")
        disagree(page, stoppable, first)
        shoot(page, "conflict")
        page.reload()
        shoot(page, "unlock")
    (DOCS / "field-tour.md").write_text(write_tour())
