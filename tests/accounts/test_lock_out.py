"""The lock-out: after failures one waits, longer each time; nothing tells which accounts exist; it is journalled."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections

from linli.accounts import services
from linli.accounts.errors import WaitFirst, WrongPair
from linli.accounts.services import guard
from linli.accounts.terms import FREE_AT_ADDRESS, FREE_ATTEMPTS
from linli.core import db
from linli.duty.errors import AccountBeyondAuthority
from tests.builders import accounts
from tests.builders.accounts import NOW, Staff, Watch, journalled, open_browser, signed_in, try_sign_in
from tests.builders.duty import PASSWORD, actor_for, as_web, make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
staff, watch = accounts.staff, accounts.watch


def fail(username: str, times: int = FREE_ATTEMPTS, address: str = "10.0.0.1") -> None:
    for _attempt in range(times):
        assert try_sign_in(open_browser(REMOTE_ADDR=address), username, "wrong") == 200


def test_after_five_failures_even_the_right_password_waits_and_the_page_says_until_when(
    staff: Staff, watch: Watch
) -> None:
    fail("lead")
    answer = open_browser().post("/sign-in/", {"username": "lead", "password": PASSWORD})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "61"
    assert "You can try again at 09:01:00" in answer.content.decode()  # 01:01 UTC
    watch.pass_(seconds=61)
    assert try_sign_in(open_browser(), "lead") == 302


def test_the_wait_grows_with_each_failure_and_is_forgotten_after_signing_in(staff: Staff, watch: Watch) -> None:
    fail("lead")
    for minutes in (1, 2, 4):
        watch.pass_(minutes=minutes, seconds=-1)
        assert try_sign_in(open_browser(), "lead") == 429
        watch.pass_(seconds=2)
        if minutes < 4:
            fail("lead", 1)
    assert try_sign_in(open_browser(), "lead") == 302
    fail("lead", FREE_ATTEMPTS - 1)
    assert try_sign_in(open_browser(), "lead") == 302


def test_failures_of_yesterday_do_not_count(staff: Staff, watch: Watch) -> None:
    fail("lead", FREE_ATTEMPTS - 1)
    watch.pass_(hours=25)
    fail("lead", FREE_ATTEMPTS - 1)
    assert try_sign_in(open_browser(), "lead") == 302
    with db.owner():
        assert db.scalar("SELECT count(*) FROM sign_in_guard WHERE last_at < %s", [watch.at - timedelta(hours=24)]) == 0


def test_an_account_that_does_not_exist_answers_and_locks_like_one_that_does(staff: Staff, watch: Watch) -> None:
    make_account(username="zhang.jianjun")
    pages: dict[str, list[str]] = {}
    for username in ("zhang.jianjun", "wang.jianjun"):
        pages[username] = []
        for _attempt in range(FREE_ATTEMPTS + 1):
            client = open_browser(REMOTE_ADDR="10.0.0.9")
            page = client.post("/sign-in/", {"username": username, "password": "wrong"}).content.decode()
            page = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"\w+"', "", page)
            pages[username].append(page.replace(username, "*"))
    assert pages["zhang.jianjun"] == pages["wang.jianjun"]
    with db.owner():
        assert db.scalar("SELECT count(*) FROM sign_in_guard WHERE locked_until IS NOT NULL") == 2


def test_the_password_is_hashed_for_accounts_that_do_not_exist_too(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    real = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    counts = []
    for username in ("lead", "nobody"):
        hashed.clear()
        with pytest.raises(WrongPair):
            services.prove_password(username=username, password="wrong", address="10.0.0.1", at=NOW)
        counts.append(len(hashed))
    assert counts == [1, 1]


def test_one_address_may_fail_more_often_but_not_for_ever(staff: Staff, watch: Watch) -> None:
    for number in range(FREE_AT_ADDRESS):
        assert try_sign_in(open_browser(REMOTE_ADDR="10.9.9.9"), f"guess{number}", "wrong") == 200
    assert try_sign_in(open_browser(REMOTE_ADDR="10.9.9.9"), "lead") == 429
    assert try_sign_in(open_browser(REMOTE_ADDR="10.9.9.8"), "lead") == 302
    watch.pass_(seconds=61)
    assert try_sign_in(open_browser(REMOTE_ADDR="10.9.9.9"), "lead") == 302
    assert [entry.detail["what"] for entry in journalled("accounts.lock_out")] == ["address"]


def test_a_forwarded_address_counts_only_behind_a_proxy(staff: Staff, settings: object) -> None:
    extra = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 10.4.4.4"}
    assert "127.0.0.1" in signed_in("lead", **extra).get("/account/").content.decode()
    settings.LINLI_PROXIES = 1  # type: ignore[attr-defined]
    page = signed_in("office", **extra).get("/account/").content.decode()
    assert "10.4.4.4" in page  # what the proxy itself saw, not what the caller made up
    assert "6.6.6.6" not in page


def test_a_lock_is_journalled_without_what_was_typed(staff: Staff, watch: Watch) -> None:
    fail("lead")
    fail("my-secret-password")
    entries = journalled("accounts.lock_out")
    assert [entry.subject for entry in entries] == [f"account:{staff.lead.pk}", ""]
    assert entries[0].detail["failures"] == FREE_ATTEMPTS
    with db.owner():
        kept = db.rows("SELECT row_to_json(j)::text FROM journal_entry j")
        kept += db.rows("SELECT row_to_json(g)::text FROM sign_in_guard g")
    assert not [row for (row,) in kept if "my-secret" in row or "10.0.0.1" in row]


def test_a_hundred_at_once_are_not_checked_more_often_than_five(staff: Staff) -> None:
    checked: list[str] = []
    start = threading.Barrier(12)

    def attack() -> None:
        start.wait()
        for _attempt in range(9):
            try:
                services.prove_password(username="lead", password="wrong", address="10.0.0.1", at=NOW)
            except WrongPair:
                checked.append("checked")
            except WaitFirst:
                pass
        connections.close_all()

    threads = [threading.Thread(target=attack) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(checked) == FREE_ATTEMPTS


def test_who_answers_for_the_account_unlocks_it(staff: Staff, watch: Watch) -> None:
    fail("lead")
    client = signed_in("command")
    page = client.get(f"/account/of/{staff.lead.pk}/").content.decode()
    assert "Locked until 09:01" in page
    assert client.post(f"/account/of/{staff.lead.pk}/unlock/").status_code == 302
    assert try_sign_in(open_browser(), "lead") == 302
    assert journalled("accounts.unlock_account")[0].detail == {"username": "lead"}


def test_nobody_unlocks_above_themselves(staff: Staff) -> None:
    with pytest.raises(AccountBeyondAuthority), as_web(actor_for(staff.office, NOW)) as actor:
        services.unlock_account(account_id=staff.command.pk, actor=actor, at=NOW)


def test_an_address_is_unlocked(staff: Staff, watch: Watch) -> None:
    for number in range(FREE_AT_ADDRESS):
        try_sign_in(open_browser(REMOTE_ADDR="10.9.9.9"), f"guess{number}", "wrong")
    with as_web(actor_for(staff.command, NOW)) as actor:
        services.unlock_address(address="10.9.9.9", actor=actor, at=NOW)
    assert try_sign_in(open_browser(REMOTE_ADDR="10.9.9.9"), "lead") == 302


def test_changing_the_password_and_confirming_it_count_too(staff: Staff, watch: Watch) -> None:
    client = signed_in("lead")
    for address, name in (("/account/confirm/", "password"), ("/password/", "old_password")):
        fresh = {"new_password1": "quite-another-staple", "new_password2": "quite-another-staple"}
        for _attempt in range(FREE_ATTEMPTS):
            assert client.post(address, {**fresh, name: "wrong"}).status_code == 200
        assert client.post(address, {**fresh, name: PASSWORD}).status_code == 429
        watch.pass_(hours=25)
        client = signed_in("lead")


def test_failures_are_never_negative() -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), db.atomic():
        db.execute("INSERT INTO sign_in_guard (subject, failures, last_at) VALUES ('x', -1, now())")
    attempt = guard.begin_attempt(username="a", address="", at=NOW)
    guard.give_back(attempt, at=NOW)
    guard.give_back(attempt, at=NOW)
    with db.owner():
        assert db.rows("SELECT failures FROM sign_in_guard") == [(0,)]
