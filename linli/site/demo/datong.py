"""Datong County as a demo: five levels of responsibility in the numbers that the county reported on 24 November 2022.

Area leads 47, grid leads 188, building leads 967, unit leads 2,899, information officers 4,101, in 11 communities and
188 compounds, every unit of every building covered. The county, its town and the eleven communities are real (divisions
of June 2020); compounds, buildings, doors, people and everybody on a post are made up, and so is who stands where.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from linli.core.access import SYSTEM
from linli.places import queries as places
from linli.places.services import add_overlay
from linli.places.terms import Kind, PlaceRef
from linli.site.demo import words
from linli.site.demo.divisions import Division
from linli.site.demo.ground import Ground, Shape, Style, lay_out
from linli.site.demo.load import Plan, Settled, Watch, store_all
from linli.site.demo.people import Census, settle

NICKNAMES = ("datong", "630121", "大通县", "大通")
NAME = "大通县"
COMMUNITIES, COMPOUNDS, AREAS, BUILDINGS, UNITS = 11, 188, 47, 967, 2_899
OFFICERS = {"包联单位": 1_316, "社区网格": 1_102, "物业企业": 861, "社会力量": 822}  # 4,101; the split is made up
COMPOUNDS_PER_AREA = 4
FLOORS, PER_FLOOR = 6, 2
PEOPLE_PER_HOUSEHOLD = 2.3
OCCUPIED = 0.91


def is_wanted(district: str) -> bool:
    return district.lower() in NICKNAMES


def read_divisions() -> list[Division]:
    """Source: linli/places/data/README.md."""
    text = resources.files("linli.places").joinpath("data/datong_2020.csv").read_text("utf-8-sig")
    rows = csv.DictReader(text.splitlines())
    return [Division(row["code"], row["parent_code"], row["level"], row["name"]) for row in rows]


def draw_county(plan: Plan, day: date) -> tuple[list[Division], Ground, Census]:
    """Everything made up, before it is stored. Of `plan` only the seed counts: the numbers are the county's."""
    rng = np.random.default_rng(plan.seed)
    divisions = read_divisions()
    ground = lay_out(plan_compounds([row for row in divisions if row.level == "community"], rng))
    families = int(len(ground.dwellings) * OCCUPIED)
    residents = int(families * PEOPLE_PER_HOUSEHOLD)
    return divisions, ground, settle(ground, families=families, residents=residents, members=0, today=day, rng=rng)


def plan_compounds(communities: list[Division], rng: np.random.Generator) -> list[Shape]:
    """188 compounds of 967 buildings with 2,899 units; as many in each community as make whole areas of four."""
    areas = [AREAS // COMMUNITIES + (number < AREAS % COMMUNITIES) for number in range(COMMUNITIES)]
    sizes = rng.integers(2, 9, COMPOUNDS)
    while (short := BUILDINGS - int(sizes.sum())) != 0:
        sizes[int(rng.integers(COMPOUNDS))] += 1 if short > 0 else -1
        sizes = sizes.clip(2, 12)
    stairs = rng.choice((2, 3, 4), COMPOUNDS, p=(0.25, 0.5, 0.25))
    while (short := UNITS - int((sizes * stairs).sum())) != 0:
        _nudge(sizes, stairs, short, rng)
    shapes, number = [], 0
    for row, wanted in zip(communities, areas, strict=True):
        for order in range(wanted * COMPOUNDS_PER_AREA):
            again, which = divmod(order, len(words.WALKUP_LAST))
            name = f"{row.stem}{words.WALKUP_LAST[which]}" + (f"{again + 1}区" if again else "")
            shapes.append(
                Shape(row.code, name, Style.WALKUP, int(sizes[number]), int(stairs[number]), FLOORS, PER_FLOOR, 0, 0)
            )
            number += 1
    return shapes


def _nudge(sizes: Any, stairs: Any, short: int, rng: np.random.Generator) -> None:
    """One step towards as many units as there are to be: a compound's buildings get a stairwell more or less."""
    step = 1 if short > 0 else -1
    fit = np.flatnonzero((stairs + step >= 2) & (stairs + step <= 4))
    exact = fit[sizes[fit] == abs(short)]
    smaller = fit[sizes[fit] < abs(short)]
    if len(exact):
        stairs[int(exact[0])] += step
    elif len(smaller):
        stairs[int(rng.choice(smaller))] += step
    else:  # too large a step everywhere: one too far, and back with another
        stairs[int(rng.choice(fit))] += step


def load_county(plan: Plan, *, at: datetime, today: datetime, zone: str, watch: Watch) -> Settled:
    """The register must be empty."""
    return store_all(*draw_county(plan, today.astimezone(ZoneInfo(zone)).date()), at, watch)


def draw_areas(settled: Settled, *, at: datetime, watch: Watch) -> dict[int, list[int]]:
    """Areas of four compounds, a grid for each compound. Returns the ids of the grids by index of community."""
    grids: dict[int, list[int]] = {}
    for index, code in enumerate(settled.communities):
        watch("grids", index, len(settled.communities))
        community = settled.place_ids[code]
        compounds = places.list_inside(places.extent_of(community, at), Kind.COMPOUND, at)
        grids[index] = []
        for order in range(0, len(compounds), COMPOUNDS_PER_AREA):
            mine = compounds[order : order + COMPOUNDS_PER_AREA]
            area = _overlay(Kind.AREA, community, f"第{order // COMPOUNDS_PER_AREA + 1}片区", mine, at)
            for compound in mine:
                name = f"第{len(grids[index]) + 1}网格"
                grids[index].append(_overlay(Kind.GRID, area, name, [compound], at))
    return grids


def _overlay(kind: Kind, parent_id: int, name: str, inside: list[PlaceRef], at: datetime) -> int:
    ids = [place.id for place in inside]
    return add_overlay(kind=kind, parent_id=parent_id, name=name, place_ids=ids, actor=SYSTEM, at=at).id
