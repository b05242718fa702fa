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
from django.utils.translation import gettext_lazy

from linli.core import access, clock, db, import_files, importers, jobs, terminal
from linli.core.access import Actor
from linli.core.errors import Problem
from linli.core.import_words import hear_result, list_notes
from linli.core.importers import Importer
from linli.core.models import Job
from linli.core.sheets import read_key

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


class ColumnWrong(Problem):
    code = "site.column_wrong"
    title = gettext_lazy("“%(said)s” does not say which column is what.")
    advice_text = gettext_lazy(
        "Write --map TITLE=FIELD, once for each column; --map TITLE= leaves a column out. Fields: %(fields)s."
    )


def read_map(importer: Importer, said: list[str]) -> dict[str, str]:
    """Column's key → field, from TITLE=FIELD. A field may be named by its name or any of its titles."""
    chosen = {}
    for one in said:
        title, equals, named = one.rpartition("=")
        field = importer.spec.find(named) if importer.spec and named.strip() else None
        if not equals or not read_key(title) or (named.strip() and field is None):
            fields = (
                ", ".join(f"{one.name} ({one.titles[0]})" for one in importer.spec.fields) if importer.spec else "-"
            )
            raise ColumnWrong(said=one, fields=fields)
        chosen[read_key(title)] = field.name if field else ""
    return chosen


def run_import(
    importer: Importer,
    file: Path,
    answers: dict[str, str],
    *,
    rejections: Path | None,
    as_json: bool,
    dry: bool = False,
    said: list[str] | None = None,
) -> None:
    """Carry out one import here and print what came of it. Raises what the import raised."""
    chosen = read_map(importer, said or [])
    if rejections is not None and rejections.suffix.lower() != ".xlsx":
        raise Problem(
            _("Rejected rows are written as a workbook."), advice=_("Give --rejected a name that ends in .xlsx.")
        )
    actor = get_actor()
    with terminal.progress() as watch:
        job = importers.import_here(
            importer=importer, path=file, answers=answers, actor=actor, at=clock.now(), dry=dry, chosen=chosen,
            watch=watch,
        )  # fmt: skip
    if job.state == Job.State.FAILED:
        raise failure_of(job)
    if rejections is not None and import_files.rejected_path(job.id).exists():
        with (
            db.owner(),
            db.atomic(),
            importers.fetch_rejected(job=job, actor=actor, at=clock.now()) as workbook,
            # Personal values: for whoever gave the command alone.
            open(os.open(rejections, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
        ):
            shutil.copyfileobj(workbook, target)
    show(job, rejections, as_json)


def failure_of(job: Job) -> Problem:
    """The Problem that ended a job."""
    error = jobs.problem_of(job) or jobs.JobDied().as_dict()
    problem = Problem(error["detail"], advice=error["advice"])
    problem.code, problem.status = error["code"], error["status"]
    return problem


def show(job: Job, rejections: Path | None, as_json: bool) -> None:
    result: dict[str, Any] = hear_result(job.result) or {}
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
    for note in list_notes(result):
        typer.echo(note)
    if result["dry"]:
        typer.echo(_("Only checked: nothing was written. Without --dry-run it is imported."))
    if not result["rejections"]:
        return
    first = [
        [one["cell"], one["column_title"], f"{one['message']} {one['advice']}"] for one in result["rejections"][:SHOWN]
    ]
    if len(result["reasons"]) < result["rejection_count"]:
        reasons = [[one["count"], one["column_title"], one["message"]] for one in result["reasons"]]
        titles = [_("Rows"), _("Column"), _("What is wrong")]
        terminal.print_table(_("Why rows were rejected"), titles, reasons, numbers=[0])
    terminal.print_table(
        _("Rejected: the first %(shown)s of %(count)s") % {"shown": len(first), "count": result["rejection_count"]},
        [_("Cell"), _("Column"), _("What to correct")],
        first,
    )
    if rejections is not None:
        typer.echo(_("All of them are in %(path)s, to be corrected and sent again.") % {"path": rejections})
    else:
        typer.echo(_("With --rejected FILE.xlsx all of them are written to a workbook."))


def command_of(importer: Importer) -> Callable[..., None]:
    """The command of one importer: a file, and an option for everything it asks."""

    def command(**given: Any) -> None:
        answers = {ask.name: given[ask.name] for ask in importer.asks}
        run_import(
            importer, given["file"], answers, rejections=given["rejections"], as_json=given["as_json"],
            dry=given["dry"], said=given.get("said"),
        )  # fmt: skip

    file = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
    asked = [
        (ask.name, Annotated[str, typer.Option(f"--{ask.name}", help=_titled(ask.label, ask.hint))], ask.required)
        for ask in importer.asks
    ]
    workbook = Annotated[
        Path | None,
        typer.Option(
            "--rejected", "--rejections", metavar="FILE.xlsx",
            help="Write the rejected rows here, as the workbook they came in, with a comment on each bad cell.",
        ),
    ]  # fmt: skip
    dry = Annotated[bool, typer.Option("--dry-run", help="Only check: show the account, write nothing.")]
    said = Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="TITLE=FIELD",
            help="Which column holds which field, where its title does not tell; remembered for your next sheets with"
            " these titles. TITLE= leaves a column out; TITLE#2 is the second of that title, #C column C.",
        ),
    ]  # fmt: skip
    as_json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("file", kind, annotation=file),
        *(
            inspect.Parameter(name, kind, annotation=of, **({} if required else {"default": ""}))
            for name, of, required in asked
        ),
        inspect.Parameter("rejections", kind, annotation=workbook, default=None),
        inspect.Parameter("dry", kind, annotation=dry, default=False),
        *([inspect.Parameter("said", kind, annotation=said, default=None)] if importer.spec else []),
        inspect.Parameter("as_json", kind, annotation=as_json, default=False),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _titled(title: object, text: object) -> str:
    return _("%(title)s. %(text)s") % {"title": title, "text": text} if text else str(title)


def name_of(importer: Importer) -> str:
    """`divisions` of `places.import_divisions`."""
    return importer.kind.rpartition(".")[2].removeprefix("import_").replace("_", "-")


for _importer in importers.list_importers(access.SYSTEM):
    app.command(name_of(_importer), help=_titled(_importer.label, _importer.about))(command_of(_importer))
