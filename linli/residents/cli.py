"""`linli residents`: search, look, count, change. Rosters come in by `linli import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils.translation import gettext as _

from linli.core import clock, terminal
from linli.places import queries as places
from linli.residents import queries, services
from linli.residents.api.schemas import CountsOut, HouseholdOut, PersonOut, one_of, presence_of
from linli.residents.duplicates.cli import app as duplicates
from linli.residents.imports import write_template
from linli.residents.terms import PersonView, Purpose, Secret, need_labels

app = typer.Typer(no_args_is_help=True, help="Households and people: search, show, count, move.")
app.add_typer(duplicates, name="duplicates")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PersonId = Annotated[int, typer.Argument(metavar="PERSON", help="Number of the person.")]


def _print_people(people: list[PersonView] | tuple[PersonView, ...], as_json: bool, title: str = "") -> None:
    if as_json:
        terminal.print_json([PersonOut.of(person).dict() for person in people])
        return
    terminal.print_table(
        title,
        [_("No."), _("Name"), _("Door"), _("Household"), _("ID number"), _("Phone"), _("State"), _("Needs")],
        [
            [
                str(person.id),
                person.name,
                person.door,
                str(person.household_id),
                person.id_masked,
                person.phone_masked,
                str(person.presence.label),
                "、".join(person.need_labels),
            ]
            for person in people
        ],
    )


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A whole name, phone number or ID number; - reads it from the terminal.")],
    as_json: Json = False,
) -> None:
    """Find people. With - what is searched for does not stay in the shell's history."""
    wanted = typer.prompt(_("Name, phone or ID number"), hide_input=True) if text == "-" else text
    with terminal.acting() as actor:
        found = queries.search_residents(wanted, actor=actor, at=clock.now())
        _print_people(found.people, as_json, _("There are more than these.") if found.more else "")


@app.command()
def show(household: Annotated[int, typer.Argument(help="Number of the household.")], as_json: Json = False) -> None:
    """A household and everyone in it."""
    with terminal.acting() as actor:
        found = queries.get_household(household, actor=actor, at=clock.now())
        if as_json:
            terminal.print_json(HouseholdOut.of(found).dict())
        else:
            _print_people(found.people, False, " ".join(filter(None, (found.door, found.label))))


@app.command()
def count(
    place: Annotated[str, typer.Argument(metavar="CODE", help="Code of a place.")], as_json: Json = False
) -> None:
    """How many live in a place and need what."""
    with terminal.acting() as actor:
        at = clock.now()
        found = places.get_place(place)
        counts, narrowed = queries.count_part(found, actor=actor, at=at)
        if as_json:
            terminal.print_json({"place": found.code, **CountsOut.of(counts, narrowed).dict()})
            return
        rows: list[list[Any]] = [
            [_("Doors lived behind"), counts.doors],
            [_("Households"), counts.households],
            [_("People"), counts.people],
            [_("Present"), counts.present],
        ]
        rows += [["、".join(need_labels(need)), number] for need, number in counts.needs.items()]
        terminal.print_table(found.name, ["", ""], rows, numbers=[1])
        if narrowed:
            typer.echo(_("Only the part that you may see: some doors of the place are not counted here."))


@app.command()
def move(
    person: PersonId,
    door: Annotated[int, typer.Option(help="Key of the door.")],
    new_household: Annotated[bool, typer.Option(help="As a household of their own.")] = False,
) -> None:
    """Move a person behind another door."""
    with terminal.acting() as actor:
        at = clock.now()
        services.move_person(person_id=person, to_key=door, new_household=new_household, actor=actor, at=at)
        _print_people([queries.get_person(person, actor=actor, at=at)], False)


@app.command()
def presence(
    person: PersonId, state: Annotated[str, typer.Argument(help="present, away, moved_out, deceased")]
) -> None:
    """Say whether a person is there."""
    with terminal.acting() as actor:
        at = clock.now()
        services.record_presence(person_id=person, presence=presence_of(state), actor=actor, at=at)
        _print_people([queries.get_person(person, actor=actor, at=at)], False)


@app.command()
def unmask(
    person: PersonId,
    field: Annotated[str, typer.Argument(help="id_number or phone")],
    purpose: Annotated[str, typer.Option(help="contact, verify, transfer, correct; goes into the journal")],
) -> None:
    """Show a whole ID number or phone number."""
    with terminal.acting() as actor:
        value = services.unmask(
            person_id=person,
            secret=Secret(one_of(field, list(Secret.values), "field")),
            purpose=Purpose(one_of(purpose, list(Purpose.values), "purpose")),
            actor=actor,
            at=clock.now(),
        )
    typer.echo(value)


@app.command("import-template")
def import_template(target: Annotated[Path, typer.Argument(help="Where to write it, such as roster.xlsx.")]) -> None:
    """Write an empty roster with all columns, examples and an explanation."""
    write_template(target)
    typer.echo(str(target))
