"""The `linli` command: gathers the rooms' commands and turns errors into one line, advice and an exit code.

Exit codes: 0 done, 1 crash, 2 wrong usage, 3 bad input, 4 not allowed, 5 not found, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from linli.site.start import set_up

CRASH, USAGE, BAD_INPUT, NOT_ALLOWED, NOT_FOUND, INTERRUPTED = 1, 2, 3, 4, 5, 130

ROOM_COMMANDS = {
    "import": "linli.site.imports",
    "demo": "linli.site.demo.cli",
    "places": "linli.places.cli",
    "residents": "linli.residents.cli",
    "accounts": "linli.accounts.cli",
    "duty": "linli.duty.cli_chain",
    "rounds": "linli.rounds.cli",
    "field": "linli.field.cli",
    "notices": "linli.notices.cli",
    "journal": "linli.core.journal_cli",
}
"""Command -> module whose `app` carries it. Loaded when used, because it needs settings and a database."""


class RoomGroup(TyperGroup):
    """The commands below plus those of the rooms."""

    def list_commands(self, ctx: Any) -> list[str]:
        rooms = [name for name, module in ROOM_COMMANDS.items() if _exists(module)]
        return [*super().list_commands(ctx), *rooms]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = ROOM_COMMANDS.get(cmd_name)
        if module is None or not _exists(module):
            return super().get_command(ctx, cmd_name)
        set_up()
        room = import_module(module).app
        room._add_completion = False  # one command completes, not each of its parts
        command = typer.main.get_command(room)
        command.name = cmd_name
        translate(command)
        return command

    def get_help(self, ctx: Any) -> str:
        speak(self)
        return super().get_help(ctx)


class OwnCommand(TyperCommand):
    """A command of this file: it starts without loading anything, and loads translations when asked for help."""

    def get_help(self, ctx: Any) -> str:
        speak(self)
        return super().get_help(ctx)


def speak(command: Any) -> None:
    """Say the help of a command in the user's language; that needs no server."""
    os.environ["LINLI_NO_DB"] = "1"
    set_up()
    translate(command)


def translate(command: Any) -> None:
    from linli.core.help_texts import translate_help

    translate_help(command)


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


app = typer.Typer(cls=RoomGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def linli(
    acting_as: Annotated[
        str, typer.Option("--as", metavar="ACCOUNT", envvar="LINLI_AS", help="The account that acts.")
    ] = "",
) -> None:
    """Linli: reach every household, miss nobody, account for every door."""
    if acting_as:
        os.environ["LINLI_AS"] = acting_as  # where `core.terminal` reads who acts


@app.command(cls=OwnCommand)
def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    demo: Annotated[bool, typer.Option(help="Fill an empty database with the demo district.")] = True,
    people: Annotated[int, typer.Option(help="People in the demo district; 0: the demo's own default.")] = 0,
) -> None:
    """Set everything up and serve: embedded database, web server, job worker; restart what dies."""
    from linli.site.supervise import serve

    serve(host=host, port=port, demo=demo, people=people)


@app.command(cls=OwnCommand)
def migrate() -> None:
    """Bring the database to the present version."""
    set_up()
    from django.conf import settings

    from linli.site.database import migrate_all

    migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA)


@app.command(cls=OwnCommand)
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look for what is wrong with this installation, and say how to mend it."""
    set_up()
    from linli.site.doctor import examine, print_report

    report = examine()
    print_report(report, as_json=as_json)
    raise typer.Exit(CRASH if any(found.state == "fail" for found in report) else 0)


@app.command(cls=OwnCommand, hidden=True)
def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    hold: Annotated[bool, typer.Option(help="Load everything, then wait for a line on standard input.")] = False,
    application: Annotated[str, typer.Option(help="Another WSGI application beside which to measure.")] = "",
) -> None:
    """The web server alone, of a database that is ready. `linli run` starts one of these."""
    from linli.site.web import APPLICATION, serve

    serve(host=host, port=port, hold=hold, application=application or APPLICATION)


@app.command(cls=OwnCommand)
def work(concurrency: Annotated[int, typer.Option(min=1, help="Jobs at a time.")] = 2) -> None:
    """Carry out jobs until stopped. `linli run` starts one of these."""
    set_up()
    from linli.site.worker import work_until_stopped

    raise typer.Exit(work_until_stopped(concurrency=concurrency))


@app.command(cls=OwnCommand)
def backup(
    target: Annotated[str, typer.Argument(help="The file to write, or a folder for it (ends in /).")],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt with a passphrase (age).")] = False,
    passphrase_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with the passphrase; implies --encrypt.")
    ] = None,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Put the keys in too; encrypted only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the manifest.")] = False,
) -> None:
    """Write everything into one file, while the product runs: one moment, with counts and hashes of each table."""
    from linli.site.backup import cli

    wanted = encrypt or passphrase_file is not None
    passphrase = cli.read_passphrase(passphrase_file, confirm=True) if wanted else ""
    set_up()
    cli.run_backup(target=target, passphrase=passphrase, with_keys=with_keys, as_json=as_json)


@app.command(cls=OwnCommand)
def restore(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup.")],
    passphrase_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with the passphrase.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Throw away what is in the database.")] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Go on although the keys are lost: ID and phone numbers stay unread.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fill an empty database from a backup, and compare every table with its count and hash."""
    from linli.site.backup import cli
    from linli.site.backup.keys import bring_keys
    from linli.site.embedded import get_home

    passphrase = bring_keys(
        source=source,
        ask=lambda: cli.read_passphrase(passphrase_file, confirm=False),
        home=get_home(),
        without=without_keys,
    )
    set_up()
    cli.run_restore(source=source, passphrase=passphrase, replace=replace, without_keys=without_keys, as_json=as_json)


