"""`linli notices`: special situations."""

from __future__ import annotations

from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import clock, terminal
from linli.notices import queries, services

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
