"""What phones do in rounds: commands that mark doors. The sections of the work pack are in `field_pack`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.utils.translation import gettext_lazy as _

from linli.core import access, db, field
from linli.core.access import Actor
from linli.core.errors import Forbidden, Problem
from linli.core.field import Answer, ComesFirst, Command, CommandColumns, CommandKind, Reader, read_named
from linli.core.ids import read_numbers
from linli.residents import queries as residents
from linli.rounds import queries, services, undo, withdrawing
from linli.rounds.errors import NotInRound, RoundClosed
from linli.rounds.policies import CODE_LENGTH, is_code, with_code
from linli.rounds.queries import RoundView
from linli.rounds.terms import CODED, LEAVING, MARK_WORDS, Flag, Mark, MarkColumns, MarkCommand, Outcome, Receipt

FIELDS = frozenset({"round", "person", "household", "door", "mark", "reason", "back_at", "until_at", "code"})
RANK, RANK_BACK = 50, 60
_PLAIN = itemgetter("round", "person", "mark")


class Meant(NamedTuple):
    """A mark as it was read. `person`, `household`: a number, or the UUID a phone made; `door`: everybody behind it."""

    round: str
    mark: Mark
    person: int | UUID | None
    household: int | UUID | None
    door: int | None
    reason: str
    back_at: datetime | None
    until_at: datetime | None
    code: str = ""


def read_mark(payload: dict[str, Any]) -> Meant:
    """Raises CommandWrong."""
    code, mark = payload.get("round"), MARK_WORDS.get(payload.get("mark", ""))
    person = read_named(payload.get("person"), "p")
    if mark is not None and type(code) is str and person is not None and len(payload) == 3:
        return Meant(code, mark, person, None, None, "", None, None)  # the commonest
    reader = Reader(payload, FIELDS)
    who = read_who(reader)
    found = Meant(
        reader.text("round", required=True, longest=40),
        reader.word("mark", MARK_WORDS),
        *who,
        reader.text("reason"),
        reader.moment("back_at"),
        reader.moment("until_at"),
        reader.text("code", longest=CODE_LENGTH),
    )
    for name, value, kind in (("back_at", found.back_at, Mark.ABSENT), ("until_at", found.until_at, Mark.EXEMPT)):
        if value is not None and found.mark != kind:
            raise field.CommandWrong(field=name, why=field.NO_SUCH_FIELD)
    if found.code:
        check_code(found)
    return found


def check_code(meant: Meant) -> None:
    """A code is of one tube or kit, given for one person or household who had it. Raises CommandWrong."""
    if not is_code(meant.code):
        raise field.CommandWrong(field="code", why=_("is not the code of a tube or kit"))
    if meant.mark is not Mark.DONE or meant.door is not None:
        raise field.CommandWrong(field="code", why=field.NO_SUCH_FIELD)
    if len(with_code(meant.code, meant.reason)) > field.TEXT_LENGTH:
        raise field.CommandWrong(field="reason", why=_("is longer than it may be"))


def read_who(reader: Reader) -> tuple[int | UUID | None, int | UUID | None, int | None]:
    """Exactly one of person, household, door."""
    given = [name for name in ("person", "household", "door") if reader.payload.get(name) is not None]
    if len(given) != 1:
        raise field.CommandWrong(field="person", why=field.ONE_OF_THREE)
    return (
        reader.named("person", "p") if given == ["person"] else None,
        reader.named("household", "h") if given == ["household"] else None,
        reader.door() if given == ["door"] else None,
    )


# --- marks, many at once --------------------------------------------------------------------------------------------


def take_marks(commands: Sequence[Command], actor: Actor, at: datetime) -> list[Answer]:
    """Marks of one author, of any rounds. Of households behind one door, the others' ids are made of the first's."""
    answers: dict[int, Answer] = {}
    meant: dict[int, Meant] = {}
    for place, command in enumerate(commands):
        try:
            meant[place] = read_mark(command.payload)
        except Problem as problem:
            answers[place] = Answer(problem)
    who = Named.find(meant.values(), actor)
    rounds: dict[str, list[int]] = defaultdict(list)
    for place, one in meant.items():
        rounds[one.round].append(place)
    for code, places in rounds.items():
        answers |= _mark_round(code, {place: (commands[place], meant[place]) for place in places}, who, actor, at)
    return [answers[place] for place in range(len(commands))]


def take_plain_marks(columns: CommandColumns, actor: Actor, at: datetime) -> list[Answer] | None:
    """Marks of people whom the server has numbered, in one round, that say nothing more and correct nothing."""
    try:
        said = [_PLAIN(payload) for payload in columns.payloads]
        codes, people, marks = zip(*said, strict=True)
        kinds = [MARK_WORDS[mark] for mark in marks]
        if set(map(len, columns.payloads)) != {3} or len(set(codes)) > 1:
            return None
        numbers = read_numbers(people, "p")
    except (LookupError, TypeError):
        return None
    if not isinstance(codes[0], str) or len(kinds) > services.MARKS_AT_ONCE or numbers is None:
        return None
    given = MarkColumns(columns.ids, kinds, columns.ats, numbers, devices=columns.device_ats)
    if given.corrects_register:
        return None
    round_ = queries.get_begun_round(codes[0], at)
    said = services.mark_columns_at_once(round_=round_, marks=given, actor=actor, at=at)
    if said.count(said[0]) == len(said):  # the commonest
        return [_answer([Receipt(UUID(int=0), *said[0])], round_)] * len(said)
    answers = {what: _answer([Receipt(UUID(int=0), *what)], round_) for what in set(said)}
    return [answers[what] for what in said]


@dataclass(frozen=True)
class Named:
    """What commands name otherwise than by number: UUIDs that phones made, and doors."""

    people: Mapping[UUID, int]
    households: Mapping[UUID, int]
    doors: Mapping[int, Sequence[int]]

    @classmethod
    def find(cls, meant: Iterable[Meant], actor: Actor) -> Named:
        meant = list(meant)
        people = [one.person for one in meant if isinstance(one.person, UUID)]
        households = [one.household for one in meant if isinstance(one.household, UUID)]
        doors = [one.door for one in meant if one.door is not None]
        if not people and not households and not doors:
            return cls({}, {}, {})
        with access.acting(actor):
            return cls(
                residents.find_people_made(people),
                residents.find_households_made(households),
                residents.list_households_behind(doors),
            )

    def commands(self, command: Command, one: Meant) -> list[MarkCommand]:
        """The marks that a command means. Raises ComesFirst, NotInRound (nobody is registered behind the door)."""
        flag = Flag.CLAMPED if command.is_clamped else None
        rest = (with_code(one.code, one.reason), one.back_at, one.until_at, command.device_at, flag)
        if one.door is not None:
            homes = self.doors.get(one.door, ())
            if not homes:
                raise NotInRound
            ids = [command.id, *(uuid5(command.id, f"household:{home}") for home in homes[1:])]
            return [
                MarkCommand(id, one.mark, command.at, None, home, *rest) for id, home in zip(ids, homes, strict=True)
            ]
        person, household = _number(one.person, self.people), _number(one.household, self.households)
        return [MarkCommand(command.id, one.mark, command.at, person, household, *rest)]


def _number(named: int | UUID | None, made: Mapping[UUID, int]) -> int | None:
    if not isinstance(named, UUID):
        return named
    if named not in made:
        raise ComesFirst
    return made[named]


def _mark_round(
    code: str, wanted: Mapping[int, tuple[Command, Meant]], who: Named, actor: Actor, at: datetime
) -> dict[int, Answer]:
    """The marks of one round: those that correct the register one by one, because each may be refused by itself."""
    answers: dict[int, Answer] = {}
    try:
        round_ = queries.get_begun_round(code, at)
    except Problem as problem:
        return dict.fromkeys(wanted, Answer(problem))
    plain: list[MarkCommand] = []
    owners: list[int] = []
    for place, (command, one) in wanted.items():
        try:
            if one.code and round_.kind not in CODED:
                raise field.CommandWrong(field="code", why=_("is for rounds of tests and kits"))
            marks = who.commands(command, one)
            if one.mark in LEAVING:
                answers[place] = _answer(_correct(round_, marks, actor, at), round_)
            else:
                plain += marks
                owners += [place] * len(marks)
        except Problem as problem:
            answers[place] = Answer(problem)
    receipts: dict[int, list[Receipt]] = defaultdict(list)
    for place, receipt in zip(owners, _give(round_, plain, actor, at), strict=True):
        receipts[place].append(receipt)
    return answers | {place: _answer(found, round_) for place, found in receipts.items()}


def _give(round_: RoundView, marks: Sequence[MarkCommand], actor: Actor, at: datetime) -> list[Receipt]:
    found: list[Receipt] = []
    for first in range(0, len(marks), services.MARKS_AT_ONCE):
        some = marks[first : first + services.MARKS_AT_ONCE]
        if db.connection().in_atomic_block:
            with access.acting(actor):
                found += services.mark(round_id=round_.id, commands=some, actor=actor, at=at)
        else:
            found += services.mark_at_once(round_=round_, commands=some, actor=actor, at=at)
    return found


def _correct(round_: RoundView, marks: Sequence[MarkCommand], actor: Actor, at: datetime) -> list[Receipt]:
    """Somebody has gone: who says so may also change the register."""
    if not actor.may("residents.register"):
        raise Forbidden(permission="residents.register")
    with access.acting(actor):
        return services.mark(round_id=round_.id, commands=marks, actor=actor, at=at)


def _answer(receipts: Sequence[Receipt], round_: RoundView) -> Answer:
    """Of the marks that one command means: carried out when any was."""
    if len(receipts) == 1 and receipts[0].outcome is Outcome.ACCEPTED:  # the commonest
        return Answer(given={"marks": receipts[0].marks})
    outcomes = {receipt.outcome for receipt in receipts}
    given = {"marks": sum(receipt.marks for receipt in receipts)}
    if Outcome.ACCEPTED in outcomes:
        return Answer(given=given)
    if Outcome.KNOWN in outcomes:
        return Answer(is_known=True, given=given)
    if Outcome.ROUND_CLOSED in outcomes:
        return Answer(RoundClosed(round=round_.code))
    return Answer(NotInRound())


def find_receipts(ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Of these commands, the marks that were carried out."""
    rows = db.rows("SELECT client_id, marks FROM linli_carried_out(%s)", [list(ids)]) if ids else []
    return {client: {"marks": marks} for client, marks in rows}


