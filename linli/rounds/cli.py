"""`linli rounds`: list, open, mark, read the gaps of a round from a terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from django.utils.translation import gettext as _

from linli.core import clock, db, jobs, terminal
from linli.core.access import Actor
from linli.core.errors import Forbidden, Invalid
from linli.core.extents import Extent
from linli.core.ids import new_id
from linli.places import queries as places
from linli.residents.terms import need_labels
from linli.rounds import gaps, queries, services, undo
from linli.rounds.cli_words import read_mark, read_moment, read_reason, read_times
from linli.rounds.errors import RoundClosed, StateUnknown
from linli.rounds.policies import read_needs
from linli.rounds.queries import RoundView
from linli.rounds.terms import LEAVING, CountBy, Figures, Mark, MarkCommand, Outcome, Receipt, RoundKind, RoundState

app = typer.Typer(no_args_is_help=True, help="Rounds: who has been reached, and who has not.")

LARGEST = 2**63 - 1  # number of a person or household
NOT_CARRIED_OUT = 3  # the exit code of marks of which none was taken

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Place = Annotated[str, typer.Option("--place", help="Code of a place; default: all of the round that you may see.")]


def figures_as_dict(figures: Figures) -> dict[str, int]:
    return asdict(figures) | {"open": figures.open, "not_reached": figures.not_reached}


def _reach(found: RoundView, place: str, actor: Actor, permission: str, at: datetime) -> tuple[Extent, bool]:
    """The doors asked for that the actor may see, and whether some of the round's are missing among them.

    Raises Forbidden when the place lies wholly outside.
    """
    seen, asked = actor.extent_for(permission), queries.scope_of(found.id)
    if place:
        there = places.extent_of(places.get_place(place).id, at)
        if not there & seen:
            raise Forbidden(permission=permission)
        asked = asked & there
    elif not seen:
        raise Forbidden(permission=permission)
    return asked & seen, not asked <= seen


def _say_narrowed(narrowed: bool) -> None:
    if narrowed:
        typer.echo(_("Only the part that you may see: some doors of the round are not counted here."))


@app.command("list")
def list_(state: Annotated[str, typer.Option(help="draft, open or closed.")] = "", as_json: Json = False) -> None:
    """Rounds that reach into your places, with their figures."""
    at = clock.now()
    if state and state not in RoundState.values:
        raise StateUnknown(state=state, states=", ".join(RoundState.values))
    with terminal.acting() as actor:
        found = queries.list_rounds(actor=actor, state=state)
        seen = actor.extent_for("rounds.view")
        rows = [
            (item, queries.get_figures(round_id=item.id, extent=queries.scope_of(item.id) & seen, at=at))
            for item in found
        ]
    if as_json:
        terminal.print_json(
            [{"code": r.code, "name": r.name, "state": r.state, "figures": figures_as_dict(f)} for r, f in rows]
        )
        return
    terminal.print_table(
        "",
        [_("Code"), _("Round"), _("State"), _("Due"), _("Open"), _("Doors open")],
        [(r.code, r.name, r.state_label, f.due, f.open, f.doors_open) for r, f in rows],
        numbers=(3, 4, 5),
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the round is called.")],
    place: Annotated[list[str], typer.Option("--place", help="Code of a place in the scope; repeat for several.")],
    exclude: Annotated[list[str] | None, typer.Option(help="Code of a place to leave out; repeat for several.")] = None,
    kind: Annotated[RoundKind, typer.Option(help="What is done at the door.")] = RoundKind.VISIT,
    per_household: Annotated[bool, typer.Option("--per-household", help="Count households instead of people.")] = False,
    starts: Annotated[str, typer.Option(help="ISO date and time; default now.")] = "",
    ends: Annotated[str, typer.Option(help="ISO date and time; default twelve hours later.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Do not open it yet.")] = False,
    as_json: Json = False,
) -> None:
    """Create a round over some places, and open it."""
    at = clock.now()
    starts_at = read_moment(starts) or at
    with terminal.acting() as actor:
        made = services.create_round(
            name=name,
            kind=kind,
            count_by=CountBy.HOUSEHOLD if per_household else CountBy.PERSON,
            starts_at=starts_at,
            ends_at=read_moment(ends) or starts_at + timedelta(hours=12),
            scope=_scope(place, at),
            exclude=_scope(exclude or [], at),
            actor=actor,
            at=at,
        )
        code = made.code
    if not draft:
        open_(code, as_json=as_json)
    elif as_json:
        terminal.print_json({"code": code, "state": "draft"})
    else:
        typer.echo(_("Round %(code)s is in draft; open it with: linli rounds open %(code)s") % {"code": code})


def _scope(codes: list[str], at: datetime) -> Extent:
    return Extent.of(span for code in codes for span in places.extent_of(places.get_place(code).id, at))


def _carry_out(kind: str, code: str, permission: str, as_json: bool) -> None:
    at = clock.now()
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        actor.require(permission, queries.scope_of(found.id))
        job = jobs.create_job(kind=kind, params={"round_id": found.id}, actor=actor, at=at)
    with terminal.progress() as watch:
        ended = jobs.carry_out(job.id, watch=watch)
    if problem := jobs.problem_of(ended):
        terminal.fail(problem)
    with db.owner():
        found = queries.get_round_by_code(code)
        figures = queries.get_figures(round_id=found.id, extent=queries.scope_of(found.id), at=at)
    if as_json:
        terminal.print_json({"code": code, "state": found.state, "figures": figures_as_dict(figures)})
    else:
        typer.echo(
            _("Round %(code)s: %(state)s. Due %(due)s, still open %(open)s behind %(doors)s doors.")
            % {
                "code": code, "state": found.state_label, "due": f"{figures.due:,}", "open": f"{figures.open:,}",
                "doors": f"{figures.doors_open:,}",
            }
        )  # fmt: skip


@app.command("open")
def open_(code: Annotated[str, typer.Argument(metavar="ROUND")], as_json: Json = False) -> None:
    """Open a round: everyone due is put on record, marks are taken."""
    _carry_out("rounds.open", code, "rounds.open", as_json)


@app.command()
def close(code: Annotated[str, typer.Argument(metavar="ROUND")], as_json: Json = False) -> None:
    """Close a round: its figures are frozen in a certificate."""
    _carry_out("rounds.close", code, "rounds.close", as_json)


@app.command()
def reopen(code: Annotated[str, typer.Argument(metavar="ROUND")], as_json: Json = False) -> None:
    """Open a closed round again."""
    _carry_out("rounds.reopen", code, "rounds.close", as_json)


@app.command("gaps")
def gaps_(
    code: Annotated[str, typer.Argument(metavar="ROUND")],
    place: Place = "",
    reason: Annotated[str, typer.Option(help="not_reached, absent or refused.")] = "",
    need: Annotated[list[str] | None, typer.Option(help="Only people with this mark of need; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many; default all.")] = gaps.ALL,
    as_json: Json = False,
) -> None:
    """Who has not been reached, in walking order."""
    at = clock.now()
    filters = gaps.Filters(state=read_reason(reason) if reason else None, needs=read_needs(need or []))
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        reach, narrowed = _reach(found, place, actor, "rounds.gaps", at)
        page = gaps.list_gaps(round_=found, extent=reach, at=at, filters=filters, limit=limit)
        labels = places.door_labels(gap.key for gap in page.gaps)
    rows = [_gap_row(gap, str(labels[gap.key]), found) for gap in page.gaps]
    if as_json:
        terminal.print_json(
            {
                "round": code,
                "narrowed": narrowed,
                "as_of": at,
                "open": page.total,
                "doors_open": page.doors,
                "listed": len(rows),
                "gaps": rows,
            }
        )
        return
    terminal.print_table(
        f"{found.name}: {page.total:,}",
        [_("Door"), _("Name"), _("Reason"), _("Marks of need")],
        [
            (row["door"], row["name"], gap.state.label, "、".join(need_labels(gap.needs)))
            for row, gap in zip(rows, page.gaps, strict=True)
        ],
    )
    _say_narrowed(narrowed)


def _gap_row(gap: gaps.Gap, door: str, found: RoundView) -> dict[str, Any]:
    return {
        "person" if found.per_person else "household": gap.subject_id,
        "household_id": gap.household_id,
        "name": gap.name,
        "door": door,
        "key": gap.key,
        "reason": gap.state.name.lower(),
        "needs": [need.name.lower() for need in gap.needs if need.name],
        "back_at": gap.back_at,
    }


@app.command()
def figures(code: Annotated[str, typer.Argument(metavar="ROUND")], place: Place = "", as_json: Json = False) -> None:
    """The figures of a round over a place, and of the places under it."""
    at = clock.now()
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        moment = found.closed_at or at  # a closed round is read by the boundaries at its closing
        reach, narrowed = _reach(found, place, actor, "rounds.view", moment)
        total = queries.get_figures(round_id=found.id, extent=reach, at=at)
        children = places.list_children(places.get_place(place).id, moment) if place else []
        # Of each only what lies in the place above it, and in sight: a grid may hold a part of a compound.
        held = places.extents_of([c.id for c in children], moment)
        counted = queries.list_figures(round_id=found.id, parts=[held[c.id] & reach for c in children], at=at)
        by_place = {c.id: figures for c, figures in zip(children, counted, strict=True)}
    if as_json:
        under = [{"code": c.code, "name": c.name, "figures": figures_as_dict(by_place[c.id])} for c in children]
        terminal.print_json(
            {"round": code, "narrowed": narrowed, "as_of": at, "figures": figures_as_dict(total), "under": under}
        )
        return
    rows = [(c.name, by_place[c.id]) for c in children]
    terminal.print_table(
        f"{found.name} ({found.state_label})",
        [_("Place"), _("Due"), _("Done"), _("Exempt"), _("Absent"), _("Refused"), _("Not reached"), _("Open")],
        [
            (name, f.due, f.done, f.exempt, f.absent, f.refused, f.not_reached, f.open)
            for name, f in [*sorted(rows, key=lambda row: -row[1].open), (_("All"), total)]
        ],
        numbers=range(1, 8),
    )
    _say_narrowed(narrowed)


@app.command()
def mark(
    code: Annotated[str, typer.Argument(metavar="ROUND")],
    result: Annotated[str, typer.Argument(help="done, absent, refused, exempt, moved_out or vacant.")],
    person: Annotated[
        list[int] | None, typer.Option(min=1, max=LARGEST, help="Number of a person; repeat for several.")
    ] = None,
    household: Annotated[
        list[int] | None, typer.Option(min=1, max=LARGEST, help="Number of a household; repeat for several.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for refused and exempt.")] = "",
    back: Annotated[str, typer.Option(help="Absent: when to come again, as ISO date and time.")] = "",
    until: Annotated[str, typer.Option(help="Exempt: until when, as ISO date and time.")] = "",
    as_json: Json = False,
) -> None:
    """Mark people or whole households. For many: linli import marks FILE."""
    at = clock.now()
    kind = read_mark(result)
    back_at, until_at = read_times(kind, back, until, at)
    whom = [(number, None) for number in person or []] + [(None, number) for number in household or []]
    commands = [
        MarkCommand(new_id(), kind, at, one, home, reason=reason, back_at=back_at, until_at=until_at)
        for one, home in whom
    ]
    if not commands:
        raise Invalid(_("Nobody was named."), advice=_("Say who: --person NUMBER or --household NUMBER."))
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        receipts = services.mark(round_id=found.id, commands=commands, actor=actor, at=at)
    if as_json:
        terminal.print_json([{"id": r.id, "outcome": r.outcome.name.lower(), "marks": r.marks} for r in receipts])
    elif all(receipt.outcome == Outcome.ROUND_CLOSED for receipt in receipts):
        raise RoundClosed(round=found.code)
    else:
        _print_receipts(code, kind, commands, receipts)
    if all(receipt.outcome in (Outcome.NOT_IN_ROUND, Outcome.ROUND_CLOSED) for receipt in receipts):
        raise typer.Exit(NOT_CARRIED_OUT)


def _print_receipts(code: str, kind: Mark, commands: list[MarkCommand], receipts: list[Receipt]) -> None:
    for command, receipt in zip(commands, receipts, strict=True):
        who = command.person_id or command.household_id
        typer.echo(f"{who}: {receipt.outcome.label} ({receipt.marks})")
        if receipt.marks and kind not in LEAVING:
            whom = "person" if command.person_id else "household"
            said = _("given by mistake: linli rounds undo %(round)s %(mark)s --%(whom)s %(number)s")
            typer.echo("  " + said % {"round": code, "mark": command.id, "whom": whom, "number": who})


@app.command("undo")
def take_back(
    code: Annotated[str, typer.Argument(metavar="ROUND")],
    marks: Annotated[list[UUID], typer.Argument(metavar="MARK...", help="Ids of the marks, as `mark` shows them.")],
    person: Annotated[
        list[int] | None, typer.Option(min=1, max=LARGEST, help="Whom they meant: number of a person; repeatable.")
    ] = None,
    household: Annotated[
        list[int] | None, typer.Option(min=1, max=LARGEST, help="Number of a household; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take back marks given by mistake: your own, of the last 15 minutes, that nobody marked after."""
    if not person and not household:
        raise Invalid(_("Nobody was named."), advice=_("Say who: --person NUMBER or --household NUMBER."))
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        subjects = undo.find_subjects(round_=found, people=person or [], households=household or [], actor=actor)
        taken = undo.take_back(round_id=found.id, subject_ids=subjects, mark_ids=marks, actor=actor, at=clock.now())
    if as_json:
        terminal.print_json({"round": code, "marks": taken})
    elif taken:
        typer.echo(_("Taken back: %(count)s. What counted before counts again.") % {"count": taken})
    else:
        typer.echo(_("Nothing was taken back: only your own marks of the last 15 minutes that still count are."))


