"""`linli places` and `linli import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linli.core import db
from linli.places import queries
from linli.site import cli
from tests.builders.duty import make_account
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_AS", "")  # and take back what a command sets
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def made() -> District:
    with db.owner():
        made = make_district(communities=2, compounds=1, buildings=1, units=1, floors=1)
    make_account(username="chief", role="command", place=made.city)
    return made


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert cli.run_command(["--as", "chief", *arguments]) == code, capsys.readouterr().err
    return capsys.readouterr().out


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(run(capsys, *arguments, "--json"))


def test_search_finds_doors_and_says_when_there_is_nothing(made: District, capsys: pytest.CaptureFixture[str]) -> None:
    compound, unit = made.compounds[0], made.units[0]
    hits = run_json(capsys, "places", "search", compound.name, "1-1-101")
    assert [(hit["kind"], hit["unit_code"], hit["number"]) for hit in hits] == [("door", unit.code, "101")]
    assert f"{compound.name} 1号楼 1单元 101" in run(capsys, "places", "search", f"{compound.name}1号楼1单元101")
    assert "没有找到地点" in run(capsys, "places", "search", "qqqq")
    assert run_json(capsys, "places", "search", "qqqq") == []


def test_looking(made: District, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one["code"] for one in run_json(capsys, "places", "list")] == ["1501"]
    assert [one["name"] for one in run_json(capsys, "places", "list", made.street.code)] == ["第1社区", "第2社区"]
    shown = run_json(capsys, "places", "show", made.compounds[0].code)
    assert (shown["name"], shown["kind"], shown["doors"]) == ("阳光小区", "compound", 2)
    assert [one["name"] for one in run_json(capsys, "places", "search", "阳光", "1号楼")] == ["1号楼"]
    tree = run_json(capsys, "places", "tree", made.compounds[0].code)
    assert tree["children"][0]["children"][0]["name"] == "1单元"
    assert "阳光小区" in run(capsys, "places", "search", "阳光")
    assert "1单元" in run(capsys, "places", "tree", made.compounds[0].code)
    assert "第1社区" in run(capsys, "places", "show", made.compounds[0].code)
    assert [one["number"] for one in run_json(capsys, "places", "doors", made.units[0].code)] == ["101", "102"]


def test_changing(made: District, capsys: pytest.CaptureFixture[str]) -> None:
    compound = run_json(capsys, "places", "add", "compound", "新小区", "--under", made.communities[0].code)
    assert compound["code"].startswith(made.communities[0].code)
    run_json(capsys, "places", "rename", compound["code"], "更新小区")
    moved = run_json(capsys, "places", "move", compound["code"], "--to", made.communities[1].code)
    assert moved["path"][-1]["name"] == "第2社区"
    run(capsys, "places", "doors", made.units[0].code, "201", "202")
    run(capsys, "places", "end", compound["code"])
    grid = run_json(
        capsys, "places", "add", "grid", "1网格", "--under", made.communities[0].code, "--holds", made.compounds[0].code
    )
    assert grid["doors"] == 4
    run(capsys, "places", "show", "999", code=cli.NOT_FOUND)
    run(capsys, "places", "add", "planet", "x", code=cli.BAD_INPUT)
    run(capsys, "places", "rename", compound["code"], "x", code=cli.BAD_INPUT)
    assert cli.run_command(["places", "list"]) in (0, cli.NOT_ALLOWED)


def test_importing(made: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "compounds.csv"
    sheet.write_text("小区,所属社区,楼栋,单元数,层数,每层户数\n东苑,第1社区,1,2,3,2\n西苑,第9社区,,,,\n", "utf-8")
    rejected = tmp_path / "rejected.xlsx"
    result = run_json(capsys, "import", "compounds", str(sheet), "--rejections", str(rejected))
    assert result["account"] == {"rows_in": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert result["rejections"][0]["cell"] == "B3"
    assert rejected.stat().st_size > 1000
    assert sheet.exists()
    again = run(capsys, "import", "compounds", str(sheet))
    assert "B3" in again
    run(capsys, "import", "compounds", str(sheet), "--rejections", "x.txt", code=cli.BAD_INPUT)
    run(capsys, "import", "outlines", str(sheet), "--datum", "wgs84", code=cli.BAD_INPUT)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    run(capsys, "import", "compounds", str(empty), code=cli.BAD_INPUT)


def test_the_first_import_needs_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "divisions.csv"
    sheet.write_text("code,parent_code,level,name\n15,,province,内蒙古自治区\n1501,15,city,呼和浩特市\n", "utf-8")
    assert cli.run_command(["import", "divisions", str(sheet), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["account"]["created"] == 2
    with db.owner():
        make_account(username="chief", role="command", place=queries.get_place("1501"))
    assert cli.run_command(["import", "divisions", str(sheet)]) == cli.NOT_ALLOWED
