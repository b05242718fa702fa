"""Ways into an account in a real browser: a passkey of Chromium's own virtual authenticator, the app by its QR code's
key, an invitation on a phone; the pages at 1440 and 360 px."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import CDPSession, Page, expect

from linli.core import clock, db
from linli.core.models import Account, JournalEntry
from tests.browser.conftest import DESK, PHONE, overflow, sign_in
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db(transaction=True)
OpenPage = Callable[..., Page]
FRESH = "quite-another-staple"


@pytest.fixture(autouse=True)
def district(settings: object, tmp_path: Path) -> District:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    with db.owner():
        made = make_district(compounds=1, buildings=1, units=1)
        make_account(username="command", name="区指挥部", role="command", place=made.district)
        make_account(username="lead", name="王楼长", role="unit_lead", place=made.units[0])
    return made


def give_authenticator(page: Page, *, verified: bool = True) -> CDPSession:
    """A phone's fingerprint reader, as far as the browser can tell."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": verified, "automaticPresenceSimulation": True}},
    )
    session.authenticator = made["authenticatorId"]  # type: ignore[attr-defined]
    return session


def sign_out(page: Page) -> None:
    page.click(".ln-menu summary")
    page.click(".ln-menu-body form button")
    expect(page.locator("h1")).to_have_text("登录")


def add_passkey(page: Page, name: str = "我的手机") -> None:
    page.goto("/account/")
    page.get_by_role("link", name="添加通行密钥").click()
    page.fill("input[name=name]", name)
    page.get_by_role("button", name="添加").click()


def test_a_passkey_is_added_used_without_a_password_and_removed(page: Page) -> None:
    give_authenticator(page)
    sign_in(page, "lead")
    add_passkey(page)
    expect(page.locator(".ln-codes li")).to_have_count(10)
    with db.owner():
        assert JournalEntry.objects.filter(verb="accounts.add_passkey").count() == 1
    code = page.locator(".ln-codes li").first.inner_text()
    page.get_by_role("link", name="我已抄好").click()
    expect(page.locator(".ln-lines").first).to_contain_text("尚未使用")
    sign_out(page)
    page.goto("/sign-in/?next=/password/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("h1")).to_have_text("修改密码")
    page.goto("/account/")
    expect(page.locator("main")).to_contain_text("（通行密钥）")
    expect(page.locator(".ln-lines").first).to_contain_text("最近使用")
    sign_out(page)

    # The password alone is not enough any more: the passkey, or a recovery code, is the second step.
    page.fill("input[name=username]", "lead")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(page.locator("h1")).to_have_text("第二步验证")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_selector("#ln-side", state="attached")
    sign_out(page)
    page.fill("input[name=username]", "lead")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.fill("input[name=code]", code)
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("#ln-side", state="attached")

    page.goto("/account/")
    page.get_by_role("button", name="删除 我的手机").click()
    expect(page.locator("main")).to_contain_text("通行密钥已删除")
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()  # the device still has it; the account does not
    expect(page.locator(".ln-problem")).to_contain_text("未能接受该通行密钥")


def test_the_same_device_is_not_added_twice_and_one_without_a_lock_not_at_all(open_page: OpenPage) -> None:
    page = open_page()
    give_authenticator(page)
    sign_in(page, "lead")
    add_passkey(page)
    page.get_by_role("link", name="我已抄好").click()
    add_passkey(page, "又一次")
    expect(page.locator("[data-passkey-error]")).to_contain_text("设备没有生成通行密钥")
    other = open_page()
    give_authenticator(other, verified=False)
    sign_in(other, "command")
    add_passkey(other)
    expect(other.locator("[data-passkey-error]")).to_be_visible()


def test_a_passkey_answers_one_challenge_once(page: Page) -> None:
    give_authenticator(page)
    sign_in(page, "lead")
    add_passkey(page)
    page.get_by_role("link", name="我已抄好").click()
    sign_out(page)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if asked.url.endswith("/passkey/") else None)
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_selector("#ln-side", state="attached")
    sign_out(page)
    answer = page.evaluate(
        """async ([body]) => {
            const fields = new URLSearchParams(body);
            const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
            fields.set('csrfmiddlewaretoken', token);
            await fetch('/sign-in/passkey/options/', {method: 'POST', headers: {'X-CSRFToken': token}});
            const answer = await fetch('/sign-in/passkey/', {method: 'POST', body: fields});
            return [answer.url, (await answer.text()).includes('未能接受')];
        }""",
        [sent[0]],
    )
    assert answer[0].endswith("/sign-in/passkey/")
    assert answer[1]


