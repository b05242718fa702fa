"""What phones add to the register: households and people under ids of their own, in any order; conflicts shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.residents import services as residents
from linli.residents.models import Household, Person
from linli.residents.terms import Need, PersonInput, Presence
from linli.rounds.terms import Mark
from tests.builders.duty import make_account
from tests.builders.phones import Phone
from tests.builders.residents import make_id_number
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def new_home(phone: Phone, town: Town, *, label: str = "合租", **more: Any) -> dict[str, Any]:
    return phone.command("residents.household", household=str(uuid4()), door=town.district.keys[0], label=label, **more)


def person(name: str = "张新", **more: Any) -> dict[str, Any]:
    return {"person": str(uuid4()), "name": name, **more}


def test_a_household_is_registered_once_with_its_people(town: Town, phone: Phone) -> None:
    people = [
        person("张新", sex="male", needs=["alone", "over_80"], phone="154 0000 0001"),
        person("张小新", born_on="2019-02-03"),
    ]
    command = new_home(phone, town, people=people, note="大门在后院")
    (told,) = phone.results([command])
    assert told["result"] == "accepted"
    (again,) = phone.results([command])
    assert (again["result"], again["given"]) == ("known", told["given"])
    with db.owner():
        home = Household.objects.get(client_id=command["payload"]["household"])
        first = Person.objects.get(client_id=people[0]["person"])
    assert told["given"]["household"] == f"h{home.pk}"
    assert told["given"]["people"] == {
        one["person"]: f"p{number}" for one, number in zip(people, (first.pk, first.pk + 1), strict=True)
    }
    assert (home.note, home.key, first.needs) == ("大门在后院", town.district.keys[0], Need.ALONE)


def test_marks_of_somebody_who_was_registered_on_the_spot(town: Town, phone: Phone) -> None:
    """In one batch, the other way round; then alone before it, which is asked to come again."""
    one, other = person(), person("李新")
    home = new_home(phone, town, people=[one])
    marks = [
        phone.command("rounds.mark", round=town.code, person=one["person"], mark="done"),
        phone.command("rounds.mark", round=town.code, household=home["payload"]["household"], mark="absent"),
    ]
    told = phone.results([*marks, home])
    assert [line["result"] for line in told] == ["accepted"] * 3
    more = phone.command("residents.person", household=home["payload"]["household"], **other)
    mark = phone.command("rounds.mark", round=town.code, person=other["person"], mark="done")
    (early,) = phone.results([mark])
    assert (early["code"], early["retry"]) == ("field.comes_first", True)
    assert [line["result"] for line in phone.results([mark, more])] == ["accepted"] * 2
    with db.owner():
        number = Person.objects.get(client_id=other["person"]).pk
    assert town.state(number) == Mark.DONE


def test_a_person_before_their_household_comes_again(town: Town, phone: Phone) -> None:
    home = new_home(phone, town)
    late = phone.command("residents.person", household=home["payload"]["household"], **person())
    assert phone.results([late])[0]["retry"] is True
    assert [line["result"] for line in phone.results([late, home])] == ["accepted"] * 2


def test_two_phones_register_one_household(town: Town, phone: Phone) -> None:
    phone.results([new_home(phone, town, people=[person("先来的")])])
    other = Phone("worker")
    other.sign_in()
    (told,) = other.results([new_home(other, town, people=[person("后到的")])])
    assert (told["result"], told["code"]) == ("conflict", "residents.label_taken")
    assert told["yours"] == {"door": town.district.keys[0], "label": "合租", "people": ["后到的"]}
    assert (told["theirs"]["people"], told["theirs"]["label"]) == (["先来的"], "合租")
    assert told["message"]
    assert told["advice"]
    taken = other.command("residents.person", household=told["theirs"]["household"], **person("后到的"))
    assert other.results([taken])[0]["result"] == "accepted"


def test_an_id_number_that_lives_elsewhere(town: Town, phone: Phone) -> None:
    number, hidden = make_id_number(), make_id_number()
    with db.owner():
        near = residents.add_person(
            household_id=town.homes[1], person=PersonInput("王五", id_number=number), actor=SYSTEM, at=clock.now()
        )
        residents.add_person(
            household_id=town.homes[-1], person=PersonInput("秘密", id_number=hidden), actor=SYSTEM, at=clock.now()
        )
    commands = [
        phone.command("residents.person", household=f"h{town.homes[0]}", **person("王五", id_number=number)),
        phone.command("residents.person", household=f"h{town.homes[0]}", **person("秘密", id_number=hidden)),
        phone.command("residents.person", household=f"h{town.homes[1]}", **person("王五", id_number=number)),
        new_home(phone, town, people=[person("王五", id_number=number)]),
    ]
    seen, unseen, twice, home = phone.results(commands)
    assert [one["result"] for one in (seen, unseen, twice, home)] == ["conflict"] * 4
    assert [one["code"] for one in (seen, twice)] == ["residents.two_homes", "residents.person_twice"]
    assert (seen["theirs"]["person"], seen["theirs"]["name"], seen["yours"]["name"]) == (f"p{near}", "王五", "王五")
    assert (unseen["code"], unseen["theirs"]) == ("residents.two_homes", {})
    with db.owner():
        assert not Household.objects.filter(label="合租").exists()  # nothing of it was kept


def test_who_has_gone_and_what_is_vacant(town: Town, phone: Phone) -> None:
    gone, away, back = town.people[0], town.people[1], town.people[2]
    commands = [
        phone.command("residents.status", person=f"p{gone}", status="moved_out"),
        phone.command("residents.status", person=f"p{away}", status="away", back_on="2090-01-01"),
        phone.command("residents.status", person=f"p{back}", status="present"),  # is so already
        phone.command("residents.status", household=f"h{town.homes[2]}", status="vacant"),
        phone.command("residents.status", door=town.district.keys[3], status="vacant"),
    ]
    assert [one["result"] for one in phone.results(commands)] == ["accepted"] * 5
    with db.owner():
        found = dict(Person.objects.values_list("pk", "presence"))
        assert [found[one] for one in (gone, away, back)] == [Presence.MOVED_OUT, Presence.AWAY, Presence.PRESENT]
        assert {found[one] for one in town.people[4:8]} == {Presence.MOVED_OUT}
    (wrong,) = phone.results([phone.command("residents.status", person=f"p{gone}", household="h1", status="vacant")])
    assert wrong["code"] == "field.command_wrong"


def test_what_was_seen_long_ago_sends_nobody_away_who_came_since(town: Town, phone: Phone) -> None:
    """Seen an hour ago, sent now; meanwhile the office has noted that one of each home is back."""
    before = clock.now() - timedelta(hours=1)
    back, gone, other = town.people[0], town.people[1], town.people[4]
    with db.owner():
        for one in (back, other):
            for presence in (Presence.MOVED_OUT, Presence.PRESENT):
                residents.record_presence(person_id=one, presence=presence, actor=SYSTEM, at=clock.now())
        door = Person.objects.get(pk=other).key
    told = phone.results([
        phone.command("residents.status", at=before, person=f"p{back}", status="moved_out"),
        phone.command("residents.status", at=before, person=f"p{gone}", status="moved_out"),
        phone.command("residents.status", at=before, household=f"h{town.homes[2]}", status="vacant"),
        phone.command("residents.status", at=before, door=door, status="vacant"),
    ])  # fmt: skip
    assert [one.get("code", one["result"]) for one in told] == [
        "residents.entered_since", "accepted", "residents.entered_since", "residents.entered_since",
    ]  # fmt: skip
    with db.owner():
        found = dict(Person.objects.values_list("pk", "presence"))
    assert [found[one] for one in (back, gone, other)] == [Presence.PRESENT, Presence.MOVED_OUT, Presence.PRESENT]
    (now,) = phone.results([phone.command("residents.status", person=f"p{back}", status="moved_out")])
    assert now["result"] == "accepted"


HOUSE, WHO, HOW = "residents.household", "residents.person", "residents.status"
MADE = str(uuid4())
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (HOUSE, {"household": "x", "door": 1}, "field.command_wrong"),
    (HOUSE, {"household": MADE, "door": "1"}, "field.command_wrong"),
    (HOUSE, {"household": MADE, "door": 7}, "residents.door_unknown"),
    (HOUSE, {"household": MADE, "door": 7, "people": {}}, "field.command_wrong"),
    (HOUSE, {"household": MADE, "door": 7, "people": [5]}, "field.command_wrong"),
    (WHO, {"person": MADE, "name": "无户"}, "field.command_wrong"),
    (WHO, {"person": MADE, "household": "h0", "name": " "}, "field.command_wrong"),
    (WHO, {"person": MADE, "household": "h999999", "name": "甲"}, "residents.household_unknown"),
    (WHO, {"person": MADE, "household": "HOME", "name": "甲", "needs": ["money"]}, "field.command_wrong"),
    (WHO, {"person": MADE, "household": "HOME", "name": "甲", "born_on": "x"}, "field.command_wrong"),
    (WHO, {"person": MADE, "household": "HOME", "name": "甲", "phone": "12"}, "residents.field"),
    (WHO, {"person": MADE, "household": "HOME", "name": "甲", "id_number": "1"}, "residents.field"),
    (HOW, {"person": "p1", "status": "dead"}, "field.command_wrong"),
    (HOW, {"person": "p999999", "status": "away"}, "residents.person_unknown"),
    (HOW, {"person": "P", "status": "away", "back_on": "2001-01-01"}, "residents.back_too_early"),
    (HOW, {"person": MADE, "status": "away"}, "field.comes_first"),
    (HOW, {"household": "HOME", "status": "away"}, "field.command_wrong"),
]  # fmt: skip


def test_what_the_register_refuses_says_why(town: Town, phone: Phone) -> None:
    stand_in = {"HOME": f"h{town.homes[0]}", "P": f"p{town.people[0]}"}
    commands = [
        phone.command(kind, **{name: stand_in.get(str(value), value) for name, value in payload.items()})
        for kind, payload, _code in WRONG
    ]
    told = phone.results(commands)
    assert [one.get("code") for one in told] == [code for _kind, _payload, code in WRONG]
    assert all(one["message"] and one["advice"] for one in told)


def test_who_may_not_write_the_register_is_refused(town: Town) -> None:
    make_account(username="cadre", role="linked_cadre", place=town.district.units[0])
    cadre = Phone("cadre")
    cadre.sign_in()
    (told,) = cadre.results([new_home(cadre, town)])
    assert (told["result"], told["code"]) == ("refused", "core.forbidden")
    worker = Phone("worker")
    worker.sign_in()
    (far,) = worker.results(
        [worker.command("residents.household", household=str(uuid4()), door=town.district.keys[-1])]
    )
    assert far["code"] == "core.forbidden"


def test_a_unit_lead_registers_and_edits_nobody(town: Town) -> None:
    """Who is there, who has gone, which home is empty, behind the doors of their own unit; and not more."""
    make_account(username="lead", role="unit_lead", place=town.district.units[0])
    lead = Phone("lead")
    lead.sign_in()
    one = person()
    home = new_home(lead, town, people=[one])
    commands = [
        home,
        lead.command("residents.person", household=f"h{town.homes[1]}", **person("李新")),
        lead.command("residents.status", person=f"p{town.people[0]}", status="moved_out"),
        lead.command("residents.status", household=f"h{town.homes[2]}", status="vacant"),
        lead.command("rounds.mark", round=town.code, person=f"p{town.people[2]}", mark="moved_out"),
    ]
    assert [one["result"] for one in lead.results(commands)] == ["accepted"] * 5
    with db.owner():
        there = Person.objects.get(client_id=one["person"])
    refused = [
        lead.command("residents.correct", person=f"p{there.pk}", seen_at=there.updated_at.isoformat(), name="改名"),
        lead.command("residents.move", person=f"p{there.pk}", household=f"h{town.homes[1]}"),
        lead.command("residents.household", household=str(uuid4()), door=town.district.keys[-1]),
    ]
    assert [one.get("code") for one in lead.results(refused)] == ["core.forbidden"] * 3


def test_mine_is_kept_of_somebody_registered_elsewhere(town: Town, phone: Phone) -> None:
    """Both sides are told in words; "mine" moves them here, once, however often it is said."""
    number = make_id_number()
    with db.owner():
        there = PersonInput("王五", id_number=number, phone="15400000001", relation="户主")
        near = residents.add_person(household_id=town.homes[1], person=there, actor=SYSTEM, at=clock.now())
    mine = [person("甲"), person("王老五", id_number=number, relation="父亲")]
    home = new_home(phone, town, people=mine)
    (told,) = phone.results([home])
    assert (told["yours"]["person"], told["yours"]["name"]) == (mine[1]["person"], "王老五")
    assert told["theirs"]["relation"] == "户主"
    assert told["theirs"]["phone"] == "154****0001"
    assert told["theirs"]["where"].endswith("102")
    rest = new_home(phone, town, people=[mine[0]])
    rest["payload"]["household"] = home["payload"]["household"]
    moves = [
        phone.command("residents.move", person=told["theirs"]["person"], household=home["payload"]["household"])
        for _time in range(2)
    ]
    assert [one["result"] for one in phone.results([moves[0], rest, moves[1]])] == ["accepted"] * 3
    with db.owner():
        moved = Person.objects.get(pk=near)
        assert (moved.household.client_id, moved.key) == (
            Person.objects.get(client_id=mine[0]["person"]).household.client_id,
            town.district.keys[0],
        )
    (wrong,) = phone.results([phone.command("residents.move", person=f"p{near}")])
    assert wrong["code"] == "field.command_wrong"


def test_mine_is_kept_of_somebody_who_is_there_already(town: Town, phone: Phone) -> None:
    number = make_id_number()
    phone.results(
        [phone.command("residents.person", household=f"h{town.homes[0]}", **person("王五", id_number=number))]
    )
    again = person("王武", id_number=number, relation="户主", needs=["alone"])
    (told,) = phone.results([phone.command("residents.person", household=f"h{town.homes[0]}", **again)])
    assert told["code"] == "residents.person_twice"
    assert (told["yours"]["name"], told["theirs"]["name"]) == ("王武", "王五")
    mine: dict[str, Any] = {"name": "王武", "relation": "户主", "needs": ["alone"]}
    seen = {"person": told["theirs"]["person"], "seen_at": told["theirs"]["seen_at"]}
    (kept,) = phone.results([phone.command("residents.correct", **seen, **mine)])
    assert kept["result"] == "accepted"
    (same,) = phone.results([phone.command("residents.correct", **seen, **mine)])
    assert same["result"] == "accepted"  # nothing left to change
    (late,) = phone.results([phone.command("residents.correct", **seen, name="王伍")])
    assert (late["result"], late["code"]) == ("conflict", "residents.changed_meanwhile")
    assert (late["yours"]["name"], late["theirs"]["name"], late["theirs"]["needs"]) == ("王伍", "王武", ["alone"])
    fresh = {"person": seen["person"], "seen_at": late["theirs"]["seen_at"]}
    assert phone.results([phone.command("residents.correct", **fresh, name="王伍")])[0]["result"] == "accepted"
    assert phone.results([phone.command("residents.correct", **fresh)])[0]["code"] == "field.command_wrong"
