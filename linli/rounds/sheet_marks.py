"""A filled-in sheet of marks, taken in: every row is matched with one subject of the round, or refused with its cell.

A row without a result says nothing and changes nothing. A row without a time means the time of the import; if its
subject stands so already it changes nothing, so that a sheet sent twice is taken once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import crypto, db
from linli.core.access import Actor
from linli.core.errors import Text
from linli.core.importers import Ask, Importer, Outcome, Source
from linli.core.jobs import Run
from linli.core.sheets import Account, CellFault, Rejection, SheetRow, clean_text, open_sheet
from linli.places import queries as places
from linli.places.policies import match_building, match_compound, match_unit
from linli.residents import whereabouts
from linli.rounds import marking, queries, services
from linli.rounds.errors import RoundClosed
from linli.rounds.judging import Batch
from linli.rounds.queries import RoundView
from linli.rounds.sheet_faults import fault
from linli.rounds.sheets import MARKS, SAMPLE, WORD_OF
from linli.rounds.terms import CLOCK_ERROR, LEAVING, Mark, MarkCommand
from linli.rounds.terms import Outcome as Receipts

KIND = "rounds.import_marks"
PERMISSION = "rounds.import"
LOT = 500
REASON_CHARS = 400
_CODE = re.compile(r"([PH])([1-9]\d{0,17})")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?::[0-5]\d)?")
_MOMENT = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]+([01]?\d|2[0-3])[:：]([0-5]\d)(?::[0-5]\d)?")
Address = tuple[str, str, str, str]


@dataclass(slots=True)
class Row:
    """A row with nothing wrong in itself."""

    row: SheetRow
    kind: Mark
    event_at: datetime | None
    reason: str
    code: int | None
    id_hash: bytes | None
    address: Address
    name: str
    subject_id: int = 0


@dataclass(slots=True)
class _Reading:
    rows_in: int = 0
    silent: int = 0
    gone: int = 0  # rows that say again that somebody has left
    rows: list[Row] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    def refuse(self, row: SheetRow, name: str, code: str) -> None:
        self.rejections.append(row.reject(name, fault(code)))


def import_marks(run: Run, source: Source) -> Outcome:
    """Take in a sheet of marks for the round that `source.answers["round"]` names: one transaction, one account.

    Raises RoundNotFound, RoundClosed, Forbidden, SheetProblem.
    """
    with db.owner(), db.atomic():
        round_ = queries.get_round_by_code(source.answers.get("round", "").strip())
        if not round_.is_open:
            raise RoundClosed(round=round_.code)
        run.actor.require(PERMISSION)
        read = _read(source, round_, run)
        known = _match(read, round_, run.actor, run.at)
        taken, unchanged = _take(read, known, round_, run)
        rejected = len({one.row for one in read.rejections})
        account = Account(read.rows_in, taken, 0, read.silent + read.gone + unchanged, rejected).check()
    read.rejections.sort(key=lambda one: one.row)
    return Outcome(account, read.rejections, facts=[(_("Rows without a result"), read.silent)], notes=read.notes)


def _read(source: Source, round_: RoundView, run: Run) -> _Reading:
    read = _Reading()
    day = timezone.localdate(run.at)
    with open_sheet(source.path, MARKS, name=source.name, columns=source.columns, on=day) as sheet:
        for row in sheet:
            read.rows_in += 1
            values, faults = row.clean_all()
            read.rejections += faults
            if not faults:
                _read_row(read, row, values, round_, run.at)
            if read.rows_in % 5_000 == 0:
                run.progress(gettext("Reading the sheet"), read.rows_in)
        read.notes = sheet.list_unread()
    return read


def _read_row(read: _Reading, row: SheetRow, values: dict[str, Any], round_: RoundView, at: datetime) -> None:
    result = values.get("result")
    if result is None:
        read.silent += 1
        return None
    kind = WORD_OF.get(result.strip().lower())
    reason = values.get("reason") or ""
    try:
        if kind is None:
            return read.refuse(row, "result", "result")
        if kind == Mark.EXEMPT and not reason:
            return read.refuse(row, "reason", "reason_missing")
        if len(reason) > REASON_CHARS:
            return read.refuse(row, "reason", "reason_long")
        event_at = clean_time(row.get("time"), at)
    except CellFault as wrong_time:
        read.rejections.append(row.reject("time", wrong_time))
        return None
    number = values.get("id_number")
    address = (
        match_compound(values.get("compound") or ""),
        match_building(values.get("building") or ""),
        match_unit(values.get("unit") or ""),
        clean_text(values.get("room")) or "",
    )
    name = values.get("name") or ""
    is_told = bool(number) or (all(address) and bool(name or not round_.per_person))
    code, wrong = _clean_code(values.get("code"), round_)
    if code is None and not is_told:
        return read.refuse(row, "code" if "code" in row.header.columns else "name", wrong or "nobody")
    if wrong == "code_kind":
        return read.refuse(row, "code", wrong)
    hashed = crypto.lookup_hash(number) if number else None
    read.rows.append(Row(row, kind, event_at, reason, code, hashed, address, name))
    return None


def _clean_code(text: str | None, round_: RoundView) -> tuple[int | None, str]:
    """(subject, what is wrong). An office's own running number is none of ours; the row may name whom it means."""
    if not text:
        return None, ""
    found = _CODE.fullmatch(text.upper())
    if found is None:
        return None, "code"
    if (found[1] == "P") != round_.per_person:
        return None, "code_kind"
    return int(found[2]), ""


