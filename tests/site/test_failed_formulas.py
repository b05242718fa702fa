"""A cell whose formula failed is refused by name, in every column of every import, whatever kind of file it came in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from linli.core import clock, importers
from linli.core.access import SYSTEM, Actor
from linli.core.importers import Importer
from linli.core.sheets import column_letter
from linli.core.spoken import hear_all
from tests.builders.duty import actor_for, make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household, make_person
from tests.builders.rounds import NOON, open_over

pytestmark = pytest.mark.django_db
SHEETS = [one for one in importers.list_importers(SYSTEM) if one.spec is not None]
Rows = list[list[Any]]


def write_xlsx(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = page.cell(number, column, value)
            if value == "#REF!":
                cell.data_type = "e"
    book.save(path)


def write_xls(path: Path, rows: Rows) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value == "#REF!":
                page.row(number).set_cell_error(column, value)
            elif value is not None:
                page.write(number, column, str(value))
    book.save(str(path))


def write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def office(settings: Any, tmp_path: Path) -> Actor:
    settings.LINLI_HOME = tmp_path / "home"
    town = make_district(communities=1, compounds=1, buildings=1, units=1, floors=1)
    make_household(town.keys[0], people=[make_person("居民甲")])
    return actor_for(make_account(role="office", place=town.district), NOON)


def answers_for(importer: Importer, office: Actor) -> dict[str, str]:
    given = {ask.name: ask.choices[0][0] for ask in importer.asks if ask.choices}
    if importer.kind == "rounds.import_marks":
        given["round"] = open_over(office.extent_for("rounds.import")).code
    return given


@pytest.mark.parametrize("write", [write_xlsx, write_xls, write_csv], ids=["xlsx", "xls", "csv"])
@pytest.mark.parametrize("importer", SHEETS, ids=[one.kind for one in SHEETS])
def test_every_column(office: Actor, tmp_path: Path, importer: Importer, write: Callable[[Path, Rows], None]) -> None:
    assert importer.spec is not None
    fields = importer.spec.fields
    good = [*importer.sample[0], *([None] * len(fields))][: len(fields)]
    rows: Rows = [[one.titles[0] for one in fields]]
    rows += [[*good[:index], "#REF!", *good[index + 1 :]] for index in range(len(fields))]
    path = tmp_path / f"表.{write.__name__.removeprefix('write_')}"
    write(path, rows)
    job = importers.import_here(
        importer=importer, path=path, answers=answers_for(importer, office), actor=office, at=clock.now()
    )
    assert job.result is not None, job.error
    refused = {one["cell"]: one for one in hear_all(job.result["rejections"]) if one["code"] == "cell_error"}
    assert set(refused) == {f"{column_letter(index)}{index + 2}" for index in range(len(fields))}
    assert all("#REF!" in one["message"] and one["advice"] for one in refused.values())
    assert job.result["account"]["rejected"] == len(fields)
