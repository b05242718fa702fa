"""Pages and commands of the chain, of volunteers and of teams, as the web role."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client
from typer.testing import CliRunner

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.models import Account
from linli.duty import cli_chain, queries, services, staff
from linli.duty.models import Appointment, Claim
from linli.site.cli import run_command
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


class Town:
    """A district with an office, a unit lead whose phone is known, and a browser for each who needs one."""

    def __init__(self) -> None:
        with db.owner():
            self.at = clock.now() - timedelta(days=1)
            self.home: District = make_district(communities=1, compounds=1, buildings=2, at=self.at)
            self.lead = make_account(name="王敏", username="wang.min")
            self.appointment = services.appoint(
                account_id=self.lead.pk, role="unit_lead", place_id=self.home.units[0].id, actor=SYSTEM, at=self.at
            )
            staff.keep_phone(self.lead, "15412340001", self.at)
            self.office = make_account(role="office", place=self.home.street, username="office", name="街道")
        self.client = self.browser(self.office)
        self.code = self.home.communities[0].code

    def browser(self, account: Account | None = None) -> Client:
        client = Client(headers={"accept-language": "en"})
        if account is not None:
            client.force_login(account)
        return client


@pytest.fixture
def town() -> Town:
    return Town()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_posts_by_level_and_what_is_vacant(town: Town) -> None:
    assert town.client.get("/duty/chain/").headers["Location"] == f"/duty/chain/{town.home.street.code}/"
    page = text(town.client.get(f"/duty/chain/{town.home.communities[0].code}/"))
    assert "阳光小区" in page
    assert "3 vacant" in page  # of four units
    vacant = text(town.client.get(f"/duty/chain/{town.code}/vacant/"))
    assert "阳光小区 1号楼 2单元" in vacant
    assert "阳光小区 1号楼 1单元" not in vacant
    nobody = text(town.client.get(f"/duty/chain/{town.code}/vacant/?nobody=1"))
    assert "nobody answers" in nobody
    assert "Every post is held" not in nobody


def test_a_door_tells_who_answers_now_and_then(town: Town) -> None:
    key = town.home.doors[0].key
    page = text(town.client.get(f"/duty/door/{key}/"))
    assert "王敏" in page
    assert "15412340001" not in page
    before = f"{town.at - timedelta(hours=2):%Y-%m-%dT%H:%M}"
    assert "王敏" not in text(town.client.get(f"/duty/door/{key}/?at={before}"))
    assert "王敏" in text(town.client.get(f"/places/{town.home.units[0].code}/"))
    assert "王敏" in text(town.client.get(f"/residents/door/{key}/"))


def test_a_phone_is_shown_to_be_pressed(town: Town) -> None:
    answer = town.client.post(f"/duty/appointments/{town.appointment}/phone/", headers={"HX-Request": "true"})
    assert 'href="tel:15412340001"' in text(answer)
    assert 'href="tel:15412340001"' in text(town.client.post(f"/duty/appointments/{town.appointment}/phone/"))


def test_the_sheet_names_every_post_and_masks_phones(town: Town) -> None:
    answer = town.client.get(f"/duty/chain/{town.code}/export/")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer)))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    (mine,) = [row for row in cells if "王敏" in row]
    assert "154****0001" in mine
    assert sum("vacant" in row for row in cells) == 5
    lines = b"".join(town.client.get(f"/duty/chain/{town.code}/export/?format=csv&vacant=1"))
    assert "王敏" not in lines.decode()


def test_handing_over_on_the_page(town: Town) -> None:
    url = f"/duty/appointments/{town.appointment}/hand-over/"
    assert "王敏" in text(town.client.get(url))
    answer = town.client.post(url, {"account": "nobody"})
    assert (answer.status_code, "There is no account nobody" in text(answer)) == (422, True)
    answer = town.client.post(url, {"name": "斯琴", "phone": "154 1234 0002"}, follow=True)
    assert "The post has been handed over" in text(answer)
    with db.owner():
        (holder,) = queries.find_holders(town.home.units[0].id, clock.now())
    assert holder.name == "斯琴"


def test_from_joining_to_a_confirmed_post(town: Town) -> None:
    volunteer, place = town.browser(), town.home.units[1]
    form = {
        "name": "志愿者", "phone": "15412340003", "home": "阳光小区 1号楼 1单元", "username": "volunteer",
        "password": PASSWORD,
    }  # fmt: skip
    assert "one unit" in text(volunteer.post("/duty/volunteer/join/", form | {"home": "月光小区"}))
    assert volunteer.post("/duty/volunteer/join/", form).headers["Location"] == "/duty/volunteer/"
    with db.owner():
        volunteer.force_login(Account.objects.get(username="volunteer"))
    assert "阳光小区 1号楼 2单元" in text(volunteer.get("/duty/volunteer/"))
    assert "Your claim has been sent" in text(
        volunteer.post("/duty/volunteer/claim/", {"place": place.code}, follow=True)
    )
    assert volunteer.post("/duty/volunteer/claim/", {"place": place.code}).status_code == 409
    page = text(town.client.get("/duty/claims/"))
    assert "志愿者" in page
    assert "154****0003" in page
    assert "http://testserver/duty/volunteer/join/" in page
    with db.owner():
        claim = Claim.objects.get()
    assert "holds the post" in text(town.client.post(f"/duty/claims/{claim.pk}/confirm/", follow=True))
    assert "confirmed" in text(volunteer.get("/duty/volunteer/"))
    assert volunteer.get(f"/places/{place.code}/").status_code == 200
    assert volunteer.get("/duty/claims/").status_code == 403


def test_declining_withdrawing_and_moving_house(town: Town) -> None:
    someone = make_account(username="someone")
    volunteer = town.browser(someone)
    assert "Say where you live" in text(volunteer.get("/duty/volunteer/"))
    assert volunteer.post("/duty/volunteer/", {"home": "x"}).status_code == 422
    assert volunteer.post("/duty/volunteer/", {"home": town.home.units[0].code}).status_code == 302
    for place in (town.home.units[1], town.home.buildings[0]):
        volunteer.post("/duty/volunteer/claim/", {"place": place.code})
    with db.owner():
        first, second = Claim.objects.order_by("id")
    town.client.post(f"/duty/claims/{first.pk}/decline/", {"reason": "已有人选"})
    assert "已有人选" in text(volunteer.get("/duty/volunteer/"))
    assert volunteer.post(f"/duty/volunteer/claims/{second.pk}/withdraw/").status_code == 302
    assert "No claim waits" in text(town.client.get("/duty/claims/"))
    assert "已有人选" in text(town.client.get("/duty/claims/?all=1"))


def test_a_team_and_cadres_on_the_pages(town: Town) -> None:
    compound = town.home.compounds[0]
    form = {"team": "阳光专班", "place": compound.code, "name": "组长", "phone": "15412340004", "organisation": "街道"}
    answer = town.client.post("/duty/teams/", form)
    team = answer.headers["Location"]
    town.client.post(team, {"name": "队员", "phone": "15412340005", "organisation": "卫健局"})
    assert text(town.client.post(team, {"name": "队员"})).count("It is not said who it is") == 1
    page = text(town.client.get(team))
    assert "卫健局" in page
    assert "队员" in page
    assert "阳光专班" in text(town.client.get("/duty/teams/"))
    assert town.client.post(f"{team}dissolve/").status_code == 302
    assert "No work team yet" in text(town.client.get("/duty/teams/"))
    form = {"place": town.code, "name": "干部", "phone": "15412340006", "organisation": "财政局"}
    assert town.client.post("/duty/cadres/", form).status_code == 302
    assert "财政局" in text(town.client.get("/duty/cadres/"))


def test_the_api_answers_the_same(town: Town) -> None:
    found = town.client.get(f"/api/duty/answering?door={town.home.doors[0].key}").json()
    unit = next(level for level in found["levels"] if level["level"] == "unit_lead")
    assert [one["name"] for one in unit["holders"]] == ["王敏"]
    counts = town.client.get(f"/api/duty/posts/counts?place={town.code}").json()
    assert (counts["all"]["vacant"], counts["all"]["units_nobody_answers_for"]) == (5, 3)
    assert [one["place_name"] for one in counts["children"]] == ["阳光小区"]
    first = town.client.get(f"/api/duty/posts/vacant?place={town.code}&limit=2").json()
    second = town.client.get(f"/api/duty/posts/vacant?place={town.code}&limit=9&after={first['next']}").json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 3, None)


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(cli_chain.app, list(arguments), catch_exceptions=False)
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def test_commands(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("LINLI_AS", "office")
    monkeypatch.setenv("COLUMNS", "200")
    unit = town.home.units[0].code
    answered = run("answer", unit, "--json")
    assert [one["name"] for one in answered["levels"][3]["holders"]] == ["王敏"]
    assert "王敏" in run("answer", str(town.home.doors[0].key))
    assert run("count", town.code, "--json")[0]["vacant"] == 5
    assert "阳光小区" in run("count", town.code)
    assert len(run("vacant", town.code, "--json")) == 5
    assert "2号楼" in run("vacant", town.code, "--nobody")
    run("export", town.code, str(tmp_path / "chain.csv"))
    assert "王敏" in (tmp_path / "chain.csv").read_text("utf-8-sig")
    run("export", town.code, str(tmp_path / "chain.xlsx"), "--vacant")
    make_account(username="heir", name="接任")
    made = run("hand-over", str(town.appointment), "heir", "--json")
    with db.owner():
        assert Appointment.objects.get(pk=made["id"]).account.name == "接任"
    team = run("form-team", town.home.compounds[0].code, "专班", "heir", "--organisation", "街道", "--json")
    run("add-member", str(team["id"]), "wang.min")
    assert len(run("teams", "--json")[0]["members"]) == 2
    assert "专班" in run("teams")
    run("take-in", town.code, "干部", "15412340009", "财政局")
    assert run("cadres", town.code, "--json") == [{"organisation": "财政局", "cadres": 1, "places": 1}]
    assert "财政局" in run("cadres", town.code)
    assert run("claims", "--json") == []
    run("claims")


def test_lists_of_a_place_out_of_sight_are_refused_and_never_said_to_be_empty(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the API, on the page and at the terminal; a place that is seen in part is answered with that part."""
    unit, other = town.home.units[0], town.home.units[-1]
    with db.owner():
        make_account(role="grid_lead", place=other, username="leader", name="组长")
    leader = town.browser(Account.objects.get(username="leader"))
    for address in ("/api/duty/teams", "/api/duty/appointments", "/duty/appointments/"):
        assert leader.get(f"{address}?place={unit.code}").status_code == 403
        assert leader.get(f"{address}?place={other.code}").status_code == 200
        assert leader.get(f"{address}?place={town.home.district.code}").status_code == 200
        assert leader.get(address).status_code == 200
    refused = leader.get(f"/api/duty/teams?place={unit.code}").json()
    assert (refused["code"], bool(refused["advice"])) == ("core.forbidden", True)

    monkeypatch.setenv("LINLI_AS", "leader")
    assert run_command(["duty", "teams", "--place", unit.code]) == 4
    assert run_command(["duty", "teams", "--place", other.code]) == 0
    assert run_command(["accounts", "list", "--place", unit.code]) == 4
