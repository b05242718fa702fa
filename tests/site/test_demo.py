"""The demo: what it is made of, that none of it can be real, and that its figures are true."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from linli.core import access, clock, crypto, db
from linli.places import queries as places
from linli.residents.terms import Need
from linli.rounds import gaps
from linli.rounds import queries as rounds
from linli.site.demo import build, cli, facts, identity
from linli.site.demo.divisions import Division, UnknownDistrict, choose_divisions
from linli.site.demo.ground import Ground
from linli.site.demo.load import Plan, draw_city
from linli.site.demo.people import Census
from linli.site.demo.visit import choose_window, knock

pytestmark = pytest.mark.django_db

AT = datetime(2022, 10, 5, 7, 30, tzinfo=UTC)  # half past three in the afternoon in Hohhot
DAY = date(2022, 10, 5)
ZONE = "Asia/Shanghai"
SMALL = Plan(people=2_000)
PASSWORD = "demo-test-pass"


def quiet(step: str, done: int, total: int | None) -> None:
    """Nobody watches."""


@lru_cache(maxsize=1)
def draw(people: int) -> tuple[list[Division], Ground, Census]:
    """The same for every test that reads it alone."""
    return draw_city(Plan(people=people), DAY)


@pytest.fixture
def demo() -> build.Demo:
    return build.build_demo(SMALL, password=PASSWORD, at=AT, watch=quiet)


# --- made up, and saying so ------------------------------------------------------------------------------------------


def test_known_id_numbers_are_judged_rightly() -> None:
    assert identity.is_valid_check("11010519491231002X")  # the example in GB 11643
    assert not identity.is_valid_check("110105194912310021")


def test_no_id_number_is_valid_and_no_two_are_alike() -> None:
    _, _, census = draw(30_000)
    assert len(set(census.id_number)) == 30_000
    for number, born, sex in zip(census.id_number, census.born.astype(object), census.sex, strict=True):
        assert len(number) == 18
        assert number.startswith("999")
        assert number[6:14] == f"{born:%Y%m%d}"
        assert int(number[16]) % 2 == sex % 2
        assert not identity.is_valid_check(number)


def test_phones_are_of_a_segment_that_nobody_has() -> None:
    _, _, census = draw(30_000)
    phones = [phone for phone in census.phone if phone]
    assert len(phones) > 20_000
    assert len(set(phones)) == len(phones)
    assert all(len(phone) == 11 and phone.startswith("154") for phone in phones)


# --- as the census says ----------------------------------------------------------------------------------------------


def test_sizes_ages_and_needs_follow_the_census() -> None:
    _, ground, census = draw(130_000)
    age = (np.datetime64(DAY) - census.born).astype(int) / 365.2425
    collective = np.isin(census.household_door, ground.rooms)
    assert len(census.name) == 130_000
    assert census.household_size[~collective].mean() == pytest.approx(facts.FAMILY_SIZE, abs=0.01)
    assert census.household_size[collective].sum() / 130_000 == pytest.approx(facts.COLLECTIVE_SHARE, abs=0.001)
    assert (age >= 60).mean() == pytest.approx(facts.SHARE_OVER_60, abs=0.02)
    assert (age < 15).mean() == pytest.approx(facts.SHARE_UNDER_15, abs=0.02)
    assert 0.02 < ((census.needs & Need.ALONE) > 0).mean() < 0.07
    assert not census.needs[age >= 60].astype(int)[(census.needs[age >= 60] & Need.PREGNANT) > 0].size
    assert 0.92 < (census.presence == 1).mean() < 0.98


def test_doors_are_vacant_shared_and_of_every_kind() -> None:
    _, ground, census = draw(130_000)
    lived_in = np.unique(census.household_door)
    assert set(np.unique(ground.door_kind).tolist()) == {1, 2, 3, 4}
    assert 0.03 < 1 - len(np.intersect1d(lived_in, ground.dwellings)) / len(ground.dwellings) < 0.2
    assert (np.bincount(census.household_door) == 2).sum() > 500
    assert np.isnat(census.vacant_since[lived_in]).all()


def test_a_city_takes_all_districts_and_a_district_its_own() -> None:
    city = {row.name for row in choose_divisions(facts.MAX_PEOPLE) if row.level == "district"}
    assert {"新城区", "回民区", "玉泉区", "赛罕区", "武川县"} <= city
    assert {row.name for row in choose_divisions(2_000) if row.level == "district"} == {"新城区"}
    assert {row.name for row in choose_divisions(2_000, "yuquan") if row.level == "district"} == {"玉泉区"}
    with pytest.raises(UnknownDistrict):
        choose_divisions(2_000, "atlantis")


def test_the_same_seed_gives_the_same_city() -> None:
    one, two, other = (draw_city(plan, DAY) for plan in (SMALL, SMALL, replace(SMALL, seed=7)))
    for name in ("name", "born", "id_number", "phone", "needs", "presence", "household_door", "relation"):
        assert np.array_equal(getattr(one[2], name), getattr(two[2], name), equal_nan=name == "born")
    assert [shape.name for shape in one[1].shapes] == [shape.name for shape in two[1].shapes]
    assert not np.array_equal(one[2].name, other[2].name)


# --- the round -------------------------------------------------------------------------------------------------------


def test_the_round_was_opened_this_morning_or_yesterday_while_it_is_early() -> None:
    assert choose_window(AT, ZONE).opened_at == datetime(2022, 10, 5, 0, tzinfo=UTC)
    early = choose_window(datetime(2022, 10, 5, 1, tzinfo=UTC), ZONE)  # nine in the morning
    assert early.opened_at == datetime(2022, 10, 4, 0, tzinfo=UTC)
    assert early.now < early.ends_at


def test_no_mark_lies_outside_of_the_window() -> None:
    count = 30_000
    key = np.arange(count, dtype=np.int64) * 700
    rng = np.random.default_rng(1)
    for hours in (3.1, 8.0, 23.0):
        window = choose_window(datetime(2022, 10, 5, 0, tzinfo=UTC) + timedelta(hours=hours), ZONE)
        marks = knock(key, key // 1400, key // (count * 70), window, ZONE, rng)
        assert 0.4 < len(np.unique(marks.person)) / count < 0.8
        assert marks.second.min() >= 0
        assert marks.second.max() < (window.now - window.opened_at).total_seconds()


# --- in the database -------------------------------------------------------------------------------------------------


def test_what_is_counted_is_there(demo: build.Demo) -> None:
    assert demo.people == 2_000 == db.scalar("SELECT count(*) FROM person")
    assert demo.households == db.scalar("SELECT count(*) FROM household")
    assert demo.doors == db.scalar("SELECT count(*) FROM door")
    for kind, count in ((70, demo.compounds), (80, demo.buildings), (90, demo.units), (40, demo.communities)):
        assert count == db.scalar("SELECT count(*) FROM place WHERE kind = %s", [kind])
    assert demo.due == db.scalar("SELECT count(*) FROM person WHERE presence = 1")
    assert demo.marks == db.scalar("SELECT count(*) FROM mark")
    assert db.scalar("SELECT count(*) FROM place WHERE kind = 20 AND name = '新城区'") == 1
    assert "虚构" in rounds.get_round_by_code(demo.round).name
    assert all(name.endswith("（演示）") for (name,) in db.rows("SELECT name FROM account"))


def test_every_lived_in_unit_is_in_one_grid(demo: build.Demo) -> None:
    homeless = db.scalar(
        "SELECT count(*) FROM household h WHERE (SELECT count(*) FROM place_span s WHERE s.kind = 61"
        " AND h.key >= s.lo AND h.key < s.hi) <> 1"
    )
    assert homeless == 0


def test_people_are_sealed_and_found_again(demo: build.Demo) -> None:
    sealed, digest = db.rows("SELECT id_sealed, id_hash FROM person ORDER BY id LIMIT 1")[0]
    number = crypto.unseal(sealed)
    assert not identity.is_valid_check(number)
    assert bytes(digest) == crypto.lookup_hash(number)


def test_figures_equal_a_count_from_the_marks(demo: build.Demo) -> None:
    """Everywhere: who is due comes from the register, what was last said of them from the marks."""
    found = rounds.get_round_by_code(demo.round)
    rows = db.rows(
        """
        SELECT (p.key >> 11) << 11, count(*), count(*) FILTER (WHERE m.kind = 10), count(*) FILTER (WHERE m.kind = 11),
               count(*) FILTER (WHERE m.kind = 1), count(*) FILTER (WHERE m.kind = 2)
        FROM person p LEFT JOIN LATERAL (
            SELECT kind FROM mark WHERE subject_id = p.id AND round_id = %s ORDER BY event_at DESC LIMIT 1
        ) AS m ON true WHERE p.presence = 1 GROUP BY 1
        """,
        [found.id],
    )
    tallies = db.rows("SELECT lo, due, done, exempt, absent, refused FROM round_tally WHERE round_id = %s", [found.id])
    assert sorted(rows) == sorted(tallies)
    district = places.get_place("150102")
    extent = places.extent_of(district.id, AT)
    figures = rounds.get_figures(round_id=found.id, extent=extent, at=AT)
    assert figures.due == demo.due
    assert 0.3 < figures.done / figures.due < 0.8
    assert min(figures.absent, figures.exempt, figures.not_reached) > 0
    assert figures.open == len(gaps.count_gaps_from_marks(round_=found, extent=extent))
    assert len(rounds.get_curve(round_id=found.id, extent=extent)) > 20


def test_what_the_search_suggests_finds_something(demo: build.Demo) -> None:
    """Initials of a street that is really there, as the hint in the search field says in both languages."""
    hint = Path(places.__file__).parent.parent / "templates/places/_combobox.html"
    assert "such as 桃源 1号楼, hled or 3-2-1203" in hint.read_text("utf-8")
    assert [place.name for place in places.search("hled", actor=access.SYSTEM, at=AT).places] == ["海拉尔东路街道"]


def test_every_account_holds_its_place(demo: build.Demo) -> None:
    extents = {}
    for account in demo.accounts:
        actor = access.actor_of(account["id"], account["name"], AT)
        extents[account["username"]] = actor.extent
        assert db.scalar(
            "SELECT EXISTS (SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi)"
            " JOIN person p ON p.key >= e.lo AND p.key < e.hi)",
            [actor.extent.los, actor.extent.his],
        ), account
    assert extents["unit"] <= extents["building"] <= extents["cadre"] <= extents["community"]
    assert extents["community"] <= extents["office"] <= extents["command"] <= extents["admin"]


def test_a_second_demo_and_a_database_in_use_are_refused(demo: build.Demo) -> None:
    assert build.find_demo() == demo
    with pytest.raises(build.OtherDemo):
        build.build_demo(SMALL, password=PASSWORD, at=AT, watch=quiet)
    db.execute("DELETE FROM journal_entry")
    with pytest.raises(build.DatabaseInUse):
        build.build_demo(SMALL, password=PASSWORD, at=AT, watch=quiet)


@pytest.mark.parametrize("people", [0, 199, 3_400_001])
def test_impossible_sizes_are_refused(people: int) -> None:
    with pytest.raises(build.BadSize):
        build.build_demo(replace(SMALL, people=people), password=PASSWORD, at=AT, watch=quiet)


def test_the_command_builds_once_and_says_when_it_is_there(tmp_path: Path, settings: object) -> None:
    settings.LINLI_HOME = tmp_path  # type: ignore[attr-defined]
    runner = CliRunner()
    with clock.stopped(AT):
        first = runner.invoke(cli.app, ["--people", "400", "--json"])
        again = runner.invoke(cli.app, ["--json"])
    assert first.exit_code == again.exit_code == 0
    made, found = json.loads(first.stdout), json.loads(again.stdout)
    assert (made.pop("already"), found.pop("already")) == (False, True)
    assert made == found
    note = tmp_path / "demo.txt"
    assert note.stat().st_mode & 0o777 == 0o600
    assert "command" in note.read_text("utf-8")
