"""Commands of `linli`, run as the command line runs them."""

from __future__ import annotations

import json
from typing import Any

import typer
from typer.testing import CliRunner


def run_command(app: typer.Typer, *arguments: str, acting_as: str = "") -> Any:
    """What the command printed (as JSON where it is); raises what it raised, or BadParameter."""
    result = CliRunner().invoke(app, list(arguments), env={"LINLI_AS": acting_as, "COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code:
        raise typer.BadParameter(result.output)
    try:
        return json.loads(result.stdout)
    except ValueError:
        return result.stdout
