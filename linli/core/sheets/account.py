"""The account that every import ends with: rows in = created + updated + unchanged + rejected."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from linli.core.errors import Text


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not used: where (``cell`` as ``C17``), what is wrong, what to do. Texts are
    translated when they are read.
    """

    row: int
    cell: str
    column_title: str
    code: str
    message: Text
    advice: Text

    def as_dict(self) -> dict[str, Any]:
        return {
            "row": self.row, "cell": self.cell, "column_title": self.column_title, "code": self.code,
            "message": self.message, "advice": self.advice,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values)


class AccountOutOfBalance(AssertionError):
    """The import lost or doubled a row: a fault of the program, never of the sheet. The transaction must
    not commit.
    """


@dataclass(frozen=True, slots=True)
class Account:
    """Rows, counted. `rows_in` leaves out blank rows and the header; a row with two bad cells is rejected
    once.
    """

    rows_in: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def balances(self) -> bool:
        parts = (self.created, self.updated, self.unchanged, self.rejected)
        return min(parts) >= 0 and self.rows_in == sum(parts)

    def check(self) -> Self:
        """Itself, when it balances. Raises AccountOutOfBalance."""
        if not self.balances:
            raise AccountOutOfBalance(str(self))
        return self

    def __add__(self, other: Account) -> Account:
        return Account(
            self.rows_in + other.rows_in,
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, int]) -> Self:
        return cls(**values)
