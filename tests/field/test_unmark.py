"""Taking a mark back from a phone: one's own, soon, once, before or after it has arrived; it stays on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from linli.core import clock, db
from linli.core.extents import EVERYWHERE
from linli.rounds import gaps, queries
from linli.rounds.terms import Mark
from tests.builders.ledger import make_home, make_person
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def mark(phone: Phone, town: Town, word: str = "done", **more: Any) -> dict[str, Any]:
    return phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark=word, **more)


def back(phone: Phone, town: Town, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    who = {"person": f"p{town.people[0]}"} | more.pop("who", {})
    return phone.command("rounds.unmark", round=town.code, mark=given["id"], **who, **more)


def test_what_counted_before_counts_again(town: Town, phone: Phone) -> None:
    first, second = mark(phone, town, "absent"), mark(phone, town)
    undone = back(phone, town, second)
    told = phone.results([undone, second, first])
    assert [one["result"] for one in told] == ["accepted"] * 3
    assert told[0]["given"] == {"marks": 1}
    assert town.state(town.people[0]) == Mark.ABSENT
    assert phone.results([undone])[0]["result"] == "known"
    with db.owner():
        assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'rounds.withdraw_marks'") == 1
    phone.results([back(phone, town, first)])
    assert town.state(town.people[0]) == Mark.NOT_REACHED
    with db.owner():
        assert db.scalar("SELECT count(*) FROM mark WHERE subject_id = %s", [town.people[0]]) == 2


def test_the_independent_count_agrees(town: Town, phone: Phone) -> None:
    """`linli rounds check` reads the marks, of which the withdrawn one is still one."""
    given = mark(phone, town)
    phone.results([given])
    with db.owner():
        round_ = queries.get_round_by_code(town.code)
        assert town.people[0] not in gaps.count_gaps_from_marks(round_=round_, extent=EVERYWHERE)
    phone.results([back(phone, town, given)])
    with db.owner():
        assert town.people[0] in gaps.count_gaps_from_marks(round_=round_, extent=EVERYWHERE)


def test_before_it_arrives_it_is_asked_to_come_again(town: Town, phone: Phone) -> None:
    given = mark(phone, town)
    undone = back(phone, town, given)
    (told,) = phone.results([undone])
    assert (told["code"], told["retry"]) == ("field.comes_first", True)
    phone.results([given, undone])
    assert town.state(town.people[0]) == Mark.NOT_REACHED


def test_what_arrives_later_but_was_done_earlier_counts_then(town: Town, phone: Phone) -> None:
    early = mark(phone, town, "absent")
    given = mark(phone, town)
    phone.results([given, back(phone, town, given)])
    phone.results([early])
    assert town.state(town.people[0]) == Mark.ABSENT


def test_another_persons_and_old_ones_stay(town: Town, phone: Phone) -> None:
    with db.owner():
        db.execute("UPDATE field_session SET started_at = %s", [clock.now() - timedelta(days=1)])
    old = mark(phone, town, at=clock.now() - timedelta(hours=3))
    phone.results([old])
    assert phone.results([back(phone, town, old)])[0]["code"] == "rounds.undo_late"
    other = Phone("other")
    from tests.builders.duty import make_account

    make_account(username="other", role="grid_worker", place=town.district.communities[0])
    other.sign_in()
    theirs = mark(other, town)
    other.results([theirs])
    assert phone.results([back(phone, town, theirs)])[0]["code"] == "rounds.undo_late"
    assert town.state(town.people[0]) == Mark.DONE


def test_what_corrected_the_register_stays(town: Town, phone: Phone) -> None:
    gone = mark(phone, town, "moved_out")
    assert phone.results([gone])[0]["result"] == "accepted"
    assert phone.results([back(phone, town, gone)])[0]["code"] == "rounds.undo_late"


def test_a_whole_door_with_two_households(town: Town, phone: Phone) -> None:
    key = town.district.doors[0].key
    with db.owner():
        from linli.core.events import publish
        from linli.residents.events import PeopleChanged

        second = make_home(key, "二")
        third = make_person(second, key, "房客")
        publish(PeopleChanged((third,), (second,), clock.now()))
    given = phone.command("rounds.mark", round=town.code, door=key, mark="done")
    undone = phone.command("rounds.unmark", round=town.code, door=key, mark=given["id"])
    told = phone.results([given, undone])
    assert [one["given"]["marks"] for one in told] == [3, 3]
    assert {town.state(one) for one in (*town.people[:2], third)} == {Mark.NOT_REACHED}


def test_its_history_says_so(town: Town, phone: Phone) -> None:
    given = mark(phone, town)
    phone.results([given, back(phone, town, given)])
    page = phone.client
    page.force_login(town.worker)  # type: ignore[arg-type]
    shown = page.get(f"/rounds/{town.code}/marks/{town.people[0]}/").content.decode()
    assert "withdrawn" in shown
    assert "counts" not in shown
    told = page.get(f"/api/rounds/{town.code}/people/{town.people[0]}/marks").json()
    assert [line["withdrawn"] for line in told] == [True]
