"""The work pack: whole, in increments that miss nothing, of one's own doors alone."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.models import Account, JournalEntry
from linli.duty.models import Appointment
from linli.field import pack
from linli.places import services as places
from linli.residents import services as residents
from linli.residents.terms import Need, PersonInput, Presence
from linli.rounds import bulk
from tests.builders.duty import make_account
from tests.builders.ledger import open_round
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
Rows = dict[str, dict[Any, dict[str, Any]]]


class Store:
    """What a phone keeps, taken in as docs/sync.md says."""

    def __init__(self, phone: Phone) -> None:
        self.phone, self.rows, self.cursor = phone, dict[str, dict[Any, dict[str, Any]]](), ""
        self.last: dict[str, Any] = {}

    def pull(self, **query: str) -> Store:
        told = self.last = self.phone.pack(self.cursor, **query)
        if told["full"]:
            self.rows = {}
        for rows in self.rows.values():
            self._drop(rows, told["gone"])
        for name, section in told["sections"].items():
            rows = self.rows.setdefault(name, {})
            if section["all"]:
                rows.clear()
            self._drop(rows, section["within"])
            for gone in section["drop"]:
                rows.pop(tuple(gone) if isinstance(gone, list) else gone, None)
            for row in section["put"]:
                rows[(row["round"], row["id"]) if name == "due" else row["id"]] = row
        held = self.rows.get("rounds", {})
        self.rows["due"] = {key: row for key, row in self.rows.get("due", {}).items() if key[0] in held}
        self.cursor = told["cursor"]
        return self

    def _drop(self, rows: dict[Any, dict[str, Any]], spans: list[list[int]]) -> None:
        for id in [id for id, row in rows.items() if self._lies_in(id, row, spans)]:
            del rows[id]

    def _lies_in(self, id: Any, row: dict[str, Any], spans: list[list[int]]) -> bool:
        key = row.get("door", row.get("lo", id if isinstance(id, int) else None))
        return key is not None and any(lo <= key < hi for lo, hi in spans)

    def is_whole(self) -> bool:
        """Whether it is what a phone that starts anew gets."""
        anew = Store(self.phone).pull().rows
        return {name: rows for name, rows in self.rows.items() if rows} == {n: r for n, r in anew.items() if r}


@pytest.fixture
def store(town: Town, phone: Phone) -> Store:
    _wait_for_others()
    return Store(phone).pull()


def _wait_for_others() -> None:
    """Until no transaction is under way that began before this: of a table being analyzed, of a test beside this one.
    As long as one is, the next pack tells again what was written since it began."""
    with db.owner():
        mine = db.scalar("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        for _ in range(12_000):  # ten minutes: the test beside this one may be one of the long ones
            if db.scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") >= mine:
                return
            time.sleep(0.05)
    raise AssertionError("a transaction stays open")


def at_doors(town: Town) -> list[int]:
    """The doors of the worker's community."""
    with db.owner():
        extent = town.district.extent(town.district.communities[0], town.at)
    return [door.key for door in town.district.doors if door.key in extent]


def test_everything_of_ones_own_doors_and_nothing_else(town: Town, store: Store) -> None:
    doors = at_doors(town)
    assert set(store.rows["doors"]) == set(doors)
    assert {row["door"] for row in store.rows["people"].values()} == set(doors)
    assert len(store.rows["people"]) == len(store.rows["due"]) == 2 * len(doors)
    assert set(store.rows["rounds"]) == {town.code}
    kinds = [row["kind"] for row in store.rows["places"].values()]
    assert (kinds.count("unit"), kinds.count("building"), kinds.count("compound"), kinds.count("community")) == (
        2,
        1,
        1,
        1,
    )
    one = store.rows["doors"][doors[0]]
    assert (one["number"], one["label"], one["floor"]) == ("101", "1号楼 1单元 101", 1)
    assert (store.last["full"], bool(store.last["extent"]), "phone" in store.last["personal"]["people"]) == (True,) * 3
    with db.owner():
        entry = JournalEntry.objects.get(verb="field.give_pack")
    assert entry.detail["given"]["people"] == 2 * len(doors)
    assert "人" not in json.dumps(entry.detail, ensure_ascii=False)


