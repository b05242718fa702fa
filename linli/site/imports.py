"""`linli import KIND FILE`: one command for each importer that a room has registered.

`linli import roster FILE` carries out `residents.import_roster` here and now, with a progress bar, and ends with the
account that balances. Exit code 3 when a row was rejected: the others are in, and the rejected ones are in a workbook.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils.translation import gettext as _

from linli.core import clock, importers, terminal
from linli.core.errors import Problem
from linli.core.importers import Importer
from linli.core.models import Job

REJECTED_EXIT = 3
SHOWN = 20

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RejectedOption = Annotated[
    Path | None,
    typer.Option("--rejected", metavar="FILE", help="Where to put the rejected rows (.xlsx); default beside FILE."),
]


class ImportFailed(Problem):
    """What the job ended with, as the job kept it."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("detail", ""), advice=error.get("advice", ""))
        self.code, self.status = error.get("code", "core.problem"), error.get("status", 400)


def get_command_name(importer: Importer) -> str:
    """`residents.import_roster` is `linli import roster`."""
    return importer.kind.split(".")[-1].removeprefix("import_").replace("_", "-")


def build_app() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Bring in sheets: places, people, marks.")

    @app.callback()
    def imports() -> None:
        """Bring in sheets: places, people, marks."""

    for importer in importers.list_all():
        app.command(get_command_name(importer), help=f"{importer.label}: {importer.about}")(_make_command(importer))
    return app


def _make_command(importer: Importer) -> Callable[..., None]:
    """A function whose signature typer reads: the file, what the importer asks, and the common options."""

    def command(file: Path, rejected: Path | None, as_json: bool, **answers: str) -> None:
        run_import(importer, file, {name: text for name, text in answers.items() if text}, rejected, as_json)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("file", kind, annotation=FileArgument),
        inspect.Parameter("rejected", kind, annotation=RejectedOption, default=None),
        inspect.Parameter("as_json", kind, annotation=JsonOption, default=False),
    ]
    for ask in importer.asks:
        option = typer.Option(f"--{ask.name.replace('_', '-')}", help=f"{ask.label} {ask.hint}".strip())
        default = inspect.Parameter.empty if ask.required else ""
        parameters.append(inspect.Parameter(ask.name, kind, annotation=Annotated[str, option], default=default))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def run_import(importer: Importer, file: Path, answers: dict[str, str], rejected: Path | None, as_json: bool) -> None:
    """Raises what the import ended with; Exit(3) when rows were rejected."""
    actor = terminal.get_actor()
    with terminal.progress() as watch:
        job = importers.import_here(
            importer=importer, path=file, answers=answers, actor=actor, at=clock.now(), watch=watch
        )
    if job.state != Job.State.DONE:
        raise ImportFailed(job.error or {})
    result: dict[str, Any] = dict(job.result or {})
    result["rejected_workbook"] = _fetch_rejected(job, rejected or file.with_name(f"{file.stem}.rejected.xlsx"))
    if as_json:
        terminal.print_json(result)
    else:
        print_result(result)
    if result["rejection_count"]:
        raise typer.Exit(REJECTED_EXIT)


def _fetch_rejected(job: Job, target: Path) -> str | None:
    """Move the workbook of rejected rows to where the user finds it; it holds personal values, so it is private."""
    made = importers.rejected_path(job.id)
    if not made.exists():
        return None
    shutil.move(made, target)
    target.chmod(0o600)
    return str(target)


def print_result(result: dict[str, Any]) -> None:
    account = result["account"]
    names = {
        "rows_in": _("rows in"),
        "created": _("created"),
        "updated": _("updated"),
        "unchanged": _("unchanged"),
        "rejected": _("rejected"),
    }
    rows = [(names[name], account[name]) for name in names]
    rows += [(label, value) for label, value in result["facts"]]
    terminal.print_table("", ["", _("rows")], rows, numbers=[1])
    for found in result["rejections"][:SHOWN]:
        typer.echo(f"{found['cell']} {found['column_title']}: {found['message']} {found['advice']}")
    more = result["rejection_count"] - SHOWN
    if more > 0:
        typer.echo(_("... and %(number)s more.") % {"number": more})
    if result["rejected_workbook"]:
        typer.echo(_("Rejected rows, to be corrected and sent again: %(file)s") % {"file": result["rejected_workbook"]})


app = build_app()
