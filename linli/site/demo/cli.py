"""`linli demo`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from django.utils.translation import gettext as _

from linli.core import clock, db, terminal
from linli.site.database import migrate_all
from linli.site.demo import build, facts
from linli.site.demo.load import Plan, Watch
from linli.site.prepare import DEMO_NOTE, has_pending_migrations

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    people: Annotated[int, typer.Option(help="How many people, 200 to 3,400,000; 130,000 when not said.")] = 0,
    district: Annotated[
        str, typer.Option(help="xincheng, huimin, yuquan, saihan, a six-digit code, all; or datong.")
    ] = "",
    seed: Annotated[int, typer.Option(help="The same seed, size and moment give the same demo.")] = Plan.seed,
    password: Annotated[str, typer.Option(help="Of all demo accounts; made up when not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build a synthetic district on the real divisions of Xincheng, Hohhot, with one round half done."""
    if has_pending_migrations():
        migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
    with db.owner():
        there = build.find_demo()
    if there is not None and people in (0, there.people):
        _show(there, as_json=as_json, note=_read_note(), already=True)
        return
    password = password or build.make_password()
    plan = Plan(people=people or facts.DEFAULT_PEOPLE, district=district, seed=seed)
    with terminal.progress() as watch:
        made = build.build_demo(plan, password=password, at=clock.now(), watch=_worded(watch))
    note = build.write_note(made, password)
    _keep_note(note)
    _show(made, as_json=as_json, note=note, already=False)


def _worded(watch: Watch) -> Watch:
    words = {
        "places": _("places"),
        "doors": _("doors"),
        "people": _("people"),
        "indexes": _("indexes"),
        "grids": _("grids"),
        "outlines": _("outlines"),
        "posts": _("posts"),
        "round": _("round"),
        "marks": _("marks"),
    }
    return lambda step, done, total: watch(words[step], done, total)


def _note_path() -> Path:
    return Path(settings.LINLI_HOME) / DEMO_NOTE


def _keep_note(note: str) -> None:
    """Only the user of this installation may read the password."""
    with open(os.open(_note_path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(note)


def _read_note() -> str:
    return _note_path().read_text("utf-8") if _note_path().exists() else ""


def _show(found: build.Demo, *, as_json: bool, note: str, already: bool) -> None:
    if as_json:
        terminal.print_json({**asdict(found), "already": already})
        return
    if already:
        typer.echo(_("The demo is here already; nothing was changed."))
    rows = [
        (_("people"), found.people),
        (_("households"), found.households),
        (_("doors"), found.doors),
        (_("units"), found.units),
        (_("compounds"), found.compounds),
        (_("people on posts"), found.posts),
        (_("due in the round"), found.due),
        (_("marks"), found.marks),
    ]
    terminal.print_table("", [found.district, ""], rows, numbers=[1])
    typer.echo(note, nl=False)
