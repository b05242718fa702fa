"""Import one roster: read, clean, stage, merge, account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from django.db import IntegrityError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden, Text
from linli.core.sheets import Account, CellFault, Columns, Rejection, Sheet, SheetRow, open_sheet
from linli.core.spoken import filled
from linli.residents.changes import Change, changing
from linli.residents.errors import RosterCollision
from linli.residents.imports.addresses import IMPORT, Addresses, AddressFault, Unit
from linli.residents.imports.merge import Bad, Merged, merge
from linli.residents.imports.rows import RowCleaner, RowFaults, Staged
from linli.residents.imports.spec import ROSTER
from linli.residents.imports.staging import make_tables, stage_rows

KIND = "residents.import_roster"
BATCH = 5_000
Progress = Callable[[str, int, int | None], None]

_WHY: dict[str, tuple[Any, Any]] = {
    "two_homes": (
        _("The person lives in two homes: row {other} names another door."),
        _("Keep the row of the home they live in; write 搬走 as the state of the other, or delete it."),
    ),
    "person_twice": (
        _("The person stands in row {other} as well, with other particulars."),
        _("Keep one of the two rows."),
    ),
    "person_unclear": (
        _("It cannot be told who this is: somebody of the same name lives behind this door."),
        _("Fill in the ID number or the date of birth of both."),
    ),
    "not_vacant": (
        _("The home is called empty, but row {other} names somebody who lives there."),
        _("Correct the state of one of the two rows."),
    ),
    "lives_elsewhere": (
        _("A person with this ID number is registered behind a door outside your places: in two homes."),
        _("Check the number. If they have moved here, ask the other office to record it, then send this row again."),
    ),
}


@dataclass
class RosterReport:
    """What came of a roster. `rejections` are all of them, in the order of rows; a row may have several."""

    account: Account
    rejections: list[Rejection]
    doors_created: int = 0
    households_created: int = 0
    moved: int = 0
    suspect_ids: int = 0  # ID numbers whose check digit is wrong: taken, and told
    unknown_gone: int = 0
    survivors: int = 0  # rows of people whose entry was merged into another
    unread: list[Text] = field(default_factory=list)  # what is said of columns that were not read
    blank_rows: int = 0

    def warnings(self) -> list[Text]:
        """What whoever sent the sheet should know, though nothing was refused for it."""
        counts = (
            (self.suspect_ids, _("%(count)s ID numbers have a wrong check digit; they were taken as they are.")),
            (
                self.unknown_gone,
                _("%(count)s rows of people who have left name nobody who lives there; nothing was changed."),
            ),
            (
                self.survivors,
                _(
                    "%(count)s rows name entries that were merged into others: they were taken for those, and what was"
                    " chosen when merging stands."
                ),
            ),
        )
        return [*self.unread, *(filled(text, count=count) for count, text in counts if count)]


def import_roster(
    source: Path | str | bytes | IO[bytes],
    *,
    actor: Actor,
    at: datetime,
    name: str | None = None,
    columns: Columns | None = None,
    is_rehearsal: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> RosterReport:
    """Bring a roster into the register, as the owner of the tables, in one transaction.

    `name`: the file's own name where `source` does not tell it; `columns`: what whoever sent the sheet has said about
    them. `is_rehearsal`: the caller takes everything back; then nobody is told of who came and went, so that no tally
    of an open round is locked. Raises SheetProblem (an unreadable file), Forbidden (no right to import anywhere),
    RosterCollision.
    """
    if not actor.extent_for(IMPORT):
        raise Forbidden(permission=IMPORT)
    day = timezone.localdate(at)
    with (
        db.owner(),
        _collisions(),
        db.atomic(),
        open_sheet(source, ROSTER, name=name, columns=columns, on=day) as opened,
    ):
        addresses = Addresses(actor, at)
        make_tables()
        staged = _stage(opened, addresses, day, progress)
        progress(gettext("Checking and merging"), staged.rows_in, staged.rows_in)
        merged = changing(
            at, lambda change: _merge(change, addresses, day, staged, actor, opened.name), tell=not is_rehearsal
        )
        return _report(opened, staged, merged)


@contextmanager
def _collisions() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "person_id_once" in str(error) or "household_label_once" in str(error):
            raise RosterCollision() from error
        raise


@dataclass
class _StagedRows:
    rows_in: int = 0
    suspect: int = 0
    rejections: dict[int, list[Rejection]] = field(default_factory=dict)


def _stage(opened: Sheet, addresses: Addresses, day: date, progress: Progress) -> _StagedRows:
    """Clean row by row as they are read, and COPY them in batches: the sheet is never whole in memory."""
    cleaner, staged = RowCleaner(opened, day), _StagedRows()
    batch: list[Staged] = []
    for row in opened:
        staged.rows_in += 1
        try:
            batch.append(cleaner.clean(row))
        except RowFaults as faults:
            staged.rejections[row.number] = faults.rejections
        if len(batch) >= BATCH:
            _stage_batch(batch, addresses, staged)
            batch.clear()
            progress(gettext("Reading the sheet"), staged.rows_in, None)
    _stage_batch(batch, addresses, staged)
    staged.suspect = cleaner.suspect
    return staged


def _stage_batch(batch: list[Staged], addresses: Addresses, staged: _StagedRows) -> None:
    addresses.expect(one.address for one in batch)
    ready: list[tuple[Staged, Unit]] = []
    for one in batch:
        unit = addresses.resolve(one.address)
        if isinstance(unit, AddressFault):
            staged.rejections[one.row.number] = [_reject_address(one.row, unit)]
        else:
            ready.append((one, unit))
    stage_rows(ready)


def _reject_address(row: SheetRow, wrong: AddressFault) -> Rejection:
    # 3-2-501 in the column of rooms has no columns of its own for building and unit.
    name = wrong.field if wrong.field in row.header.columns else "room" if wrong.field != "compound" else "compound"
    return row.reject(name, wrong.fault)


def _merge(change: Change, addresses: Addresses, day: date, staged: _StagedRows, actor: Actor, sheet: str) -> Merged:
    merged = merge(change, held=addresses.held, day=day)
    account = _account(staged, merged)
    journal.record(
        actor=actor,
        at=change.at,
        verb="residents.import_roster",
        permission=IMPORT,
        key=min(change.keys, default=0),
        sheet=journal.digest(sheet),  # offices name sheets after people
        moved=merged.moved,
        doors=merged.doors,
        account=account.as_dict(),
    )
    return merged


def _account(staged: _StagedRows, merged: Merged) -> Account:
    rejected = len(staged.rejections) + len({bad.n for bad in merged.bad})
    return Account(staged.rows_in, merged.created, merged.updated, merged.unchanged, rejected).check()


def _report(opened: Sheet, staged: _StagedRows, merged: Merged) -> RosterReport:
    rejections = defaultdict(list, staged.rejections)
    for bad in merged.bad:
        rejections[bad.n].append(_reject_bad(opened, bad))
    return RosterReport(
        account=_account(staged, merged),
        rejections=[one for number in sorted(rejections) for one in rejections[number]],
        doors_created=merged.doors,
        households_created=merged.households,
        moved=merged.moved,
        suspect_ids=staged.suspect,
        unknown_gone=merged.unknown_gone,
        survivors=merged.survivors,
        unread=opened.list_unread(),
        blank_rows=opened.blank_rows or 0,
    )


def _reject_bad(opened: Sheet, bad: Bad) -> Rejection:
    message, advice = _WHY[bad.code]
    row = SheetRow(bad.n, [], opened.header, opened.spec)
    return row.reject(bad.field, CellFault(bad.code, format_lazy(message, other=bad.other), advice))
