"""`linli places`: look through the tree and change it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from linli.core import clock, terminal
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.places import queries, services
from linli.places.cli_codes import codes
from linli.places.cli_release import release
from linli.places.errors import MomentWrong
from linli.places.keys import store_missing_keys
from linli.places.layouts import Change, Take, Target
from linli.places.terms import Kind, PlaceRef

app = typer.Typer(no_args_is_help=True, help="The tree of places: search, show, add, rename, move.")
app.command("release")(release)
app.command("codes")(codes)

Code = Annotated[str, typer.Argument(metavar="CODE", help="Code of a place.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def as_dict(
    place: PlaceRef, at: datetime, *, path: list[PlaceRef] | None = None, within: Extent | None = None
) -> dict[str, Any]:
    counts = queries.counts_of([place.id], at, within=within)[place.id]
    return {
        "code": place.code,
        "name": place.name,
        "kind": Kind(place.kind).name.lower(),
        "path": [{"code": one.code, "name": one.name} for one in (path or [])],
        "compounds": counts.compounds,
        "buildings": counts.buildings,
        "units": counts.units,
        "doors": counts.doors,
        "ended_at": place.ended_at,
    }


def _get(code: str, actor: Actor, at: datetime) -> PlaceRef:
    place = queries.get_place(code)
    queries.require_sight(place, actor, at)
    return place


def _print_places(places: list[PlaceRef], at: datetime, as_json: bool, within: Extent | None = None) -> None:
    """`within`: counts of these doors only; a grid may hold a part of a compound."""
    paths = queries.paths_of([place.id for place in places], at)
    if as_json:
        terminal.print_json([as_dict(place, at, path=paths[place.id], within=within) for place in places])
        return
    counts = queries.counts_of([place.id for place in places], at, within=within)
    terminal.print_table(
        "",
        [_("Place code"), _("Place name"), _("Kind"), _("In"), _("Buildings"), _("Units"), _("Doors")],
        [
            [
                place.code, place.name, place.kind_label, " ".join(one.name for one in paths[place.id][-3:]),
                counts[place.id].buildings, counts[place.id].units, counts[place.id].doors,
            ]
            for place in places
        ],
        numbers=[4, 5, 6],
    )  # fmt: skip


@app.command("list")
def list_places(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Under which place; default: the widest ones.")] = "",
    as_json: Json = False,
) -> None:
    """What stands directly under a place."""
    at = clock.now()
    with terminal.acting() as actor:
        actor.require("places.view")
        if not code:
            _print_places(queries.list_roots(at), at, as_json)
            return
        above = _get(code, actor, at)
        _print_places(queries.list_children(above.id, at), at, as_json, queries.extent_of(above.id, at))


@app.command()
def show(code: Code, as_json: Json = False) -> None:
    """One place: where it lies and what stands in it."""
    at = clock.now()
    with terminal.acting() as actor:
        place = _get(code, actor, at)
        _print_one(place, at, as_json)


def _print_one(place: PlaceRef, at: datetime, as_json: bool) -> None:
    found = as_dict(place, at, path=queries.path_of(place.id, at))
    if as_json:
        terminal.print_json(found)
        return
    rows = [
        (_("Place code"), place.code), (_("Kind"), place.kind_label),
        (_("In"), " > ".join(one["name"] for one in found["path"])),
        (_("Compounds"), found["compounds"]), (_("Buildings"), found["buildings"]), (_("Units"), found["units"]),
        (_("Doors"), found["doors"]),
    ]  # fmt: skip
    if place.ended_at:
        taken = [f"{one.name} {one.code}" for one in queries.list_successors(place.id)]
        rows += [(_("ended on"), _local(place.ended_at)), (_("Taken over by:"), ", ".join(taken))]
    terminal.print_table(place.name, ["", ""], rows)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Name, part of a name, or code.")],
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """Find places by name, pinyin, initials or code, and doors: 桃源 1-1-101. Several words narrow: 桃源 1号楼."""
    at = clock.now()
    with terminal.acting() as actor:
        actor.require("places.view")
        found = queries.search(" ".join(text), actor=actor, at=at, limit=limit)
        if as_json:
            paths = queries.paths_of([place.id for place in found.places], at)
            doors = [door._asdict() | {"kind": "door"} for door in found.doors]
            terminal.print_json([*doors, *(as_dict(place, at, path=paths[place.id]) for place in found.places)])
            return
        if found.doors:
            rows = [(door.label, door.unit_code, str(door.key)) for door in found.doors]
            terminal.print_table("", [_("Doors"), _("Place code"), _("Key")], rows)
        if found.places:
            _print_places(found.places, at, as_json)
        elif not found.doors:
            typer.echo(_("No place found. Try a part of the name, or the code."))


@app.command()
def tree(
    code: Code,
    depth: Annotated[int, typer.Option(min=1, max=6, help="How many levels down.")] = 2,
    as_json: Json = False,
) -> None:
    """What stands under a place, several levels down."""
    at = clock.now()
    with terminal.acting() as actor:
        top = _get(code, actor, at)
        if as_json:
            terminal.print_json(_branch(top, depth, at))
            return
        typer.echo(f"{top.name}  {top.code}")
        _print_branch(top, depth, at, "  ")


def _branch(place: PlaceRef, depth: int, at: datetime) -> dict[str, Any]:
    children = queries.list_children(place.id, at) if depth else []
    found = {"code": place.code, "name": place.name, "kind": Kind(place.kind).name.lower()}
    return found | ({"children": [_branch(child, depth - 1, at) for child in children]} if children else {})


def _print_branch(place: PlaceRef, depth: int, at: datetime, indent: str) -> None:
    for child in queries.list_children(place.id, at):
        typer.echo(f"{indent}{child.name}  {child.code}")
        if depth > 1:
            _print_branch(child, depth - 1, at, indent + "  ")


@app.command()
def add(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="district, street, community, compound, building, unit...")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    under: Annotated[str, typer.Option("--under", metavar="CODE", help="The place it stands under.")] = "",
    code: Annotated[str, typer.Option(help="Its code; divisions need one, the others get one made.")] = "",
    holds: Annotated[
        str, typer.Option("--holds", metavar="CODES", help="Of an area or grid: what belongs to it, by comma.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Add a place."""
    at = clock.now()
    with terminal.acting() as actor:
        wanted = services.read_kind(kind)
        parent = queries.get_place(under) if under else None
        place = services.add_place(
            kind=wanted,
            name=name,
            parent=parent,
            code=code,
            holds=holds.split(",") if holds else [],
            actor=actor,
            at=at,
        )
        _print_one(place, at, as_json)


