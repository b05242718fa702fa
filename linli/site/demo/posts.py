"""The chain of a demo: who holds which post, as a sheet that comes in like any other. Everybody is made up."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import numpy as np

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.importers import Source
from linli.duty.imports.chain import load_chain
from linli.places import queries as places
from linli.places.terms import Kind
from linli.site.demo.chain import MADE_UP
from linli.site.demo.load import Settled, Watch

ORGANISATIONS = ("区财政局", "区教育局", "区水务局", "区林草局", "自然资源分局", "区工信局", "区文旅局", "区司法局")
FIRST_PHONE = 15_490_000_000  # the segment 154 is allocated to nobody; the residents of a demo are below
FAMILY = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁白云包斯"
GIVEN = "明华芳丽军伟静敏强磊洋艳勇杰娟涛超霞平刚桂英建国秀兰玉梅海燕志强文博"
HEADER = ("岗位", "地点代码", "姓名", "联系电话", "副职", "副职电话", "单位", "信息员类别")
WITH_DEPUTY = ("片区长", "网格长")
OF_DEMO_ACCOUNTS = "社区网格"  # the kind that `appoint_all` gives to an information officer


@dataclass(frozen=True)
class Staffing:
    """`vacant`: share of building and unit leads' posts that nobody holds; `officers`: information officers by kind."""

    vacant: float = 0.0
    officers: Mapping[str, int] = field(default_factory=dict)


def fill_posts(settled: Settled, staffing: Staffing, *, at: datetime, seed: int, watch: Watch) -> int:
    """Appoint everybody; posts that the demo's accounts hold stay as they are. Returns how many people there are."""
    watch("posts", 0, None)
    rows = list(_rows(settled, staffing, at, np.random.default_rng(seed + 2)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(rows)
        outcome = load_chain(Source(path, path.name), actor=SYSTEM, at=at, watch=lambda *_: None)
    if outcome.rejections:
        raise AssertionError(f"a post of our own was refused: {outcome.rejections[0]}")
    return len(rows)


def _rows(settled: Settled, staffing: Staffing, at: datetime, rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    extent = places.extent_of_all([settled.place_ids[code] for code in settled.communities], at)
    phones = count(FIRST_PHONE)
    taken = set(db.rows("SELECT role, place_id FROM appointment WHERE until IS NULL AND since <= %s", [at]))
    units = places.list_inside(extent, Kind.UNIT, at)
    layers = (
        ("片区长", "area_lead", 0.0, places.list_divisions(extent, Kind.AREA, at)),
        ("网格长", "grid_lead", 0.0, places.list_divisions(extent, Kind.GRID, at)),
        ("楼栋长", "building_lead", staffing.vacant, places.list_inside(extent, Kind.BUILDING, at)),
        ("单元长", "unit_lead", staffing.vacant, units),
    )
    for title, role, vacant, found in layers:
        lots = rng.random(len(found))
        for place, lot in zip(found, lots.tolist(), strict=True):
            if (role, place.id) not in taken and lot >= vacant:
                deputy = (_name(rng), str(next(phones))) if title in WITH_DEPUTY else ("", "")
                yield title, place.code, _name(rng), str(next(phones)), *deputy, "", ""
    kinds = [kind for kind, wanted in staffing.officers.items() for _ in range(wanted)]
    for role, _place in taken:
        if role == "information_officer" and kinds:
            kinds.remove(OF_DEMO_ACCOUNTS)
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds):
        organisation = ORGANISATIONS[int(rng.integers(len(ORGANISATIONS)))] if kind == "包联单位" else ""
        unit = units[number % len(units)]
        yield "信息员", unit.code, _name(rng), str(next(phones)), "", "", organisation, kind


def _name(rng: np.random.Generator) -> str:
    given = "".join(GIVEN[int(index)] for index in rng.integers(0, len(GIVEN), int(rng.integers(1, 3))))
    return FAMILY[int(rng.integers(len(FAMILY)))] + given + MADE_UP
