"""The `linli` command."""

from __future__ import annotations

import os
import sys

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    import django

    django.setup()


@app.command()
def migrate() -> None:
    """Bring the database to the present version."""
    _setup()
    from django.conf import settings

    from linli.site.database import migrate_all

    migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def manage(context: typer.Context) -> None:
    """Django's own commands: `linli manage makemigrations`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["linli manage", *context.args])


def main() -> None:
    app(prog_name="linli")


if __name__ == "__main__":
    sys.exit(main())
