"""The code of a sample tube or a kit, scanned at the door: kept with the mark, and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from linli.core import db
from linli.rounds.policies import CODE_LENGTH
from linli.rounds.queries import RoundView
from linli.rounds.terms import CountBy, Mark, RoundKind
from tests.builders.ledger import open_round
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def open_of(town: Town, kind: RoundKind, count_by: CountBy = CountBy.PERSON) -> RoundView:
    with db.owner():
        return open_round(town.district.extent(town.district.district, town.at), kind=kind, count_by=count_by)


def notes(round_: RoundView) -> list[str]:
    with db.owner():
        return [
            row[0] for row in db.rows("SELECT reason FROM mark WHERE round_id = %s ORDER BY subject_id", [round_.id])
        ]


def test_a_tube_and_a_note_are_kept_with_the_mark(town: Town, phone: Phone) -> None:
    round_ = open_of(town, RoundKind.TEST)
    said: list[dict[str, Any]] = [
        {"code": "A20221004-17"}, {"code": "A20221004-17", "reason": "咽拭子"}, {"reason": "#5 门铃坏了"}, {},
    ]  # fmt: skip
    marks = [
        phone.command("rounds.mark", round=round_.code, person=f"p{person}", mark="done", **more)
        for person, more in zip(town.people, said, strict=False)
    ]
    assert [one["result"] for one in phone.results(marks)] == ["accepted"] * 4
    assert notes(round_) == ["#A20221004-17", "#A20221004-17 咽拭子", "#5 门铃坏了", ""]


def test_a_kit_is_a_household_s(town: Town, phone: Phone) -> None:
    round_ = open_of(town, RoundKind.KIT, CountBy.HOUSEHOLD)
    (told,) = phone.results(
        [
            phone.command(
                "rounds.mark", round=round_.code, household=f"h{town.homes[0]}", mark="done", code="6901234567892"
            )
        ]
    )
    assert told["result"] == "accepted"
    assert notes(round_) == ["#6901234567892"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"code": "A 1"}, "code"),
    ({"code": "管1"}, "code"),
    ({"code": "-1"}, "code"),
    ({"code": "x" * (CODE_LENGTH + 1)}, "code"),
    ({"code": "A1", "mark": Mark.ABSENT.name.lower()}, "code"),
    ({"code": "A1", "reason": "长" * 399}, "reason"),
]


def test_a_code_that_is_none_is_refused(town: Town, phone: Phone) -> None:
    round_ = open_of(town, RoundKind.TEST)
    who = {"round": round_.code, "person": f"p{town.people[0]}", "mark": "done"}
    told = phone.results([phone.command("rounds.mark", **who | more) for more, _field in WRONG])
    assert [one["code"] for one in told] == ["field.command_wrong"] * len(WRONG)
    assert [one["message"].split(":")[0] for one in told] == [field for _more, field in WRONG]
    door: dict[str, Any] = {"round": round_.code, "door": town.district.keys[0], "mark": "done", "code": "A1"}
    assert phone.results([phone.command("rounds.mark", **door)])[0]["code"] == "field.command_wrong"


def test_a_visit_takes_no_code(town: Town, phone: Phone) -> None:
    mark = phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done", code="A1")
    assert phone.results([mark])[0]["code"] == "field.command_wrong"
    assert town.state(town.people[0]) == Mark.NOT_REACHED
