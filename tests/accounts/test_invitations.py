"""Invitations: a link that lets somebody choose a password, once, for a while, and only to whom one answers for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError

from linli.accounts import services
from linli.accounts.errors import DaysWrong, InvitationNotFound, InvitationOver, InvitesSelf
from linli.core import db
from linli.core.errors import Forbidden
from linli.core.models import Account
from linli.duty import services as duty
from linli.duty.errors import AccountBeyondAuthority, BeyondAuthority
from tests.accounts.test_factors import set_up
from tests.builders import accounts
from tests.builders.accounts import NOW, Staff, Watch, journalled, open_browser, signed_in, try_sign_in
from tests.builders.duty import PASSWORD, actor_for, as_web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
staff, watch = accounts.staff, accounts.watch
FRESH = "quite-another-staple"
CHOSEN = {"new_password1": FRESH, "new_password2": FRESH}


def invite(staff: Staff, account: Account, watch: Watch, days: int = 3) -> str:
    """The address of the link."""
    with as_web(actor_for(staff.command, watch.at)) as actor:
        made = services.invite(account_id=account.pk, days=days, actor=actor, at=watch.at)
    return f"/account/invitation/{made.raw}/"


def test_a_new_person_is_invited_appointed_and_chooses_a_password(staff: Staff, watch: Watch) -> None:
    client = signed_in("command")
    given = {"username": "li.na", "name": "李娜", "days": "1", "role": "grid_worker",
             "place": staff.district.units[0].code}  # fmt: skip
    page = client.post("/account/invitations/", given).content.decode()
    found = re.search(r'href="http://testserver(/account/invitation/[\w-]+/)"', page)
    assert found
    assert "<svg" in page
    guest = open_browser()
    page = guest.get(found[1]).content.decode()
    assert "Welcome, 李娜" in page
    assert "li.na" in page
    assert guest.post(found[1], {"new_password1": "12345678", "new_password2": "12345678"}).status_code == 200
    assert guest.post(found[1], {**CHOSEN, "new_password2": "other"}).status_code == 200
    assert guest.post(found[1], CHOSEN)["Location"] == "/"
    assert "(invitation)" in guest.get("/account/").content.decode()
    assert guest.get("/places/").status_code == 200
    assert try_sign_in(open_browser(), "li.na", FRESH) == 302
    assert [entry.account_name for entry in journalled("accounts.accept_invitation")] == ["李娜"]
    assert journalled("accounts.invite")[0].detail["username"] == "li.na"


PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
)


def test_who_marks_doors_and_opens_it_on_a_phone_goes_on_in_the_phone_app(staff: Staff, watch: Watch) -> None:
    for username, role, agent, page in (
        ("li.na", "grid_worker", PHONE, "/field/?joined"),
        ("li.mei", "grid_worker", "Mozilla/5.0 (X11; Linux x86_64)", "/"),
        ("li.hua", "supervisor", PHONE, "/"),
    ):
        given = {"username": username, "name": "李", "days": "1", "role": role, "place": staff.district.units[0].code}
        shown = signed_in("command").post("/account/invitations/", given).content.decode()
        found = re.search(r'href="http://testserver(/account/invitation/[\w-]+/)"', shown)
        assert found
        guest = open_browser()
        assert guest.post(found[1], CHOSEN, headers={"User-Agent": agent})["Location"] == page
        assert 'href="/field/"' in guest.get("/").content.decode() or role == "supervisor"


def test_it_works_once_and_until_its_time_is_over(staff: Staff, watch: Watch) -> None:
    link = invite(staff, staff.idle, watch)
    assert open_browser().post(link, CHOSEN).status_code == 302
    for _again in range(2):
        assert open_browser().get(link).status_code == 404
        assert open_browser().post(link, CHOSEN).status_code == 404
    late = invite(staff, staff.idle, watch, days=1)
    watch.pass_(days=1)
    assert "not valid any more" in open_browser().get(late).content.decode()
    with pytest.raises(InvitationOver):
        services.accept_invitation(raw="made-up", password=FRESH, at=NOW)


def test_it_is_revoked_by_a_new_one_by_hand_by_a_password_and_by_closing(staff: Staff, watch: Watch) -> None:
    first = invite(staff, staff.lead, watch)
    second = invite(staff, staff.lead, watch)
    assert open_browser().get(first).status_code == 404
    client = signed_in("command")
    page = client.get("/account/invitations/").content.decode()
    number = re.findall(r"/account/invitations/(\d+)/revoke/", page)
    assert len(number) == 1
    assert client.post(f"/account/invitations/{number[0]}/revoke/").status_code == 302
    assert open_browser().get(second).status_code == 404
    assert len(journalled("accounts.revoke_invitation")) == 1
    third = invite(staff, staff.lead, watch)
    with as_web(actor_for(staff.command, NOW)) as actor:
        duty.set_password(account_id=staff.lead.pk, password=PASSWORD, actor=actor, at=NOW)
    assert open_browser().get(third).status_code == 404
    fourth = invite(staff, staff.lead, watch)
    with as_web(actor_for(staff.command, NOW)) as actor:
        duty.deactivate_account(account_id=staff.lead.pk, actor=actor, at=NOW)
    assert open_browser().post(fourth, CHOSEN).status_code == 404


def test_choosing_a_new_password_ends_earlier_sessions_and_keeps_the_second_factor(staff: Staff, watch: Watch) -> None:
    set_up(staff.lead, watch)
    stolen = open_browser()
    link = invite(staff, staff.lead, watch)
    old = signed_in("idle")
    answer = stolen.post(link, CHOSEN)
    assert answer["Location"] == "/sign-in/"  # the link replaces the password alone
    assert stolen.get("/account/").status_code == 302
    assert open_browser().post("/sign-in/", {"username": "lead", "password": FRESH})["Location"] == "/sign-in/code/"
    assert open_browser().post(invite(staff, staff.idle, watch), CHOSEN).status_code == 302
    assert old.get("/account/").status_code == 302


def test_an_invitation_unlocks(staff: Staff, watch: Watch) -> None:
    for _attempt in range(5):
        try_sign_in(open_browser(), "lead", "wrong")
    assert open_browser().post(invite(staff, staff.lead, watch), CHOSEN).status_code == 302
    assert try_sign_in(open_browser(), "lead", FRESH) == 302


def test_nobody_invites_above_themselves_nor_themselves(staff: Staff) -> None:
    with as_web(actor_for(staff.office, NOW)) as actor, pytest.raises(AccountBeyondAuthority):
        services.invite(account_id=staff.command.pk, days=3, actor=actor, at=NOW)
    with as_web(actor_for(staff.office, NOW)) as actor, pytest.raises(BeyondAuthority):
        services.invite_person(
            username="new", name="新", days=3, role="command", place_id=staff.district.district.id, actor=actor, at=NOW
        )
    with as_web(actor_for(staff.command, NOW)) as actor:
        with pytest.raises(InvitesSelf):
            services.invite(account_id=staff.command.pk, days=3, actor=actor, at=NOW)
        with pytest.raises(DaysWrong):
            services.invite(account_id=staff.lead.pk, days=400, actor=actor, at=NOW)
    with as_web(actor_for(staff.lead, NOW)) as actor, pytest.raises(Forbidden):
        services.invite(account_id=staff.idle.pk, days=3, actor=actor, at=NOW)
    with db.owner():
        assert not Account.objects.filter(username="new").exists()
        assert db.scalar("SELECT count(*) FROM invitation") == 0


def test_nobody_takes_back_what_they_do_not_answer_for(staff: Staff, watch: Watch) -> None:
    with as_web(actor_for(staff.command, NOW)) as actor:
        boss = services.invite(account_id=staff.idle.pk, days=3, actor=actor, at=NOW)
        duty.appoint(account_id=staff.idle.pk, role="command", place_id=staff.district.district.id, actor=actor, at=NOW)
    with as_web(actor_for(staff.office, NOW)) as actor:
        with pytest.raises(AccountBeyondAuthority):
            services.revoke_invitation(invitation_id=boss.id, actor=actor, at=NOW)
        with pytest.raises(InvitationNotFound):
            services.revoke_invitation(invitation_id=boss.id + 1, actor=actor, at=NOW)


def test_only_a_digest_of_the_link_is_kept(staff: Staff, watch: Watch) -> None:
    raw = invite(staff, staff.lead, watch).split("/")[3]
    with db.owner():
        kept = db.rows("SELECT row_to_json(i)::text FROM invitation i")
        kept += db.rows("SELECT row_to_json(j)::text FROM journal_entry j")
    assert not [row for (row,) in kept if raw in row]


@pytest.mark.parametrize(
    "changed",
    [{"expires_at": NOW - timedelta(days=1)}, {"used_at": NOW, "revoked_at": NOW}, {}],
    ids=["ends before it begins", "used and revoked", "two open ones"],
)
def test_what_must_always_hold_of_invitations(staff: Staff, changed: dict[str, object]) -> None:
    row = {"created_at": NOW, "created_by": 1, "expires_at": NOW + timedelta(days=1), "account_id": staff.lead.pk}

    def add(digest: str, **values: object) -> None:
        given = {**row, "digest": digest.encode(), **values}
        names = ", ".join(given)
        db.execute(f"INSERT INTO invitation ({names}) VALUES ({', '.join(['%s'] * len(given))})", list(given.values()))

    with db.owner():
        add("first")
        with pytest.raises(IntegrityError), db.atomic():
            add("second", **changed)


def test_the_api_invites_and_takes_back(staff: Staff, watch: Watch) -> None:
    client = signed_in("command")
    body = {"username": "li.na", "name": "李娜"}
    made = client.post("/api/accounts/invitations", body, content_type="application/json")
    assert made.status_code == 201
    link = made.json()["link"].removeprefix("http://testserver")
    assert open_browser().get(link).status_code == 200
    assert [line["username"] for line in client.get("/api/accounts/invitations").json()] == ["li.na"]
    found = client.get(f"/api/accounts/{made.json()['account_id']}/access").json()
    assert found == {"locked_until": None, "has_app": False, "passkeys": 0, "codes_left": 0, "sessions": []}
    assert client.delete(f"/api/accounts/invitations/{made.json()['id']}").status_code == 204
    assert open_browser().get(link).status_code == 404
