"""From an invitation's link to the first door, all on one phone; and what stands at the thumb in the stairwell."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from linli.accounts import services as accounts
from linli.core import clock, db
from linli.core.models import Account
from linli.residents import services as residents
from linli.residents.models import Person
from linli.residents.terms import Presence
from tests.browser.conftest import overflow
from tests.browser.field import (
    PIN,
    expect_quiet,
    expect_waiting,
    open_phone,
    open_unit,
    sign_in_phone,
    wait_for_worker,
)
from tests.browser.stoppable import Server
from tests.builders.duty import actor_for, make_account
from tests.builders.places import District, make_district
from tests.builders.residents import make_household
from tests.builders.rounds import open_over

pytestmark = pytest.mark.django_db(transaction=True)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def street(request: pytest.FixtureRequest) -> District:
    """Buildings of two stairwells each; somebody lives in the first."""
    with db.owner():
        made = make_district(communities=1, compounds=1, buildings=request.param, units=2, floors=1)
        for key in made.keys[:4]:
            make_household(key)
        open_over(made.extent(made.district), at=clock.now() - timedelta(hours=3))
        make_account(role="grid_worker", place=made.communities[0], username="wang", name="王芳")
    return made


@pytest.fixture
def chief(street: District) -> Account:
    with db.owner():
        return make_account(role="command", place=street.city, username="chief")


@pytest.mark.parametrize("street", [14], indirect=True)  # more stairwells than a phone shows at once
def test_from_an_invitation_to_the_first_door(
    phones: Playwright, stoppable: Server, street: District, chief: Account, tmp_path: Path
) -> None:
    at = clock.now()
    with db.owner():
        made = accounts.invite_person(
            username="li.na", name="李娜", days=1, role="grid_worker", place_id=street.communities[0].id,
            actor=actor_for(chief, at), at=at,
        )  # fmt: skip
    with open_phone(phones, tmp_path / "phone", stoppable, user_agent=ANDROID) as page:
        page.goto(f"/account/invitation/{made.raw}/", timeout=60_000)  # the first page of a server that just started
        page.fill("[name=new_password1]", "quite-another-staple")
        page.fill("[name=new_password2]", "quite-another-staple")
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/field/?joined")
        expect(page.locator("input[name=username]")).to_have_count(0)
        page.click("[data-joined] button")
        page.fill("input[name=pin]", PIN)
        page.fill("input[name=again]", PIN)
        page.click("form button")
        page.click("[data-building]")
        page.locator("a[href^='#/unit/']").first.click()
        page.click("[data-act=done]")
        expect(page.locator("[data-tally]")).to_contain_text("完成 2")
        expect_quiet(page)
        assert "joined" not in page.url


@pytest.mark.parametrize("street", [1], indirect=True)
def test_what_stands_at_the_thumb_in_the_stairwell(
    phones: Playwright, stoppable: Server, street: District, chief: Account, tmp_path: Path
) -> None:
    first = street.keys[0]
    with db.owner():
        away, other = Person.objects.filter(household__key=first).order_by("id").values_list("pk", flat=True)
        residents.record_presence(
            person_id=away, presence=Presence.AWAY, back_on=(clock.now() + timedelta(days=9)).date(),
            actor=actor_for(chief, clock.now()), at=clock.now(),
        )  # fmt: skip
    with open_phone(phones, tmp_path / "phone", stoppable) as page:
        sign_in_phone(page, "wang")
        wait_for_worker(page)
        page.goto("/field/#/special")
        page.click("[data-special=fire]")  # from nowhere in particular: nothing is guessed
        expect(page.get_by_role("button", name="马上报告")).to_be_disabled()
        open_unit(page, "1单元")
        page.click(f"[data-door='{first}']")
        stoppable.stop()
        page.click("[data-act=special]")
        page.click("[data-special=ill]")
        page.get_by_label("补充说明").fill("胸口痛")
        page.get_by_role("button", name="马上报告").click()
        page.click("[data-act=more]")
        expect(page.locator("[data-specials]")).to_contain_text("胸口痛")
        expect(page.locator("[data-member]").first).to_contain_text("外出")
        page.locator("[data-member]").nth(1).get_by_role("button", name="更多").click()
        page.click("[data-mark=exempt]")
        page.click("[data-until-days='7']")
        expect(page.locator("[data-member]").nth(1)).to_contain_text("豁免 · 到")
        expect(page.locator(".f-sheet")).to_have_count(0)  # while one lies there, leaving the page closes it alone
        assert overflow(page) == 0
        page.goto("/field/#/special")
        expect(page.locator("select[name=place] option:checked")).to_contain_text("1号楼 1单元")
        expect_waiting(page, 2)
        stoppable.start()
        page.evaluate("dispatchEvent(new Event('online'))")
        expect_quiet(page)
        page.goto("/field/#/")
        expect(page.locator("[data-specials]")).to_contain_text("胸口痛")
    with db.owner():
        until = db.scalar("SELECT max(until_at) FROM round_state WHERE subject_id = %s", [other])
    assert until > clock.now() + timedelta(days=6)
