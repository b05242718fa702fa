"""Who is there, away or gone, told by several phones late and in any order: what was seen last counts, as of marks."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from linli.core import clock, db, journal
from linli.core.access import SYSTEM
from linli.residents import services as residents
from linli.residents.models import Person
from linli.residents.terms import PersonInput, Presence
from tests.builders.duty import make_account
from tests.builders.phones import Phone
from tests.builders.residents import make_id_number
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def phones(town: Town, phone: Phone) -> list[Phone]:
    """Two workers of one community, whose phones were signed in yesterday."""
    make_account(username="other", role="grid_worker", place=town.district.communities[0])
    with db.owner():
        db.execute("UPDATE appointment SET since = %s", [clock.now() - timedelta(days=3)])
    other = Phone("other")
    assert other.sign_in().status_code == 201
    with db.owner():
        db.execute("UPDATE field_session SET started_at = %s", [clock.now() - timedelta(days=1)])
    return [phone, other]


def saw(phone: Phone, person: int, status: str, minutes: int, **more: Any) -> dict[str, Any]:
    """A command of what was seen so many minutes ago."""
    at = clock.now() - timedelta(minutes=minutes)
    return phone.command("residents.status", at=at, person=f"p{person}", status=status, **more)


def presence(person: int) -> Presence:
    with db.owner():
        return Presence(Person.objects.values_list("presence", flat=True).get(pk=person))


def test_what_was_seen_last_counts_in_whatever_order_it_comes(town: Town, phones: list[Phone]) -> None:
    one, other = phones
    for order, person in zip(permutations(range(3)), town.people, strict=False):
        news = [
            (one, saw(one, person, "away", 90)),
            (other, saw(other, person, "present", 60)),
            (one, saw(one, person, "away", 30, back_on="2090-01-01")),
        ]
        for place in order:
            phone, command = news[place]
            assert phone.results([command])[0]["result"] == "accepted"
        with db.owner():
            found = Person.objects.get(pk=person)
        assert (found.presence, str(found.back_on)) == (Presence.AWAY, "2090-01-01"), order


def test_seen_again_as_it_was_is_newer_news_too(town: Town, phones: list[Phone]) -> None:
    one, other = phones
    person = town.people[0]
    other.results([saw(other, person, "present", 30)])  # as the register has it already
    one.results([saw(one, person, "away", 60)])
    assert presence(person) == Presence.PRESENT
    (told,) = one.results([saw(one, person, "moved_out", 45)])
    assert told["code"] == "residents.entered_since"


def test_late_news_neither_brings_back_nor_sends_away(town: Town, phones: list[Phone]) -> None:
    one, other = phones
    by_status, by_mark, by_home, by_desk = town.people[0], town.people[1], town.people[2], town.people[4]
    other.results([
        saw(other, by_status, "moved_out", 30),
        other.command("rounds.mark", at=clock.now() - timedelta(minutes=30), round=town.code,
                      person=f"p{by_mark}", mark="moved_out"),
        other.command("residents.status", at=clock.now() - timedelta(minutes=30), household=f"h{town.homes[1]}",
                      status="vacant"),
    ])  # fmt: skip
    with db.owner():
        residents.record_presence(person_id=by_desk, presence=Presence.AWAY, actor=SYSTEM, at=clock.now())
    people = [by_status, by_mark, by_home, by_desk]
    late = one.results([saw(one, person, "present", 60) for person in people])
    assert [answer["result"] for answer in late] == ["accepted"] * 4
    assert [presence(person) for person in people] == [Presence.MOVED_OUT] * 3 + [Presence.AWAY]
    one.results([saw(one, person, "present", 15) for person in people])  # after the mark, before the desk
    assert [presence(person) for person in people] == [Presence.PRESENT] * 3 + [Presence.AWAY]


def test_a_leaving_that_arrives_after_older_news_counts(town: Town, phones: list[Phone]) -> None:
    """Somebody else saw them before it, and sent it after it: that is no reason to refuse."""
    one, other = phones
    person = town.people[0]
    other.results([saw(other, person, "away", 60)])
    (told,) = one.results([saw(one, person, "moved_out", 45)])
    assert (told["result"], presence(person)) == ("accepted", Presence.MOVED_OUT)
    other.results([saw(other, person, "present", 30)])
    one.results([saw(one, person, "moved_out", 40)])
    assert presence(person) == Presence.PRESENT


def test_who_moved_in_by_the_same_phone_may_be_away_since(town: Town, phones: list[Phone]) -> None:
    """Both done without a signal: the moving in is as old as the phone says, not as old as its arrival."""
    one, _other = phones
    person = town.people[0]
    number = make_id_number()
    with db.owner():
        gone = residents.add_person(
            household_id=town.homes[1], person=PersonInput("王五", id_number=number), actor=SYSTEM, at=clock.now()
        )
        for who in (person, gone):
            residents.record_presence(
                person_id=who, presence=Presence.MOVED_OUT, actor=SYSTEM, at=clock.now() - timedelta(hours=2)
            )
    at = clock.now() - timedelta(minutes=60)
    told = one.results([
        one.command("residents.move", at=at, person=f"p{person}", household=f"h{town.homes[2]}"),
        one.command("residents.person", at=at, household=f"h{town.homes[2]}",
                    person="0193a5c2-7b1e-4c3a-9d52-1f0e6a8b4c11", name="王五", id_number=number),
        saw(one, person, "away", 30),
        saw(one, gone, "away", 30),
    ])  # fmt: skip
    assert [answer["result"] for answer in told] == ["accepted"] * 4
    assert [presence(person), presence(gone)] == [Presence.AWAY] * 2


def test_what_was_overtaken_stays_on_record(town: Town, phones: list[Phone]) -> None:
    one, other = phones
    person = town.people[0]
    other.results([saw(other, person, "away", 30)])
    one.results([saw(one, person, "moved_out", 20), saw(one, person, "present", 60)])
    with db.owner():
        found = journal.list_entries(
            actor=SYSTEM, wanted=journal.Wanted(verbs=["residents.record_presence"], subject=f"person:{person}")
        )
    told = [(entry["detail"]["presence"], entry["detail"]["overtaken"]) for entry in found]
    assert told == [("present", True), ("moved_out", None), ("away", None)]
    assert all(entry["detail"]["seen_at"] for entry in found)
