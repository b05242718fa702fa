"""`linli places codes`: codes of doors as a page to print, as a table for a printing house, or as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from linli.core import clock, qr, terminal
from linli.core.sheets import csv_cell
from linli.places import queries
from linli.places.codes import CodeSheet, list_code_sheets

PAGE, TABLE = ".html", ".csv"


def codes(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of a compound, building or unit.")],
    out: Annotated[
        str, typer.Option(metavar="FILE", help="A page to print (.html, A4) or a table (.csv) of them.")
    ] = "",
    url: Annotated[str, typer.Option(help="Address of the site, such as https://linli.example.cn.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Codes for doors and stairwells: they open the door in the phone app, and say nothing of who lives there."""
    if out and Path(out).suffix.lower() not in (PAGE, TABLE):
        raise typer.BadParameter(_("Name a file that ends in .html or .csv."), param_hint="--out")
    at = clock.now()
    site = url or next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://localhost:8000")
    with terminal.acting() as actor:
        place = queries.get_place(code)
        queries.require_sight(place, actor, at)
        sheets = list_code_sheets(place, site=site, at=at)
    if as_json:
        terminal.print_json([_as_dict(sheet) for sheet in sheets])
    if not out:
        if not as_json:
            columns = [_("Unit"), _("Door number"), _("Key"), pgettext("code", "What it holds")]
            terminal.print_table("", columns, [tuple(map(str, row[1:])) for row in _rows(sheets)])
        return
    text = _write_page(sheets, site) if Path(out).suffix.lower() == PAGE else _write_table(sheets)
    Path(out).write_text(text, encoding="utf-8", newline="")
    doors = sum(len(sheet.doors) for sheet in sheets)
    said = ngettext("%(n)s door code is in %(file)s.", "%(n)s door codes are in %(file)s.", doors)
    typer.echo(said % {"n": f"{doors:,}", "file": out}, err=as_json)


def _as_dict(sheet: CodeSheet) -> dict[str, object]:
    doors = [{"key": each.door.key, "number": each.door.number, "link": each.link} for each in sheet.doors]
    return {
        "unit": sheet.unit.code, "name": sheet.unit.name, "where": sheet.where, "link": sheet.link, "doors": doors,
    }  # fmt: skip


def _rows(sheets: Sequence[CodeSheet]) -> list[tuple[str, str, str, str, str]]:
    """Where, unit, door, key, address; a stairwell's own code before its doors'."""
    rows = []
    for sheet in sheets:
        rows.append((sheet.where, sheet.unit.name, "", sheet.unit.code, sheet.link))
        rows += [
            (sheet.where, sheet.unit.name, each.door.number, str(each.door.key), each.link) for each in sheet.doors
        ]
    return rows


def _write_table(sheets: Sequence[CodeSheet]) -> str:
    """With the mark by which Excel knows UTF-8."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow([_("In"), _("Unit"), _("Door number"), _("Key"), pgettext("code", "What it holds")])
    writer.writerows([csv_cell(cell) for cell in row] for row in _rows(sheets))
    return file.getvalue()


def _write_page(sheets: Sequence[CodeSheet], site: str) -> str:
    shown = [
        (sheet, qr.draw_svg(sheet.link), [(each.door, qr.draw_svg(each.link)) for each in sheet.doors])
        for sheet in sheets
    ]
    return render_to_string("places/codes_file.html", {"sheets": shown, "site": site})