@app.command()
def doors(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of a unit.")],
    numbers: Annotated[list[str], typer.Argument(metavar="[NUMBER...]", help="Doors to add; none: list them.")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """The doors of a unit; with numbers, add them."""
    at = clock.now()
    with terminal.acting() as actor:
        unit = _get(code, actor, at)
        if numbers:
            services.add_doors(unit_id=unit.id, numbers=numbers, actor=actor, at=at)
        found = queries.list_doors(unit.id)
        if as_json:
            terminal.print_json([{"key": door.key, "number": door.number, "floor": door.floor} for door in found])
        else:
            rows = [[door.number, "" if door.floor is None else door.floor, str(door.key)] for door in found]
            terminal.print_table(unit.name, [_("Door number"), _("Floor"), _("Key")], rows)


@app.command()
def rename(code: Code, name: Annotated[str, typer.Argument(metavar="NAME")], as_json: Json = False) -> None:
    """Give a place another name; under the old one it is still found."""
    at = clock.now()
    with terminal.acting() as actor:
        place = services.rename_place(place_id=queries.get_place(code).id, name=name, actor=actor, at=at)
        _print_one(place, at, as_json)


@app.command()
def move(
    code: Code,
    to: Annotated[str, typer.Option("--to", metavar="CODE", help="The community, street or district it goes to.")],
    as_json: Json = False,
) -> None:
    """Move a compound to another community, a community to another street, a street to another district."""
    at = clock.now()
    with terminal.acting() as actor:
        place = services.move_place(place=queries.get_place(code), target=queries.get_place(to), actor=actor, at=at)
        _print_one(place, at, as_json)


@app.command()
def end(code: Code) -> None:
    """Dissolve a place that holds nothing any more, or end a compound, building or unit with its doors."""
    with terminal.acting() as actor:
        services.end_place(place_id=queries.get_place(code).id, actor=actor, at=clock.now())


@app.command()
def regrid(
    pieces: Annotated[list[str], typer.Argument(metavar="CODE...", help="Parts to take; whole grids are merged.")],
    kind: Annotated[str, typer.Option(help="grid, grid_small, grid_large, area or community.")] = "grid",
    to: Annotated[str, typer.Option("--to", metavar="CODE", help="The place that takes them.")] = "",
    new: Annotated[str, typer.Option("--new", metavar="NAME", help="Or a new one of this name.")] = "",
    code: Annotated[str, typer.Option(help="Code of the new one; made when left out.")] = "",
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="2022-10-05T00:00; default: now.")] = "",
    backdated: Annotated[bool, typer.Option("--backdated", help="Say so when the moment has passed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be.")] = False,
    as_json: Json = False,
) -> None:
    """Split, merge or move grids, areas and communities by their parts, from a moment on."""
    at = clock.now()
    moment = read_moment(since) or at
    with terminal.acting() as actor:
        target = Target(queries.get_place(to).id) if to else Target(name=new, code=code)
        takes = [Take(tuple(queries.get_place(one).id for one in pieces), target)]
        given: dict[str, Any] = {
            "kind": services.read_kind(kind), "takes": takes, "since": moment, "actor": actor, "at": at,
            "backdated": backdated,
        }  # fmt: skip
        change = services.plan_regrid(**given)
        number = None if dry_run else services.regrid(**given, token=change.token)
        if number:
            change = queries.get_regrid(number).change  # with the codes of what was made
        _print_change(change, number, as_json)


