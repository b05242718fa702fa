"""The city that most rows are read from: 3.4 million people, 1.2 million households, one round of 2,995,084 marks.

Loaded once into the embedded server of var/bench and kept there, with a stamp that names the tables it was made for.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connections

import linli
from linli.core import access, clock, db
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef
from linli.rounds import bulk as rounds
from linli.rounds import marking
from linli.rounds import queries as round_queries
from linli.rounds.queries import RoundView
from linli.rounds.services import create_round
from linli.rounds.terms import Mark, RoundKind
from linli.site.database import migrate_all
from linli.site.demo.chain import appoint_all, draw_grids
from linli.site.demo.load import Plan, Settled, load_city
from linli.site.demo.visit import BUSY, Marks, as_batch

FULL = 3_400_000
HOUSEHOLDS = 1_200_000  # of 3.4 million: the bench's city; the demo follows the census' smaller families
MARKS = 2_995_084
SEED = 20220227
ROUND_CODE = "BENCH-1"
PASSWORD = "bench-bench-bench"  # of accounts that exist in var/bench alone
STAMP = "city.json"
VERSION = 1  # raise it when the city of this file changes
ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class City:
    """What a row function is given. The alias `default` is the web role; use `access.acting(city.actor)` for reads."""

    people: int
    households: int
    units: int
    marks: int
    load_seconds: dict[str, float]

    @cached_property
    def at(self) -> datetime:
        return clock.now()

    @cached_property
    def actor(self) -> Actor:
        """The command centre of the whole city, as the web sees it."""
        with db.owner():
            row = db.rows("SELECT id, name FROM account WHERE username = 'command'")[0]
            return access.actor_of(row[0], row[1], self.at)

    @cached_property
    def round(self) -> RoundView:
        with db.owner():
            return round_queries.get_round_by_code(ROUND_CODE)

    def list_places(self, kind: Kind) -> list[PlaceRef]:
        """Every place of a kind in which somebody is due in the round, in key order."""
        with db.owner():
            found = db.rows(
                "SELECT DISTINCT p.id, min(s.lo) OVER (PARTITION BY p.id) AS lo FROM place p"
                " JOIN place_span s ON s.place_id = p.id AND s.until > %s"
                " WHERE p.kind = %s AND EXISTS ("
                "   SELECT 1 FROM round_tally t WHERE t.round_id = %s AND t.lo >= s.lo AND t.lo < s.hi)"
                " ORDER BY 2",
                [self.at, kind.value, self.round.id],
            )
            by_id = places.get_places(place_id for place_id, _ in found)
            return [by_id[place_id] for place_id, _ in found]

    def sample(self, kind: Kind, count: int, *, seed: int = SEED) -> list[tuple[PlaceRef, Extent]]:
        """`count` random places of a kind with what they hold; the same ones in every run."""
        found = self.list_places(kind)
        rng = np.random.default_rng(seed + kind.value)
        return self.hold([found[index] for index in rng.integers(0, len(found), count).tolist()])

    def hold(self, picked: list[PlaceRef]) -> list[tuple[PlaceRef, Extent]]:
        """Each place with the doors it holds."""
        with db.owner():
            extents = places.extents_of({place.id for place in picked}, self.at)
        return [(place, extents[place.id]) for place in picked]


def get_city(*, people: int = FULL, skip_load: bool = False) -> City:
    """The city that is there, when it was made for the tables of this version; else a new one (minutes)."""
    stamp = Path(settings.LINLI_HOME) / STAMP
    if stamp.exists():
        kept = json.loads(stamp.read_text())
        if skip_load or (kept["schema"] == _schema() and kept["city"]["people"] == people):
            return City(**kept["city"])
    stamp.unlink(missing_ok=True)
    city = _load(people)
    stamp.write_text(json.dumps({"schema": _schema(), "city": city.__dict__}, indent=1))
    return city


def _schema() -> str:
    """Changes when any migration or SQL script does, or what the city is made from."""
    digest = hashlib.sha256(f"{VERSION} {SEED} {MARKS}".encode())
    package = Path(linli.__file__).parent
    made_from = [package / "site/demo" / f"{name}.py" for name in ("facts", "divisions", "ground", "people")]
    for path in sorted([*package.glob("*/migrations/*.py"), *package.glob("*/sql/*.sql"), *made_from]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load(people: int) -> City:
    seconds: dict[str, float] = {}
    started = last = time.monotonic()
    step = "tables"

    def watch(name: str, done: int, total: int | None) -> None:
        nonlocal last, step
        if name != step:
            seconds[step] = round(time.monotonic() - last, 1)
            print(f"  {step}: {seconds[step]} s", flush=True)
            last, step = time.monotonic(), name

    print(f"Loading the city of {people:,} people into {settings.LINLI_HOME} ...", flush=True)
    _empty_database()
    at = clock.now()
    opened = at - timedelta(hours=9)
    plan = Plan(people=people, seed=SEED, families=_families(people))
    with db.owner(), db.atomic():
        founded = opened - timedelta(days=30)
        settled = load_city(plan, at=founded, today=at, zone=ZONE, watch=watch)
        grids = draw_grids(settled, at=founded, watch=watch)
        root = next(place for place in places.list_roots(at) if place.kind in (Kind.PROVINCE, Kind.CITY))
        appoint_all(settled, grids, root_id=root.id, password=PASSWORD, at=founded)
    marks = _hold_round(settled, min(MARKS, int(people * MARKS / FULL)), opened, at, watch)
    watch("statistics", 0, None)
    _tidy()
    watch("end", 0, None)
    seconds["all"] = round(time.monotonic() - started, 1)
    print(f"  all: {seconds['all']} s", flush=True)
    return City(people, len(settled.census.household_door), len(settled.unit_lo), marks, seconds)


def _families(people: int) -> int:
    """So many that, with the rooms of the dormitories, the households are 1.2 million to 3.4 million people."""
    from linli.site.demo import facts

    return round(people * (HOUSEHOLDS / FULL - facts.COLLECTIVE_SHARE / facts.COLLECTIVE_SIZE))


def _empty_database() -> None:
    with connections["owner"].cursor() as cursor:
        for schema in (settings.LINLI_SCHEMA, settings.LINLI_JOBS_SCHEMA):
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    connections.close_all()
    migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)


def _hold_round(settled: Settled, count: int, opened: datetime, at: datetime, watch: Any) -> int:
    """One round over the city with `count` marks, through the product's own services; returns how many."""
    account = db_account()
    actor = access.actor_of(account[0], account[1], opened, origin="cli")
    watch("round", 0, None)
    with db.owner():
        made = create_round(
            code=ROUND_CODE, name="第八轮核酸检测（演示，全部虚构）", kind=RoundKind.TEST, starts_at=opened,
            ends_at=opened + timedelta(hours=14), scope=actor.extent_for("rounds.open"), actor=actor, at=opened,
        )  # fmt: skip
        rounds.open_round(round_id=made.pk, actor=actor, at=opened)
    watch("marks", 0, None)
    marks = draw_marks(settled, count, (at - opened).total_seconds(), np.random.default_rng(SEED))
    batch = as_batch(marks, settled.due + settled.first_person, opened)
    load = marking.mark_batch(round_id=made.pk, batch=batch, actor=actor, at=at)
    if load.accepted != count:
        raise AssertionError(f"{load.accepted} marks of {count} were accepted")
    return load.accepted


