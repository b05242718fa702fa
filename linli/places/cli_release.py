"""`linli places release`: from one release of the official divisions to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import clock, db, terminal
from linli.core.sheets import ExportColumn, write_xlsx
from linli.places import services
from linli.places.imports.divisions import read_release
from linli.places.services.releases import Migration

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
RESULTS = ("created", "updated", "unchanged", "rejected")


def release(
    old: File,
    new: File,
    apply: Annotated[bool, typer.Option("--apply", help="Carry it out; without it nothing is changed.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.xlsx", help="Write what became of every line here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the divisions from the release OLD to the release NEW, from the two files alone; first as a dry run."""
    at = clock.now()
    with db.owner():
        actor = terminal.get_actor()
        olds, old_faults = read_release(old, at)
        news, new_faults = read_release(new, at)
        done = services.migrate_divisions(old=olds, new=news, dry_run=not apply, actor=actor, at=at)
    if report is not None:
        _write(report, done, at=timezone.localtime(at).strftime("%Y-%m-%d %H:%M"))
    counts = {result: done.count(result) for result in RESULTS}
    unread = len(old_faults) + len(new_faults)
    if as_json:
        left = [
            {"code": (line.old or line.new).code, "name": (line.old or line.new).name, "what": line.what}  # type: ignore[union-attr]
            for line in done.lines
            if line.result == "rejected"
        ]
        terminal.print_json(
            {"applied": apply, **counts, "compared": len(done.lines), "outside": done.outside, "unread": unread,
             "not_matched": left}
        )  # fmt: skip
        return
    labels = {"created": _("created"), "updated": _("updated"), "unchanged": _("unchanged"), "rejected": _("rejected")}
    rows = [[labels[result], counts[result]] for result in RESULTS]
    rows += [
        [_("Compared"), len(done.lines)],
        [_("of other cities or levels"), done.outside],
        [_("not readable"), unread],
    ]
    terminal.print_table(
        _("Carried out") if apply else _("Dry run: nothing has been changed"),
        [_("Balance"), _("Rows")],
        rows,
        numbers=[1],
    )
    for line in done.lines:
        one = line.old or line.new
        if line.result == "rejected" and one is not None:
            typer.echo(f"{one.code} {one.name}: {line.what} {line.advice}")


def _write(target: Path, done: Migration, at: str) -> None:
    titles = [
        _("Old code"), _("Old name"), _("New code"), _("New name"), _("Result"), _("What became of it"),
        _("What to do"),
    ]  # fmt: skip
    rows = [
        [
            line.old.code if line.old else "", line.old.name if line.old else "", line.new.code if line.new else "",
            line.new.name if line.new else "", line.result, line.what, line.advice,
        ]
        for line in done.lines
    ]  # fmt: skip
    with target.open("wb") as file:
        write_xlsx(file, [ExportColumn(title) for title in titles], rows, title=_("Divisions, old and new"), as_of=at)
