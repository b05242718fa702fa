"""Codes on doors and tubes, conflicts settled by a thumb, a sign-out without a signal: on a phone, against a server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Playwright, expect

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.residents import services as residents
from linli.residents.models import Household, Person
from linli.residents.terms import PersonInput
from linli.rounds.terms import RoundKind
from tests.browser.field import (
    expect_quiet,
    expect_soon,
    film_codes,
    look,
    open_phone,
    send_now,
    sign_in_phone,
    unlock,
    wait_for_worker,
)
from tests.browser.stoppable import Server
from tests.builders.duty import make_account
from tests.builders.ledger import open_round
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def street() -> District:
    """A test round over two communities with one stairwell each; the worker answers for the first alone."""
    with db.owner():
        made = make_district(communities=2, compounds=1, buildings=1, units=1)
        for key in made.keys:
            make_household(key)
        at = clock.now() - timedelta(hours=3)
        open_round(made.extent(made.district), kind=RoundKind.TEST, at=at)
        make_account(role="grid_worker", place=made.communities[0], username="wang", name="王芳")
    return made


def test_a_door_is_opened_by_its_code(phones: Playwright, stoppable: Server, street: District, tmp_path: Path) -> None:
    """By the app's camera, and by any camera, also while the app is locked; a door of somebody else's is not."""
    first, last = street.keys[0], street.keys[-1]
    flags = film_codes([f"https://an.older.host/field/#/d/{first}"], tmp_path / "film.y4m")
    with open_phone(phones, tmp_path / "phone", stoppable, flags=flags, permissions=["camera"]) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        look(page, "home")
        page.get_by_role("link", name="扫码开门户").click()
        expect(page.locator(f"[data-door='{first}']")).to_have_attribute("aria-pressed", "true", timeout=60_000)
        stoppable.stop()
        page.goto(f"/field/#/d/{last}")
        expect(page.get_by_role("alert")).to_contain_text("不在您负责的范围里")
        look(page, "code-elsewhere")
        page.goto("/field/#/u/" + street.units[0].code)
        page.wait_for_url("**/#/unit/*")
        page.reload()  # locked
        page.goto(f"/field/#/d/{street.keys[1]}")
        unlock(page)
        expect(page.locator(f"[data-door='{street.keys[1]}']")).to_have_attribute("aria-pressed", "true")


def list_reasons() -> list[str]:
    with db.owner():
        return [reason for (reason,) in db.rows("SELECT reason FROM mark")]


def test_a_tube_is_typed_where_there_is_no_camera(
    phones: Playwright, stoppable: Server, street: District, tmp_path: Path
) -> None:
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        page.goto("/field/#/scan")
        expect(page.get_by_role("alert")).to_contain_text("用不了相机")
        look(page, "scan-no-camera")
        page.fill("input[name=code]", "101")
        page.press("input[name=code]", "Enter")
        expect(page.locator("main li").first).to_contain_text("101")
        page.goto(f"/field/#/door/{street.keys[0]}")
        for index in range(2):
            page.locator("[data-member]").nth(index).get_by_role("button", name="更多").click()
            if index:
                page.get_by_role("button", name="同上 A20221004-17").click()
            else:
                page.fill("input[name=tube]", "A20221004-17")
            look(page, f"tube-{index}")
            page.locator("[data-mark=done]").click()
        expect_soon(page, list_reasons, ["#A20221004-17"] * 2)
        expect_quiet(page)


def test_both_sides_of_a_conflict(phones: Playwright, stoppable: Server, street: District, tmp_path: Path) -> None:
    """Somebody registered elsewhere has moved here; a household of this name was entered by somebody else meanwhile."""
    here, there = street.keys[0], street.keys[1]
    number = make_id_number()
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        with db.owner():
            home = Household.objects.get(key=there).pk
            moved = PersonInput("王五", id_number=number, phone="15400000001", relation="户主")
            person = residents.add_person(household_id=home, person=moved, actor=SYSTEM, at=clock.now())
            residents.register_household(
                key=here, label="合租", people=[PersonInput("先来的")], client_id=uuid4(), actor=SYSTEM, at=clock.now()
            )
        for label, name, id_number in (("合租", "后到的", ""), ("二房东", "王老五", number)):
            page.goto(f"/field/#/register/{here}")
            page.fill("[name=label]", label)
            page.fill("[name=name-0]", name)
            page.get_by_label("身份证号").fill(id_number)
            page.get_by_role("button", name="保存").click()
            page.wait_for_url("**/#/door/*")
        stoppable.start()
        send_now(page)
        cards = page.locator("[data-settle]")
        expect(cards).to_have_count(2, timeout=60_000)
        expect(cards.nth(0)).to_contain_text("先来的")
        expect(cards.nth(1)).to_contain_text("154****0001")
        look(page, "conflicts")
        page.emulate_media(color_scheme="dark")
        look(page, "conflicts-dark")
        page.emulate_media(color_scheme="light")
        cards.nth(1).locator("[data-keep=mine]").click()
        expect(cards).to_have_count(1)
        cards.nth(0).locator("[data-keep=both]").click()
        expect(cards).to_have_count(0)
        expect_quiet(page)
        expect(page.locator("[data-settle]")).to_have_count(0)
    with db.owner():
        assert Person.objects.get(pk=person).household.label == "二房东"
        joined = Household.objects.get(key=here, label="合租")
        assert sorted(Person.objects.filter(household=joined).values_list("name", flat=True)) == ["先来的", "后到的"]


def test_a_sign_out_without_a_signal(phones: Playwright, stoppable: Server, street: District, tmp_path: Path) -> None:
    """The server hears of it with the next signal, from the sign-in page, though the phone knows no token any more."""
    alive = "SELECT count(*) FROM django_session d JOIN field_session f ON f.session_key = d.session_key"
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        page.goto("/field/")
        page.fill("input[name=device]", "红色小手机")
        look(page, "sign-in")
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        stoppable.stop()
        page.goto("/field/#/settings")
        page.click("[data-sign-out]")
        page.get_by_role("button", name="退出登录").last.click()
        expect(page.locator("[data-farewells]")).to_be_visible()
        look(page, "farewell")
        with db.owner():
            assert db.scalar(alive) == 1
        stoppable.start()
        page.reload()
        expect(page.locator("input[name=username]")).to_be_visible()
        with db.owner():
            expect_soon(page, lambda: db.scalar(alive), 0)
        expect(page.locator("[data-farewells]")).to_have_count(0)
