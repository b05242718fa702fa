"""Marks from a sheet: out as the gap list, filled in, and back; every kind of row that cannot be taken."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from openpyxl import load_workbook

from linli.core import clock, db, importers
from linli.core.access import SYSTEM, Actor
from linli.core.ids import new_id
from linli.core.jobs import Run
from linli.core.sheets import CellFault, ExportColumn, give_back, write_csv, write_xlsx
from linli.places import queries as places
from linli.rounds import bulk, queries, sheets
from linli.rounds.errors import RoundClosed
from linli.rounds.gaps import list_gaps
from linli.rounds.sheet_marks import IMPORTER, clean_time, import_marks
from linli.rounds.terms import CountBy, Figures, Mark
from tests.builders.duty import actor_for, make_account
from tests.builders.residents import make_household, make_id_number, make_person, people_of
from tests.builders.rounds import NOON, Walk, make_walk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk() -> Walk:
    return make_walk(communities=1, compounds=1, buildings=1, units=2, floors=2, a_floor=2)


def send(walk: Walk, tmp_path: Path, titles: Sequence[str], *rows: Sequence[Any], actor: Actor = SYSTEM) -> Any:
    """Import rows under these titles, at noon; returns the outcome."""
    path = tmp_path / "marks.csv"
    write_csv(path, [ExportColumn(title) for title in titles], rows)
    return take(walk, path, actor)


def take(walk: Walk, path: Path, actor: Actor = SYSTEM, at: datetime = NOON) -> Any:
    run = Run(new_id(), {}, actor, at)
    with clock.stopped(at):
        return import_marks(run, importers.Source(path, path.name, {"round": walk.code}))


def figures(walk: Walk) -> Figures:
    return queries.get_figures(round_id=walk.round.id, extent=queries.scope_of(walk.round.id), at=NOON)


def number_of(walk: Walk, index: int, person: int = 0) -> str:
    return f"P{people_of(walk.homes[walk.district.keys[index]])[person]}"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_goes_out_comes_back(walk: Walk, tmp_path: Path, language: str, kind: str) -> None:
    gaps = list_gaps(round_=walk.round, extent=queries.scope_of(walk.round.id), at=NOON).gaps
    labels = places.door_labels({gap.key for gap in gaps})
    results = ["完成", "不在", "拒绝", "豁免", "done", ""]
    with override(language):
        rows = [list(row) for row in sheets.gap_rows(walk.round, gaps, labels)]
        for row, result in zip(rows, results, strict=False):
            row[10], row[11], row[12] = result, "2022-10-04 11:30", "住院" if result == "豁免" else ""
        path = tmp_path / f"list.{kind}"
        write: Callable[..., object] = write_xlsx if kind == "xlsx" else write_csv
        write(path, sheets.gap_columns(), rows, title="名单", as_of="截至")
    outcome = take(walk, path)
    assert outcome.rejections == []
    assert outcome.account.as_dict() == {"rows_in": 16, "created": 5, "updated": 0, "unchanged": 11, "rejected": 0}
    found = figures(walk)
    assert (found.done, found.absent, found.refused, found.exempt) == (2, 1, 1, 1)
    again = take(walk, path)
    assert (again.account.created, again.account.unchanged) == (0, 16)


def test_workbook_and_csv_of_the_list_open_at_their_titles(walk: Walk) -> None:
    gaps = list_gaps(round_=walk.round, extent=queries.scope_of(walk.round.id), at=NOON).gaps
    labels = places.door_labels({gap.key for gap in gaps})
    with sheets.gap_xlsx(walk.round, None, sheets.gap_rows(walk.round, gaps, labels), NOON) as file:
        book = load_workbook(file)
    assert book.active is not None
    assert book.active.max_row == 16 + 3
    text = b"".join(sheets.gap_csv(walk.round, None, sheets.gap_rows(walk.round, gaps, labels), NOON))
    assert len(text.decode("utf-8-sig").splitlines()) == 16 + 3
    assert sheets.file_name(walk.round, "1501/..") == f"gaps-{walk.code}-1501"


ADDRESS = ("小区", "楼栋", "单元", "房号", "姓名", "结果", "时间", "备注")


def test_people_are_found_by_door_and_name(walk: Walk, tmp_path: Path) -> None:
    outcome = send(
        walk, tmp_path, ADDRESS,
        ("阳光小区", "1", "1", "101", "居民甲", "完成", "10:00", ""),
        ("阳光小区", "1号楼", "二单元", "202", "居民乙", "√", "2022/10/4 10:05", ""),
    )  # fmt: skip
    assert outcome.rejections == []
    assert figures(walk).done == 2


def test_people_are_found_by_id_number(walk: Walk, tmp_path: Path) -> None:
    number = make_id_number()
    make_household(walk.district.keys[0], people=[make_person("赵强", id_number=number)], label="乙")
    outcome = send(
        walk, tmp_path, ("身份证号", "结果", "时间"), (number, "完成", "10:00"), (make_id_number(), "完成", "")
    )
    assert [(one.row, one.code) for one in outcome.rejections] == [(3, "unknown_id")]
    assert figures(walk).done == 1


def test_own_running_number_does_not_hinder(walk: Walk, tmp_path: Path) -> None:
    titles = ("编号", *ADDRESS)
    outcome = send(walk, tmp_path, titles, (1, "阳光小区", "1", "1", "101", "居民甲", "完成", "10:00", ""))
    assert outcome.account.created == 1


CODED = ("编号", "姓名", "结果", "时间", "原因")


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        (("", "", "完成", "", ""), "A2", "nobody"),
        (("1024", "", "完成", "", ""), "A2", "code"),
        (("H7", "", "完成", "", ""), "A2", "code_kind"),
        (("P999999", "", "完成", "", ""), "A2", "not_in_round"),
        (("GOOD", "别人", "完成", "", ""), "B2", "name_differs"),
        (("GOOD", "", "不知道", "", ""), "C2", "result"),
        (("GOOD", "", "豁免", "", ""), "E2", "reason_missing"),
        (("GOOD", "", "豁免", "", "长" * 401), "E2", "reason_long"),
        (("GOOD", "", "完成", "中午", ""), "D2", "time"),
        (("GOOD", "", "完成", "2022-10-04", ""), "D2", "time_of_day"),
        (("GOOD", "", "完成", "23:30", ""), "D2", "time_ahead"),
        (("GOOD", "", "完成", "2022-02-30 10:00", ""), "D2", "time"),
    ],
)
def test_bad_row_names_its_cell_and_what_to_do(
    walk: Walk, tmp_path: Path, row: tuple[str, ...], cell: str, code: str
) -> None:
    bad = tuple(number_of(walk, 0) if value == "GOOD" else value for value in row)
    outcome = send(walk, tmp_path, CODED, bad, (number_of(walk, 1), "", "完成", "10:00", ""))
    assert [(one.cell, one.code) for one in outcome.rejections] == [(cell, code)]
    assert outcome.rejections[0].message
    assert outcome.rejections[0].advice
    assert outcome.account.as_dict() == {"rows_in": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    book = io.BytesIO()
    assert give_back(tmp_path / "marks.csv", book, outcome.rejections, spec=sheets.MARKS, name="marks.csv") == 1
    assert load_workbook(book)["marks"][cell].comment is not None


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        (("阳光小区", "9", "1", "101", "居民甲", "完成", "", ""), "D2", "unknown_door"),
        (("阳光小区", "1", "1", "101", "没有这人", "完成", "", ""), "E2", "unknown_name"),
        (("阳光小区", "1", "1", "102", "同名", "完成", "", ""), "E2", "name_twice"),
    ],
)
def test_bad_address_names_its_cell(walk: Walk, tmp_path: Path, row: tuple[str, ...], cell: str, code: str) -> None:
    make_household(
        walk.district.keys[1], people=[make_person("同名"), make_person("同名", id_number=make_id_number())], label="乙"
    )
    outcome = send(walk, tmp_path, ADDRESS, row)
    assert [(one.cell, one.code) for one in outcome.rejections] == [(cell, code)]


def test_row_without_time_is_taken_once(walk: Walk, tmp_path: Path) -> None:
    row = (number_of(walk, 0), "", "完成", "", "")
    assert send(walk, tmp_path, CODED, row).account.created == 1
    path = tmp_path / "marks.csv"
    assert take(walk, path, at=NOON + timedelta(minutes=30)).account.unchanged == 1
    assert db.scalar("SELECT count(*) FROM mark") == 1


def test_moved_out_and_vacant_correct_the_register_once(walk: Walk, tmp_path: Path) -> None:
    rows = [(number_of(walk, 0), "", "搬走", "10:00", ""), (number_of(walk, 1), "", "空户", "10:00", "")]
    outcome = send(walk, tmp_path, CODED, *rows)
    assert (outcome.account.created, outcome.rejections) == (2, [])
    assert figures(walk).due == 13
    again = take(walk, tmp_path / "marks.csv")
    assert (again.account.created, again.account.unchanged, again.rejections) == (0, 2, [])
    assert again.account.check()


def test_rows_outside_own_places_are_refused(walk: Walk, tmp_path: Path) -> None:
    office = make_account(role="office", place=walk.district.units[0])
    rows = [(number_of(walk, 0), "", "完成", "10:00", ""), (number_of(walk, 7), "", "完成", "10:00", "")]
    outcome = send(walk, tmp_path, CODED, *rows, actor=actor_for(office, NOON))
    assert [(one.row, one.code) for one in outcome.rejections] == [(3, "not_in_round")]
    assert figures(walk).done == 1


def test_closed_round_takes_no_sheet(walk: Walk, tmp_path: Path) -> None:
    bulk.close_round(round_id=walk.round.id, actor=SYSTEM, at=NOON)
    with pytest.raises(RoundClosed):
        send(walk, tmp_path, CODED, (number_of(walk, 0), "", "完成", "", ""))


def test_household_round_takes_households(tmp_path: Path) -> None:
    walk = make_walk(count_by=CountBy.HOUSEHOLD, communities=1, compounds=1, buildings=1, units=2, floors=2, a_floor=2)
    first = walk.homes[walk.district.keys[0]]
    outcome = send(walk, tmp_path, CODED, (f"H{first}", "居民甲", "完成", "10:00", ""), ("P5", "", "完成", "", ""))
    assert [one.code for one in outcome.rejections] == ["code_kind"]
    by_door = send(walk, tmp_path, ADDRESS, ("阳光小区", "1", "1", "102", "", "不在", "10:00", ""))
    assert by_door.rejections == []
    assert (figures(walk).done, figures(walk).absent) == (1, 1)


def test_one_who_left_by_id_number_does_not_take_the_household_along(tmp_path: Path) -> None:
    walk = make_walk(communities=1, compounds=1, buildings=1, units=1, count_by=CountBy.HOUSEHOLD, empty=[0, 1])
    numbers = [make_id_number() for _ in range(3)]
    for door, people in ((0, numbers[:2]), (1, numbers[2:])):
        make_household(walk.district.keys[door], people=[make_person(id_number=number) for number in people])
    due = figures(walk).due
    outcome = send(walk, tmp_path, ("身份证号", "结果"), (numbers[0], "搬走"), (numbers[2], "搬走"))
    assert [(one.row, one.code) for one in outcome.rejections] == [(2, "others_live_there")]
    assert figures(walk).due == due - 1


def test_import_is_offered_with_its_question() -> None:
    assert importers.find_importer(IMPORTER.kind) is IMPORTER
    assert [ask.name for ask in IMPORTER.asks] == ["round"]
    assert set(sheets.RESULTS) == {Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT, Mark.MOVED_OUT, Mark.VACANT}


def test_times_of_spreadsheets() -> None:
    assert clean_time("", NOON) is None
    half_past = clean_time(11.5 / 24, NOON)
    assert half_past is not None
    assert (half_past.hour, half_past.minute) == (11, 30)
    assert clean_time(datetime(2022, 10, 4, 9, 15), NOON) == NOON - timedelta(hours=2, minutes=45)  # noqa: DTZ001
    with pytest.raises(CellFault):
        clean_time("25:00", NOON)
    for ahead in ("2023-10-04 10:00", datetime(2022, 10, 5, 9, 15)):  # noqa: DTZ001
        with pytest.raises(CellFault) as caught:
            clean_time(ahead, NOON)
        assert caught.value.code == "time_future"