def _print_change(change: Change, number: int | None, as_json: bool) -> None:
    rows = [
        (
            line.holding.code, line.holding.name, queries.count_inside(line.was).doors,
            queries.count_inside(line.will).doors, line.is_new, line.ends,
        )
        for line in change.lines
    ]  # fmt: skip
    if as_json:
        names = ("code", "name", "doors_before", "doors_after", "is_new", "ends")
        places = [dict(zip(names, row, strict=True)) for row in rows]
        terminal.print_json({"number": number, "since": change.since, "places": places})
        return
    terminal.print_table(
        _("Change %(number)s") % {"number": number} if number else _("Nothing has been changed yet"),
        [_("Place code"), _("Place name"), _("Doors before"), _("Doors after"), ""],
        [[*row[:4], _("newly made") if row[4] else _("is dissolved") if row[5] else ""] for row in rows],
        numbers=[2, 3],
    )


@app.command("undo-regrid")
def undo_regrid(number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the change.")]) -> None:
    """Take a change of boundaries back, while nothing else changed since."""
    with terminal.acting() as actor:
        services.undo_regrid(number=number, actor=actor, at=clock.now())
    typer.echo(_("The change has been taken back: the boundaries are as before."))


@app.command()
def regrids(code: Code, as_json: Json = False) -> None:
    """Changes of boundaries inside a place, newest first."""
    at = clock.now()
    with terminal.acting() as actor:
        found = queries.list_regrids(queries.extent_of(_get(code, actor, at).id, at))
        if as_json:
            terminal.print_json(
                [
                    {"number": one.id, "kind": one.kind_label, "since": one.since, "undone_at": one.undone_at}
                    for one in found
                ]
            )
            return
        rows = [[one.id, one.kind_label, _local(one.since), _local(one.undone_at)] for one in found]
        terminal.print_table("", [_("Number"), _("Kind"), _("From when"), _("Taken back")], rows, numbers=[0])


def _local(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def read_moment(text: str) -> datetime | None:
    """A date and time of the jurisdiction; None when nothing was said. Raises MomentWrong."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise MomentWrong(text=text) from None
    return found if found.tzinfo else timezone.make_aware(found)


@app.command("index")
def index_names() -> None:
    """Make search keys for names that have none; needed only after rows were written by hand."""
    with terminal.acting() as actor:
        actor.require("places.import")
        typer.echo(store_missing_keys())
