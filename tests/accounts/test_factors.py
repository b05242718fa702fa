"""The second factor: set up, asked for, never taken twice, replaced by recovery codes, required by roles."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from linli.accounts import queries, services
from linli.accounts.errors import AppNotStarted, CodeWrong, NoFactor
from linli.accounts.terms import FREE_ATTEMPTS, RECOVERY_CODES
from linli.core import db
from linli.core.models import Account
from linli.duty import services as duty
from linli.duty.errors import AccountBeyondAuthority
from linli.duty.terms import SECOND_FACTOR, Role
from tests.accounts.test_policies import code_of
from tests.builders import accounts
from tests.builders.accounts import NOW, Staff, Watch, journalled, open_browser, signed_in, try_sign_in
from tests.builders.duty import PASSWORD, actor_for, as_web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
staff, watch = accounts.staff, accounts.watch


def set_up(account: Account, watch: Watch) -> tuple[str, list[str]]:
    """Through the pages; returns the key and the recovery codes. The code of this half minute is then used up."""
    client = signed_in(account.username)
    assert client.post("/account/app/start/")["Location"] == "/account/app/"
    page = client.get("/account/app/").content.decode()
    assert "<svg" in page
    found = re.search(r"data-secret>([A-Z2-7 ]+)<", page)
    assert found
    secret = found[1].replace(" ", "")
    page = client.post("/account/app/", {"code": code_of(secret, watch.at)}).content.decode()
    codes = re.findall(r'class="ln-code">([a-z2-9]{5}-[a-z2-9]{5})<', page)
    assert len(codes) == RECOVERY_CODES
    return secret, codes


def at_second_step(username: str) -> Client:
    client = open_browser()
    answer = client.post("/sign-in/", {"username": username, "password": PASSWORD, "next": "/password/"})
    assert answer["Location"] == "/sign-in/code/"
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


class TestApp:
    def test_the_password_alone_opens_nothing_any_more(self, staff: Staff, watch: Watch) -> None:
        secret, _codes = set_up(staff.lead, watch)
        watch.pass_(seconds=30)
        client = at_second_step("lead")
        assert not is_in(client)
        before = client.cookies["sessionid"].value
        assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 200
        assert not is_in(client)
        answer = client.post("/sign-in/code/", {"code": code_of(secret, watch.at)})
        assert answer["Location"] == "/password/"  # where it was going
        assert client.cookies["sessionid"].value != before
        assert "(password and code)" in client.get("/account/").content.decode()
        assert [entry.detail["way"] for entry in journalled("accounts.sign_in")] == ["password", "code"]

    def test_a_code_is_taken_once_and_none_before_it(self, staff: Staff, watch: Watch) -> None:
        secret, _codes = set_up(staff.lead, watch)
        watch.pass_(seconds=60)
        code, earlier = code_of(secret, watch.at), code_of(secret, watch.at - timedelta(seconds=30))
        assert at_second_step("lead").post("/sign-in/code/", {"code": code}).status_code == 302
        for used in (code, earlier):
            client = at_second_step("lead")
            assert "has been used already" in client.post("/sign-in/code/", {"code": used}).content.decode()
            assert not is_in(client)

    def test_the_code_that_set_it_up_does_not_sign_in(self, staff: Staff, watch: Watch) -> None:
        secret, _codes = set_up(staff.lead, watch)
        assert at_second_step("lead").post("/sign-in/code/", {"code": code_of(secret, watch.at)}).status_code == 200

    def test_guessing_codes_locks_like_guessing_passwords(self, staff: Staff, watch: Watch) -> None:
        secret, _codes = set_up(staff.lead, watch)
        watch.pass_(seconds=30)
        client = at_second_step("lead")
        for _attempt in range(FREE_ATTEMPTS):
            assert client.post("/sign-in/code/", {"code": "123 456"}).status_code == 200
        assert client.post("/sign-in/code/", {"code": code_of(secret, watch.at)}).status_code == 429
        assert try_sign_in(open_browser(), "lead") == 429  # the password does not help either
        assert not is_in(client)

    def test_the_second_step_waits_ten_minutes_and_only_for_the_same_password(self, staff: Staff, watch: Watch) -> None:
        secret, _codes = set_up(staff.lead, watch)
        watch.pass_(seconds=30)
        client = at_second_step("lead")
        watch.pass_(minutes=10, seconds=1)
        page = client.post("/sign-in/code/", {"code": code_of(secret, watch.at)}).content.decode()
        assert "It took too long" in page
        client = at_second_step("lead")
        with as_web(actor_for(staff.command, NOW)) as actor:
            duty.set_password(account_id=staff.lead.pk, actor=actor, at=watch.at)
        client.post("/sign-in/code/", {"code": code_of(secret, watch.at)})
        assert not is_in(client)

    def test_the_key_is_sealed_and_never_journalled(self, staff: Staff, watch: Watch) -> None:
        secret, codes = set_up(staff.lead, watch)
        with db.owner():
            kept = db.rows("SELECT encode(secret, 'escape') FROM second_factor")
            kept += db.rows("SELECT encode(digest, 'escape') FROM recovery_code")
            kept += db.rows("SELECT row_to_json(j)::text FROM journal_entry j")
            kept += db.rows("SELECT session_data FROM django_session")
        assert not [row for (row,) in kept if secret in row or any(code in row for code in codes)]

    def test_it_is_not_set_up_twice_nor_confirmed_with_a_wrong_code(self, staff: Staff, watch: Watch) -> None:
        actor = actor_for(staff.lead, NOW)
        with as_web(actor):
            with pytest.raises(AppNotStarted):
                services.confirm_app(code="123456", actor=actor, at=NOW)
            services.start_app(actor=actor, at=NOW)
            with pytest.raises(CodeWrong):
                services.confirm_app(code="", actor=actor, at=NOW)
            assert not queries.get_factors(account_id=staff.lead.pk).any
        set_up(staff.lead, watch)
        with pytest.raises(AppNotStarted), as_web(actor):
            services.start_app(actor=actor, at=NOW)

    def test_removing_it_takes_the_codes_along(self, staff: Staff, watch: Watch) -> None:
        set_up(staff.lead, watch)
        with as_web(actor_for(staff.lead, NOW)) as actor:
            services.remove_app(actor=actor, at=NOW)
            with pytest.raises(NoFactor):
                services.renew_codes(actor=actor, at=NOW)
        assert try_sign_in(open_browser(), "lead") == 302
        with db.owner():
            assert db.scalar("SELECT count(*) FROM recovery_code") == 0
        with pytest.raises(IntegrityError), db.owner(), db.atomic():  # confirmed without a key
            db.execute("UPDATE second_factor SET confirmed_at = now()")


class TestRecovery:
    def test_each_code_opens_once_however_it_is_typed(self, staff: Staff, watch: Watch) -> None:
        _secret, codes = set_up(staff.lead, watch)
        client = at_second_step("lead")
        typed = {"code": codes[3].upper().replace("-", " ")}
        assert client.post("/sign-in/code/", typed).status_code == 302
        assert "9 codes are left" in client.get("/account/").content.decode()
        client = at_second_step("lead")
        assert client.post("/sign-in/code/", typed).status_code == 200
        assert not is_in(client)

    def test_new_codes_end_the_old_ones(self, staff: Staff, watch: Watch) -> None:
        _secret, codes = set_up(staff.lead, watch)
        with as_web(actor_for(staff.lead, NOW)) as actor:
            fresh = services.renew_codes(actor=actor, at=NOW)
        assert len(set(fresh) - set(codes)) == RECOVERY_CODES
        assert at_second_step("lead").post("/sign-in/code/", {"code": codes[0]}).status_code == 200
        assert at_second_step("lead").post("/sign-in/code/", {"code": fresh[0]}).status_code == 302

    def test_who_answers_for_the_account_removes_the_factor(self, staff: Staff, watch: Watch) -> None:
        set_up(staff.lead, watch)
        client = signed_in("command")
        assert "10 recovery codes left" in client.get(f"/account/of/{staff.lead.pk}/").content.decode()
        assert client.post(f"/account/of/{staff.lead.pk}/factors/reset/").status_code == 302
        assert try_sign_in(open_browser(), "lead") == 302
        assert journalled("accounts.reset_factors")[0].account_name == "区指挥部"
        with pytest.raises(AccountBeyondAuthority), as_web(actor_for(staff.office, NOW)) as actor:
            services.reset_factors(account_id=staff.command.pk, actor=actor, at=NOW)

    def test_closing_the_account_keeps_none_of_it(self, staff: Staff, watch: Watch) -> None:
        set_up(staff.lead, watch)
        with as_web(actor_for(staff.command, NOW)) as actor:
            duty.deactivate_account(account_id=staff.lead.pk, actor=actor, at=NOW)
        with db.owner():
            assert db.rows("SELECT secret, confirmed_at FROM second_factor") == [(b"", None)]
            assert db.scalar("SELECT count(*) FROM recovery_code") == 0


class TestFreshness:
    def test_an_unattended_phone_changes_no_locks(self, staff: Staff, watch: Watch) -> None:
        client = signed_in("lead")
        watch.pass_(minutes=16)
        answer = client.post("/account/app/start/")
        assert answer["Location"] == "/account/confirm/?next=%2Faccount%2F"
        assert client.get("/account/passkeys/add/")["Location"].startswith("/account/confirm/?next=%2Faccount%2Fpass")
        assert client.post("/account/confirm/", {"password": "wrong", "next": "/account/"}).status_code == 200
        assert client.post("/account/app/start/")["Location"].startswith("/account/confirm/")
        evil = client.post("/account/confirm/", {"password": PASSWORD, "next": "https://evil.example/"})
        assert evil["Location"] == "/account/"
        assert client.post("/account/app/start/")["Location"] == "/account/app/"


class TestRequired:
    def test_command_and_office_owe_one_and_may_go_on_for_a_while(self, staff: Staff, watch: Watch) -> None:
        assert {Role.COMMAND, Role.OFFICE} <= set(SECOND_FACTOR)
        client = signed_in("office")
        assert "Set up one of the two below until 6 Dec, 09:00" in client.get("/account/").content.decode()
        assert "Set up a second factor until" in client.get("/").content.decode()
        assert "second factor" not in signed_in("lead").get("/").content.decode()
        watch.pass_(days=14, seconds=-1)
        client = signed_in("office")
        assert client.get("/places/").status_code == 200
        watch.pass_(seconds=2)
        assert client.get("/places/")["Location"] == "/account/"
        assert client.get("/account/of/1/")["Location"] == "/account/"
        assert client.get("/places/", headers={"authorization": "Bearer x"})["Location"] == "/account/"
        refused = client.get("/api/duty/me")
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.factor_needed")
        page = client.get("/account/").content.decode()
        assert "The time to set one up ended on" in page
        client = signed_in("office")
        client.post("/account/app/start/")
        page = client.get("/account/app/").content.decode()
        secret = re.search(r"data-secret>([A-Z2-7 ]+)<", page)
        assert secret
        client.post("/account/app/", {"code": code_of(secret[1].replace(" ", ""), watch.at)})
        assert client.get("/places/").status_code == 200

    def test_leaving_and_coming_again_does_not_begin_the_time_anew(self, staff: Staff, watch: Watch) -> None:
        signed_in("office")
        watch.pass_(days=15)
        client = open_browser()
        try_sign_in(client, "office")
        assert client.get("/places/")["Location"] == "/account/"

    def test_a_demonstration_only_reminds(self, staff: Staff, watch: Watch, settings: object) -> None:
        settings.LINLI_SECOND_FACTOR = False  # type: ignore[attr-defined]
        signed_in("office")
        watch.pass_(days=15)
        assert signed_in("office").get("/places/").status_code == 200
