from __future__ import annotations

import os

import pytest
import typer
from django.db.utils import DataError, IntegrityError, OperationalError, ProgrammingError
from psycopg.errors import DeadlockDetected

from linli.core.errors import Forbidden, Invalid, NotFound, NotSignedIn, Problem
from linli.site import cli
from linli.site.embedded import EmbeddedServerError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """A command that raises what is put in the list."""
    errors: list[Exception] = []
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        if errors:
            raise errors[0]

    monkeypatch.setattr(cli, "app", app)
    return errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("The age is -3.", advice="Give an age from 0 to 120."), cli.BAD_INPUT),
        (Problem("It went wrong."), cli.BAD_INPUT),
        (Forbidden(), cli.NOT_ALLOWED),
        (NotSignedIn(), cli.NOT_ALLOWED),
        (NotFound("There is no round R7."), cli.NOT_FOUND),
        (EmbeddedServerError("It does not start."), cli.BAD_INPUT),
    ],
)
def test_a_problem_is_a_line_and_a_code(
    failing: list[Exception], capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    failing.append(error)
    assert cli.run_command([]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("linli: ")
    assert "Traceback" not in shown.err


def test_advice_follows_the_problem(failing: list[Exception], capsys: pytest.CaptureFixture[str]) -> None:
    failing.append(Invalid("The age is -3.", advice="Give an age from 0 to 120."))
    cli.run_command([])
    assert capsys.readouterr().err == "linli: The age is -3.\n  → Give an age from 0 to 120.\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("connection refused\nIs it running?"), "connection refused\n  → linli doctor\n"),
        (DataError("integer out of range"), "  → "),
        (OverflowError("int too large"), "  → "),
        (IntegrityError("duplicate key"), "  → "),
    ],
)
@pytest.mark.django_db
def test_what_the_database_refuses_is_a_line_too(
    failing: list[Exception], capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    failing.append(error)
    assert cli.run_command([]) == cli.BAD_INPUT
    assert said in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize("pending", [True, False])
def test_a_database_of_another_version_is_named(
    failing: list[Exception], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, pending: bool
) -> None:
    monkeypatch.setattr("linli.site.prepare.has_pending_migrations", lambda: pending)
    failing.append(ProgrammingError('relation "place" does not exist'))
    if not pending:  # a fault of ours: its traceback is what helps
        with pytest.raises(ProgrammingError):
            cli.run_command([])
        return
    assert cli.run_command([]) == cli.BAD_INPUT
    assert "linli migrate" in capsys.readouterr().err


def test_losing_to_others_again_and_again_is_not_a_lost_database(
    failing: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(OperationalError("deadlock detected"))
    failing[0].__cause__ = DeadlockDetected()
    assert cli.run_command([]) == cli.BAD_INPUT
    shown = capsys.readouterr().err
    assert "doctor" not in shown
    assert "  → " in shown


def test_success_is_0_and_an_interrupt_130(failing: list[Exception]) -> None:
    assert cli.run_command([]) == 0
    failing.append(KeyboardInterrupt())  # type: ignore[arg-type]
    assert cli.run_command([]) == cli.INTERRUPTED


def test_a_file_that_cannot_be_written_is_a_line(failing: list[Exception], capsys: pytest.CaptureFixture[str]) -> None:
    failing.append(FileNotFoundError(2, "No such file or directory", "/nowhere/chain.xlsx"))
    assert cli.run_command([]) == cli.BAD_INPUT
    assert capsys.readouterr().err.startswith("linli: /nowhere/chain.xlsx: No such file or directory\n  → ")


def test_a_crash_is_not_dressed_up(failing: list[Exception]) -> None:
    failing.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.run_command([])


@pytest.mark.parametrize("arguments", [["no-such-command"], ["run", "--port", "x"], ["run", "--port", "0"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_command(arguments) == cli.USAGE
    shown = capsys.readouterr().err
    assert "\nlinli: " in shown
    assert "Traceback" not in shown


def test_the_account_that_acts_reaches_the_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_AS", "nobody")
    seen: list[str] = []

    def examine() -> list[object]:
        seen.append(os.environ["LINLI_AS"])
        return []

    monkeypatch.setattr("linli.site.doctor.examine", examine)
    cli.run_command(["--as", "wang.li", "doctor"])
    assert seen == ["wang.li"]
