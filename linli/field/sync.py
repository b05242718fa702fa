"""Taking work that phones send: opened, timed, judged by the authority its author held then, handed to the rooms.

Every command has a fate of its own. Kinds that take many at once (marks) get them as a set, a set for each period in
which the author's authority was the same, so that a batch costs a handful of round trips; others are carried out one by
one, each in a transaction with its receipt. Runs outside of a transaction, or inside of one (a page's request).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import DataError, IntegrityError, OperationalError

from linli.core import access, db, integrity, journal
from linli.core.access import Actor
from linli.core.errors import Problem, ValueBeyond
from linli.core.field import Answer, ComesFirst, Command, CommandKind, Disputed, One, find_command
from linli.duty.history import History, find_history
from linli.field import keys, queries
from linli.field.errors import Busy, KeyMissing, KindUnknown, NoAuthority, NotJson, OtherAuthor
from linli.field.reading import Batch, Reader, read_batch
from linli.field.terms import GRACE, SCOPES, PhoneActor, SessionView

Answers = dict[Any, Answer]
"""By the command's id: a UUID, or its text as it was sent."""
_RECEIPT = """INSERT INTO field_receipt (id, kind, account_id, event_at, device_at, received_at, given)
    VALUES (%s, %s, %s, %s, %s, %s, '{}') ON CONFLICT (id) DO NOTHING"""


@dataclass(frozen=True)
class Author:
    """Whose work it is, and what they held lately. `scopes`: what the way it came by is limited to."""

    account_id: int
    name: str
    history: History
    scopes: frozenset[str] | None

    def at(self, moment: datetime) -> Actor:
        return Actor(self.account_id, self.name, self.history.grants_at(moment), "field", self.scopes)


def take_batch(body: bytes, *, caller: Actor, at: datetime, is_handed: bool = False) -> bytes:
    """Carry out what a body holds; the JSON of its results.

    Raises NotJson, BatchTooLarge, SessionUnknown, OtherAuthor, KeyMissing, KeyUnknown, KeyRegistered.
    """
    batch = read_batch(body)
    if is_handed and not batch.is_sealed:
        raise NotJson
    view = _find_view(batch, caller, is_handed=is_handed)
    author = _author_of(view if batch.is_sealed else None, caller, at)
    reader = Reader(batch, view, at)
    answers = _carry_out_columns(reader, author, at)
    if answers is not None:
        told = list(answers.items())
    else:
        read = reader.read()
        answers = _carry_out([one.command for one in read if one.command is not None], author, at)
        told = [(one.id, Answer(one.problem) if one.command is None else answers[one.command.id]) for one in read]
    if view is not None and author.account_id != caller.account_id:
        _record_handed(view, author, caller, at, answers)
    return orjson.dumps({"server_time": at, "results": _describe_all(told)}, default=str)


def _find_view(batch: Batch, caller: Actor, *, is_handed: bool) -> SessionView | None:
    """The session that sealed the batch, with its key; in the clear, the caller's own."""
    own = queries.find_caller_session(caller)
    if not batch.is_sealed:
        return own
    view = own if batch.session is None or (own is not None and own.id == batch.session) else None
    if view is None:
        if batch.session is None:
            raise NotJson
        view = queries.get_session(batch.session)
    if view.account_id != caller.account_id and not is_handed:
        raise OtherAuthor
    if not view.has_key:
        if batch.key is None:
            raise KeyMissing
        view = keys.register_session_key(view=view, key_id=batch.key[0], sealed=batch.key[1])
    return view


def _author_of(view: SessionView | None, caller: Actor, at: datetime) -> Author:
    is_own = view is None or view.account_id == caller.account_id
    if is_own and isinstance(caller, PhoneActor) and caller.history is not None:
        return Author(caller.account_id, caller.name, caller.history, caller.scopes)
    account_id, name = (view.account_id, view.account_name) if view is not None else (caller.account_id, caller.name)
    scopes = SCOPES if view is not None else caller.scopes
    return Author(account_id, name, find_history(account_id, at=at, window=GRACE), scopes)


# --- carrying out ---------------------------------------------------------------------------------------------------


def _carry_out_columns(reader: Reader, author: Author, at: datetime) -> Answers | None:
    """The commonest batch: all of it in one go; the answers by id, as it was sent. None: it is another, and nothing was
    done."""
    found = reader.read_columns()
    kind = find_command(found[0]) if found is not None else None
    if found is None or kind is None or kind.columns is None or db.connection().in_atomic_block:
        return None
    columns = found[1]
    period = author.history.period_of
    actor = author.at(columns.ats[0])
    if period(min(columns.ats)) != period(max(columns.ats)) or not actor.grants:
        return None
    try:
        given = kind.columns(columns, actor, at)
    except (Problem, OperationalError, DataError):  # each gets to know it by itself
        return None
    if given is None:
        return None
    answers: Answers = dict(zip(columns.ids, given, strict=True))
    if any(answer.problem is not None for answer in given):
        answers = {UUID(id): answer for id, answer in answers.items()}
        _know_after_all(answers)
    return answers


