"""Grids redrawn from a sheet: who takes which building or unit, from when; what is wrong is named by its cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from linli.core import access, clock, db, importers
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.import_files import open_rejected
from linli.core.importers import Outcome, Source
from linli.places import errors, queries, services
from linli.places.imports.grids import KIND, SAMPLE, load_grids
from linli.places.terms import Kind, PlaceRef
from tests.builders.duty import make_account
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
NOW = AT + timedelta(days=3)
HEAD = ("地点代码", "楼栋", "归入网格", "生效时间")


@pytest.fixture
def made() -> District:
    return make_district(buildings=4)


@pytest.fixture
def grids(made: District) -> list[PlaceRef]:
    """Grid 1: the first compound; the second compound of the first community is in none."""
    return [
        services.add_overlay(
            kind=Kind.GRID, parent_id=made.communities[0].id, name="第1网格", place_ids=[made.compounds[0].id],
            actor=SYSTEM, at=AT,
        )
    ]  # fmt: skip


def load(folder: Path, *rows: Sequence[object], actor: Actor = SYSTEM, kind: str = "grid") -> Outcome:
    path = folder / "grids.csv"
    with path.open("w", newline="", encoding="gbk") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return load_grids(Source(path, path.name, {"layer": kind}), actor=actor, at=NOW, watch=lambda *_: None)


def tell(outcome: Outcome) -> tuple[int, ...]:
    one = outcome.account
    return one.rows_in, one.created, one.updated, one.unchanged, one.rejected


def test_split_and_bare_ground_given_out(made: District, grids: list[PlaceRef], tmp_path: Path) -> None:
    rows = [
        (made.buildings[0].code, "1号楼", "第2网格", ""),
        (made.units[2].code, "", "第2网格", ""),
        (made.buildings[2].code, "", "第1网格", ""),
        (made.compounds[1].code, "", grids[0].code, ""),
    ]
    outcome = load(tmp_path, *rows)
    assert tell(outcome) == (4, 2, 1, 1, 0), outcome.rejections
    assert [value for _, value in outcome.facts] == [1]
    new = queries.get_place("150102001001-G02")
    assert new.name == "第2网格"
    assert queries.extent_of(new.id, NOW) == made.buildings[0].block | made.units[2].block
    rest = made.compounds[0].block - made.buildings[0].block - made.units[2].block
    assert queries.extent_of(grids[0].id, NOW) == rest | made.compounds[1].block
    assert tell(load(tmp_path, *rows)) == (4, 0, 0, 4, 0)
    (number,) = (row[0] for row in db.rows("SELECT id FROM place_regrid"))
    services.undo_regrid(number=number, actor=SYSTEM, at=NOW)
    assert queries.extent_of(grids[0].id, NOW) == made.compounds[0].block


def test_two_moments_are_two_changes(made: District, grids: list[PlaceRef], tmp_path: Path) -> None:
    later = NOW + timedelta(days=30)
    outcome = load(
        tmp_path,
        (made.buildings[1].code, "", "第2网格", later.strftime("%Y-%m-%d %H:%M")),
        (made.buildings[0].code, "", "第2网格", ""),
    )
    assert tell(outcome) == (2, 1, 1, 0, 0), outcome.rejections
    new = queries.get_place("150102001001-G02")
    assert queries.extent_of(new.id, later - timedelta(days=1)) == made.buildings[0].block
    assert queries.extent_of(new.id, later + timedelta(days=1)) == made.buildings[0].block | made.buildings[1].block


def test_grids_are_merged_and_communities_split(made: District, grids: list[PlaceRef], tmp_path: Path) -> None:
    load(tmp_path, (made.buildings[0].code, "", "第2网格", ""))
    assert tell(load(tmp_path, (grids[0].code, "", "第2网格", ""))) == (1, 0, 1, 0, 0)
    assert queries.get_place(grids[0].code).ended_at == NOW
    outcome = load(tmp_path, (made.compounds[1].code, "", "新社区", ""), kind="community")
    assert tell(outcome) == (1, 1, 0, 0, 0), outcome.rejections
    assert made.compounds[1].block <= queries.extent_of(queries.get_place("150102001900").id, NOW)


BAD = {
    "empty place": (("", "", "第1网格", ""), "empty", "A3"),
    "empty target": (("{unit}", "", "", ""), "empty", "C3"),
    "unknown place": (("1501-B9", "", "第1网格", ""), "place_unknown", "A3"),
    "a street": (("150102001", "", "第1网格", ""), "wrong_kind", "A3"),
    "unknown code": (("{unit}", "", "150102001001-G77", ""), "target_unknown", "C3"),
    "code of a building": (("{unit}", "", "{building}", ""), "target_kind", "C3"),
    "no moment": (("{unit}", "", "第1网格", "明天"), "moment", "D3"),
    "no such hour": (("{unit}", "", "第1网格", "2029-01-01 25:00"), "moment", "D3"),
    "past": (("{unit}", "", "第1网格", "2022-01-01"), "past_moment", "D3"),
    "twice": (("{building}", "", "第1网格", ""), "piece_twice", "A3"),
    "inside of what goes elsewhere": (("{inner}", "", "第9网格", ""), "piece_twice", "A3"),
    "outside the community": (("{far}", "", "{grid}", ""), "places.outside_parent", "C3"),
    "name too long": (("{unit}", "", "网" * 121, ""), "too_long", "C3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows(made: District, grids: list[PlaceRef], tmp_path: Path, name: str) -> None:
    row, code, cell = BAD[name]
    names = {
        "unit": made.units[5].code, "building": made.buildings[0].code, "inner": made.units[0].code,
        "far": made.buildings[-1].code, "grid": grids[0].code,
    }  # fmt: skip
    outcome = load(tmp_path, (made.buildings[0].code, "", "第2网格", ""), [part.format(**names) for part in row])
    assert tell(outcome) == (2, 1, 0, 0, 1), outcome.rejections
    (rejection,) = outcome.rejections
    assert (rejection.code, rejection.cell) == (code, cell)
    assert rejection.message
    assert rejection.advice


def test_only_ones_own(made: District, grids: list[PlaceRef], tmp_path: Path) -> None:
    """A change that touches other people's doors is refused as a whole; that of one's own community is done."""
    mine = queries.extent_of(made.communities[1].id, NOW)
    actor = Actor(1, "二社区", (Grant(1, "office", made.communities[1].id, frozenset({"places.edit"}), mine),))
    outcome = load(
        tmp_path, (made.buildings[0].code, "", "第2网格", ""), (made.buildings[-1].code, "", "第1网格", ""), actor=actor
    )
    assert tell(outcome) == (2, 1, 0, 0, 1)
    assert outcome.rejections[0].cell == "C2"
    with pytest.raises(errors.NotOfLayer):
        load(tmp_path, kind="street")
    with pytest.raises(errors.KindUnknown):
        load(tmp_path, kind="")


def test_template_reads_back_and_page_offers_it(made: District, grids: list[PlaceRef], client: Client) -> None:
    client.force_login(make_account(role="office", place=made.communities[0], username="office"))
    sheet = b"".join(client.get(f"/imports/template/{KIND}/"))
    rows = list(load_workbook(io.BytesIO(sheet)).active.iter_rows(values_only=True))
    assert any(row[: len(SAMPLE[0])] == SAMPLE[0] for row in rows)
    assert "网格调整" in client.get("/imports/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_checked_first_then_done(tmp_path: Path) -> None:
    """As the page and the command do it: nothing is written by the check, the rejected row comes back."""
    made = make_district(communities=1, buildings=2)
    make_account(role="office", place=made.communities[0], username="office")
    path = tmp_path / "grids.csv"
    path.write_text(f"地点代码,归入网格\n{made.buildings[0].code},第1网格\n乱写,第1网格\n")
    importer = importers.find_importer(KIND)
    assert importer is not None
    with db.owner():
        account = int(db.scalar("SELECT id FROM account WHERE username = 'office'"))
        actor = access.actor_of(account, "office", clock.now(), origin="test")
    given = {"importer": importer, "path": path, "answers": {"layer": "grid"}, "actor": actor, "at": clock.now()}
    tried = importers.import_here(dry=True, **given)  # type: ignore[arg-type]
    assert tried.result is not None, tried.error
    assert tried.result["account"]["created"] == 1
    assert queries.find_place(f"{made.communities[0].code}-G01") is None
    done = importers.import_here(**given)  # type: ignore[arg-type]
    assert done.result is not None
    assert done.result["account"] == tried.result["account"]
    assert queries.get_place(f"{made.communities[0].code}-G01").name == "第1网格"
    with open_rejected(done.id) as book:
        cells = [cell for row in load_workbook(book).active.iter_rows() for cell in row]
    assert any(cell.comment and "代码" in cell.comment.text for cell in cells)
