"""The whole demo, in one transaction: all of it or nothing."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import access, db, journal
from linli.core.access import SYSTEM
from linli.core.errors import Problem
from linli.places import queries as places
from linli.places.terms import Kind
from linli.rounds import bulk as rounds
from linli.rounds import marking
from linli.rounds.services import create_round
from linli.rounds.terms import RoundKind
from linli.site.demo import datong, facts
from linli.site.demo.chain import DemoAccount, appoint_all, draw_grids
from linli.site.demo.load import Plan, Settled, Watch, load_city
from linli.site.demo.outlines import draw_outlines
from linli.site.demo.posts import Staffing, fill_posts
from linli.site.demo.visit import Marks, Window, as_batch, choose_window, knock

VERB = "site.build_demo"
ROUND_NAME = "第一轮敲门行动（演示，全部虚构）"
VACANT_POSTS = 0.03
FOUNDED_BEFORE = timedelta(days=30)  # the places stand since then: the round was opened over them this morning


class DatabaseInUse(Problem):
    code = "site.database_in_use"
    status = 409
    title = gettext_lazy("This database holds work already; the demo goes into an empty one.")
    advice_text = gettext_lazy("Give the demo a folder of its own: LINLI_HOME=/path/to/demo linli run")


class OtherDemo(Problem):
    code = "site.other_demo"
    status = 409
    title = gettext_lazy("Another demo is here already.")
    advice_text = gettext_lazy("Build this one in a folder of its own: LINLI_HOME=/path/to/demo linli demo --people N")


class BadSize(Problem):
    code = "site.bad_demo_size"
    status = 422
    title = gettext_lazy("The demo cannot be built at this size.")
    advice_text = gettext_lazy("Choose between 200 and 3,400,000 people.")


@dataclass(frozen=True)
class Demo:
    """What a demo consists of, as its journal entry keeps it."""

    people: int
    households: int
    doors: int
    units: int
    buildings: int
    compounds: int
    communities: int
    grids: int
    round: str
    due: int
    marks: int
    district: str
    seed: int
    accounts: list[dict[str, Any]]
    posts: int = 0
    outlines: int = 0


def find_demo() -> Demo | None:
    """The demo that is in this database, or None."""
    found = db.scalar("SELECT detail FROM journal_entry WHERE verb = %s ORDER BY id LIMIT 1", [VERB])
    if found is None:
        return None
    return Demo(**(json.loads(found) if isinstance(found, str) else found))


def is_untouched() -> bool:
    """Nobody has an account, nothing stands anywhere."""
    return not db.scalar("SELECT EXISTS (SELECT 1 FROM account) OR EXISTS (SELECT 1 FROM place)")


def build_demo(plan: Plan, *, password: str, at: datetime, watch: Watch) -> Demo:
    """Raises DatabaseInUse, OtherDemo, BadSize, UnknownDistrict."""
    if not facts.MIN_PEOPLE <= plan.people <= facts.MAX_PEOPLE:
        raise BadSize(people=plan.people)
    with db.owner(), db.atomic():
        if (there := find_demo()) is not None:
            raise OtherDemo(people=there.people)
        if not is_untouched():
            raise DatabaseInUse
        zone = str(settings.TIME_ZONE)
        window = choose_window(at, zone)
        founded = window.opened_at - FOUNDED_BEFORE
        of_county = datong.is_wanted(plan.district)
        settled = (datong.load_county if of_county else load_city)(plan, at=founded, zone=zone, today=at, watch=watch)
        grids = (datong.draw_areas if of_county else draw_grids)(settled, at=founded, watch=watch)
        outlines = draw_outlines(settled, at=founded, seed=plan.seed, watch=watch)
        root = next(place for place in places.list_roots(at) if place.kind in (Kind.PROVINCE, Kind.CITY))
        accounts = appoint_all(settled, grids, root_id=root.id, password=password, at=founded)
        staffing = Staffing(officers=datong.OFFICERS) if of_county else Staffing(vacant=VACANT_POSTS)
        posts = fill_posts(settled, staffing, at=founded, seed=plan.seed, watch=watch) + len(accounts)
        code, marks = _hold_round(settled, accounts, window, zone, np.random.default_rng(plan.seed + 1), watch)
        demo = _describe(plan, settled, grids, accounts, code, marks, posts, outlines)
        journal.record(actor=SYSTEM, at=at, verb=VERB, subject=f"demo:{plan.seed}", **asdict(demo))
    return demo


def _hold_round(
    settled: Settled,
    accounts: list[DemoAccount],
    window: Window,
    zone: str,
    rng: np.random.Generator,
    watch: Watch,
) -> tuple[str, int]:
    """A visit to every door of the district, opened in the morning; returns its code and how many marks it took."""
    command = next(account for account in accounts if account.username == "command")
    actor = access.actor_of(command.id, command.name, window.opened_at, origin="cli")
    watch("round", 0, None)
    made = create_round(
        name=ROUND_NAME,
        kind=RoundKind.VISIT,
        starts_at=window.opened_at,
        ends_at=window.ends_at,
        scope=actor.extent_for("rounds.open"),
        actor=actor,
        at=window.opened_at,
    )
    rounds.open_round(round_id=made.pk, actor=actor, at=window.opened_at)
    marks, subjects = _knock(settled, window, zone, rng)
    watch("marks", 0, len(marks.person))
    batch = as_batch(marks, subjects, window.opened_at)
    load = marking.mark_batch(round_id=made.pk, batch=batch, actor=actor, at=window.now)
    if load.strangers:
        raise AssertionError(f"{load.strangers} marks of the demo are of nobody: rows {load.stranger_rows[:5]}")
    return made.code, load.accepted


def _knock(settled: Settled, window: Window, zone: str, rng: np.random.Generator) -> tuple[Marks, np.ndarray[Any, Any]]:
    """The marks of everybody due, and the ids of those people."""
    due = settled.due
    household = settled.census.person_household[due]
    door = settled.census.household_door[household]
    community = settled.unit_community[settled.ground.door_of[door]]
    marks = knock(settled.household_key[household], household, community, window, zone, rng)
    return marks, due + settled.first_person


def _describe(
    plan: Plan,
    settled: Settled,
    grids: dict[int, list[int]],
    accounts: list[DemoAccount],
    code: str,
    marks: int,
    posts: int,
    outlines: int,
) -> Demo:
    ground, census = settled.ground, settled.census
    districts = [row.name for row in settled.divisions if row.level == "district"]
    return Demo(
        people=len(census.name),
        households=len(census.household_door),
        doors=len(ground.door_of),
        units=len(ground.unit_of),
        buildings=len(ground.building_of),
        compounds=len(ground.shapes),
        communities=sum(row.level == "community" for row in settled.divisions),
        grids=sum(map(len, grids.values())),
        round=code,
        due=len(settled.due),
        marks=marks,
        district=districts[0] if len(districts) == 1 else "呼和浩特市",
        seed=plan.seed,
        posts=posts,
        outlines=outlines,
        accounts=[asdict(account) for account in accounts],
    )


def make_password() -> str:
    """One for all demo accounts: made anew for every demo, so that no two installations share it."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


def write_note(demo: Demo, password: str) -> str:
    """What a visitor has to know; printed by `linli demo` and at every start of `linli run`."""
    lines = [
        _(
            "Demo of %(district)s: real names of streets and communities; every outline, person, ID number, phone and"
            " mark is made up."
        )
        % {"district": demo.district},
        _("Sign in with one of these accounts; the password of all of them is  %(password)s") % {"password": password},
    ]
    lines += [f"  {one['username']:<11} {one['place']}" for one in demo.accounts]
    return "\n".join(lines) + "\n"
