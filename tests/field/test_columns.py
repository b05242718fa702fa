"""The commonest batches are read side by side: what comes of them is what comes of reading them one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.core import clock, db
from linli.field import sync
from linli.field.reading import LATEST_MS, Reader
from tests.builders.phones import Phone, number_of
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
Commands = list[dict[str, Any]]
Make = Callable[[Town, Phone], Commands]


def mark(town: Town, phone: Phone, *, minutes: float = 30, **payload: Any) -> dict[str, Any]:
    """Given so many minutes after signing in; it is sent after an hour."""
    given = {"round": town.code, "mark": "done", **payload}
    payload = {name: value for name, value in given.items() if value is not None}
    return phone.command("rounds.mark", at=clock.now() + timedelta(minutes=minutes), **payload)


def marks(town: Town, phone: Phone, count: int = 5) -> Commands:
    return [mark(town, phone, person=f"p{person}") for person in reversed(town.people[:count])]


@pytest.fixture
def later(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """An hour has gone by since the phone signed in, and no more time goes by from then on."""
    at = clock.now() + timedelta(hours=1)
    return lambda: monkeypatch.setattr(clock, "now", lambda: at)


def one_more(**payload: Any) -> Make:
    """The commonest, and another."""

    def make(town: Town, phone: Phone) -> Commands:
        return [*marks(town, phone), mark(town, phone, **{"person": f"p{town.people[5]}", **payload})]

    return make


def changed(**fields: Any) -> Make:
    """The commonest, of which the second says something else beside its payload."""

    def make(town: Town, phone: Phone) -> Commands:
        found = marks(town, phone)
        found[1] |= fields
        return found

    return make


SIDE_BY_SIDE: dict[str, Make] = {
    "all alike": marks,
    "slow clock": lambda town, phone: [one | {"offset_ms": -90_000} for one in marks(town, phone)],
    "under a pack": lambda town, phone: [one | {"pack_at": town.at.isoformat()} for one in marks(town, phone)],
    "moments as numbers": lambda town, phone: [
        one | {"at": number_of(one["at"]), "pack_at": number_of(town.at.isoformat())} for one in marks(town, phone)
    ],
    "a pack in numbers and in texts": lambda town, phone: [
        one | {"pack_at": pack_at}
        for one, pack_at in zip(
            marks(town, phone), [town.at.isoformat(), number_of(town.at.isoformat()), None, "gestern", ""], strict=True
        )
    ],
    "a pack before 1970": changed(pack_at=-1),
    "a pack beyond all years": changed(pack_at=2**62),
    "somebody far away": lambda town, phone: [
        *marks(town, phone), mark(town, phone, person=f"p{town.people[-1]}"),
    ],
    "somebody twice": lambda town, phone: [*marks(town, phone), *marks(town, phone, 2)],
    "nobody we know": one_more(person="p999999999999"),
}  # fmt: skip
ONE_BY_ONE: dict[str, Make] = {
    "with a reason": one_more(reason="不开门", mark="refused"),
    "a word unknown": one_more(mark="sung"),
    "a number too long": one_more(person="p9999999999999999999"),
    "a UUID": one_more(person=str(uuid4())),
    "a household": lambda town, phone: [
        *marks(town, phone), mark(town, phone, household=f"h{town.homes[0]}"),
    ],
    "another round": one_more(round="no-such"),
    "no round at all": one_more(round=None),
    "a round that is no text": one_more(round=7),
    "moved out": one_more(mark="moved_out"),
    "another kind": lambda town, phone: [*marks(town, phone), phone.command("rounds.dance", round=town.code)],
    "one id twice": lambda town, phone: [*(found := marks(town, phone)), found[0]],
    "no moment": changed(at="gestern"),
    "no offset": changed(at="2022-10-04T09:12:00"),
    "years ahead": changed(at="2999-10-04T09:12:00+08:00"),
    "1970": changed(at="1970-01-01T00:00:07+00:00"),
    "1970 as a number": changed(at=7_000),
    "before 1970": changed(at=-1),
    "the year 9999": changed(at=LATEST_MS),
    "beyond all years": changed(at=2**62),
    "half a millisecond": changed(at=1_664_846_000_000.5),
    "true": changed(at=True),
    "a number in a text": changed(at="1664846000000"),
    "a pack that is no moment": changed(pack_at=1.5),
    "a pack that is true": changed(pack_at=True),
    "two clocks": changed(offset_ms=60_000),
    "a clock that is true": changed(offset_ms=False),
    "a clock in parts": changed(offset_ms=0.0),
    "no payload": changed(payload=[]),
    "no kind": changed(kind=None),
}  # fmt: skip


def carried_out(town: Town, phone: Phone, commands: Commands) -> tuple[list[Any], list[Any], list[Any]]:
    """What is said, but for the ids; and the marks and states that are there then."""
    said = [
        {name: value for name, value in one.items() if name != "id"} for one in phone.results(commands, road="short")
    ]
    place = {one["id"]: number for number, one in reversed(list(enumerate(commands)))}
    with db.owner():
        left = db.rows("SELECT client_id::text, subject_id, kind, event_at, device_at, flags, reason FROM mark")
        states = db.rows("SELECT subject_id, state, event_at FROM round_state ORDER BY 1")
        for table in ("mark", "mark_withdrawn"):
            db.execute(f"DELETE FROM {table}")
        db.execute("UPDATE round_state SET state = 0, event_at = NULL, client_id = NULL, due = true")
    return said, sorted((place[row[0]], *row[1:]) for row in left), states


@pytest.mark.parametrize("name", [*SIDE_BY_SIDE, *ONE_BY_ONE])
def test_both_ways_come_to_the_same(
    name: str, town: Town, phone: Phone, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commonest go side by side on the short road, where no transaction stands around them; others never do."""
    ways: list[str] = []
    kept = sync._carry_out

    def noted(*given: Any) -> sync.Answers:
        ways.append("one by one")
        return kept(*given)

    monkeypatch.setattr(sync, "_carry_out", noted)
    commands = (SIDE_BY_SIDE | ONE_BY_ONE)[name](town, phone)
    later()
    for phone.is_dense in (False, True):  # objects with texts, lists with numbers
        ways.clear()
        found = carried_out(town, phone, commands)
        assert ways == ([] if name in SIDE_BY_SIDE else ["one by one"])
        with monkeypatch.context() as patch:
            patch.setattr(Reader, "read_columns", lambda self: None)
            assert carried_out(town, phone, commands) == found


def test_a_box_altered_on_its_way_is_told_by_itself(town: Town, phone: Phone, later: Callable[[], None]) -> None:
    boxes = [phone.seal(one) for one in marks(town, phone)]
    boxes[2]["box"] = boxes[1]["box"]
    later()
    answer = phone.post("sync", {"session": phone.session, "sealed": boxes}, road="short")
    told = answer.json()["results"]
    assert [one["result"] for one in told] == ["accepted", "accepted", "refused", "accepted", "accepted"]


def test_each_is_judged_by_the_post_held_then(town: Town, phone: Phone, later: Callable[[], None]) -> None:
    with db.owner():
        db.execute("UPDATE appointment SET since = %s", [clock.now() + timedelta(minutes=20)])
    commands = [mark(town, phone, person=f"p{town.people[9]}", minutes=10), *marks(town, phone)]
    later()
    told = phone.results(commands, road="short")
    assert [one.get("code", one["result"]) for one in told] == ["field.no_authority", *["accepted"] * 5]
