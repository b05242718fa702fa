"""Marks over the API, by two roads: the operation below, described like any other, and `take_marks_at_once`.

The second is what a bearer token's request really takes (linli/core/shortcut.py): the same answer in one round trip,
or two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.http import HttpResponse

from linli.core import access
from linli.core.access import Actor, Knock
from linli.core.api import ApiRequest, permission
from linli.core.errors import Forbidden, Problem
from linli.core.shortcut import shortcut
from linli.rounds import queries, services
from linli.rounds.api.reading import Commands, read_commands, read_plain
from linli.rounds.api.router import router
from linli.rounds.api.schemas import MarkIn, ReceiptsOut
from linli.rounds.terms import LEAVING, MarkColumns, MarkCommand, Outcome, Receipt

_ONE = MarkIn.model_json_schema()
_SEVERAL = {"type": "object", "properties": {"marks": {"type": "array", "items": _ONE}}}
OUTCOMES = {outcome: outcome.name.lower() for outcome in Outcome}
CarryOut = Callable[[Sequence[MarkCommand]], list[Receipt]]
_DESCRIPTION = """One mark, or up to 1,000 as `{"marks": [...]}`; a phone's outbox in batches of 200 is best.

Each mark has an `id` made by you: sent twice, it counts once (`known`), so a request that got no answer is simply sent
again. Every mark is judged by itself, and answered in its place: `accepted`; `known`; `not_in_round` (or not on doors
where you may mark); `round_closed`; `refused`, with the problem. The later by event time decides; all stay on record.
An event time beyond any clock error is kept, clamped and flagged. A single mark that is refused is answered as a
problem.
"""


@router.post(
    "/{code}/marks",
    response=ReceiptsOut,
    summary="Mark people or households",
    description=_DESCRIPTION,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [_ONE, _SEVERAL]},
                    "examples": {
                        "one": {"value": {
                            "id": "0193a5c2-7b1e-7c3a-9d52-1f0e6a8b4c11", "person": 48213, "mark": "done",
                            "at": "2022-10-04T09:12:00+08:00",
                        }},
                        "several": {"value": {"marks": [
                            {"id": "0193a5c2-7b1e-7c3a-9d52-1f0e6a8b4c12", "person": 48214, "mark": "absent",
                             "at": "2022-10-04T09:13:00+08:00", "back_at": "2022-10-04T18:30:00+08:00"},
                            {"id": "0193a5c2-7b1e-7c3a-9d52-1f0e6a8b4c13", "household": 16071, "mark": "exempt",
                             "at": "2022-10-04T09:15:00+08:00", "reason": "隔离酒店",
                             "until_at": "2022-10-11T00:00:00+08:00"},
                        ]}},
                    },
                }
            },
        }
    },
)  # fmt: skip
@permission("rounds.mark")
def mark(request: ApiRequest, code: str) -> HttpResponse:
    round_ = queries.get_round_by_code(code)

    def carry_out(commands: Sequence[MarkCommand]) -> list[Receipt]:
        return services.mark(round_id=round_.id, commands=commands, actor=request.actor, at=request.at)

    body = _answer(read_commands(request.body), request.actor, carry_out, carry_out)
    return HttpResponse(body, content_type="application/json")


@shortcut("/api/rounds/([^/]+)/marks")
def take_marks_at_once(code: str, body: bytes, knock: Knock) -> bytes:
    """The same outside of any transaction. Raises what the operation answers as a problem."""
    quick = _take_by_recalled(code, body, knock)
    if quick is not None:
        return quick
    actor, at = knock.actor, knock.at
    actor.require("rounds.mark")
    round_ = queries.get_begun_round(code, at)

    def carry_out(commands: Sequence[MarkCommand]) -> list[Receipt]:
        return services.mark_at_once(round_=round_, commands=commands, actor=actor, at=at)

    def correct(commands: Sequence[MarkCommand]) -> list[Receipt]:
        with access.acting(actor):
            return services.mark(round_id=round_.id, commands=commands, actor=actor, at=at)

    return _answer(read_commands(body), actor, carry_out, correct)


def _take_by_recalled(code: str, body: bytes, knock: Knock) -> bytes | None:
    """All in one round trip, when the token and the round are known from before: the statement that marks proves that
    the token still stands for the same. None when anything is out of the ordinary: nothing was done then, and the long
    way says what is wrong, beginning with the token."""
    recalled, round_ = knock.recall(), queries.recall_begun_round(code, knock.at)
    if recalled is None or round_ is None:
        return None
    marks = read_plain(body) or _read_all_good(body)
    if marks is None or marks.corrects_register:
        return None
    try:
        said = services.mark_by_recalled(round_=round_, marks=marks, recalled=recalled, at=knock.at)
    except Problem:
        return None
    if said is None:
        return None
    answers = [
        {"id": id, "outcome": OUTCOMES[outcome], "marks": number}
        for id, (outcome, number) in zip(marks.ids, said, strict=True)
    ]
    return orjson.dumps({"receipts": answers})


def _read_all_good(body: bytes) -> MarkColumns | None:
    """None when anything in it is wrong, or it is empty."""
    try:
        found = read_commands(body)
    except Problem:
        return None
    return None if found.bad or not found.good else MarkColumns.of(found.good)


def _answer(found: Commands, actor: Actor, carry_out: CarryOut, correct: CarryOut) -> bytes:
    """Carry out what can be, and say of each what became of it. Marks that correct the register go one by one, because
    each may be refused by a rule of its own."""
    answers: list[dict[str, Any] | None] = [None] * found.count
    plain = [index for index, command in enumerate(found.good) if command.kind not in LEAVING]
    for index, receipt in zip(plain, carry_out([found.good[index] for index in plain]), strict=True):
        answers[found.places[index]] = _receipt(receipt)
    for index, command in enumerate(found.good):
        if command.kind in LEAVING:
            try:
                if not actor.may("residents.register"):
                    raise Forbidden(permission="residents.register")
                answers[found.places[index]] = _receipt(correct([command])[0])
            except Problem as problem:
                if found.single:
                    raise
                found.bad[found.places[index]] = (str(command.id), problem)
    for position, (given, why) in found.bad.items():
        answers[position] = {"id": given, "outcome": "refused", "marks": 0, "problem": why.as_dict()}
    return orjson.dumps({"receipts": answers})


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {"id": receipt.id, "outcome": OUTCOMES[receipt.outcome], "marks": receipt.marks}