def clean_time(value: Any, at: datetime) -> datetime | None:
    """When a mark was made, in the jurisdiction's time: a date-time cell, 2022-10-04 14:30, 14:30 of today; or None.

    Raises CellFault: time, time_of_day, time_ahead, time_future.
    """
    zone, today = timezone.get_current_timezone(), timezone.localdate(at)
    if isinstance(value, datetime):
        return _not_ahead(value.replace(tzinfo=zone), at)
    if isinstance(value, date):
        raise fault("time_of_day")
    if isinstance(value, float) and 0 < value < 1:  # how a spreadsheet keeps a time of day
        return _of_today(today, (datetime.combine(today, time()) + timedelta(days=value)).time(), at)
    text = clean_text(value)
    if text is None:
        return None
    if found := _CLOCK.fullmatch(text):
        return _of_today(today, time(int(found[1]), int(found[2])), at)
    if found := _MOMENT.fullmatch(text):
        try:
            moment = datetime(*(int(part) for part in found.groups()), tzinfo=zone)  # type: ignore[misc,arg-type]
        except ValueError:
            raise fault("time") from None
        return _not_ahead(moment, at)
    raise fault("time_of_day" if re.fullmatch(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?", text) else "time")


def _of_today(today: date, clock: time, at: datetime) -> datetime:
    moment = datetime.combine(today, clock.replace(microsecond=0), tzinfo=timezone.get_current_timezone())
    if moment > at + CLOCK_ERROR:
        raise fault("time_ahead")
    return moment


def _not_ahead(moment: datetime, at: datetime) -> datetime:
    """Nobody writes down what is to come: a day or a year was mistyped, and such a mark would overrule all others."""
    if moment > at + CLOCK_ERROR:
        raise fault("time_future")
    return moment


def _match(read: _Reading, round_: RoundView, actor: Actor, at: datetime) -> dict[int, int]:
    """Give every row its subject, or refuse it; returns how each subject stands now."""
    held = actor.extent_for(PERMISSION)
    by_id = _people_by_id([row.id_hash for row in read.rows if row.code is None and row.id_hash], round_)
    by_door = _subjects_by_door(read.rows, round_, actor, at)
    for row in read.rows:
        found, column, code = _find(row, by_id, by_door, round_)
        if code:
            read.refuse(row.row, column, code)
        else:
            row.subject_id = found
    found_rows = [row for row in read.rows if row.subject_id]
    states: dict[int, tuple[int, str]] = {}
    left: set[int] = set()
    for subject, key, state, name, due in db.rows(
        "SELECT s.subject_id, s.key, s.state, p.name, s.due FROM round_state s LEFT JOIN person p ON p.id ="
        " s.subject_id WHERE s.part = %s AND s.round_id = %s AND s.subject_id = ANY(%s)",
        [round_.part, round_.id, sorted({row.subject_id for row in found_rows})],
    ):
        if key in held and due:
            states[subject] = (state, name)
        elif key in held and state in LEAVING:
            left.add(subject)
    homes = {} if round_.per_person else whereabouts.list_living_in({row.subject_id for row in found_rows})
    for row in found_rows:
        column = "code" if row.code else "id_number" if row.id_hash else "name"
        if row.subject_id in left and row.kind in LEAVING:
            read.gone += 1
            row.subject_id = 0
        elif row.subject_id not in states:
            read.refuse(row.row, column, "not_in_round")
            row.subject_id = 0
        elif row.id_hash and not row.code and row.kind == Mark.MOVED_OUT and len(homes.get(row.subject_id, ())) > 1:
            read.refuse(row.row, column, "others_live_there")
            row.subject_id = 0
        elif row.code and row.name and round_.per_person and row.name != states[row.subject_id][1]:
            read.refuse(row.row, "name", "name_differs")
            row.subject_id = 0
    read.rows = [row for row in read.rows if row.subject_id]
    return {subject: state for subject, (state, _name) in states.items()}


def _find(
    row: Row, by_id: dict[bytes, set[int]], by_door: dict[tuple[Address, str], set[int]], round_: RoundView
) -> tuple[int, str, str]:
    """(subject, the column to blame, what is wrong with it or "")."""
    if row.code is not None:
        return row.code, "code", ""
    if row.id_hash:
        found, column, missing = by_id.get(row.id_hash, set()), "id_number", "unknown_id"
    else:
        name = row.name if round_.per_person else ""
        found, column, missing = by_door.get((row.address, name), set()), "name", "unknown_name"
        if not found and (row.address, "") not in by_door:
            column, missing = "room", "unknown_door"
    if not found:
        return 0, column, missing
    return (min(found), column, "") if len(found) == 1 else (0, column, "name_twice")


def _people_by_id(hashes: Sequence[bytes], round_: RoundView) -> dict[bytes, set[int]]:
    """ID numbers' hashes → subjects: those who live somewhere, once each."""
    column = "id" if round_.per_person else "household_id"
    found: dict[bytes, set[int]] = defaultdict(set)
    for hashed, subject in db.rows(
        f"SELECT id_hash, {column} FROM person WHERE id_hash = ANY(%s) AND presence IN (1, 2)", [list(hashes)]
    ):
        found[bytes(hashed)].add(subject)
    return found


def _subjects_by_door(
    rows: Sequence[Row], round_: RoundView, actor: Actor, at: datetime
) -> dict[tuple[Address, str], set[int]]:
    """(address, name) → subjects due there; (address, "") stands for the door itself, with its households."""
    wanted = {row.address for row in rows if row.code is None and not row.id_hash}
    if not wanted:
        return {}
    scope = queries.scope_of(round_.id) & actor.extent_for(PERMISSION)
    units: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    named = {address[:3] for address in wanted}
    for unit in places.list_units(scope, at):
        names = (match_compound(unit.compound), match_building(unit.building), match_unit(unit.unit))
        if names in named:
            units[unit.unit_id].append(names)
    found: dict[tuple[Address, str], set[int]] = defaultdict(set)
    for unit_id, number, subject, name in db.rows(
        "SELECT d.unit_id, d.number, s.subject_id, coalesce(p.name, '') FROM door d"
        " JOIN round_state s ON s.part = %s AND s.round_id = %s AND s.key = d.key AND s.due"
        " LEFT JOIN person p ON %s AND p.id = s.subject_id WHERE d.unit_id = ANY(%s) AND d.ended_at IS NULL",
        [round_.part, round_.id, round_.per_person, list(units)],
    ):
        for names in units[unit_id]:
            found[(*names, number), ""].add(subject)
            if name:
                found[(*names, number), name].add(subject)
    return found


def _take(read: _Reading, known: dict[int, int], round_: RoundView, run: Run) -> tuple[int, int]:
    """Mark; returns how many rows were taken and how many said what was known."""
    news = [row for row in read.rows if row.event_at or known[row.subject_id] != row.kind]
    unchanged = len(read.rows) - len(news)
    staying = [row for row in news if row.kind not in LEAVING]
    leaving = [row for row in news if row.kind in LEAVING]
    taken = 0
    if staying:
        by_number = {row.row.number: row for row in staying}
        load = marking.mark_batch(round_id=round_.id, batch=_batch(staying, run.at), actor=run.actor, at=run.at)
        taken, unchanged = load.accepted, unchanged + load.known
        for number in load.stranger_rows:  # left the round while the sheet was read
            read.refuse(by_number[number].row, "name", "not_in_round")
    for first in range(0, len(leaving), LOT):
        lot = leaving[first : first + LOT]
        receipts = services.mark(
            round_id=round_.id, commands=[_command(round_, row, run.at) for row in lot], actor=run.actor, at=run.at
        )
        for row, receipt in zip(lot, receipts, strict=True):
            taken += receipt.outcome == Receipts.ACCEPTED
            unchanged += receipt.outcome == Receipts.KNOWN
            if receipt.outcome in (Receipts.NOT_IN_ROUND, Receipts.ROUND_CLOSED):
                read.refuse(row.row, "name", "not_in_round")
    run.progress(gettext("Marking"), read.rows_in, read.rows_in)
    return taken, unchanged


def _batch(rows: Sequence[Row], at: datetime) -> Batch:
    return Batch.of_rows(
        (row.row.number, row.subject_id, int(row.kind), row.event_at or at, row.reason) for row in rows
    )


def _command(round_: RoundView, row: Row, at: datetime) -> MarkCommand:
    moment = row.event_at or at
    return MarkCommand(
        # The same row of the same sheet is the same command, however often it is sent.
        id=uuid5(NAMESPACE_OID, f"{round_.code}:{row.subject_id}:{int(row.kind)}:{moment.isoformat()}"),
        kind=row.kind,
        event_at=moment,
        person_id=row.subject_id if round_.per_person else None,
        household_id=None if round_.per_person else row.subject_id,
        reason=row.reason,
    )


IMPORTER = Importer(
    kind=KIND,
    label=_("Marks of a round"),
    about=_(
        "A list of who is missing, exported from Linli and filled in at the doors; or any sheet with names and results."
    ),
    permission=PERMISSION,
    work=import_marks,
    order=40,
    icon="checklist",
    spec=MARKS,
    sample=SAMPLE,
    asks=(Ask("round", _("Code of the round"), _("As it stands on the page of the round, such as 20221004-1.")),),
)
