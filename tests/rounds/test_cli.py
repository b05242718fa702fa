"""`linli rounds`, as an office uses it: the real command, behind the wall, beside everything that changes meanwhile."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.ids import new_id
from linli.places import queries as places
from linli.residents import services as residents
from linli.residents.errors import SameHousehold
from linli.residents.terms import Need
from linli.rounds import gaps, services
from linli.rounds.terms import Mark, MarkCommand
from linli.site.cli import run_command
from tests.builders.duty import make_account
from tests.builders.residents import people_of
from tests.builders.rosters import roster, row
from tests.builders.rounds import NOON, OPENED, Walk, make_walk
from tests.rounds.test_colliding import Crew

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    with db.owner():
        made = make_walk(communities=2, compounds=2, buildings=1, units=2)
    make_account(role="command", place=made.district.city, username="headquarters")
    monkeypatch.setenv("LINLI_AS", "headquarters")
    return made


def linli(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run a command that prints JSON, and read it."""
    capsys.readouterr()
    assert run_command([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def gaps_in_one_snapshot(walk: Walk, place: str, capsys: pytest.CaptureFixture[str]) -> tuple[Any, set[int]]:
    """What the command says, and what a count straight from the register and the marks says, of the same instant."""
    with db.owner():
        extent = places.extent_of(places.get_place(place).id, NOON)
        with db.atomic():
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            snapshot = db.scalar("SELECT pg_export_snapshot()")
            counted = gaps.count_gaps_from_marks(round_=walk.round, extent=extent)
            with connections["default"].cursor() as cursor:
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            listed = _as_web(walk, place, capsys)
    return listed, counted


def _as_web(walk: Walk, place: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on the connection whose transaction is open: its own becomes a savepoint of it."""
    connection = connections["default"]
    connection.in_atomic_block, connection.commit_on_exit = True, False
    token = db._alias.set(db.WEB)
    try:
        return linli(capsys, "rounds", "gaps", walk.code, "--place", place)
    finally:
        db._alias.reset(token)
        connection.in_atomic_block, connection.commit_on_exit, connection.needs_rollback = False, True, False
        connection.savepoint_ids.clear()
        connection.run_on_commit.clear()
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def mark_at_random(walk: Walk, people: list[int], seed: int) -> None:
    chance = random.Random(seed)
    kinds = [Mark.DONE, Mark.DONE, Mark.ABSENT, Mark.REFUSED, Mark.EXEMPT, Mark.MOVED_OUT]
    for _ in range(8):
        at = OPENED + timedelta(minutes=chance.randrange(240))
        commands = [MarkCommand(new_id(), chance.choice(kinds), at, person_id=chance.choice(people)) for _ in range(10)]
        services.mark(round_id=walk.round.id, commands=commands, actor=SYSTEM, at=NOON)


def move_people(walk: Walk, people: list[int]) -> None:
    chance = random.Random(5)
    for person in chance.sample(people, 10):
        try:
            residents.move_person(person_id=person, to_key=chance.choice(list(walk.homes)), actor=SYSTEM, at=NOON)
        except SameHousehold:
            continue


def test_the_command_lists_what_the_marks_say_while_writers_collide(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    district = walk.district
    with db.owner():
        people = [person for home in walk.homes.values() for person in people_of(home)]
    crew = Crew()
    for seed in range(8):
        crew.start(partial(mark_at_random, walk, people, seed))
    crew.start(partial(move_people, walk, people))
    crew.start(lambda: roster(*(row(f"新来{n}", f"{1 + n % 3}0{1 + n % 2}") for n in range(40)), at=NOON))
    chance, looked = random.Random(1), 0
    codes = [place.code for place in [district.city, *district.communities, *district.compounds, *district.units]]
    while crew.busy or looked < 5:
        listed, counted = gaps_in_one_snapshot(walk, chance.choice(codes), capsys)
        assert {gap["person"] for gap in listed["gaps"]} == counted
        assert listed["open"] == listed["listed"] == len(counted)
        looked += 1
    crew.wait()
    listed, counted = gaps_in_one_snapshot(walk, district.city.code, capsys)
    assert {gap["person"] for gap in listed["gaps"]} == counted
    assert linli(capsys, "rounds", "check", walk.code)["only_listed"] == []


def test_create_mark_close_reopen(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    community = walk.district.communities[0]
    made = linli(
        capsys, "rounds", "create", "发放健康包", "--place", community.code, "--kind", "kit", "--per-household"
    )
    assert (made["state"], made["figures"]["due"]) == ("open", 24)
    home = next(iter(walk.homes.values()))
    receipts = linli(capsys, "rounds", "mark", made["code"], "done", "--household", str(home), "--household", "999999")
    assert [receipt["outcome"] for receipt in receipts] == ["accepted", "not_in_round"]
    figures = linli(capsys, "rounds", "figures", made["code"], "--place", community.code)
    assert (figures["figures"]["open"], sum(under["figures"]["open"] for under in figures["under"])) == (23, 23)
    assert linli(capsys, "rounds", "close", made["code"])["state"] == "closed"
    assert linli(capsys, "rounds", "reopen", made["code"])["figures"]["done"] == 1
    assert {found["code"] for found in linli(capsys, "rounds", "list")} == {made["code"], walk.code}


def test_figures_of_a_grid_add_up_where_it_cuts_a_compound(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    community, cut = walk.district.communities[0].code, walk.district.units[1].code
    grid = linli(capsys, "places", "add", "grid", "单元网格", "--under", community, "--holds", cut)
    shown = linli(capsys, "rounds", "figures", walk.code, "--place", grid["code"])
    assert [(one["name"], one["figures"]["due"]) for one in shown["under"]] == [
        (walk.district.compounds[0].name, shown["figures"]["due"])
    ]
    assert shown["figures"]["due"] > 0
    under = linli(capsys, "places", "list", grid["code"])
    assert [(one["units"], one["doors"]) for one in under] == [(1, grid["doors"])]


def test_what_cannot_be_done_says_so(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    make_account(role="unit_lead", place=walk.district.units[0], username="stairwell")
    unknown = ["rounds", "gaps", "20990101-1"]
    assert (run_command(unknown), "20990101-1" in capsys.readouterr().err) == (5, True)
    assert run_command(["rounds", "mark", walk.code, "gone", "--person", "1"]) == 3
    assert run_command(["rounds", "mark", walk.code, "done"]) == 3
    place = ["--place", walk.district.district.code]
    assert run_command(["rounds", "create", "第 4 轮", *place, "--ends", "2022-13-45T08:00"]) == 3
    elsewhere = walk.district.communities[1].code
    assert run_command(["--as", "stairwell", "rounds", "gaps", walk.code, "--place", elsewhere]) == 4
    assert run_command(["--as", "stairwell", "rounds", "close", walk.code]) == 4
    assert run_command(["--as", "nobody", "rounds", "list"]) == 4


def test_who_sees_a_part_is_told_so(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    make_account(role="unit_lead", place=walk.district.units[0], username="stairwell")
    assert linli(capsys, "rounds", "gaps", walk.code)["narrowed"] is False
    part = linli(capsys, "--as", "stairwell", "rounds", "gaps", walk.code)
    assert (part["narrowed"], part["open"]) == (True, 12)
    assert linli(capsys, "--as", "stairwell", "rounds", "figures", walk.code)["narrowed"] is True
    own = walk.district.units[0].code
    assert linli(capsys, "--as", "stairwell", "rounds", "gaps", walk.code, "--place", own)["narrowed"] is False
    assert run_command(["--as", "stairwell", "rounds", "gaps", walk.code]) == 0
    assert "只含您有权查看的部分" in capsys.readouterr().out


def test_marks_of_need_are_asked_for_and_said_in_words(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    person = people_of(next(iter(walk.homes.values())))[0]
    with db.owner():
        db.execute("UPDATE person SET needs = CASE WHEN id = %s THEN %s ELSE 0 END", [person, int(Need.ALONE)])
    listed = linli(capsys, "rounds", "gaps", walk.code, "--need", "alone")
    assert [(gap["person"], gap["needs"]) for gap in listed["gaps"]] == [(person, ["alone"])]
    assert run_command(["rounds", "gaps", walk.code, "--need", "alone"]) == 0
    assert "独居" in capsys.readouterr().out
    assert run_command(["rounds", "gaps", walk.code, "--need", "tired"]) == 3
    assert "tired" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gaps", "{round}", "--reason", "done"], "not_reached, absent, refused"),
        (["list", "--state", "gone"], "draft, open, closed"),
        (["create", "  ", "--place", "{place}"], "120"),
        (["create", "长" * 121, "--place", "{place}"], "120"),
        (["mark", "{round}", "not_reached", "--person", "1"], "not_reached"),
        (["mark", "{round}", "done", "--person", "1", "--back", "2022-10-04T18:00"], "--back"),
        (["mark", "{round}", "absent", "--person", "1", "--until", "2099-10-04T18:00"], "--until"),
        (["mark", "{round}", "exempt", "--person", "1", "--until", "2000-10-04T18:00"], "--until"),
        (["mark", "{round}", "absent", "--person", "1", "--back", "18 Uhr"], "18 Uhr"),
    ],
)
def test_a_wrong_word_is_told_with_those_there_are(
    walk: Walk, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    place = walk.district.district.code
    assert run_command(["rounds", *(one.format(round=walk.code, place=place) for one in arguments)]) == 3
    error = capsys.readouterr().err
    assert said in error
    assert "  → " in error
    assert db_marks() == 0


def db_marks() -> int:
    with db.owner():
        return int(db.scalar("SELECT count(*) FROM mark"))


@pytest.mark.parametrize("number", ["0", "-3", "99999999999999999999999"])
def test_a_number_that_nobody_can_have_is_refused(walk: Walk, number: str) -> None:
    assert run_command(["rounds", "mark", walk.code, "done", f"--person={number}"]) == 2
    assert run_command(["rounds", "undo", walk.code, str(new_id()), f"--household={number}"]) == 2


def test_marks_of_which_none_is_taken_end_in_an_error(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["rounds", "mark", walk.code, "done", "--person", "999999999"]) == 3
    assert "999999999" in capsys.readouterr().out


def test_coming_again_and_an_end_of_exemption_are_given(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = people_of(next(iter(walk.homes.values())))[:2]
    linli(capsys, "rounds", "mark", walk.code, "absent", "--person", str(one), "--back", "2022-10-04T18:30")
    listed = linli(capsys, "rounds", "gaps", walk.code, "--reason", "absent")
    assert [(gap["person"], gap["back_at"]) for gap in listed["gaps"]] == [(one, "2022-10-04T10:30:00+00:00")]
    until = ["--until", "2099-01-01T00:00"]
    linli(capsys, "rounds", "mark", walk.code, "exempt", "--person", str(other), "--reason", "隔离酒店", *until)
    with db.owner():
        assert db.scalar("SELECT until_at FROM round_state WHERE subject_id = %s", [other]).year == 2098


def test_a_check_changes_nothing(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    """Exemptions that are over since the worker last looked: still exempt in the list, open by the marks; no fault."""
    person = people_of(next(iter(walk.homes.values())))[0]
    with db.owner():
        given = MarkCommand(new_id(), Mark.EXEMPT, NOON, person_id=person, until_at=NOON + timedelta(minutes=1))
        services.mark(round_id=walk.round.id, commands=[given], actor=SYSTEM, at=NOON)
        before = db.rows("SELECT * FROM round_state ORDER BY subject_id"), db.rows("SELECT * FROM round_tally")
    checked = linli(capsys, "rounds", "check", walk.code)
    assert (checked["lapsing"], checked["counted"]) == (1, checked["listed"] + 1)
    assert (checked["only_listed"], checked["only_counted"]) == ([], [])
    assert run_command(["rounds", "check", walk.code]) == 0
    assert "豁免已到期" in capsys.readouterr().out
    with db.owner():
        after = db.rows("SELECT * FROM round_state ORDER BY subject_id"), db.rows("SELECT * FROM round_tally")
        assert after == before
        db.execute("UPDATE round_state SET state = 10 WHERE subject_id = (SELECT max(subject_id) FROM round_state)")
    assert run_command(["rounds", "check", walk.code]) == 1