# --- marks that were given by mistake -------------------------------------------------------------------------------


def take_back(command: Command, actor: Actor, at: datetime) -> Mapping[str, Any]:
    """Withdraw one mark of the author's own, which named the same person, household or door. Raises ComesFirst when it
    has not arrived."""
    reader = Reader(command.payload, ("round", "mark", "person", "household", "door"))
    mark, code = reader.uuid("mark"), reader.text("round", required=True, longest=40)
    person, household, door = read_who(reader)
    round_ = queries.get_round_by_code(code)
    if not find_receipts([mark]):
        raise ComesFirst
    people = [_number(person, residents.find_people_made([person]) if isinstance(person, UUID) else {})]
    homes = [_number(household, residents.find_households_made([household]) if isinstance(household, UUID) else {})]
    if door is not None:
        homes = [*residents.list_households_behind([door]).get(door, ())]
    subjects = undo.find_subjects(
        round_=round_,
        people=[one for one in people if one is not None],
        households=[one for one in homes if one is not None],
        actor=actor,
    )
    ids = [mark, *(uuid5(mark, f"household:{home}") for home in homes if door is not None)]
    count = withdrawing.withdraw_marks(
        round_=round_, subject_ids=subjects, mark_ids=ids, done_at=command.at, actor=actor, at=at
    )
    return {"marks": count}


def register() -> None:
    field.register_command(
        CommandKind("rounds.mark", RANK, many=take_marks, columns=take_plain_marks, receipts=find_receipts)
    )
    field.register_command(CommandKind("rounds.unmark", RANK_BACK, one=take_back))
