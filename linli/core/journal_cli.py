"""`linli journal`: read it, seal it, and find out whether it still stands as it was sealed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from django.utils.translation import gettext as _

from linli.core import clock, terminal
from linli.core.seals import restart, sealing, sources
from linli.core.seals import verify as verifying

app = typer.Typer(help="Seal the journal and the marks, and verify the seals.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BROKEN = 1


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


@app.command()
def seal(as_json: Json = False) -> None:
    """Seal what is settled, now. The worker does so every minute."""
    done = sealing.seal(at=clock.now())
    if as_json:
        terminal.print_json(asdict(done))
        return
    say(_("%(blocks)s blocks with %(entries)s entries sealed.") % {"blocks": done.blocks, "entries": done.entries})
    if done.waiting:
        names = ", ".join(done.waiting)
        say(_("Not sealed this time, because a transaction is still open: %(names)s.") % {"names": names})
    if done.send_error:
        say(_("The address of the seals did not take them: %(why)s") % {"why": done.send_error})


@app.command()
def verify(
    seals: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A copy of the file of seals, kept elsewhere.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare every entry with its seal. Ends with 1 when anything was changed, removed, added or replaced."""
    with terminal.progress() as watch:
        report = verifying.verify(seals=seals, watch=watch)
    if as_json:
        terminal.print_json(report.as_dict())
    else:
        _print_report(report)
    raise typer.Exit(0 if report.is_whole else BROKEN)


def _kinds() -> dict[str, str]:
    return {
        "entries": _("entries"),
        "chain": _("chain of blocks"),
        "mac": _("key"),
        "range": _("what is sealed"),
        "outside": _("seals outside"),
        "stray": _("outside of all blocks"),
    }


def _print_report(report: verifying.Report) -> None:
    numbers = {"blocks": report.blocks, "entries": report.entries}
    say(_("%(blocks)s blocks, %(entries)s entries compared with their seals.") % numbers)
    if report.file:
        say(_("%(number)s seals outside of the database: %(file)s") % {"number": report.outside, "file": report.file})
    else:
        say(_("There are no seals outside of the database to compare with: newest blocks may be missing unseen."))
    for name, number in report.unsealed.items():
        if number:
            label = sources.label_of(name)
            say(_("%(name)s: %(number)s entries are not sealed yet.") % {"name": label, "number": number})
    if report.is_whole:
        all_well, nothing = _("Everything stands as it was sealed."), _("Nothing has been sealed yet.")
        say(all_well if report.blocks else nothing)
        return
    columns = [_("kind"), _("block"), _("of"), _("first"), _("last"), _("what is wrong")]
    rows = []
    for one in report.faults:
        ids = [str(number or "-") for number in (one.first, one.last)]
        rows.append([_kinds()[one.kind], str(one.block or "-"), sources.label_of(one.source), *ids, one.text])
    terminal.print_table(_("Not as it was sealed"), columns, rows, numbers=(1, 3, 4))


@app.command(name="restart")
def restart_seals(
    reason: Annotated[str, typer.Option(help="Why: an older backup was put back, for example. Goes into the journal.")],
) -> None:
    """Begin a new file of seals after an older backup was put back. The old file is kept beside."""
    with terminal.acting() as actor:
        kept = restart.restart_seals(reason=reason, actor=actor, at=clock.now())
    say(_("The seals so far are kept in %(file)s.") % {"file": kept} if kept else _("There was no file of seals."))
