"""A cell of a CSV file with a text without end: its row is refused and named, all others are taken, in every sheet that
can be imported and in every column that is read.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from linli.core import access, clock, importers
from linli.core.access import Actor
from linli.core.spoken import hear_all
from tests.builders.rounds import NOON
from tests.builders.wrong_rows import BESIDE, GOOD
from tests.site.test_wrong_rows import KINDS, answers_for, office

__all__ = ["office"]  # the fixture

pytestmark = pytest.mark.django_db
ENDLESS = "长" * 140_000  # the reader of CSV files, left alone, stops at 131,072
UNREAD = {"compounds": {"街道"}}  # columns that the sheet may have and that no field takes


@pytest.mark.parametrize("sheet", list(GOOD))
def test_its_row_is_refused_by_its_cell_and_the_others_are_taken(office: Actor, tmp_path: Path, sheet: str) -> None:
    titles = list(GOOD[sheet])
    read = [title for title in titles if title not in UNREAD.get(sheet, ())]
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        page = csv.DictWriter(file, titles)
        page.writeheader()
        page.writerows({**GOOD[sheet], title: ENDLESS} for title in read)
        page.writerow({**GOOD[sheet], **BESIDE[sheet]})
    answers = answers_for(sheet, office)
    job = carry_out(sheet, path, office, answers)
    found = {one["cell"]: one for one in hear_all(job.result["rejections"])}
    assert job.result["account"] == {
        "rows_in": len(read) + 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": len(read)
    }  # fmt: skip
    letters = {title: chr(ord("A") + index) for index, title in enumerate(titles)}
    for row, title in enumerate(read, 2):
        one = found[f"{letters[title]}{row}"]
        assert one["column_title"] == title
        assert one["advice"]
        assert "长长" not in one["message"] + one["advice"]
        if sheet != "roster":  # which says what each of its columns is not: no name of a compound, no date
            assert one["code"] == "too_long"
            assert "140,000" in one["message"]
            assert "缩短" in one["advice"]
    with access.acting(office), importers.fetch_rejected(job=job, actor=office, at=NOON) as file:
        back = tmp_path / "b.xlsx"
        back.write_bytes(file.read())
    again = carry_out(sheet, back, office, answers)  # uncorrected: they are still whole, and the same is wrong
    assert again.result["account"]["rejected"] == len(read)
    assert {one["code"] for one in again.result["rejections"]} == {one["code"] for one in job.result["rejections"]}


def carry_out(sheet: str, path: Path, office: Actor, answers: dict[str, str]) -> Any:
    importer = importers.find_importer(KINDS[sheet])
    assert importer is not None
    with clock.stopped(NOON):
        job = importers.import_here(importer=importer, path=path, answers=answers, actor=office, at=NOON)
    assert job.result is not None, job.error
    return job