def wait_for_early_code(page: Page) -> None:
    """Until a code of 30 seconds is new: one that is taken at its end may have become too old when it arrives."""
    passed = clock.now().timestamp() % 30
    if passed > 5:
        page.wait_for_timeout((30 - passed) * 1000)


def test_the_app_is_set_up_on_a_phone_and_asked_for(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    sign_in(page, "lead")
    page.goto("/account/")
    page.get_by_role("button", name="设置验证器应用").click()
    expect(page.locator(".ln-qr svg")).to_be_visible()
    assert overflow(page) == 0
    wait_for_early_code(page)
    app = pyotp.TOTP(page.locator("[data-secret]").inner_text().replace(" ", ""))
    assert page.locator("a[href^='otpauth://totp/']").count() == 1
    page.fill("input[name=code]", app.at(clock.now() - timedelta(seconds=30)))
    page.press("input[name=code]", "Enter")
    expect(page.locator(".ln-codes li")).to_have_count(10)
    assert overflow(page) == 0
    page.goto("/account/")
    sign_out(page)
    page.fill("input[name=username]", "lead")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    expect(page.locator("h1")).to_have_text("第二步验证")
    wait_for_early_code(page)
    page.fill("input[name=code]", app.at(clock.now()))
    page.press("input[name=code]", "Enter")
    page.wait_for_selector("#ln-side", state="attached")


def test_somebody_is_invited_and_begins_on_a_phone(open_page: OpenPage, district: District) -> None:
    page = open_page()
    sign_in(page, "command")
    page.goto("/duty/accounts/")
    page.get_by_role("link", name="邀请人员").click()
    page.fill("input[name=name]", "李娜")
    page.fill("input[name=username]", "li.na")
    page.select_option("select[name=role]", "grid_worker")
    page.fill("input[name=place]", district.units[0].code)
    page.get_by_role("button", name="生成邀请").click()
    expect(page.locator(".ln-qr svg")).to_be_visible()
    link = page.locator("[data-link]").get_attribute("href") or ""
    phone = open_page(viewport=PHONE)
    phone.goto(link)
    assert overflow(phone) == 0
    expect(phone.locator("h1")).to_have_text("欢迎，李娜")
    phone.fill("input[name=new_password1]", FRESH)
    phone.fill("input[name=new_password2]", FRESH)
    phone.get_by_role("button", name="保存并继续").click()
    phone.wait_for_selector("#ln-side", state="attached")
    again = open_page(viewport=PHONE)
    again.goto(link)
    expect(again.locator("h1")).to_have_text("这份邀请已失效。")
    with db.owner():
        assert Account.objects.get(username="li.na").check_password(FRESH)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_no_page_scrolls_sideways_and_targets_are_large(
    open_page: OpenPage, viewport: dict[str, int], large: bool
) -> None:
    page = open_page(viewport=viewport)
    page.goto("/sign-in/")
    if large:
        page.locator("button[name=size]").last.click()
        expect(page.locator("html")).to_have_attribute("data-size", "large")
    sign_in(page, "command")
    with db.owner():
        lead = Account.objects.get(username="lead").pk
    addresses = ("/account/", "/account/confirm/", "/account/passkeys/add/", "/account/invitations/")
    for address in (*addresses, f"/account/of/{lead}/", "/password/"):
        page.goto(address)
        assert overflow(page) == 0, address
        assert page.locator("h1").count() == 1, address
    page.goto("/account/")
    heights = "all => all.map(one => one.getBoundingClientRect().height)"
    for height in page.locator(".ln-ways .btn").evaluate_all(heights):
        assert height >= (60 if large else 44)
    assert re.search(r"第二重验证", page.locator("main").inner_text())
