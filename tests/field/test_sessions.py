"""Signing in with a phone, its key, signing out, and every way in which its session ends."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

import pytest
from django.test import Client

from linli.accounts import services as accounts
from linli.core import db
from linli.core.access import SYSTEM
from linli.duty import services as duty
from linli.duty.terms import PERMISSIONS, Role
from linli.field import keys, queries
from linli.field.models import FieldKey, FieldSession
from linli.field.terms import SCOPES
from tests.builders.accounts import Staff, Watch, journalled, open_browser, signed_in, staff, watch  # noqa: F401
from tests.builders.duty import PASSWORD, actor_for
from tests.builders.phones import JSON, Phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def phone(staff: Staff, watch: Watch) -> Phone:  # noqa: F811
    made = Phone("lead")
    assert made.sign_in().status_code == 201
    return made


def code_of(answer: object) -> str:
    return str(answer.json()["code"])  # type: ignore[attr-defined]


def test_says_who_signed_in(phone: Phone, staff: Staff) -> None:  # noqa: F811
    told = phone.told
    assert told["account"] == {"id": staff.lead.pk, "name": "王楼长"}
    assert [post["role"] for post in told["posts"]] == ["unit_lead"]
    assert set(told["permissions"]) == PERMISSIONS[Role.UNIT_LEAD] & SCOPES
    assert (told["grace_hours"], told["contact_hours"], told["offset_ms"]) == (168, 72, 0)
    again = phone.get("session").json()
    assert again["has_key"] is True
    assert {**told, "has_key": True, "token": None} == {**again, "token": None}


def test_a_wrong_clock_is_known_by_its_difference(staff: Staff, watch: Watch) -> None:  # noqa: F811
    from datetime import timedelta

    slow = Phone("lead", slow=timedelta(days=1, milliseconds=5))
    slow.sign_in()
    assert slow.told["offset_ms"] == 86_400_005


def test_wrong_passwords_count(staff: Staff, watch: Watch) -> None:  # noqa: F811
    phone = Phone("lead")
    for _time in range(5):
        answer = phone.sign_in(password="wrong")
        assert (answer.status_code, code_of(answer)) == (401, "accounts.wrong_pair")
    answer = phone.sign_in()
    assert (answer.status_code, code_of(answer)) == (429, "accounts.wait")
    watch.pass_(minutes=5)
    assert phone.sign_in().status_code == 201


def test_a_second_factor_is_asked_for(staff: Staff, watch: Watch) -> None:  # noqa: F811
    codes = give_codes(staff)
    phone = Phone("lead")
    answer = phone.sign_in()
    assert (answer.status_code, code_of(answer)) == (401, "field.code_needed")
    assert code_of(phone.sign_in(code="000000")) == "accounts.code_wrong"
    assert phone.sign_in(code=codes[0]).status_code == 201
    assert code_of(Phone("lead").sign_in(code=codes[0])) == "accounts.code_wrong"


def give_codes(staff: Staff) -> list[str]:  # noqa: F811
    """An authenticator app, confirmed; returns its recovery codes."""
    import pyotp

    from linli.core import access, clock

    at = clock.now()
    actor = actor_for(staff.lead, at)
    with access.acting(actor):
        accounts.start_app(actor=actor, at=at)
        made = accounts.get_new_app(actor=actor, username="lead")
        return list(accounts.confirm_app(code=pyotp.TOTP(made.secret).at(at), actor=actor, at=at))


def test_who_owes_a_second_factor_is_stopped(staff: Staff, watch: Watch) -> None:  # noqa: F811
    phone = Phone("office")
    assert phone.sign_in().status_code == 201
    watch.pass_(days=15)
    answer = Phone("office").sign_in()
    assert (answer.status_code, code_of(answer)) == (403, "accounts.factor_needed")


def test_from_a_page_without_a_password(staff: Staff, watch: Watch) -> None:  # noqa: F811
    page = signed_in("lead")
    body = {"device": {"name": "手机"}}
    answer = page.post("/api/field/session", body, content_type=JSON)
    assert answer.status_code == 201
    phone = Phone("lead", told=answer.json())
    assert phone.get("session").status_code == 200
    stranger = open_browser().post("/api/field/session", body, content_type=JSON)
    assert (stranger.status_code, code_of(stranger)) == (401, "core.not_signed_in")
    careless = Client(enforce_csrf_checks=True)
    careless.force_login(staff.lead)
    assert careless.post("/api/field/session", body, content_type=JSON).status_code == 403


def test_its_token_is_no_key_to_everything(phone: Phone) -> None:
    made = phone.client.post("/api/duty/tokens", {"name": "x", "scopes": [], "days": 1}, content_type=JSON,
                             headers=phone.headers)  # fmt: skip
    assert made.status_code == 403
    assert phone.client.get("/account/", headers=phone.headers).status_code == 302  # no page opens with it
    sessions = phone.client.get("/api/accounts/sessions", headers=phone.headers)
    assert sessions.status_code == 403


def test_signing_out_ends_it(phone: Phone) -> None:
    assert phone.client.delete("/api/field/session", headers=phone.headers).status_code == 204
    answer = phone.get("session")
    assert (answer.status_code, code_of(answer)) == (401, "field.signed_out")
    assert journalled("accounts.sign_out")[-1].origin == "field"
    assert queries.get_session(FieldSession.objects.get().pk).has_key  # work may still come


def end_from_afar(session: str, proof: bytes) -> int:
    """By nobody: no token, no cookie."""
    body = {"session": session, "proof": base64.b64encode(proof).decode()}
    return int(Client().post("/api/field/session/end", body, content_type=JSON).status_code)


def test_a_sign_out_that_was_made_without_a_signal(phone: Phone) -> None:
    """The digest of the token ends its session, and nothing else; sent again it changes nothing."""
    other = Phone("office")
    other.sign_in()
    proof = hashlib.sha256(phone.told["token"].encode()).digest()
    assert end_from_afar(other.session, proof) == 204
    assert end_from_afar(phone.session, b"x" * 32) == 204
    for wrong in ("", "not base64!", "x", "证明", "A" * 4_000):
        body = {"session": phone.session, "proof": wrong}
        assert Client().post("/api/field/session/end", body, content_type=JSON).status_code == 204
    assert [one.get("session").status_code for one in (phone, other)] == [200, 200]
    assert end_from_afar(phone.session, proof) == 204
    answer = phone.get("session")
    assert (answer.status_code, code_of(answer)) == (401, "field.signed_out")
    assert other.get("session").status_code == 200
    count = len(journalled("accounts.sign_out"))
    assert end_from_afar(phone.session, proof) == 204
    assert len(journalled("accounts.sign_out")) == count
    bearer = Client().get("/api/field/session", headers={"Authorization": f"Bearer {base64.b64encode(proof).decode()}"})
    assert bearer.status_code == 401
    assert queries.get_session(UUID(phone.session)).has_key  # work may still come


def test_its_owner_knows_it_by_its_name(phone: Phone) -> None:
    page = signed_in("lead")
    (mine,) = [line for line in page.get("/api/accounts/sessions").json() if not line["is_this"]]
    assert mine["device"].startswith("测试手机")
    assert "测试手机" in page.get("/account/").content.decode()


@pytest.mark.parametrize("how", ["page", "password", "closed", "month"])
def test_every_end_of_a_session_ends_it(phone: Phone, staff: Staff, watch: Watch, how: str) -> None:  # noqa: F811
    if how == "page":
        page = signed_in("lead")
        listed = page.get("/api/accounts/sessions").json()
        (mine,) = [line for line in listed if not line["is_this"]]
        assert page.delete(f"/api/accounts/sessions/{mine['id']}").status_code == 204
    elif how == "password":
        with db.owner():
            duty.set_password(account_id=staff.lead.pk, password="another-horse-battery", actor=SYSTEM, at=watch.at)
    elif how == "closed":
        with db.owner():
            duty.deactivate_account(account_id=staff.lead.pk, actor=SYSTEM, at=watch.at)
    else:
        watch.pass_(days=31)
    answer = phone.get("session")
    assert (answer.status_code, code_of(answer)) == (401, "field.signed_out")


def test_its_owner_sees_when_it_was_used(phone: Phone, watch: Watch) -> None:  # noqa: F811
    watch.pass_(minutes=20)
    phone.get("session")
    page = signed_in("lead")
    (mine,) = [line for line in page.get("/api/accounts/sessions").json() if not line["is_this"]]
    assert mine["seen_at"][:16] == watch.at.isoformat()[:16]


def test_a_key_is_registered_once(phone: Phone) -> None:
    assert phone.register_key().status_code == 204  # sealed anew, the same inside
    other = phone.register_key(b"x" * 32)
    assert (other.status_code, code_of(other)) == (409, "field.key_registered")


@pytest.mark.parametrize("wrong", ["id", "short", "garbage", "base64"])
def test_a_key_that_cannot_be_opened(staff: Staff, watch: Watch, wrong: str) -> None:  # noqa: F811
    phone = Phone("lead")
    phone.sign_in(key=False)
    body = {"session": phone.session, **phone.sealed_key(b"x" * 31 if wrong == "short" else None)}
    # No key of this server: their numbers go on from test to test.
    body |= {"id": {"key_id": "999999"}, "garbage": {"sealed": "AAAA"}, "base64": {"sealed": "ä"}}.get(wrong, {})
    answer = phone.post("session/key", body)
    assert (answer.status_code, code_of(answer)) == (422, "field.key_unknown")


def test_a_new_key_of_the_server_leaves_the_old_one_good(phone: Phone, watch: Watch) -> None:  # noqa: F811
    old = Phone("office")
    old.sign_in(key=False)
    with db.owner():
        made = keys.rotate_key(actor=SYSTEM, at=watch.at)
    assert old.register_key().status_code == 204
    assert phone.get("session").json()["public_key"]["id"] == made.id
    assert FieldKey.objects.count() == 2


def test_private_keys_are_sealed_and_old_session_keys_forgotten(phone: Phone, watch: Watch) -> None:  # noqa: F811
    assert b"PRIVATE" not in bytes(FieldKey.objects.get().private)
    kept = bytes(FieldSession.objects.get().key_sealed)
    assert phone.key not in kept
    assert keys.forget_old_keys(before=watch.at) == 0
    watch.pass_(days=1)
    assert keys.forget_old_keys(before=watch.at) == 1
    assert not queries.get_session(FieldSession.objects.get().pk).has_key
    assert PASSWORD not in str(phone.told)