def _carry_out(commands: Sequence[Command], author: Author, at: datetime) -> Answers:
    """The answers by id. Of two commands with one id the first counts."""
    answers: Answers = {}
    kinds: dict[str, CommandKind] = {}
    sets: dict[tuple[int, str, int], list[Command]] = defaultdict(list)
    for command in commands:
        kind = find_command(command.kind)
        if kind is None:
            answers[command.id] = Answer(KindUnknown(kind=command.kind[:60]))
        else:
            kinds[kind.name] = kind
            sets[kind.rank, kind.name, author.history.period_of(command.at)].append(command)
    for (_rank, name, _period), some in sorted(sets.items()):
        for command, answer in zip(some, _carry_set(kinds[name], some, author, at), strict=True):
            answers.setdefault(command.id, answer)
    _know_after_all(answers)
    return answers


def _know_after_all(answers: Answers) -> None:
    """What is refused was perhaps carried out before, and the reason arose since."""
    refused = [id for id, answer in answers.items() if answer.problem is not None]
    if refused:
        for id, given in queries.find_receipts(refused).items():
            answers[id] = Answer(is_known=True, given=given)


def _carry_set(kind: CommandKind, commands: Sequence[Command], author: Author, at: datetime) -> list[Answer]:
    """A set of one kind, all of one period."""
    actor = author.at(commands[0].at)
    if not actor.grants:
        return [Answer(NoAuthority(days=GRACE.days))] * len(commands)
    if kind.one is not None:
        return [_carry_one(kind.one, command, actor, at) for command in commands]
    try:
        return kind.many(commands, actor, at) if kind.many is not None else []
    except Problem as problem:
        return [Answer(problem)] * len(commands)
    except OperationalError as error:
        return [Answer(_busy(error))] * len(commands)


def _carry_one(act: One, command: Command, actor: Actor, at: datetime) -> Answer:
    """One command with its receipt: both or neither."""

    def work() -> Answer:
        with access.acting(actor):
            receipt = [command.id, command.kind, actor.account_id, command.at, command.device_at, at]
            if not db.execute(_RECEIPT, receipt):
                return Answer(is_known=True, given=queries.find_receipts([command.id]).get(command.id))
            given = act(command, actor, at)
            if given:
                db.execute(
                    "UPDATE field_receipt SET given = %s::jsonb WHERE id = %s",
                    [orjson.dumps(given, default=str).decode(), command.id],
                )
            return Answer(given=given)

    try:
        return db.retrying_alone(work)
    except Problem as problem:
        return Answer(problem)
    except IntegrityError as error:
        return Answer(integrity.explain(error))
    except (DataError, OverflowError):
        return Answer(ValueBeyond())
    except OperationalError as error:
        return Answer(_busy(error))


def _busy(error: OperationalError) -> Busy:
    """Locks that were lost too often are tried again by the phone; anything else is not a command's fault."""
    if getattr(error.__cause__, "sqlstate", None) not in db.RETRY_STATES:
        raise error
    return Busy()


# --- answering ------------------------------------------------------------------------------------------------------


def _describe_all(told: Sequence[tuple[Any, Answer]]) -> list[dict[str, Any]]:
    """Most of a batch have one and the same answer, which is put into words once."""
    words = {number: _describe(answer) for number, answer in {id(answer): answer for _, answer in told}.items()}
    return [{"id": name, **words[id(answer)]} for name, answer in told]


def _describe(answer: Answer) -> dict[str, Any]:
    if answer.problem is not None:
        return _refusal(answer.problem)
    result: dict[str, Any] = {"result": "known" if answer.is_known else "accepted"}
    if answer.given:
        result["given"] = answer.given
    return result


def _refusal(problem: Problem) -> dict[str, Any]:
    told = {"code": problem.code, "message": problem.detail, "advice": problem.advice}
    if isinstance(problem, Disputed):
        return {"result": "conflict", **told, "retry": False, "yours": problem.yours, "theirs": problem.theirs}
    return {"result": "refused", **told, "retry": isinstance(problem, ComesFirst | Busy)}


def _record_handed(view: SessionView, author: Author, caller: Actor, at: datetime, answers: Answers) -> None:
    taken = sum(answer.problem is None and not answer.is_known for answer in answers.values())
    with access.acting(caller):
        journal.record(
            actor=caller,
            at=at,
            verb="field.take_handed",
            subject=f"field_session:{view.id}",
            author=author.account_id,
            author_name=author.name,
            rows=len(answers),
            accepted=taken,
        )
