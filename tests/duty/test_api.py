"""The way in (token or session), and duty's operations, as the web role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.models import Account, ApiToken
from linli.duty import services
from linli.places.models import Place
from tests.builders.duty import LONG_AGO, actor_for, make_account, make_city

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def city() -> Place:
    return make_city()


@pytest.fixture
def account(city: Place) -> Account:
    return make_account(role="command", place=city, username="chief", name="主任")


def token_for(account: Account, *scopes: str, days: int = 1) -> str:
    now = clock.now()
    with db.owner():
        made = services.make_token(
            name="t", scopes=scopes, expires_at=now + timedelta(days=days), actor=actor_for(account, now), at=now
        )
    return made.raw


class Caller:
    def __init__(self, raw: str | None = None, **options: Any) -> None:
        headers = {"accept-language": "en"} | ({"authorization": f"Bearer {raw}"} if raw else {})
        self.client = Client(headers=headers, **options)

    def get(self, path: str) -> tuple[int, Any]:
        answer = self.client.get(f"/api/duty{path}")
        return answer.status_code, answer.json()

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        answer = self.client.post(f"/api/duty{path}", body, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def chief(account: Account) -> Caller:
    return Caller(token_for(account, "duty.view", "duty.appoint", "accounts.make", "places.view", "rounds.view"))


def test_me_says_what_i_may_do_where(chief: Caller) -> None:
    status, me = chief.get("/me")
    assert status == 200
    assert me["name"] == "主任"
    assert me["permissions"] == me["scopes"] == [
        "accounts.make", "duty.appoint", "duty.view", "places.view", "rounds.view",
    ]  # fmt: skip
    assert [(grant["role"], grant["place"]) for grant in me["grants"]] == [("command", "1501")]


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Bearer", "Basic abc"])
def test_who_does_not_show_a_valid_token_stays_out(header: str) -> None:
    answer = Client(headers={"authorization": header} if header else {}).get("/api/duty/me")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["advice"]


def test_revoked_expired_and_closed_tokens_stay_out(account: Account) -> None:
    raw = token_for(account, "rounds.view")
    assert Caller(raw).get("/me")[0] == 200
    with db.owner():
        ApiToken.objects.update(expires_at=clock.now(), created_at=LONG_AGO)
    assert Caller(raw).get("/me")[0] == 401
    raw = token_for(account, "rounds.view")
    with db.owner():
        Account.objects.filter(pk=account.pk).update(is_active=False)
    assert Caller(raw).get("/me")[0] == 401


def test_a_token_stays_within_its_scopes(account: Account) -> None:
    status, problem = Caller(token_for(account, "rounds.view")).get("/appointments")
    assert (status, problem["code"]) == (403, "core.forbidden")


def test_a_session_reads_and_shows_its_csrf_token_to_write(account: Account) -> None:
    caller = Caller(enforce_csrf_checks=True)
    caller.client.force_login(account)
    assert caller.get("/me")[0] == 200
    status, problem = caller.post("/accounts", username="a", name="A")
    assert (status, problem["code"]) == (403, "core.csrf")
    caller.client.get("/duty/me/")
    answer = caller.client.post(
        "/api/duty/accounts", {"username": "a", "name": "A"}, content_type="application/json",
        headers={"X-CSRFToken": caller.client.cookies["csrftoken"].value},
    )  # fmt: skip
    assert answer.status_code == 201


def test_accounts_are_made_and_appointed_and_ended(chief: Caller) -> None:
    status, made = chief.post("/accounts", username="li.na", name="李娜")
    assert status == 201
    assert made["password"]
    status, _problem = chief.post("/appointments", account="li.na", role="linked_cadre", place="1501")
    assert status == 403  # the chief's token may not do what a linked cadre may
    status, problem = chief.post("/appointments", account="nobody", role="linked_cadre", place="1501")
    assert (status, problem["code"]) == (404, "duty.account_not_found")


def test_a_whole_token_appoints_ends_and_closes(account: Account) -> None:
    caller = Caller()
    caller.client.force_login(account)
    _status, made = caller.post("/accounts", username="li.na", name="李娜", password="quiet-river-47")
    assert made["password"] is None
    status, line = caller.post("/appointments", account="li.na", role="grid_lead", place="1501")
    assert (status, line["standing"], line["place_name"]) == (201, "in_force", "城")
    assert caller.post("/appointments", account="li.na", role="grid_lead", place="1501")[0] == 409
    assert caller.post(f"/appointments/{line['id']}/end") == (204, None)
    assert caller.post(f"/appointments/{line['id']}/end")[1]["code"] == "duty.appointment_ended"
    assert caller.post(f"/accounts/{made['id']}/deactivate") == (204, None)
    assert caller.get("/accounts?text=li.na")[1]["items"][0]["is_active"] is False


def test_lists_come_in_pages(account: Account, city: Place, chief: Caller) -> None:
    for number in range(3):
        make_account(role="unit_lead", place=city, username=f"lead{number}")
    seen: list[str] = []
    after = ""
    for _page in range(4):
        _status, page = chief.get(f"/accounts?limit=1&after={after}")
        seen += [row["username"] for row in page["items"]]
        after = page["next"] or ""
    assert seen == ["chief", "lead0", "lead1", "lead2"]
    assert not after
    _status, page = chief.get("/appointments?role=unit_lead&place=1501")
    assert [row["account"] for row in page["items"]] == ["lead0", "lead1", "lead2"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/appointments?limit=0", "core.fields"),
        ("/appointments?limit=100000", "core.fields"),
        ("/appointments?after=xx", "core.cursor"),
        ("/appointments?role=king", "core.fields"),
        ("/appointments?roles=unit_lead", "core.parameter_unknown"),
        ("/me?role=command", "core.parameter_unknown"),
    ],
)
def test_wrong_questions_are_told_what_is_wrong(chief: Caller, path: str, code: str) -> None:
    status, problem = chief.get(path)
    assert (status, problem["code"]) == (422, code)
    assert problem["advice"]


def test_wrong_bodies_are_told_what_is_wrong(chief: Caller) -> None:
    status, problem = chief.post("/appointments", account="x", role="king", place="1501")
    assert (status, problem["code"]) == (422, "core.fields")
    answer = chief.client.post("/api/duty/accounts", b"{", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_tokens_are_made_shown_once_and_revoked(account: Account) -> None:
    caller = Caller()
    caller.client.force_login(account)
    status, made = caller.post("/tokens", name="地图", scopes=["rounds.view"], days=7)
    assert status == 201
    assert Caller(made["token"]).get("/me")[0] == 200
    _status, (line,) = caller.get("/tokens")
    assert made["token"] not in str(line)
    assert caller.client.delete(f"/api/duty/tokens/{made['id']}").status_code == 204
    assert Caller(made["token"]).get("/me")[0] == 401
    assert caller.post("/tokens", name="x", scopes=["fly"], days=7)[1]["code"] == "duty.scopes_wrong"


def test_a_refused_write_leaves_nothing(chief: Caller) -> None:
    chief.post("/accounts", username="a", name="A")
    status, _problem = chief.post("/accounts", username="a", name="B")
    assert status == 409
    with db.owner():
        assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'duty.make_account'") == 1


def test_below_api_even_the_frameworks_refusals_are_problems(chief: Caller) -> None:
    for answer, status in [
        (chief.client.get("/api/nowhere"), 404),
        (chief.client.put("/api/duty/me"), 405),
    ]:
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer["Allow"]
    assert answer.json()["code"] == "core.method"
    assert answer.json()["advice"]


def test_the_documentation_needs_no_internet() -> None:
    client = Client()
    schema = client.get("/api/openapi.json").json()
    operation = schema["paths"]["/api/duty/me"]["get"]
    assert operation["responses"]["default"]["content"]["application/problem+json"]
    assert schema["components"]["securitySchemes"]
    page = client.get("/api/docs").content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "/static/ninja/swagger-ui-bundle" in page
