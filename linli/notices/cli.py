"""`linli notices`: special situations, photos and voice notes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import clock, terminal
from linli.notices import file_queries, queries, services
from linli.notices import files as file_services

app = typer.Typer(no_args_is_help=True, help="What workers report from the doors.")


@app.callback()
def main() -> None:
    """What workers report from the doors."""


@app.command()
def specials(
    everything: Annotated[bool, typer.Option("--all", help="The settled ones, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Special situations that are not settled, the newest first."""
    with terminal.acting() as actor:
        actor.require(queries.VIEW)
        found = queries.list_specials(actor=actor, everything=everything)
    if as_json:
        terminal.print_json([vars(one) for one in found])
        return
    columns = [_("No."), _("When"), _("Where"), _("Situation"), _("In words"), _("Reported by"), _("Settled")]
    rows = [
        (
            str(one.id), f"{timezone.localtime(one.happened_at):%m-%d %H:%M}", one.where, one.what_label, one.text,
            one.reported_by, f"{one.settled_by} {one.outcome}".strip(),
        )
        for one in found
    ]  # fmt: skip
    terminal.print_table("", columns, rows)


@app.command()
def settle(
    number: Annotated[int, typer.Argument(help="No. of the special situation.")],
    outcome: Annotated[str, typer.Argument(help="What was done, in a few words.")],
) -> None:
    """Note how a special situation was settled."""
    with terminal.acting() as actor:
        services.settle_special(special_id=number, outcome=outcome, actor=actor, at=clock.now())


@app.command("files")
def list_files(
    door: Annotated[int, typer.Option(help="Key of a door.")] = 0,
    special: Annotated[int, typer.Option(help="No. of a special situation.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Which photos and voice notes there are at a door or of a special situation; not what they show."""
    if bool(door) == bool(special):
        raise typer.BadParameter(_("Give either --door or --special."))
    with terminal.acting() as actor:
        actor.require(file_queries.VIEW)
        if door:
            found = file_queries.list_files_at(door, actor=actor)
        else:
            found = file_queries.list_files_of_specials([special], actor=actor)[special]
    if as_json:
        terminal.print_json([vars(one) for one in found])
        return
    columns = [_("No."), _("Kind"), _("When"), _("Taken by"), "kB"]
    rows = [
        (str(one.id), one.kind_label, f"{timezone.localtime(one.taken_at):%m-%d %H:%M}", one.by, one.size // 1000)
        for one in found
    ]
    terminal.print_table("", columns, rows, numbers=[4])


@app.command("file")
def save_file(
    number: Annotated[UUID, typer.Argument(metavar="ID", help="As `linli notices files` shows it.")],
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; must not be there yet.")],
) -> None:
    """Save one photo or voice note. It is a look like any other: the journal says who, which and when."""
    if out.exists():
        raise typer.BadParameter(_("%(file)s is there already.") % {"file": out}, param_hint="FILE")
    with terminal.acting() as actor:
        found = file_services.look_at_file(file_id=number, actor=actor, at=clock.now())
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # for who looked alone
        file.write(found.data)
    typer.echo(_("Saved as %(file)s. The journal says that you looked at it.") % {"file": out})
