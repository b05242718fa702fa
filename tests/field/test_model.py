"""Marks of several phones, duplicated, reordered, cut in the middle of a body, taken back: in the end the server
holds what a simple model holds, whatever happened on the way.

300 sequences here; 10,000 in `make faults`. Most run inside of one transaction that is rolled back, which is quick; a
share - 20 here, 1,000 there - runs as the web role behind the wall, with every batch committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linli.core import db
from linli.core.access import actor_of
from linli.core.models import Account
from linli.field import sync
from linli.field.errors import NotJson
from linli.rounds import queries
from linli.rounds.terms import Mark
from tests.builders.duty import make_account
from tests.builders.ledger import MORNING, Block, make_block, open_round
from tests.builders.places import AT

PEOPLE, DEVICES = 3, 3
GIVEN = (Mark.ABSENT, Mark.REFUSED, Mark.DONE, Mark.EXEMPT)
RECEIVED = MORNING + timedelta(hours=6)


@dataclass(frozen=True)
class Step:
    """One command of a device: a mark on a person, or its withdrawal of an earlier mark of its own (`back`)."""

    device: int
    person: int
    kind: Mark
    minute: int
    id: UUID
    back: int | None = None


@dataclass
class Plan:
    """`deliveries`: which steps go in which batch, in that order; a number below zero: cut after so many bytes."""

    steps: list[Step]
    deliveries: list[tuple[list[int], int]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    steps: list[Step] = []
    for _number in range(draw(st.integers(1, 10))):
        device, minute, id = draw(st.integers(0, DEVICES - 1)), draw(st.integers(0, 60)), draw(st.uuids(version=4))
        own = [place for place, step in enumerate(steps) if step.device == device and step.back is None]
        if own and draw(st.integers(0, 3)) == 0:
            back = draw(st.sampled_from(own))
            minute = max(minute, steps[back].minute)
            steps.append(Step(device, steps[back].person, steps[back].kind, minute, id, back))
        else:
            person, kind = draw(st.integers(0, PEOPLE - 1)), draw(st.sampled_from(GIVEN))
            steps.append(Step(device, person, kind, minute, id))
    numbers = st.lists(st.integers(0, len(steps) - 1), min_size=1, max_size=6)
    cut = st.one_of(st.just(0), st.integers(1, 400))
    return Plan(steps, draw(st.lists(st.tuples(numbers, cut), max_size=6)))


@dataclass
class Model:
    """What ought to be: of each person the last mark, by time and then by id, that was not taken back."""

    steps: list[Step]

    def state(self, person: int) -> Mark:
        gone = {step.back for step in self.steps if step.back is not None}
        left = [
            (step.minute, step.id, step.kind)
            for place, step in enumerate(self.steps)
            if step.person == person and step.back is None and place not in gone
        ]
        return max(left)[2] if left else Mark.NOT_REACHED

    @property
    def marks(self) -> int:
        return sum(step.back is None for step in self.steps)


@dataclass
class World:
    block: Block
    code: str
    round_id: int
    accounts: list[Account] = field(default_factory=list)


@pytest.fixture
def world(db: None) -> World:
    queries.forget_begun_rounds()
    return make_world()


@pytest.fixture
def town() -> World:
    """The same for everybody to see: committed."""
    queries.forget_begun_rounds()
    with db.owner():
        return make_world()


def make_world() -> World:
    block = make_block(units=2, doors=2, people=1)
    round_ = open_round(block.extent)
    made = World(block, round_.code, round_.id)
    place = _place_of(block)
    made.accounts = [make_account(role="grid_worker", place=place, since=AT) for _device in range(DEVICES)]
    return made


def _place_of(block: Block) -> int:
    return int(db.scalar("SELECT id FROM place WHERE kind = 70 AND lo = %s", [block.lo]))


def write(world: World, plan: Plan, number: int) -> dict[str, Any]:
    step = plan.steps[number]
    person = f"p{world.block.people[step.person]}"
    payload: dict[str, Any] = {"round": world.code, "person": person}
    if step.back is None:
        payload["mark"] = step.kind.name.lower()
    else:
        payload["mark"] = str(plan.steps[step.back].id)
    at = MORNING + timedelta(minutes=step.minute)
    return {
        "id": str(step.id), "kind": "rounds.mark" if step.back is None else "rounds.unmark", "at": at.isoformat(),
        "device_seq": number + 1, "offset_ms": 0, "payload": payload,
    }  # fmt: skip


def deliver(world: World, plan: Plan, numbers: list[int], at: datetime, *, cut: int = 0) -> list[int]:
    """Send some steps, each device's own in a batch of their own; returns those to be sent again."""
    again: list[int] = []
    for device in sorted({plan.steps[number].device for number in numbers}):
        mine = [number for number in numbers if plan.steps[number].device == device]
        account = world.accounts[device]
        caller = actor_of(account.pk, account.name, at, origin="field")
        body = json.dumps({"commands": [write(world, plan, number) for number in mine]}).encode()
        try:
            told = json.loads(sync.take_batch(body[:-cut] if cut else body, caller=caller, at=at))["results"]
        except NotJson:
            assert cut
            continue
        for number, one in zip(mine, told, strict=True):
            assert one["result"] in {"accepted", "known"} or one["retry"], one
            if one["result"] == "refused":
                again.append(number)
    return again


