"""What imports share that look at a sheet as a whole: its rows, cleaned, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.importers import Outcome, Source
from linli.core.sheets import Account, CellFault, Rejection, SheetRow, SheetSpec, open_sheet

Progress = Callable[[str, int, int | None], None]


@dataclass
class Tally:
    """The rows of one sheet, and what became of each. A row is refused once, however many faults it has."""

    source: Source
    at: datetime
    rows: dict[int, SheetRow] = field(default_factory=dict)
    values: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: dict[int, list[Rejection]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # cells of which nothing is known but that they cannot be read
    notes: list[Text] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def read(self, spec: SheetSpec) -> None:
        """All rows with their values cleaned; those with a fault are refused at once. Raises SheetProblem."""
        with open_sheet(self.source.path, spec, name=self.source.name, columns=self.source.columns) as sheet:
            for row in sheet:
                values, rejections = row.clean_all()
                self.rows[row.number], self.values[row.number] = row, values
                if rejections:
                    self.faults[row.number] = rejections
                    self.unread.update(one.cell for one in rejections)
            self.notes = sheet.list_unread()

    def refuse(self, number: int, name: str, code: str, message: Text, advice: Text) -> None:
        """Refuse a row for its field `name`; a cell that could not be read is not blamed for being empty too."""
        if self.rows[number].cell(name) in self.unread:
            return
        fault = CellFault(code, message, advice)
        self.faults.setdefault(number, []).append(self.rows[number].reject(name, fault))

    def require(self, number: int, *names: str) -> None:
        for name in names:
            if not self.values[number].get(name) and not self.has_fault(number, name):
                self.refuse(number, name, "empty", _("The cell is empty."), _("Fill it in."))

    def has_fault(self, number: int, name: str) -> bool:
        cell = self.rows[number].cell(name)
        return any(rejection.cell == cell for rejection in self.faults.get(number, ()))

    @property
    def good(self) -> list[int]:
        """Numbers of the rows not refused so far, in order."""
        return [number for number in self.rows if number not in self.faults]

    def outcome(self, facts: Sequence[tuple[Text, int]] = ()) -> Outcome:
        account = Account(len(self.rows), self.created, self.updated, self.unchanged, len(self.faults)).check()
        rejections = [one for number in sorted(self.faults) for one in self.faults[number]]
        return Outcome(account, rejections, facts=facts, notes=self.notes)
