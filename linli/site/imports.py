"""`linli import`: one command for everything that the rooms can take in (core.importers).

Ends with the account: rows in = created + updated + unchanged + rejected. Rejected rows do not make the command fail:
the good rows are kept, and the exit code is 0 as long as the account balances.
"""

from __future__ import annotations

import inspect
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils.translation import gettext as _

from linli.core import access, clock, db, importers, jobs, terminal
from linli.core.access import Actor
from linli.core.errors import Problem
from linli.core.importers import Importer
from linli.core.models import Job

SHOWN = 10
app = typer.Typer(
    no_args_is_help=True, help="Bring in places, rosters and marks from files. Ends with an account that balances."
)


def get_actor() -> Actor:
    """The account of `--as`. While nobody has ever been appointed, the server's own command line acts by itself: the
    places on which the first account is appointed have to come from somewhere.
    """
    if not os.environ.get(terminal.ACCOUNT_VARIABLE):
        with db.owner():
            if not db.scalar("SELECT EXISTS (SELECT 1 FROM appointment)"):
                return access.SYSTEM
    with db.owner():
        return terminal.get_actor()


def run_import(importer: Importer, file: Path, answers: dict[str, str], rejections: Path | None, as_json: bool) -> None:
    """Carry out one import here and print what came of it. Raises what the import raised."""
    if rejections is not None and rejections.suffix.lower() != ".xlsx":
        raise Problem(
            _("Rejected rows are written as a workbook."), advice=_("Give --rejections a name that ends in .xlsx.")
        )
    actor = get_actor()
    with terminal.progress() as watch:
        job = importers.import_here(
            importer=importer, path=file, answers=answers, actor=actor, at=clock.now(), watch=watch
        )
    if job.state == Job.State.FAILED:
        raise failure_of(job)
    workbook = importers.rejected_path(job.id)
    if rejections is not None and workbook.exists():
        shutil.copyfile(workbook, rejections)
    show(job, rejections, as_json)


def failure_of(job: Job) -> Problem:
    """The Problem that ended a job."""
    error = job.error or jobs.JobDied().as_dict()
    problem = Problem(error["detail"], advice=error["advice"])
    problem.code, problem.status = error["code"], error["status"]
    return problem


def show(job: Job, rejections: Path | None, as_json: bool) -> None:
    result: dict[str, Any] = job.result or {}
    if as_json:
        terminal.print_json({"job": str(job.id), **result})
        return
    account = result["account"]
    labels = {
        "rows_in": _("Rows in"), "created": _("created"), "updated": _("updated"), "unchanged": _("unchanged"),
        "rejected": _("rejected"),
    }  # fmt: skip
    rows = [[label, account[name]] for name, label in labels.items()]
    terminal.print_table("", [_("Balance"), _("Rows")], [*rows, *result["facts"]], numbers=[1])
    if not result["rejections"]:
        return
    first = [
        [one["cell"], one["column_title"], f"{one['message']} {one['advice']}"] for one in result["rejections"][:SHOWN]
    ]
    terminal.print_table(
        _("Rejected: the first %(shown)s of %(count)s") % {"shown": len(first), "count": result["rejection_count"]},
        [_("Cell"), _("Column"), _("What to correct")],
        first,
    )
    if rejections is not None:
        typer.echo(_("All of them are in %(path)s, to be corrected and sent again.") % {"path": rejections})
    else:
        typer.echo(_("With --rejections FILE.xlsx all of them are written to a workbook."))


def command_of(importer: Importer) -> Callable[..., None]:
    """The command of one importer: a file, and an option for everything it asks."""

    def command(**given: Any) -> None:
        answers = {ask.name: given[ask.name] for ask in importer.asks}
        run_import(importer, given["file"], answers, given["rejections"], given["as_json"])

    file = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
    asked = [
        (ask.name, Annotated[str, typer.Option(f"--{ask.name}", help=f"{ask.label}. {ask.hint}".strip())], ask.required)
        for ask in importer.asks
    ]
    workbook = Annotated[
        Path | None, typer.Option("--rejections", metavar="FILE.xlsx", help="Write the rejected rows here.")
    ]
    as_json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("file", kind, annotation=file),
        *(
            inspect.Parameter(name, kind, annotation=of, **({} if required else {"default": ""}))
            for name, of, required in asked
        ),
        inspect.Parameter("rejections", kind, annotation=workbook, default=None),
        inspect.Parameter("as_json", kind, annotation=as_json, default=False),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def name_of(importer: Importer) -> str:
    """`divisions` of `places.import_divisions`."""
    return importer.kind.rpartition(".")[2].removeprefix("import_").replace("_", "-")


for _importer in importers.list_importers(access.SYSTEM):
    app.command(name_of(_importer), help=f"{_importer.label}. {_importer.about}")(command_of(_importer))
