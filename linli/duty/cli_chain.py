"""`linli duty`: who answers for a door, posts held and vacant, handing over, volunteers, work teams, cadres."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli.core import clock, terminal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.duty import claims, posts, queries, sheets, staff, teams
from linli.duty.cli import Json, Moment, read_moment
from linli.duty.coverage import Coverage, count_posts, list_vacancies
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef

app = typer.Typer(no_args_is_help=True, help="The chain of posts: who answers for which door, and where nobody does.")
Code = Annotated[str, typer.Argument(metavar="CODE", help="Code of a place.")]
LIMIT = 200


def _part(code: str, actor: Actor, at: datetime, permission: str = "duty.view") -> tuple[PlaceRef, Extent]:
    place = places.get_place(code)
    extent = places.extent_of(place.id, at) & actor.extent_for(permission)
    if not extent:
        raise Forbidden(permission=permission)
    return place, extent


def _key_of(text: str) -> int:
    """A door's key, or the first door of a unit, building or compound that is named by its code."""
    if text.isdecimal() and places.find_door(int(text)) is not None:
        return int(text)
    place = places.get_place(text)
    return (
        place.block.spans[0].lo if place.kind >= Kind.COMPOUND else places.extent_of(place.id, clock.now()).spans[0].lo
    )


@app.command()
def answer(
    door: Annotated[str, typer.Argument(metavar="DOOR", help="Key of a door, or the code of a unit.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="As of then; default: now.")] = "",
    as_json: Json = False,
) -> None:
    """Who answers for a door at each level, and who stands in."""
    moment = read_moment(at) or clock.now()
    key = _key_of(door)
    with terminal.acting() as actor:
        if key not in actor.extent_for("places.view"):
            raise Forbidden(permission="places.view")
        chain = queries.find_chain(key, moment)
    if as_json:
        terminal.print_json({"at": moment, **asdict(chain)})
        return
    rows = [
        (
            level.label, level.place.name if level.place else "–",
            "、".join(one.name for one in level.holders) or (pgettext("post", "vacant") if level.is_vacant else "–"),
            "、".join(one.name for one in level.deputies),
        )
        for level in chain.levels
    ]  # fmt: skip
    title = f"{door} · {timezone.localtime(moment):%Y-%m-%d %H:%M}"
    terminal.print_table(title, [_("Level"), _("Place"), _("Who answers"), _("Stands in")], rows)


def _count_json(place: PlaceRef, found: Coverage) -> dict[str, object]:
    return {
        "place": place.code, "name": place.name, "posts": {role: asdict(one) for role, one in found.posts.items()},
        "people": found.people, "officers": found.officers, "vacant": found.vacant, "nobody": found.nobody,
    }  # fmt: skip


@app.command()
def count(code: Code, as_json: Json = False) -> None:
    """Posts held and vacant by level, in a place and in what stands under it."""
    at = clock.now()
    with terminal.acting() as actor:
        place, held = _part(code, actor, at)
        children = places.list_children(place.id, at)
        parts = {one: extent & held for one, extent in places.extents_of([c.id for c in children], at).items()}
        found = count_posts({place.id: held} | {one: part for one, part in parts.items() if part}, at)
    shown = [place, *(child for child in children if child.id in found)]
    if as_json:
        terminal.print_json([_count_json(one, found[one.id]) for one in shown])
        return
    rows = [
        (
            one.code, one.name,
            *(f"{n.held:,}/{n.posts:,}" if n else f"{people:,}" for _role, n, people in found[one.id].levels),
            found[one.id].vacant, found[one.id].nobody,
        )
        for one in shown
    ]  # fmt: skip
    levels = [str(role.label) for role, _count, _people in found[place.id].levels]
    columns = [_("Place code"), _("Place"), *levels, _("Vacant posts"), _("Units nobody answers for")]
    terminal.print_table("", columns, rows, numbers=[*range(2, len(columns))])


@app.command()
def vacant(
    code: Code,
    nobody: Annotated[bool, typer.Option("--nobody", help="Only units that nobody answers for.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = LIMIT,
    as_json: Json = False,
) -> None:
    """Vacant posts of leads, street by street."""
    at = clock.now()
    with terminal.acting() as actor:
        _place, held = _part(code, actor, at)
        found = list_vacancies(held, at, nobody=nobody, limit=limit)
        named = claims.name_places([one.place.id for one in found], at)
    if as_json:
        terminal.print_json([asdict(one) | {"role": one.role.value, "address": named[one.place.id]} for one in found])
        return
    rows = [(one.place.code, named[one.place.id], str(one.role.label), _("yes") if one.nobody else "") for one in found]
    terminal.print_table("", [_("Place code"), _("Place"), _("Post"), _("Nobody answers")], rows)


@app.command()
def export(
    code: Code,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .xlsx or .csv.")],
    vacant_only: Annotated[bool, typer.Option("--vacant", help="Only vacant posts.")] = False,
) -> None:
    """The chain of a place as a sheet, phones masked."""
    at = clock.now()
    if file.suffix not in (".xlsx", ".csv"):
        raise typer.BadParameter(_("Give a name that ends in .xlsx or .csv."))
    with terminal.acting() as actor:
        place = places.get_place(code)
        extent = places.extent_of(place.id, at)
        actor.require("duty.view", extent)
        if file.suffix == ".csv":
            file.write_bytes(b"".join(sheets.chain_csv(place, extent, at, vacant_only=vacant_only)))
        else:
            with sheets.chain_xlsx(place, extent, at, vacant_only=vacant_only) as book:
                file.write_bytes(book.read())


@app.command("hand-over")
def hand_over(
    appointment: Annotated[int, typer.Argument(metavar="NUMBER", help="As in: linli accounts list.")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Who receives the post.")],
    as_json: Json = False,
) -> None:
    """Hand over a post now; what is open and waits for it goes along."""
    at = clock.now()
    with terminal.acting() as actor:
        receiver = queries.find_account_id(account)
        made = posts.hand_over(appointment_id=appointment, to_account_id=receiver, actor=actor, at=at)
    terminal.print_json({"id": made}) if as_json else typer.echo(_("Appointment %(id)s.") % {"id": made})


@app.command("phone")
def set_phone(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account name.")],
    number: Annotated[str, typer.Argument(metavar="PHONE", help="A mobile number, or an area code and number.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the phone away.")] = False,
    as_json: Json = False,
) -> None:
    """Set the phone on duty of somebody you may appoint, or your own; it is printed masked."""
    at = clock.now()
    if bool(number) == remove:
        raise typer.BadParameter(_("Give either a phone or --remove."))
    with terminal.acting() as actor:
        kept = staff.set_phone(account_id=queries.find_account_id(account), phone=number, actor=actor, at=at)
    if as_json:
        terminal.print_json({"account": account, "phone": kept})
    else:
        typer.echo(_("Phone on duty of %(name)s: %(phone)s") % {"name": account, "phone": kept or "–"})


@app.command("claims")
def list_claims(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False,
    as_json: Json = False,
) -> None:
    """Volunteers' claims that you may decide."""
    at = clock.now()
    with terminal.acting() as actor:
        found = claims.list_claims(actor=actor, at=at, state="" if everything else "waiting")
    if as_json:
        terminal.print_json([asdict(one) for one in found])
        return
    rows = [(str(one.id), one.name, one.address, one.role_label, one.state_label, one.asked) for one in found]
    columns = [_("No."), _("Name"), _("Place"), _("Post"), _("Standing"), _("Waits for")]
    terminal.print_table("", columns, rows)


@app.command()
def confirm(claim: Annotated[int, typer.Argument(metavar="NUMBER")], as_json: Json = False) -> None:
    """Confirm a volunteer: they hold the post from now on."""
    at = clock.now()
    with terminal.acting() as actor:
        made = claims.confirm_claim(claim_id=claim, actor=actor, at=at)
    terminal.print_json({"id": made}) if as_json else typer.echo(_("Appointment %(id)s.") % {"id": made})


@app.command()
def decline(
    claim: Annotated[int, typer.Argument(metavar="NUMBER")],
    reason: Annotated[str, typer.Option(help="Shown to the volunteer.")] = "",
) -> None:
    """Decline a volunteer's claim."""
    at = clock.now()
    with terminal.acting() as actor:
        claims.decline_claim(claim_id=claim, reason=reason, actor=actor, at=at)


@app.command("teams")
def list_teams(
    place: Annotated[str, typer.Option(help="Code of a place: teams in it.")] = "", as_json: Json = False
) -> None:
    """Work teams, with their leaders and members."""
    at = clock.now()
    with terminal.acting() as actor:
        actor.require("duty.view")
        found = teams.list_teams(actor=actor, at=at, place_id=places.get_place(place).id if place else None)
    if as_json:
        terminal.print_json([asdict(one) | {"by_organisation": dict(one.by_organisation)} for one in found])
        return
    nobody = pgettext("post", "vacant")
    rows = [
        (str(one.id), one.name, one.place_name, one.leader.name if one.leader else nobody, len(one.members))
        for one in found
    ]
    columns = [_("No."), _("Team"), _("Place"), _("Leader"), _("Members")]
    terminal.print_table("", columns, rows, numbers=[4])


Person = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account name.")]
Organisation = Annotated[str, typer.Option(help="Where they are drawn from.")]


@app.command("form-team")
def form_team(
    code: Code,
    name: Annotated[str, typer.Argument(help="Name of the team.")],
    leader: Person,
    organisation: Organisation = "",
    until: Moment = "",
    as_json: Json = False,
) -> None:
    """Form a work team for a place, with its leader."""
    at = clock.now()
    with terminal.acting() as actor:
        made = teams.form_team(
            place_id=places.get_place(code).id, name=name, leader_id=queries.find_account_id(leader),
            organisation=organisation, until=read_moment(until), actor=actor, at=at,
        )  # fmt: skip
    terminal.print_json({"id": made}) if as_json else typer.echo(_("Work team %(id)s.") % {"id": made})


@app.command("add-member")
def add_member(
    team: Annotated[int, typer.Argument(metavar="TEAM")],
    account: Person,
    organisation: Organisation = "",
    until: Moment = "",
) -> None:
    """Draw somebody into a work team."""
    at = clock.now()
    with terminal.acting() as actor:
        teams.add_member(
            team_id=team, account_id=queries.find_account_id(account), organisation=organisation,
            until=read_moment(until), actor=actor, at=at,
        )  # fmt: skip


@app.command()
def cadres(code: Code, as_json: Json = False) -> None:
    """Cadres on duty in a place, by organisation."""
    at = clock.now()
    with terminal.acting() as actor:
        found = teams.count_cadres(_part(code, actor, at)[1], at)
    if as_json:
        terminal.print_json([{"organisation": name, "cadres": n, "places": where} for name, n, where in found])
        return
    terminal.print_table("", [_("Organisation"), _("Cadres"), _("Places")], found, numbers=[1, 2])


@app.command("take-in")
def take_in(
    code: Code,
    name: Annotated[str, typer.Argument(help="Name of the cadre.")],
    phone: Annotated[str, typer.Argument(help="Their phone.")],
    organisation: Annotated[str, typer.Argument(help="Where they come from.")],
    until: Moment = "",
    as_json: Json = False,
) -> None:
    """Take in a cadre who reports for duty to a community."""
    at = clock.now()
    with terminal.acting() as actor:
        person = staff.find_or_make_person(name=name, phone=phone, actor=actor, at=at)
        made = teams.take_in_cadre(
            place_id=places.get_place(code).id, account_id=person, organisation=organisation,
            until=read_moment(until), actor=actor, at=at,
        )  # fmt: skip
    terminal.print_json({"id": made}) if as_json else typer.echo(_("Appointment %(id)s.") % {"id": made})