def check(world: World, plan: Plan) -> None:
    at = RECEIVED
    for numbers, cut in plan.deliveries:
        deliver(world, plan, numbers, at, cut=cut)
        at += timedelta(seconds=1)
    left = list(
        range(len(plan.steps))
    )  # in the end every phone sends what it has not been told of, and some that it has
    for _time in range(4):
        left = deliver(world, plan, left, at)
    assert not left
    model = Model(plan.steps)
    with db.owner():
        compare(world, model)


def compare(world: World, model: Model) -> None:
    people = world.block.people[:PEOPLE]
    states = dict(db.rows("SELECT subject_id, state FROM round_state WHERE round_id = %s", [world.round_id]))
    assert [states[one] for one in people] == [model.state(person) for person in range(PEOPLE)]
    assert db.scalar("SELECT count(*) FROM mark WHERE round_id = %s", [world.round_id]) == model.marks
    done = sum(model.state(person) == Mark.DONE for person in range(PEOPLE))
    assert db.scalar("SELECT sum(done) FROM round_tally WHERE round_id = %s", [world.round_id]) == done


class Over(Exception):
    """Ends an example: everything that it wrote goes."""


def hold(world: World, *, examples: int) -> Callable[[], None]:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=examples < 1_000,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(plan=plans())
    def run(plan: Plan) -> None:
        try:
            with transaction.atomic(using=db.using()):
                check(world, plan)
                raise Over
        except Over:
            return

    return run


def hold_committed(town: World, *, examples: int) -> Callable[[], None]:
    """Each example has a round of its own, in which it is the first, and ids that no other has."""

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=examples < 1_000,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(plan=plans())
    def run(plan: Plan) -> None:
        with db.owner():
            round_ = open_round(town.block.extent)
        salt = uuid4()
        steps = [replace(step, id=uuid5(salt, str(step.id))) for step in plan.steps]
        check(replace(town, code=round_.code, round_id=round_.id), Plan(steps, plan.deliveries))

    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_twenty_sequences_that_commit(town: World) -> None:
    hold_committed(town, examples=20)()


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
@pytest.mark.long
def test_a_thousand_sequences_that_commit(town: World) -> None:
    hold_committed(town, examples=1_000)()


@pytest.mark.django_db
def test_three_hundred_sequences(world: World) -> None:
    hold(world, examples=300)()


@pytest.mark.django_db
@pytest.mark.long
def test_ten_thousand_sequences(world: World) -> None:
    hold(world, examples=10_000)()


def test_the_model_itself() -> None:
    """A model that is wrong in the same way as the server would hide it."""
    one, two = UUID(int=1), UUID(int=2)
    steps = [Step(0, 0, Mark.ABSENT, 5, two), Step(1, 0, Mark.DONE, 5, one), Step(0, 1, Mark.DONE, 9, one)]
    assert [Model(steps).state(person) for person in range(3)] == [Mark.ABSENT, Mark.DONE, Mark.NOT_REACHED]
    back = [*steps, Step(0, 0, Mark.ABSENT, 6, UUID(int=9), back=0)]
    assert Model(back).state(0) == Mark.DONE
