"""Sessions: noted, seen, ended by oneself or by who answers; new keys at sign-in; gone after a change of password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from linli.accounts import queries, services
from linli.accounts.errors import SessionNotFound
from linli.core import access, db
from linli.core.errors import Forbidden
from linli.duty import services as duty
from linli.duty.errors import AccountBeyondAuthority
from tests.builders import accounts
from tests.builders.accounts import NOW, Staff, Watch, journalled, open_browser, signed_in, try_sign_in
from tests.builders.duty import PASSWORD, actor_for, as_web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
staff, watch = accounts.staff, accounts.watch
PHONE = "Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile Safari/537.36"
FRESH = "quite-another-staple"


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_list_shows_device_address_when_and_which_is_this(staff: Staff, watch: Watch) -> None:
    signed_in("lead", PHONE, REMOTE_ADDR="10.0.0.7")
    watch.pass_(minutes=3)
    page = signed_in("lead", REMOTE_ADDR="10.0.0.8").get("/account/").content.decode()
    assert page.index("Chrome on Windows") < page.index("this device") < page.index("Chrome on Android")
    for text in ("10.0.0.7", "10.0.0.8", "09:00", "09:03", "(password)"):
        assert text in page


def test_that_it_is_in_use_is_noted_for_its_account_alone(staff: Staff, watch: Watch) -> None:
    key = signed_in("lead", PHONE).session.session_key
    other = actor_for(staff.office, watch.at)
    watch.pass_(minutes=3)
    with access.acting(other):
        touch = services.touch_session_sql("%s", "%s", "%s")
        db.rows(f"SELECT {touch}", [staff.lead.pk, key, watch.at])
        assert db.scalar("SELECT linli_account()") == other.account_id, "who acts is who acted before"
        db.rows(f"SELECT {touch}", [staff.office.pk, key, watch.at + timedelta(minutes=1)])  # not theirs
    (mine,) = queries.list_sessions(account_id=staff.lead.pk, at=watch.at)
    assert mine.seen_at == watch.at


def test_the_session_has_a_new_key_after_the_password(staff: Staff) -> None:
    client = open_browser()
    client.post("/language/", {"language": "en"})
    session = client.session
    session["planted"] = "x"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = str(before)
    assert try_sign_in(client, "lead") == 302
    assert client.cookies["sessionid"].value != before
    with db.owner():
        assert not Session.objects.filter(session_key=before).exists()
    assert not is_in(_with_key(before))


def _with_key(key: str | None) -> Client:
    client = open_browser()
    client.cookies["sessionid"] = str(key)
    return client


def test_one_is_ended_all_others_are_ended(staff: Staff) -> None:
    mine, phone, office = (signed_in("lead", agent) for agent in ("", PHONE, PHONE))
    number = re.findall(r"/account/sessions/(\d+)/end/", mine.get("/account/").content.decode())[0]
    assert mine.post(f"/account/sessions/{number}/end/").status_code == 302
    assert sorted([is_in(phone), is_in(office)]) == [False, True]
    other = signed_in("lead", PHONE)
    assert mine.post("/account/sessions/end-others/").status_code == 302
    assert [is_in(client) for client in (mine, phone, office, other)] == [True, False, False, False]
    assert len(journalled("accounts.end_session")) == len(journalled("accounts.end_sessions")) == 1


def test_nobody_ends_or_sees_anybody_elses(staff: Staff) -> None:
    signed_in("lead")
    with db.owner():
        (number,) = db.rows("SELECT id FROM account_session")[0]
    client = signed_in("office")
    assert client.post(f"/account/sessions/{number}/end/").status_code == 404
    with pytest.raises(SessionNotFound), as_web(actor_for(staff.office, NOW)) as actor:
        services.end_session(session_id=number, actor=actor, at=NOW)
    with as_web(actor_for(staff.office, NOW)):
        assert {row for (row,) in db.rows("SELECT account_id FROM account_session")} == {staff.office.pk}


def test_changing_the_password_ends_the_others_and_keeps_this_one(staff: Staff) -> None:
    mine, phone = signed_in("lead"), signed_in("lead", PHONE)
    before = mine.cookies["sessionid"].value
    given = {"old_password": PASSWORD, "new_password1": FRESH, "new_password2": FRESH}
    assert mine.post("/password/", given).status_code == 302
    assert (is_in(mine), is_in(phone)) == (True, False)
    assert mine.cookies["sessionid"].value != before
    assert mine.get("/account/").content.decode().count("this device") == 1
    with db.owner():
        assert Session.objects.count() == 1
    assert len(journalled("accounts.change_password")) == 1


def test_a_password_set_by_somebody_else_and_closing_end_all(staff: Staff) -> None:
    phone = signed_in("lead", PHONE)
    with as_web(actor_for(staff.command, NOW)) as actor:
        duty.set_password(account_id=staff.lead.pk, password=PASSWORD, actor=actor, at=NOW)
    assert not is_in(phone)
    phone = signed_in("lead", PHONE)
    with as_web(actor_for(staff.command, NOW)) as actor:
        duty.deactivate_account(account_id=staff.lead.pk, actor=actor, at=NOW)
    assert not is_in(phone)
    with db.owner():
        assert db.scalar("SELECT count(*) FROM account_session WHERE ended_at IS NULL") == 0
        assert not Session.objects.exists()


def test_signing_out_takes_the_session_off_the_list(staff: Staff, watch: Watch) -> None:
    phone, mine = signed_in("lead", PHONE), signed_in("lead")
    phone.post("/sign-out/")
    assert "Android" not in mine.get("/account/").content.decode()
    assert len(journalled("accounts.sign_out")) == 1


def test_that_it_is_in_use_is_noted_every_five_minutes(staff: Staff, watch: Watch) -> None:
    mine, phone = signed_in("lead"), signed_in("lead", PHONE, REMOTE_ADDR="10.0.0.7")
    for minutes, seen in ((4, "last seen 09:00"), (2, "last seen 09:06")):
        watch.pass_(minutes=minutes)
        phone.get("/", headers={"X-Forwarded-For": "6.6.6.6"})
        page = mine.get("/account/").content.decode()
        assert seen in page[page.index("Android") :]


def test_after_twelve_hours_it_is_over_and_off_the_list(staff: Staff, watch: Watch) -> None:
    phone = signed_in("lead", PHONE)
    watch.pass_(hours=12, seconds=1)
    assert not is_in(phone)
    assert "Android" not in signed_in("lead").get("/account/").content.decode()


def test_ended_sessions_are_forgotten_after_a_month(staff: Staff, watch: Watch) -> None:
    signed_in("lead", PHONE)
    watch.pass_(days=31)
    signed_in("lead")
    with db.owner():
        assert db.scalar("SELECT count(*) FROM account_session") == 1


def test_who_answers_for_the_account_signs_it_out(staff: Staff) -> None:
    phone = signed_in("lead", PHONE)
    client = signed_in("command")
    assert "Chrome on Android" in client.get(f"/account/of/{staff.lead.pk}/").content.decode()
    assert client.post(f"/account/of/{staff.lead.pk}/sessions/end/").status_code == 302
    assert not is_in(phone)
    with pytest.raises(AccountBeyondAuthority), as_web(actor_for(staff.office, NOW)) as actor:
        services.end_all_sessions(account_id=staff.command.pk, actor=actor, at=NOW)


def test_a_token_changes_nothing_of_how_an_account_is_entered(staff: Staff) -> None:
    token = actor_for(staff.command, NOW, scopes=frozenset({"accounts.make"}))
    for act in (
        lambda: services.end_other_sessions(keep="", actor=token, at=NOW),
        lambda: services.end_session(session_id=1, actor=token, at=NOW),
        lambda: services.start_app(actor=token, at=NOW),
        lambda: services.invite(account_id=staff.lead.pk, days=3, actor=token, at=NOW),
        lambda: services.reset_factors(account_id=staff.lead.pk, actor=token, at=NOW),
    ):
        with pytest.raises(Forbidden):
            act()


def test_the_api_lists_and_ends_mine(staff: Staff) -> None:
    phone, mine = signed_in("lead", PHONE), signed_in("lead")
    found = mine.get("/api/accounts/sessions").json()
    assert [(line["device"], line["is_this"]) for line in found] == [
        ("Chrome on Windows", True),
        ("Chrome on Android", False),
    ]
    assert mine.delete(f"/api/accounts/sessions/{found[1]['id']}").status_code == 204
    assert not is_in(phone)


def test_without_an_account_set_no_row_is_within_reach(staff: Staff) -> None:
    signed_in("lead")
    for table in ("second_factor", "recovery_code", "passkey", "account_session"):
        with pytest.raises(Exception, match="nobody is acting"), db.atomic():
            db.rows(f"SELECT * FROM {table}")
    with access.acting(actor_for(staff.command, NOW)):
        assert queries.list_sessions(account_id=staff.command.pk, at=NOW) == []
        assert db.rows("SELECT * FROM account_session") == []
