"""Sending work: by both roads, sealed and in the clear, once, in any order, each with its own fate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.models import JournalEntry
from linli.duty.models import Appointment
from linli.rounds import bulk
from linli.rounds.terms import Mark
from tests.builders.duty import make_account
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


TILL = "2030-01-01T18:00:00+08:00"


def marks_of(person: int) -> list[dict[str, Any]]:
    with db.owner():
        return db.dicts("SELECT * FROM mark WHERE subject_id = %s ORDER BY id", [person])


@pytest.mark.parametrize("road", ["long", "short"])
@pytest.mark.parametrize("sealed", [True, False])
def test_marks_arrive_once(town: Town, phone: Phone, road: str, sealed: bool) -> None:
    commands = [
        phone.command("rounds.mark", round=town.code, person=f"p{person}", mark="done") for person in town.people[:4]
    ]
    told = phone.results(commands, road=road, sealed=sealed)
    assert [one["result"] for one in told] == ["accepted"] * 4
    assert told[0]["given"] == {"marks": 1}
    again = phone.results(list(reversed(commands)), road=road, sealed=sealed)
    assert [one["result"] for one in again] == ["known"] * 4
    assert all(town.state(person) == Mark.DONE for person in town.people[:4])
    assert [len(marks_of(person)) for person in town.people[:5]] == [1, 1, 1, 1, 0]
    assert marks_of(town.people[0])[0]["account_id"] == phone.told["account"]["id"]


def test_a_household_and_a_door(town: Town, phone: Phone) -> None:
    door = town.district.doors
    (by_home,) = phone.results(
        [phone.command("rounds.mark", round=town.code, household=f"h{town.homes[0]}", mark="done")]
    )
    assert by_home["given"] == {"marks": 2}
    with db.owner():
        from linli.core.events import publish
        from linli.residents.events import PeopleChanged
        from tests.builders.ledger import make_home, make_person

        second = make_home(door[1].key, "二")
        third = make_person(second, door[1].key, "房客")
        publish(PeopleChanged((third,), (second,), clock.now()))
    command = phone.command(
        "rounds.mark", round=town.code, door=door[1].key, mark="absent", back_at="2030-01-01T18:00:00+08:00"
    )
    (by_door,) = phone.results([command])
    assert (by_door["result"], by_door["given"]) == ("accepted", {"marks": 3})
    assert [town.state(one) for one in (*town.people[2:4], third)] == [Mark.ABSENT] * 3
    assert phone.results([command])[0]["result"] == "known"


def test_each_has_its_own_fate(town: Town, phone: Phone) -> None:
    far = town.people[-1]  # in the other community
    commands = [
        phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done"),
        phone.command("rounds.mark", round=town.code, person=f"p{far}", mark="done"),
        phone.command("rounds.mark", round="no-such", person=f"p{town.people[1]}", mark="done"),
        phone.command("rounds.mark", round=town.code, person="x9", mark="done"),
        phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="sung"),
        phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="done", until_at=TILL),
        phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="done", colour="red"),
        phone.command("rounds.mark", round=town.code, person=str(uuid4()), mark="done"),
        phone.command("rounds.dance", round=town.code),
        phone.command("rounds.mark", round=town.code, person=f"p{town.people[2]}", mark="refused", reason="不开门"),
    ]  # fmt: skip
    told = phone.results(commands)
    assert [one.get("code") for one in told] == [
        None, "rounds.not_in_round", "rounds.not_found", "field.command_wrong", "field.command_wrong",
        "field.command_wrong", "field.command_wrong", "field.comes_first", "field.kind_unknown", None,
    ]  # fmt: skip
    assert [one["retry"] for one in told if one["result"] == "refused"] == [*[False] * 6, True, False]
    assert all(one["message"] and one["advice"] for one in told if one["result"] == "refused")
    assert (town.state(town.people[0]), town.state(town.people[2])) == (Mark.DONE, Mark.REFUSED)
    assert town.state(far) == Mark.NOT_REACHED


def test_a_closed_round_refuses(town: Town, phone: Phone) -> None:
    command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
    known = phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="done")
    phone.results([known])
    with db.owner():
        bulk.close_round(round_id=town.round_.id, actor=SYSTEM, at=clock.now())  # type: ignore[union-attr]
    told = phone.results([command, known])
    assert [one.get("code", one["result"]) for one in told] == ["rounds.closed", "known"]


@pytest.mark.parametrize("how", ["box", "nonce", "number", "id", "session", "key", "shape"])
def test_an_altered_box_is_not_opened(town: Town, phone: Phone, how: str) -> None:
    command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
    good = phone.command("rounds.mark", round=town.code, person=f"p{town.people[1]}", mark="done")
    if how == "session":
        phone.told["session"], real = str(uuid4()), phone.session
        box = phone.seal(command)
        phone.told["session"] = real
    elif how == "key":
        phone.key, real_key = b"x" * 32, phone.key
        box = phone.seal(command)
        phone.key = real_key
    else:
        box = phone.seal(command)
        changed: dict[str, Any] = {
            "box": box["box"][:-8] + "AAAAAAA=", "nonce": "AAAAAAAAAAAAAAAA", "number": 77, "id": str(uuid4()),
            "shape": 5,
        }  # fmt: skip
        box[{"number": "device_seq", "shape": "box"}.get(how, how)] = changed[how]
    answer = phone.post("sync", {"session": phone.session, "sealed": [box, phone.seal(good)]})
    told = answer.json()["results"]
    assert [one.get("code", one["result"]) for one in told] == ["field.box_unreadable", "accepted"]
    assert not marks_of(town.people[0])


def test_what_is_no_batch_is_refused_whole(town: Town, phone: Phone) -> None:
    for body, code in (
        ({"commands": 5}, "field.not_json"), ({}, "field.not_json"), ({"commands": [], "more": 1}, "field.not_json"),
        ({"commands": [], "sealed": []}, "field.not_json"), ({"session": "x", "sealed": []}, "field.not_json"),
        ({"session": str(uuid4()), "sealed": []}, "field.session_unknown"),
        ({"commands": [{}] * 501}, "field.batch_too_large"),
        ({"commands": [], "session": "x" * 70_000}, "field.batch_too_large"),
    ):  # fmt: skip
        for road in ("long", "short"):
            answer = phone.post("sync", body, road=road)
            assert answer.json()["code"] == code
    cut = phone.post("sync", b'{"commands": [{"id": "0193', road="short")
    assert (cut.status_code, cut.json()["code"]) == (400, "field.not_json")
    assert phone.post("sync", {"commands": [7, {"id": "x"}]}).json()["results"][0]["code"] == "field.command_wrong"


class TestTimes:
    def told_at(self, town: Town, phone: Phone, person: int, **more: Any) -> tuple[datetime, datetime, int]:
        command = phone.command("rounds.mark", round=town.code, person=f"p{person}", mark="done")
        assert phone.results([{**command, **more}])[0]["result"] == "accepted"
        (found,) = marks_of(person)
        return found["event_at"], found["device_at"], found["flags"]

    def test_a_clock_a_day_slow_is_corrected_and_both_times_are_kept(self, town: Town) -> None:
        phone = Phone("worker", slow=timedelta(days=1))
        phone.sign_in()
        true = clock.now()
        event, device, flags = self.told_at(town, phone, town.people[0])
        assert abs(event - true) < timedelta(seconds=30)
        assert timedelta(hours=23) < event - device < timedelta(hours=25)
        assert flags == 0

    def test_1970_is_clamped_to_the_session(self, town: Town, phone: Phone) -> None:
        event, device, flags = self.told_at(town, phone, town.people[0], at="1970-01-01T08:00:00+08:00", offset_ms=0)
        assert device == datetime(1970, 1, 1, tzinfo=UTC)
        began = datetime.fromisoformat(phone.told["server_time"])
        assert timedelta() <= event - began < timedelta(seconds=1)
        assert flags == 1

    def test_or_to_the_pack(self, town: Town, phone: Phone) -> None:
        issued = clock.now()
        event, _device, _flags = self.told_at(
            town, phone, town.people[0], at="1970-01-01T08:00:00+08:00", offset_ms=0, pack_at=issued.isoformat()
        )
        assert timedelta() <= event - issued < timedelta(seconds=1)

    def test_the_future_is_clamped_to_the_receipt(self, town: Town, phone: Phone) -> None:
        event, _device, flags = self.told_at(town, phone, town.people[0], at="2090-01-01T08:00:00+08:00")
        assert event <= clock.now()
        assert flags == 1

    def test_what_is_clamped_keeps_its_order(self, town: Town, phone: Phone) -> None:
        person = f"p{town.people[0]}"
        words = ["absent", "refused", "done", "absent", "refused"]
        made = [phone.command("rounds.mark", round=town.code, person=person, mark=word) for word in words]
        for command in reversed(made):
            command |= {"at": "1970-01-01T08:00:00+08:00", "offset_ms": 0}
        phone.results(list(reversed(made)))
        assert town.state(town.people[0]) == Mark.REFUSED

    def test_without_an_offset_the_batch_says_it(self, town: Town) -> None:
        phone = Phone("worker", slow=timedelta(hours=3))
        phone.sign_in()
        true = clock.now()
        event, _device, _flags = self.told_at(town, phone, town.people[0], offset_ms=None)
        assert abs(event - true) < timedelta(seconds=30)


class TestAuthority:
    def end(self, town: Town, ago: timedelta) -> None:
        with db.owner():
            Appointment.objects.filter(account=town.worker).update(until=clock.now() - ago)

    def send(self, town: Town, phone: Phone, done_ago: timedelta) -> dict[str, Any]:
        at = clock.now() - done_ago
        with db.owner():  # the phone was signed in long before
            db.execute("UPDATE field_session SET started_at = %s", [clock.now() - timedelta(days=12)])
            db.execute("UPDATE round SET opened_at = %s", [clock.now() - timedelta(days=12)])
        command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done", at=at)
        return phone.results([command])[0]

    def test_work_done_before_the_post_was_handed_over_is_taken(self, town: Town, phone: Phone) -> None:
        self.end(town, timedelta(days=2))
        told = self.send(town, phone, timedelta(days=3))
        assert told["result"] == "accepted", told
        assert marks_of(town.people[0])[0]["appointment_id"] is not None

    def test_work_done_after_it_is_not(self, town: Town, phone: Phone) -> None:
        self.end(town, timedelta(days=2))
        told = self.send(town, phone, timedelta(days=1))
        assert (told["result"], told["code"], told["retry"]) == ("refused", "field.no_authority", False)

    def test_nor_once_the_time_for_sending_is_over(self, town: Town, phone: Phone) -> None:
        self.end(town, timedelta(days=8))
        assert self.send(town, phone, timedelta(days=9))["code"] == "field.no_authority"

    def test_nor_before_the_post_began(self, town: Town, phone: Phone) -> None:
        with db.owner():
            Appointment.objects.filter(account=town.worker).update(since=clock.now() - timedelta(hours=1))
        assert self.send(town, phone, timedelta(hours=2))["code"] == "field.no_authority"

    def test_what_was_taken_stays_known_whatever_happens_to_the_post(self, town: Town, phone: Phone) -> None:
        command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
        phone.results([command])
        self.end(town, timedelta(days=14))
        assert phone.results([command])[0]["result"] == "known"

    def test_a_batch_over_the_end_of_a_post_is_judged_one_by_one(self, town: Town, phone: Phone) -> None:
        self.end(town, timedelta(hours=2))
        with db.owner():
            db.execute("UPDATE field_session SET started_at = %s", [clock.now() - timedelta(days=1)])
        commands = [
            phone.command(
                "rounds.mark", round=town.code, person=f"p{person}", mark="done", at=clock.now() - timedelta(hours=ago)
            )
            for person, ago in zip(town.people, (3, 1, 4), strict=False)
        ]  # fmt: skip
        assert [one["result"] for one in phone.results(commands)] == ["accepted", "refused", "accepted"]


class TestLater:
    def test_after_signing_in_again_the_old_boxes_are_sent(self, town: Town, phone: Phone) -> None:
        command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
        boxes, old = [phone.seal(command)], phone.session
        phone.client.delete("/api/field/session", headers=phone.headers)
        refused = phone.post("sync", {"session": old, "sealed": boxes})
        assert (refused.status_code, refused.json()["code"]) == (401, "field.signed_out")
        phone.sign_in()
        answer = phone.post("sync", {"session": old, "sealed": boxes})
        assert answer.json()["results"][0]["result"] == "accepted"

    def test_another_phone_hands_them_in(self, town: Town, phone: Phone) -> None:
        command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
        body = {"session": phone.session, "sealed": [phone.seal(command)]}
        make_account(username="other", name="李静", role="gate", place=town.district.communities[1])
        other = Phone("other")
        other.sign_in()
        refused = other.post("sync", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "field.other_author")
        for road in ("short", "long"):
            assert other.post("handed", body, road=road).status_code == 200
        assert marks_of(town.people[0])[0]["account_id"] == town.worker.pk  # type: ignore[union-attr]
        with db.owner():
            entry = JournalEntry.objects.filter(verb="field.take_handed").order_by("pk")[0]
        assert (entry.account_name, entry.detail["author_name"], entry.detail["accepted"]) == ("李静", "王姐", 1)

    def test_the_key_may_come_along(self, town: Town) -> None:
        phone = Phone("worker")
        phone.sign_in(key=False)
        command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
        missing = phone.send([command])
        assert (missing.status_code, missing.json()["code"]) == (409, "field.key_missing")
        assert phone.results([command], key=phone.sealed_key())[0]["result"] == "accepted"
        assert phone.results([command])[0]["result"] == "known"


def test_receipts_tell_what_became_of_them(town: Town, phone: Phone) -> None:
    sent = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
    phone.results([sent])
    lost = str(uuid4())
    told = phone.get(f"receipts?ids={sent['id']},{lost}").json()["results"]
    assert [(one["id"], one["result"]) for one in told] == [(sent["id"], "known"), (lost, "unknown")]
    assert phone.post("receipts", {"ids": [sent["id"]]}).json()["results"][0]["given"] == {"marks": 1}
    assert phone.get("receipts?ids=x").status_code == 400


def test_an_ordinary_session_and_token_may_send_too(town: Town, phone: Phone) -> None:
    from django.test import Client

    assert town.worker is not None
    page = Client(headers={"accept-language": "en"})
    page.force_login(town.worker)
    command = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
    answer = page.post("/api/field/sync", {"commands": [command]}, content_type="application/json")
    assert answer.json()["results"][0]["result"] == "accepted"
    sealed = page.post("/api/field/sync", {"sealed": [phone.seal(command)]}, content_type="application/json")
    assert sealed.status_code == 400
