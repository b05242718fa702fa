"""`linli residents duplicates`: look for them, list them, decide, merge, undo."""

from __future__ import annotations

from typing import Annotated

import typer
from django.utils.translation import gettext as _

from linli.core import clock, jobs, terminal
from linli.places import queries as places
from linli.residents.duplicates import decisions, finding, households, people, queries
from linli.residents.duplicates.api import PairOut, kind_of, word_of
from linli.residents.terms import Verdict

app = typer.Typer(no_args_is_help=True, help="People and households entered twice: find, decide, merge, undo.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def find(
    place: Annotated[str, typer.Argument(metavar="CODE", help="Code of a place; all of yours otherwise.")] = "",
    as_json: Json = False,
) -> None:
    """Compare everybody in a place with everybody in it and renew the list."""
    with terminal.acting() as actor:
        place_id = places.get_place(place).id if place else None
        actor.require(finding.MERGE)
        params = {} if place_id is None else {"place_id": place_id}
        job = jobs.create_job(kind=finding.FIND, params=params, actor=actor, at=clock.now())
    with terminal.progress() as watch:
        done = jobs.carry_out(job.id, watch=watch)
    if problem := jobs.problem_of(done):
        terminal.fail(problem)
    if as_json:
        terminal.print_json(done.result)
        return
    result = done.result or {}
    rows = [[_("People compared"), result["people"]], [_("Pairs of people"), result["found"]]]
    terminal.print_table("", ["", ""], [*rows, [_("Pairs of households"), result["households"]]], numbers=[1])


@app.command("list")
def list_(
    kind: Annotated[str, typer.Option(help="person or household")] = "person",
    verdict: Annotated[str, typer.Option(help="open, later, different or same")] = "open",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """Pairs that may be one, the surest first."""
    with terminal.acting() as actor:
        actor.require(finding.MERGE)
        found = queries.list_pairs(
            kind=kind_of(kind),
            verdict=Verdict(word_of(verdict, list(Verdict.values), "verdict")),
            actor=actor,
            limit=limit,
        )
        if as_json:
            terminal.print_json([PairOut.of(pair).dict() for pair in found])
            return
        terminal.print_table(
            "",
            [_("Pair"), _("Certainty"), _("Number"), _("Name"), _("Door"), _("Number"), _("Name"), _("Door")],
            [
                [pair.id, f"{pair.certainty:.1%}", *(_cells(pair.left)), *(_cells(pair.right))]
                for pair in found
            ],
            numbers=[0, 1],
        )  # fmt: skip


def _cells(entry: queries.Entry) -> list[str]:
    return [str(entry.id), entry.name, entry.door]


@app.command()
def decide(
    pair: Annotated[int, typer.Argument(metavar="PAIR", help="Number of the pair.")],
    verdict: Annotated[str, typer.Argument(help="different, later or open")],
) -> None:
    """Say that two entries are not the same, or leave it for later."""
    with terminal.acting() as actor:
        said = Verdict(word_of(verdict, [str(one) for one in decisions.SAID], "verdict"))
        decisions.decide_duplicate(pair_id=pair, verdict=said, actor=actor, at=clock.now())


@app.command()
def merge(
    survivor: Annotated[int, typer.Argument(metavar="STAYS", help="Number of the entry that stays.")],
    merged: Annotated[int, typer.Argument(metavar="GOES", help="Number of the entry that is merged into it.")],
    household: Annotated[bool, typer.Option("--household", help="They are households, not people.")] = False,
) -> None:
    """Merge two entries; prints the number under which it can be undone."""
    with terminal.acting() as actor:
        at = clock.now()
        if household:
            pairs = queries.list_counterparts(survivor, merged)
            number = households.merge_households(
                survivor_id=survivor, merged_id=merged, pairs=pairs, actor=actor, at=at
            )
        else:
            number = people.merge_people(survivor_id=survivor, merged_id=merged, actor=actor, at=at)
    typer.echo(number)


@app.command()
def undo(merger: Annotated[int, typer.Argument(metavar="NUMBER", help="What merging printed.")]) -> None:
    """Take apart what was merged."""
    with terminal.acting() as actor:
        households.undo_merger(merger_id=merger, actor=actor, at=clock.now())
