"""`linli accounts`: duty's commands, and here invitations, locks, sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.accounts import queries, services
from linli.accounts.terms import InvitationLine
from linli.core import clock, qr, terminal
from linli.duty import queries as duty
from linli.duty.cli import Json, app
from linli.places import queries as places

__all__ = ["app"]

Username = Annotated[str, typer.Argument(metavar="ACCOUNT")]


def _site() -> str:
    """Where the pages are, as far as the settings say."""
    return next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://localhost:8000")


@app.command()
def invite(
    username: Username,
    name: Annotated[str, typer.Option(help="Make the account, for a person of this name.")] = "",
    role: Annotated[str, typer.Option(help="With --name: appoint them at once to this role.")] = "",
    place: Annotated[str, typer.Option(help="Code of the place of that role.")] = "",
    days: Annotated[int, typer.Option(help="Valid for 1, 3, 7 or 14 days.")] = 3,
    url: Annotated[str, typer.Option(help="Address of the site, such as https://linli.example.cn.")] = "",
    as_json: Json = False,
) -> None:
    """Print a link, and its QR code, by which somebody chooses the password of their account, once."""
    at = clock.now()
    if bool(role) != bool(place):
        raise typer.BadParameter(_("Give both --role and --place."))
    with terminal.acting() as actor:
        if name:
            place_id = places.get_place(place).id if place else None
            made = services.invite_person(
                username=username, name=name, days=days, role=role, place_id=place_id, actor=actor, at=at
            )
        else:
            made = services.invite(account_id=duty.find_account_id(username), days=days, actor=actor, at=at)
    link = (url or _site()).rstrip("/") + reverse("accounts:accept", args=[made.raw])
    if as_json:
        told = {key: value for key, value in vars(made).items() if key != "raw"}
        terminal.print_json(told | {"link": link})
        return
    typer.echo(_("Invitation for %(name)s, valid once until %(until)s, shown this once:") % {
        "name": made.name, "until": _moment(made.expires_at),
    })  # fmt: skip
    typer.echo(link)
    typer.echo(qr.draw_text(link))


@app.command()
def invitations(
    revoke: Annotated[int, typer.Option(metavar="NUMBER", help="Take this one back.")] = 0, as_json: Json = False
) -> None:
    """Open invitations that the account of --as made."""
    at = clock.now()
    with terminal.acting() as actor:
        if revoke:
            services.revoke_invitation(invitation_id=revoke, actor=actor, at=at)
        found = queries.list_invitations(actor=actor, at=at)
    if as_json:
        terminal.print_json([vars(line) for line in found])
        return
    columns = [_("No."), _("Account"), _("Name"), _("Until")]
    terminal.print_table("", columns, [_row(line) for line in found])


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"


def _row(line: InvitationLine) -> tuple[str, str, str, str]:
    return str(line.id), line.username, line.name, _moment(line.expires_at)


@app.command()
def unlock(
    username: Annotated[str, typer.Argument(metavar="[ACCOUNT]")] = "",
    address: Annotated[str, typer.Option(help="Unlock this network address instead.")] = "",
) -> None:
    """Let an account, or an address, try again at once after too many wrong sign-ins."""
    at = clock.now()
    if bool(username) == bool(address):
        raise typer.BadParameter(_("Give an account, or --address."))
    with terminal.acting() as actor:
        if address:
            services.unlock_address(address=address, actor=actor, at=at)
        else:
            services.unlock_account(account_id=duty.find_account_id(username), actor=actor, at=at)


@app.command()
def sessions(
    username: Username,
    end: Annotated[bool, typer.Option("--end", help="Sign the account out everywhere.")] = False,
    as_json: Json = False,
) -> None:
    """Where an account is signed in."""
    at = clock.now()
    with terminal.acting() as actor:
        account_id = duty.find_account_id(username)
        if end:
            services.end_all_sessions(account_id=account_id, actor=actor, at=at)
        elif account_id != actor.account_id:
            queries.find_invitation(account_id=account_id, actor=actor, at=at)  # asks for the authority
        found = queries.list_sessions(account_id=account_id, at=at)
    if as_json:
        terminal.print_json([vars(line) | {"device": str(line.device.label)} for line in found])
        return
    rows = [
        (str(line.device.label), line.address, line.way_label, _moment(line.started_at), _moment(line.seen_at))
        for line in found
    ]
    terminal.print_table(username, [_("Device"), _("Address"), _("Way"), _("Signed in at"), _("Last seen")], rows)


@app.command("reset-factors")
def reset_factors(username: Username) -> None:
    """Remove authenticator app, passkeys and recovery codes of somebody who lost their phone."""
    at = clock.now()
    with terminal.acting() as actor:
        services.reset_factors(account_id=duty.find_account_id(username), actor=actor, at=at)
