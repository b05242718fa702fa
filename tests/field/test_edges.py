"""Edges of time: deputies whose post has ended, marks around midnight and ten minutes, tokens that were ended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.duty import services as duty
from linli.duty.models import Appointment
from linli.rounds import gaps, queries
from linli.rounds.terms import BUCKET, Mark
from tests.builders.duty import actor_for, make_account
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
DAYS = timedelta(days=1)


def sign_in_long_ago(username: str) -> Phone:
    phone = Phone(username)
    assert phone.sign_in().status_code == 201
    with db.owner():
        db.execute("UPDATE field_session SET started_at = %s", [clock.now() - 12 * DAYS])
        db.execute("UPDATE round SET opened_at = %s", [clock.now() - 12 * DAYS])
    return phone


class TestDeputy:
    @pytest.fixture
    def deputy(self, town: Town) -> Phone:
        account = make_account(username="deputy", name="代理丙")
        with db.owner():
            duty.appoint(
                account_id=account.pk, role="unit_lead", place_id=town.district.units[0].id,
                detail=duty.Detail(is_deputy=True), actor=SYSTEM, at=clock.now() - 11 * DAYS,
            )  # fmt: skip
        return sign_in_long_ago("deputy")

    def end(self, ago: timedelta) -> None:
        with db.owner():
            assert Appointment.objects.filter(is_deputy=True).update(until=clock.now() - ago) == 1

    def mark(self, town: Town, phone: Phone, ago: timedelta, person: int = 0, **more: Any) -> dict[str, Any]:
        at = clock.now() - ago
        return phone.command(
            "rounds.mark", at=at, round=town.code, person=f"p{town.people[person]}", mark="done", **more
        )

    def test_what_was_done_before_the_end_is_taken_for_a_week(self, town: Town, deputy: Phone) -> None:
        self.end(6 * DAYS)
        before, after = self.mark(town, deputy, 7 * DAYS), self.mark(town, deputy, 5 * DAYS, 1)
        told = deputy.results([before, after])
        assert [one.get("code", one["result"]) for one in told] == ["accepted", "field.no_authority"]
        assert [town.state(person) for person in town.people[:2]] == [Mark.DONE, 0]
        with db.owner():
            given = db.scalar("SELECT appointment_id FROM mark WHERE subject_id = %s", [town.people[0]])
            assert given == Appointment.objects.get(is_deputy=True).pk

    def test_after_the_week_nothing_is(self, town: Town, deputy: Phone) -> None:
        self.end(8 * DAYS)
        (told,) = deputy.results([self.mark(town, deputy, 9 * DAYS)])
        assert told["code"] == "field.no_authority"

    def test_doors_of_another_unit_are_not_theirs_in_that_week_either(self, town: Town, deputy: Phone) -> None:
        self.end(DAYS)
        home = town.homes[len(town.homes) // len(town.district.units)]  # the first of the next
        (told,) = deputy.results(
            [
                deputy.command(
                    "rounds.mark", at=clock.now() - 2 * DAYS, round=town.code, household=f"h{home}", mark="done"
                )
            ]
        )
        assert told["code"] == "rounds.not_in_round"


@pytest.mark.parametrize("seed", range(3))
def test_marks_around_midnight_and_ten_minutes(town: Town, seed: int) -> None:
    """In any order and batches: figures and curve are those of the last mark of each by the time of the event."""
    assert town.round_ is not None
    random, phone = Random(seed), sign_in_long_ago("worker")
    midnight = (timezone.localtime(clock.now()) - DAYS).replace(hour=0, minute=0, second=0, microsecond=0)
    tick = timedelta(microseconds=1)
    edges = [
        edge + step for edge in (midnight, midnight + BUCKET, midnight - BUCKET) for step in (-tick, 0 * tick, tick)
    ]
    people = town.people[:4]
    due: dict[int, tuple[datetime, str]] = {}
    commands = []
    for person in people:
        for at in random.sample(edges, 6):
            mark = random.choice(["done", "done", "absent"])
            commands.append(phone.command("rounds.mark", at=at, round=town.code, person=f"p{person}", mark=mark))
            due[person] = max(due.get(person, (at, mark)), (at, mark))
    random.shuffle(commands)
    while commands:
        size = random.randint(1, 5)
        assert {one["result"] for one in phone.results(commands[:size])} == {"accepted"}
        commands = commands[size:]
    buckets = Counter(_bucket(at) for at, mark in due.values() if mark == "done")
    with db.owner():
        scope = queries.scope_of(town.round_.id)
        curve = queries.get_curve(round_id=town.round_.id, extent=scope)
        counted = gaps.count_gaps_from_marks(round_=town.round_, extent=scope, at=clock.now())
    assert [town.state(person) == Mark.DONE for person in people] == [due[person][1] == "done" for person in people]
    assert {moment: count for moment, count in curve if count} == buckets
    assert {person for person in people if due[person][1] == "done"}.isdisjoint(counted)


def _bucket(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // 600 * 600, UTC)


def test_a_token_that_was_ended_sends_and_reads_nothing(town: Town) -> None:
    at = clock.now()
    actor = actor_for(make_account(username="office", role="office", place=town.district.communities[0]), at)
    with db.owner():
        made = duty.make_token(
            name="t", scopes=["rounds.mark", "residents.view"], expires_at=at + DAYS, actor=actor, at=at
        )
    phone = Phone("office", told={"token": made.raw, "session": ""})
    mark: dict[str, Any] = {"round": town.code, "person": f"p{town.people[0]}", "mark": "done"}
    for road in ("long", "short"):
        (told,) = phone.results([phone.command("rounds.mark", **mark)], sealed=False, road=road)
        assert told["result"] == "accepted", road
    with db.owner():
        duty.revoke_token(token_id=made.id, actor=actor, at=clock.now())
    late = phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="done")
    for road in ("long", "short"):
        assert phone.send([late], sealed=False, road=road).status_code == 401
    assert phone.get("pack").status_code == 401
    assert town.state(town.people[1]) == 0