def test_a_person_is_told_with_what_the_work_needs(town: Town, store: Store) -> None:
    old = town.at.date() - timedelta(days=85 * 366)
    with db.owner():
        residents.add_person(
            household_id=town.homes[0],
            person=PersonInput("李奶奶", phone="15412345678", born_on=old, needs=Need.ALONE),
            actor=SYSTEM, at=clock.now(),
        )  # fmt: skip
    (row,) = [row for row in store.pull().rows["people"].values() if row["name"] == "李奶奶"]
    assert (row["phone"], row["needs"], row["age"]) == ("15412345678", ["alone", "over_80"], 85)
    assert "id_number" not in row
    make_account(username="officer", role="information_officer", place=town.district.communities[0])
    officer = Phone("officer")
    officer.sign_in()
    assert not any("phone" in row for row in Store(officer).pull().rows["people"].values())


def test_nothing_new_is_said_in_three_hundred_and_four(town: Town, phone: Phone, store: Store) -> None:
    first = phone.get("pack")
    cursor = first.json()["cursor"]
    again = phone.get(f"pack?cursor={cursor}", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    told = phone.get(f"pack?cursor={cursor}").json()
    assert (told["full"], told["sections"], told["gone"]) == (False, {}, [])
    with db.owner():
        residents.edit_household(
            household_id=town.homes[0], note="狗", seen_at=_seen(town.homes[0]), actor=SYSTEM, at=clock.now()
        )
    changed = phone.get(f"pack?cursor={cursor}", **{"If-None-Match": first["ETag"]})
    assert [row["note"] for row in changed.json()["sections"]["households"]["put"]] == ["狗"]


def _seen(household: int) -> Any:
    return db.scalar("SELECT updated_at FROM household WHERE id = %s", [household])


def test_it_is_compressed(town: Town, phone: Phone) -> None:
    plain, packed = phone.get("pack"), phone.get("pack", **{"Accept-Encoding": "gzip, deflate"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 3
    assert json.loads(gzip.decompress(packed.content))["sections"]["people"] == plain.json()["sections"]["people"]


Change = Callable[[Town], None]


def far(town: Town) -> int:
    return town.district.keys[-1]


def _mark(town: Town) -> None:
    _by_worker(town, town.people[:3])


def _by_worker(town: Town, people: list[int]) -> None:
    other = Phone("worker")
    other.sign_in()
    other.results([other.command("rounds.mark", round=town.code, person=f"p{one}", mark="absent") for one in people])


def _act(change: Callable[[Town], object]) -> Change:
    def run(town: Town) -> None:
        with db.owner():
            change(town)

    return run


def _close_and_reopen(town: Town) -> None:
    assert town.round_ is not None
    bulk.close_round(round_id=town.round_.id, actor=SYSTEM, at=clock.now())
    bulk.reopen_round(round_id=town.round_.id, actor=SYSTEM, at=clock.now())


CHANGES: dict[str, Change] = {
    "a mark": _mark,
    "moved out": _act(lambda t: residents.record_moved_out(person_ids=[t.people[0]], actor=SYSTEM, at=clock.now())),
    "away": _act(
        lambda t: residents.record_presence(person_id=t.people[0], presence=Presence.AWAY, actor=SYSTEM, at=clock.now())
    ),
    "moved inside": _act(
        lambda t: residents.move_person(person_id=t.people[0], to_key=at_doors(t)[-1], actor=SYSTEM, at=clock.now())
    ),
    "moved far away": _act(
        lambda t: residents.move_person(person_id=t.people[0], to_key=far(t), actor=SYSTEM, at=clock.now())
    ),
    "came from far away": _act(
        lambda t: residents.move_person(person_id=t.people[-1], to_key=at_doors(t)[0], actor=SYSTEM, at=clock.now())
    ),
    "two change places": _act(
        lambda t: [
            residents.move_person(person_id=t.people[0], to_key=far(t), actor=SYSTEM, at=clock.now()),
            residents.move_person(person_id=t.people[-1], to_key=at_doors(t)[0], actor=SYSTEM, at=clock.now()),
        ]
    ),
    "a household moves": _act(
        lambda t: residents.move_household(household_id=t.homes[0], to_key=far(t), actor=SYSTEM, at=clock.now())
    ),
    "a new household": _act(
        lambda t: residents.register_household(
            key=at_doors(t)[2], people=[PersonInput("新来的")], label="二", actor=SYSTEM, at=clock.now()
        )
    ),
    "vacant": _act(lambda t: residents.record_door_vacant(key=at_doors(t)[0], actor=SYSTEM, at=clock.now())),
    "a new door": _act(
        lambda t: places.add_doors(unit_id=t.district.units[0].id, numbers=["901"], actor=SYSTEM, at=clock.now())
    ),
    "renamed": _act(
        lambda t: places.rename_place(place_id=t.district.units[0].id, name="东单元", actor=SYSTEM, at=clock.now())
    ),
    "the compound is renamed": _act(
        lambda t: places.rename_place(place_id=t.district.compounds[0].id, name="新园", actor=SYSTEM, at=clock.now())
    ),
    "another round": _act(lambda t: open_round(t.district.extent(t.district.district, clock.now()), at=clock.now())),
    "round closed": _act(lambda t: bulk.close_round(round_id=t.round_.id, actor=SYSTEM, at=clock.now())),  # type: ignore[union-attr]
    "round closed and open again": _act(_close_and_reopen),
    "another lead": _act(lambda t: make_account(role="unit_lead", place=t.district.units[0])),
    "more doors": _act(
        lambda t: Appointment.objects.filter(account=t.worker).update(place_id=t.district.street.id, role="office")
    ),
    "fewer doors": _act(
        lambda t: Appointment.objects.filter(account=t.worker).update(place_id=t.district.units[0].id, role="unit_lead")
    ),
    "other doors": _act(
        lambda t: Appointment.objects.filter(account=t.worker).update(place_id=t.district.communities[1].id)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_an_increment_is_as_good_as_starting_anew(town: Town, store: Store, what: str) -> None:
    CHANGES[what](town)
    store.pull()
    assert not store.last["full"]
    assert store.last["sections"] or what.endswith("open again")
    assert store.is_whole()
    store.pull()
    assert store.is_whole()


def test_a_lead_is_called_otherwise(town: Town, phone: Phone) -> None:
    with db.owner():
        lead = make_account(role="unit_lead", place=town.district.units[0])
    store = Store(phone).pull()
    with db.owner():
        Account.objects.filter(pk=lead.pk).update(name="王新名")
    store.pull()
    named = [row["lead"]["name"] for row in store.rows["places"].values() if "lead" in row]
    assert (named, store.last["full"], store.is_whole()) == (["王新名"], False, True)


def test_a_round_that_was_gone_comes_back_whole(town: Town, store: Store) -> None:
    assert town.round_ is not None
    with db.owner():
        bulk.close_round(round_id=town.round_.id, actor=SYSTEM, at=clock.now())
    assert not store.pull().rows["due"]
    with db.owner():
        bulk.reopen_round(round_id=town.round_.id, actor=SYSTEM, at=clock.now())
    assert store.pull().rows["due"]
    assert store.is_whole()


def test_all_of_them_one_after_the_other(town: Town, store: Store) -> None:
    for what in ("a mark", "moved far away", "a new household", "renamed", "another round", "more doors", "vacant"):
        CHANGES[what](town)
    assert not store.pull().last["full"]
    assert store.is_whole()


def test_doors_that_lie_apart_are_told_from_all_of_them(town: Town) -> None:
    units = [town.district.units[0], town.district.units[-1]]
    with db.owner():
        holder = make_account(role="unit_lead", place=units[0], username="apart")
        second = Appointment.objects.get(account=holder)
        second.pk, second.place_id = None, units[1].id
        second.save()
    phone = Phone("apart")
    phone.sign_in()
    store = Store(phone).pull()
    assert len(store.last["extent"]) == 2
    here, there, before = town.people[0], town.people[-1], len(store.rows["doors"])
    assert {row["unit"] for row in store.rows["doors"].values()} == {f"l{unit.id}" for unit in units}
    _by_worker(town, [here])
    with db.owner():
        for person in (here, there):
            residents.record_presence(person_id=person, presence=Presence.AWAY, actor=SYSTEM, at=clock.now())
        places.add_doors(unit_id=units[1].id, numbers=["901"], actor=SYSTEM, at=clock.now())
    store.pull()
    assert not store.last["full"]
    assert len(store.rows["doors"]) == before + 1
    assert [store.rows["people"][f"p{one}"].get("presence") for one in (here, there)] == ["away"] * 2
    assert store.is_whole()
    CHANGES["two change places"](town)
    assert store.pull().is_whole()
    assert store.rows["people"][f"p{here}"]["door"] == far(town)


def test_what_commits_late_is_not_missed(town: Town, store: Store) -> None:
    """A change is under way when the pack is read, and is committed after it; begun inside of a savepoint, so that its
    rows bear the number of a subtransaction."""
    begun, read = Barrier(2), Barrier(2)

    def change() -> None:
        with db.owner(), db.atomic(), db.atomic():
            residents.record_presence(person_id=town.people[0], presence=Presence.AWAY, actor=SYSTEM, at=clock.now())
            begun.wait(20)
            read.wait(20)
        connections.close_all()

    thread = Thread(target=change)
    thread.start()
    begun.wait(20)
    store.pull()
    assert "presence" not in store.rows["people"][f"p{town.people[0]}"]
    read.wait(20)
    thread.join()
    store.pull()
    assert store.rows["people"][f"p{town.people[0]}"]["presence"] == "away"
    assert store.is_whole()


def test_a_new_day_tells_ages_anew(town: Town, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=1))
    told = store.pull().last
    assert (told["full"], set(told["sections"])) == (False, {"people"})
    assert store.is_whole()


@pytest.mark.parametrize("how", ["old", "cluster", "garbage", "other", "ahead", "version"])
def test_a_cursor_that_is_of_no_use_gives_everything(
    town: Town, store: Store, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    cursor = pack.Cursor.read(store.cursor, clock.now())
    assert cursor is not None
    real = clock.now
    if how == "old":
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=14, minutes=1))
    elif how == "cluster":  # restored into another server
        store.cursor = replace(cursor, cluster=5).write()
    elif how == "other":
        store.cursor = replace(cursor, account_id=5).write()
    elif how == "ahead":  # put back from a snapshot of the disk
        store.cursor = replace(cursor, since=cursor.since + 10_000).write()
    elif how == "version":
        monkeypatch.setattr(pack, "VERSION", 2)
    else:
        store.cursor = "nonsense"
    assert store.pull().last["full"]


def test_more_than_a_phone_carries_is_refused_with_a_way_out(
    town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "MOST_PEOPLE", 20)
    answer = phone.get("pack")
    assert (answer.status_code, answer.json()["code"]) == (422, "field.too_many_people")
    told = Store(phone).pull(place=town.district.units[0].code)
    assert len(told.rows["people"]) == 12
    beyond = phone.get(f"pack?place={town.district.communities[1].code}")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "field.place_beyond")
    assert phone.get("pack?place=nowhere").status_code == 404


def test_an_increment_that_makes_them_too_many_is_refused(
    town: Town, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "MOST_PEOPLE", len(store.rows["people"]))
    CHANGES["a mark"](town)
    store.pull()  # nobody came
    CHANGES["a new household"](town)
    answer = store.phone.get(f"pack?cursor={store.cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "field.too_many_people")


def test_whoever_sees_no_residents_gets_none(town: Town) -> None:
    make_account(username="gate", role="gate", place=town.district.communities[0])
    gate = Phone("gate")
    gate.sign_in()
    assert gate.get("pack").status_code == 403
