"""`linli places release`: from one release of the official divisions to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.utils.translation import gettext as _

from linli.core import clock, db, terminal
from linli.core.import_words import say_unread_sheets
from linli.core.importers import Source
from linli.places.imports.release import RESULTS, follow_release, write_report

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


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
    with db.owner(), terminal.progress() as watch:
        found = follow_release(
            Source(old, old.name), Source(new, new.name), dry_run=not apply, actor=terminal.get_actor(), at=at,
            watch=watch,
        )  # fmt: skip
    done = found.done
    if report is not None:
        with report.open("wb") as file:
            write_report(file, found, at)
    counts = {result: done.count(result) for result in RESULTS}
    left = [(line, line.about) for line in done.lines if line.result == "rejected"]
    if as_json:
        not_matched = [{"code": one.code, "name": one.name, "what": str(line.what)} for line, one in left]
        terminal.print_json(
            {"applied": apply, **counts, "compared": len(done.lines), "outside": done.outside, "unread": found.unread,
             "became": done.count_became(), "not_matched": not_matched, "files": found.files}
        )  # fmt: skip
        return
    labels = {"created": _("created"), "updated": _("updated"), "unchanged": _("unchanged"), "rejected": _("rejected")}
    rows = [[labels[result], counts[result]] for result in RESULTS]
    rows += [
        [_("Compared"), len(done.lines)],
        [_("of other cities or levels"), done.outside],
        [_("not readable"), found.unread],
    ]
    terminal.print_table(
        _("Carried out") if apply else _("Dry run: nothing has been changed"),
        [_("Balance"), _("Rows")],
        rows,
        numbers=[1],
    )
    for note in (note for one in found.files for note in say_unread_sheets(one, file=one["file"])):
        typer.echo(note)
    for line, one in left:
        typer.echo(f"{one.code} {one.name}: {line.what} {line.advice}")
