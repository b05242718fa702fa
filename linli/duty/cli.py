"""`linli accounts`: make accounts, appoint, end, passwords, tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from linli.core import clock, db, terminal
from linli.duty import queries, services, staff
from linli.duty.errors import TimeWrong
from linli.duty.terms import AppointmentLine, NewAccount, Standing
from linli.places import queries as places

app = typer.Typer(no_args_is_help=True, help="Accounts, and who is appointed where.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Moment = Annotated[str, typer.Option(metavar="TIME", help="2026-11-21 or 2026-11-21T08:00, in local time.")]
PasswordOption = Annotated[
    str, typer.Option(help="The password; default: one is made up and printed once.", envvar="LINLI_PASSWORD")
]


def read_moment(text: str) -> datetime | None:
    """A moment in the jurisdiction's time zone; None for "". Raises TimeWrong."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime.combine(day, datetime.min.time())
    except ValueError:
        found = None
    if found is None:
        raise TimeWrong(text=text)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _as_dict(line: AppointmentLine, at: datetime) -> dict[str, Any]:
    return vars(line) | {"standing": line.standing(at).value}


def _print_account(made: NewAccount, as_json: bool) -> None:
    if as_json:
        terminal.print_json(vars(made))
    elif made.password is None:
        terminal.print_table("", [_("Account"), _("Name")], [(made.username, made.name)])
    else:
        terminal.print_table(
            "", [_("Account"), _("Name"), _("Password (shown this once)")], [(made.username, made.name, made.password)]
        )


@app.command()
def create(
    username: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    name: Annotated[str, typer.Option(help="The name people know them by; default: the account name.")] = "",
    role: Annotated[str, typer.Option(help="Appoint them at once to this role.")] = "",
    place: Annotated[str, typer.Option(help="Code of the place of that role.")] = "",
    password: PasswordOption = "",
    first: Annotated[bool, typer.Option("--first", help="The very first account of an empty installation.")] = False,
    as_json: Json = False,
) -> None:
    """Make an account, and appoint it when a role and a place are given."""
    at = clock.now()
    if bool(role) != bool(place) or (first and not role):
        raise typer.BadParameter(_("Give both --role and --place."))
    given: dict[str, Any] = {"username": username, "name": name or username, "password": password or None}
    if first:
        with db.owner():
            place_id = places.get_place(place).id
            made = services.make_first_account(**given, role=role, place_id=place_id, at=at)
    else:
        with terminal.acting() as actor:
            made = services.make_account(**given, actor=actor, at=at)
            if role:
                place_id = places.get_place(place).id
                services.appoint(account_id=made.id, role=role, place_id=place_id, actor=actor, at=at)
    _print_account(made, as_json)


@app.command("list")
def list_(
    place: Annotated[str, typer.Option(help="Code of a place: who is appointed at it and inside of it.")] = "",
    role: Annotated[str, typer.Option(help="Only this role.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what is to come and what has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Who is appointed where."""
    at = clock.now()
    with terminal.acting() as actor:
        actor.require("duty.view")
        found = queries.list_appointments(
            actor=actor,
            at=at,
            place_id=places.get_place(place).id if place else None,
            role=role,
            standing="" if everything else Standing.IN_FORCE,
        )
    if as_json:
        terminal.print_json([_as_dict(line, at) for line in found])
        return
    terminal.print_table(
        "",
        [_("No."), _("Account"), _("Name"), _("Role"), _("Place code"), _("Place"), _("From"), _("Until")],
        [
            (
                str(line.id),
                line.username,
                line.name,
                line.role_label,
                line.place_code,
                line.place_name,
                _moment(line.since),
                _moment(line.until),
            )
            for line in found
        ],
    )


def _moment(value: datetime | None) -> str:
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""


@app.command()
def show(username: Annotated[str, typer.Argument(metavar="ACCOUNT")], as_json: Json = False) -> None:
    """One account and its appointments."""
    at = clock.now()
    with terminal.acting() as actor:
        account = queries.get_account(account_id=queries.find_account_id(username), actor=actor, at=at)
        lines = queries.list_appointments(actor=actor, at=at, account_id=account.id, standing="")
    if as_json:
        terminal.print_json(vars(account) | {"appointments": [_as_dict(line, at) for line in lines]})
        return
    rows = [
        (str(line.id), line.role_label, line.place_code, line.place_name, _moment(line.since), _moment(line.until))
        for line in lines
    ]
    columns = [_("No."), _("Role"), _("Place code"), _("Place"), _("From"), _("Until")]
    terminal.print_table(f"{account.username} · {account.name}", columns, rows)


@app.command()
def appoint(
    username: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    role: Annotated[str, typer.Argument()],
    place: Annotated[str, typer.Argument(metavar="CODE", help="Code of the place.")],
    since: Moment = "",
    until: Moment = "",
    phone: Annotated[str, typer.Option(help="Their phone on duty; default: it stays what it is.")] = "",
    as_json: Json = False,
) -> None:
    """Appoint an account to a role at a place, from now on unless a time is given."""
    at = clock.now()
    with terminal.acting() as actor:
        account_id = queries.find_account_id(username)
        made = services.appoint(
            account_id=account_id,
            role=role,
            place_id=places.get_place(place).id,
            since=read_moment(since),
            until=read_moment(until),
            actor=actor,
            at=at,
        )
        if phone:
            staff.set_phone(account_id=account_id, phone=phone, actor=actor, at=at)
    terminal.print_json({"id": made}) if as_json else typer.echo(_("Appointment %(id)s.") % {"id": made})


@app.command()
def end(
    appointment: Annotated[int, typer.Argument(metavar="NUMBER", help="As in: linli accounts list.")],
    until: Moment = "",
) -> None:
    """End an appointment, now unless a time is given."""
    at = clock.now()
    with terminal.acting() as actor:
        services.end_appointment(appointment_id=appointment, until=read_moment(until), actor=actor, at=at)


@app.command()
def close(username: Annotated[str, typer.Argument(metavar="ACCOUNT")]) -> None:
    """Close an account: its sessions, tokens and appointments end."""
    at = clock.now()
    with terminal.acting() as actor:
        services.deactivate_account(account_id=queries.find_account_id(username), actor=actor, at=at)


@app.command("password")
def password_(
    username: Annotated[str, typer.Argument(metavar="ACCOUNT")], password: PasswordOption = "", as_json: Json = False
) -> None:
    """Give an account a new password; its sessions end."""
    at = clock.now()
    with terminal.acting() as actor:
        made_up = services.set_password(
            account_id=queries.find_account_id(username), password=password or None, actor=actor, at=at
        )
    if as_json:
        terminal.print_json({"username": username, "password": made_up})
    elif made_up:
        typer.echo(
            _("New password of %(name)s, shown this once: %(password)s") % {"name": username, "password": made_up}
        )


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    scopes: Annotated[list[str], typer.Option("--scope", help="A permission; several times for several.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Valid for this many days.")] = 90,
    as_json: Json = False,
) -> None:
    """Make a token for the account of --as; its text is printed once."""
    at = clock.now()
    with terminal.acting() as actor:
        made = services.make_token(name=name, scopes=scopes, expires_at=at + timedelta(days=days), actor=actor, at=at)
    if as_json:
        terminal.print_json(vars(made))
        return
    typer.echo(
        _("Token %(name)s, valid until %(until)s, shown this once:")
        % {"name": made.name, "until": _moment(made.expires_at)}
    )
    typer.echo(made.raw)
