"""What the rooms' commands share: who acts, JSON or text, progress on long work."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Literal, NoReturn

from django.utils.translation import gettext as _
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from linli.core import access, clock
from linli.core.access import Actor
from linli.core.errors import NotSignedIn, Problem
from linli.core.models import Account
from linli.core.spoken import hear_problem

LONG_TABLE = 500  # rows
NARROWEST = 4  # cells on the screen: two characters
ACCOUNT_VARIABLE = "LINLI_AS"  # set by `linli --as ACCOUNT`


def get_actor() -> Actor:
    """The account named by `linli --as` (or LINLI_AS), with its authority now. Raises NotSignedIn."""
    username = os.environ.get(ACCOUNT_VARIABLE, "")
    if not username:
        raise NotSignedIn(_("This command acts as somebody."), advice=_("Say who: linli --as ACCOUNT ..."))
    account = Account.objects.filter(username=username, is_active=True).first()
    if account is None:
        raise NotSignedIn(
            _("There is no active account %(name)s."), advice=_("linli accounts list shows all of them."), name=username
        )
    return access.actor_of(account.pk, account.name, clock.now(), origin="cli")


@contextmanager
def acting() -> Iterator[Actor]:
    """One transaction as the account of `--as`, behind the wall, as a page would."""
    with access.acting(get_actor()) as actor:
        yield actor


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_as_text) + "\n")


def _as_text(value: Any) -> str:
    """Days and moments as ISO 8601, as the API says them; anything else as it prints."""
    return value.isoformat() if isinstance(value, date) else str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[int] = ()) -> None:
    """A table on standard output; `numbers` are the indexes of right-aligned columns."""
    cells = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in rows]
    if len(cells) > LONG_TABLE:
        _print_long_table(title, columns, cells, numbers)
        return
    console = Console()
    kept = _widths_of_numbers([columns, *cells], numbers, console.width)
    table = Table(title=title or None, title_justify="left", show_header=any(columns))
    for index, column in enumerate(columns):
        # Chinese has no spaces to break at: what is too wide goes on in the next line, and is not cut.
        justify: Literal["right", "left"] = "right" if index in numbers else "left"
        table.add_column(column, justify=justify, overflow="fold", width=kept.get(index))
    for row in cells:
        table.add_row(*row)
    console.print(table)


def _widths_of_numbers(lines: Sequence[Sequence[str]], numbers: Sequence[int], room: int) -> dict[int, int]:
    """Columns of numbers that keep their width where the table is too wide: 188/18 and an 8 below reads as another
    number. None where that leaves no room for the words beside them."""
    frame = 3 * len(lines[0]) + 1
    widths = [max(cell_len(line[index]) for line in lines) for index in range(len(lines[0]))]
    if sum(widths) + frame <= room:
        return {}
    kept = {index: max(NARROWEST, *(cell_len(line[index]) for line in lines[1:])) for index in numbers if lines[1:]}
    words = len(widths) - len(kept)
    return kept if sum(kept.values()) + frame + words * NARROWEST <= room else {}


def _print_long_table(title: str, columns: Sequence[str], cells: list[list[str]], numbers: Sequence[int]) -> None:
    """The same without frames: a framed table of some thousand rows takes minutes to fit."""
    lines = [list(columns), *cells]
    widths = [max(cell_len(line[index]) for line in lines) for index in range(len(columns))]
    if title:
        sys.stdout.write(f"{title}\n")
    for line in lines:
        padded = (
            " " * (width - cell_len(text)) + text if index in numbers else text + " " * (width - cell_len(text))
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar on standard error for a job run here: pass what it yields to `jobs.carry_out(watch=...)`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def watch(step: str, done: int, total: int | None) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield watch


def fail(error: dict[str, Any]) -> NoReturn:
    """End the command with the problem a job ended with, `job.error` or what `jobs.problem_of` gives."""
    error = hear_problem(error)
    problem = Problem(
        str(error["detail"]).replace("%", "%%"), advice=str(error["advice"]).replace("%", "%%"), shown=True
    )
    problem.code, problem.status = str(error["code"]), int(error["status"])
    raise problem