@app.command(cls=OwnCommand)
def tick(
    everything: Annotated[bool, typer.Option("--all", help="Also what is not due yet.")] = False,
) -> None:
    """Do the periodic work that is due: sealing, exemptions that are over, clearing. The worker does this by itself."""
    set_up()
    from linli.core import clock, schedule

    ran = schedule.run_due(at=clock.now(), everything=everything)
    for one in ran:
        sys.stdout.write(f"{one.name}: {one.error or one.result}\n")
    raise typer.Exit(CRASH if any(one.error for one in ran) else 0)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    hidden=True,
)
def manage(context: typer.Context) -> None:
    """Django's own commands: `linli manage makemigrations`."""
    set_up()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["linli manage", *context.args])


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code. Errors become a line and advice on standard error."""
    try:
        result = app(args=arguments, prog_name="linli", standalone_mode=False)
    except TyperException as error:
        _explain(error)
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        return _report(error)
    return result if isinstance(result, int) else 0


def _explain(error: TyperException) -> None:
    """Say what is wrong with a command line in the user's language; that needs no server."""
    from django.conf import settings

    if not settings.configured:
        os.environ["LINLI_NO_DB"] = "1"
        set_up()
    from linli.site.usage import describe

    sys.stderr.write("".join(f"{line}\n" for line in describe(error)))


def _report(error: Exception) -> int:
    from linli.core.errors import Problem
    from linli.site.embedded import EmbeddedServerError
    from linli.site.secrets import SecretsError

    if isinstance(error, Problem):
        _complain(error.detail, error.advice)
        return {401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND}.get(error.status, BAD_INPUT)
    if isinstance(error, EmbeddedServerError | SecretsError):
        _complain(str(error), "")
        return BAD_INPUT
    if isinstance(error, OSError) and error.filename is not None:
        from django.utils.translation import gettext as _

        # Only a file that the command was told to read or write has a name here.
        _complain(f"{error.filename}: {error.strerror}", _("Check the name, its folder, and that you may write there."))
        return BAD_INPUT
    found = _find_cause(error)
    if found is None:
        raise error
    _complain(*found)
    return BAD_INPUT


def _find_cause(error: Exception) -> tuple[Any, Any] | None:
    """What a command that the database refused says, and advice; None where nobody foresaw it."""
    from django.db.utils import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
    from django.utils.translation import gettext as _

    from linli.core import db, integrity
    from linli.core.errors import Problem, ValueBeyond
    from linli.site.prepare import has_pending_migrations

    if getattr(error.__cause__, "sqlstate", None) in db.RETRY_STATES:
        return _("Others were writing the same at this moment, time and again."), _(
            "Nothing was changed. Run it again."
        )
    if isinstance(error, OperationalError | InterfaceError):
        why = str(error).strip().splitlines()[0]
        return _("The database cannot be reached: %(why)s") % {"why": why}, "linli doctor"
    if isinstance(error, IntegrityError | DataError | OverflowError):
        problem: Problem = integrity.explain(error) if isinstance(error, IntegrityError) else ValueBeyond()
        return problem.detail, problem.advice
    if isinstance(error, ProgrammingError) and has_pending_migrations():
        return _("The database is empty, or of another version of Linli."), _("Run 'linli migrate'.")
    return None


def _complain(text: Any, advice: Any) -> None:
    sys.stderr.write(f"linli: {text}\n")
    if advice:
        sys.stderr.write(f"  → {advice}\n")


def main() -> None:
    sys.exit(run_command())


if __name__ == "__main__":
    main()
