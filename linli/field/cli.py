"""`linli field`: phones."""

from __future__ import annotations

from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import clock, db, terminal
from linli.core.errors import Forbidden
from linli.field import keys as services
from linli.field import queries

app = typer.Typer(no_args_is_help=True, help="Phones of workers.")


@app.callback()
def main() -> None:
    """Phones of workers."""


@app.command()
def keys(
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key pair first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The server's key pairs that phones seal to, newest first. Earlier ones go on being understood."""
    if rotate:
        with terminal.acting() as actor:
            if not actor.may("accounts.make"):
                raise Forbidden(permission="accounts.make")
            services.rotate_key(actor=actor, at=clock.now())
    with db.owner():
        found = queries.list_keys()
    if as_json:
        terminal.print_json([{"id": str(number), "since": since} for number, since in found])
        return
    if not found:
        typer.echo(_("There is no key yet: the first phone that signs in makes it."))
    for number, since in found:
        typer.echo(f"{number}  {timezone.localtime(since):%Y-%m-%d %H:%M}")