@app.command()
def check(code: Annotated[str, typer.Argument(metavar="ROUND")], as_json: Json = False) -> None:
    """Count the gaps again straight from the register and the marks, and compare. Changes nothing. Needs authority over
    all of the round.
    """
    at = clock.now()
    with terminal.acting() as actor:
        found = queries.get_round_by_code(code)
        scope = queries.scope_of(found.id)
        actor.require("rounds.close", scope)
    with db.owner(), db.atomic():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        listed = {gap.subject_id for gap in gaps.list_gaps(round_=found, extent=scope, at=at, limit=gaps.ALL).gaps}
        counted = gaps.count_gaps_from_marks(round_=found, extent=scope, at=found.closed_at or at)
        lapsing = queries.list_lapsing(round_=found, extent=scope, at=at)
    by_ledger = listed | lapsing
    result = {
        "round": code,
        "listed": len(listed),
        "lapsing": len(lapsing),
        "counted": len(counted),
        "only_listed": sorted(by_ledger - counted)[:100],
        "only_counted": sorted(counted - by_ledger)[:100],
    }
    if as_json:
        terminal.print_json(result)
    elif by_ledger == counted:
        typer.echo(
            _("%(count)s open, by the ledger and by a count straight from the marks.") % {"count": f"{len(counted):,}"}
        )
        if lapsing:
            said = _("Of them %(count)s whose exemption is over: in the gap list when the worker next looks.")
            typer.echo(said % {"count": f"{len(lapsing):,}"})
    else:
        typer.echo(_("The ledger and the marks do not agree: %(result)s") % {"result": result})
    if by_ledger != counted:
        raise typer.Exit(1)