def db_account() -> tuple[int, str]:
    with db.owner():
        row = db.rows("SELECT id, name FROM account WHERE username = 'command'")[0]
    return int(row[0]), str(row[1])


def draw_marks(settled: Settled, count: int, length: float, rng: np.random.Generator) -> Marks:
    """One mark each for `count` of the people due: whole households are missed more often than single people."""
    household = settled.census.person_household[settled.due]
    missed = rng.random(len(settled.census.household_door))[household] + 0.15 * rng.random(len(household))
    who = np.sort(np.argpartition(missed, count - 1)[:count])
    kind = np.full(count, int(Mark.DONE))
    lot = rng.random(count)
    for mark, low, high in ((Mark.ABSENT, 0.0, 0.012), (Mark.REFUSED, 0.012, 0.015), (Mark.EXEMPT, 0.015, 0.020)):
        kind[(lot >= low) & (lot < high)] = int(mark)
    busy = BUSY[8:17]
    hour = rng.choice(len(busy), size=count, p=busy / busy.sum())
    second = ((hour + rng.random(count)) / len(busy) * (length - 2)).astype(np.int64)
    return Marks(who, kind, second, np.full(count, -1, dtype=np.int64))


def _tidy() -> None:
    """What the server would do by itself within minutes, while rows are measured: statistics, and the pages of the load
    written out."""
    connection = connections["owner"]
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
