"""Special situations: reported from a phone first of all, on the desk at once, settled by who answers there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from typer.testing import CliRunner

from linli.core import clock, db
from linli.core.models import JournalEntry
from linli.notices.cli import app
from linli.notices.models import Special
from linli.notices.terms import What
from tests.builders.duty import make_account
from tests.builders.phones import Phone
from tests.field.conftest import Town, phone, town  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
TEXT = "703 老人摔倒，需要救护车"


def special(phone: Phone, town: Town, **more: Any) -> dict[str, Any]:  # noqa: F811
    payload: dict[str, Any] = {"what": "ill", "door": town.district.keys[0], "text": TEXT} | more
    return phone.command("notices.special", **{name: value for name, value in payload.items() if value is not None})


def browser(town: Town, role: str = "grid_lead") -> Client:  # noqa: F811
    made = Client(headers={"accept-language": "en"})
    made.force_login(make_account(username="grid.lead", name="李片长", role=role, place=town.district.communities[0]))
    return made


def test_it_stands_on_the_desk_at_once(town: Town, phone: Phone) -> None:  # noqa: F811
    desk = browser(town)
    before = desk.get("/specials/live/")
    command = special(phone, town, person=f"p{town.people[0]}")
    (told,) = phone.results([command])
    number = int(told["given"]["special"][1:])
    assert phone.results([command])[0]["result"] == "known"
    live = desk.get("/specials/live/", headers={"If-None-Match": before["ETag"]})
    shown = live.content.decode()
    assert (live.status_code, TEXT in shown, "王姐" in shown, "1号楼 1单元 101" in shown) == (200, True, True, True)
    assert desk.get("/specials/live/", headers={"If-None-Match": live["ETag"]}).status_code == 304
    assert TEXT not in desk.get("/").content.decode()
    assert "Special situations" in desk.get("/").content.decode()
    (line,) = desk.get("/api/notices/specials").json()
    assert (line["id"], line["what"], line["person_id"]) == (number, "ill", town.people[0])
    with db.owner():
        assert TEXT.encode() not in bytes(Special.objects.get().text)
        entry = JournalEntry.objects.get(verb="notices.report_special")
    assert TEXT not in str(entry.detail)


def test_it_goes_first_and_takes_nobody_along(town: Town, phone: Phone) -> None:  # noqa: F811
    wrong = phone.command("rounds.mark", round="none", person="p1", mark="done")
    assert [one["result"] for one in phone.results([wrong, special(phone, town)])] == ["refused", "accepted"]


def test_settled_once_with_what_was_done(town: Town, phone: Phone) -> None:  # noqa: F811
    phone.results([special(phone, town)])
    desk = browser(town)
    number = desk.get("/api/notices/specials").json()[0]["id"]
    assert desk.post(f"/specials/{number}/settle/", {"outcome": " "}).status_code == 422
    assert desk.post(f"/specials/{number}/settle/", {"outcome": "救护车已到"}).status_code == 302
    again = desk.post(f"/api/notices/specials/{number}/settle", {"outcome": "又"}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "notices.settled_already")
    assert "李片长" in again.json()["detail"]
    assert desk.get("/api/notices/specials").json() == []
    shown = desk.get("/specials/?all=1").content.decode()
    assert "救护车已到" in shown
    assert "李片长" in shown


def test_the_worker_sees_it_until_it_is_settled_and_settles_nothing(town: Town, phone: Phone) -> None:  # noqa: F811
    phone.results([special(phone, town)])
    told = phone.pack()
    (row,) = told["sections"]["specials"]["put"]
    assert (row["what"], row["text"], row["by"], row["door"]) == ("ill", TEXT, "王姐", town.district.keys[0])
    page = Client(headers={"accept-language": "en"})
    page.force_login(town.worker)  # type: ignore[arg-type]
    assert page.post(f"/specials/{row['id'][1:]}/settle/", {"outcome": "好"}).status_code == 403
    desk = browser(town)
    desk.post(f"/specials/{row['id'][1:]}/settle/", {"outcome": "好了"})
    assert phone.pack(told["cursor"])["sections"]["specials"] == {"all": True, "within": [], "drop": [], "put": []}


def test_at_a_place_by_id_or_code(town: Town, phone: Phone) -> None:  # noqa: F811
    unit = town.district.units[0]
    for place in (f"l{unit.id}", unit.code):
        assert phone.results([special(phone, town, door=None, place=place)])[0]["result"] == "accepted"
    assert {one["where"] for one in browser(town).get("/api/notices/specials").json()} == {unit.name}


def test_what_is_refused(town: Town, phone: Phone) -> None:  # noqa: F811
    far = town.district
    commands = [
        special(phone, town, what="party"), special(phone, town, place=far.units[0].code),
        special(phone, town, door=None),
        special(phone, town, door=far.keys[-1]), special(phone, town, door=None, place=far.communities[1].code),
        special(phone, town, door=77), special(phone, town, text="长" * 401),
    ]  # fmt: skip
    assert [one["code"] for one in phone.results(commands)] == [
        "field.command_wrong", "field.command_wrong", "field.command_wrong", "notices.place_beyond",
        "notices.place_beyond", "places.unknown", "field.command_wrong",
    ]  # fmt: skip


def test_one_beside_is_not_seen(town: Town, phone: Phone) -> None:  # noqa: F811
    make_account(username="far", role="grid_worker", place=town.district.communities[1])
    other = Phone("far")
    other.sign_in()
    other.results([special(other, town, door=town.district.keys[-1])])
    desk = browser(town)
    assert desk.get("/api/notices/specials").json() == []
    with db.owner():
        number = Special.objects.get().pk
    assert desk.post(f"/specials/{number}/settle/", {"outcome": "好"}).status_code == 404


def test_from_the_command_line(town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    phone.results([special(phone, town)])
    browser(town)
    monkeypatch.setenv("LINLI_AS", "grid.lead")
    listed = CliRunner().invoke(app, ["specials", "--json"])
    assert TEXT in listed.output
    with db.owner():
        number = Special.objects.get().pk
    assert CliRunner().invoke(app, ["settle", str(number), "好了"]).exit_code == 0
    assert TEXT not in CliRunner().invoke(app, ["specials"]).output


def test_the_database_keeps_the_rules(town: Town) -> None:  # noqa: F811
    at = clock.now()
    good = {"key": town.district.keys[0], "what": What.FIRE, "account_id": 1, "happened_at": at, "device_at": at,
            "received_at": at}  # fmt: skip
    for wrong in (
        {"what": "party"}, {"happened_at": at + timedelta(hours=1)}, {"settled_at": at},
        {"settled_at": at, "settled_by": 1, "outcome": ""},
        {"settled_at": at - timedelta(hours=1), "settled_by": 1, "outcome": "好"},
    ):  # fmt: skip
        with db.owner(), pytest.raises(IntegrityError), transaction.atomic(using=db.OWNER):
            Special.objects.create(**(good | wrong))
