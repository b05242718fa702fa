"""Grids, and one account a role with its appointment, each at a place where there is something to see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.contrib.auth.hashers import make_password

from linli.core import db
from linli.core.access import SYSTEM
from linli.core.extents import UNIT_SIZE
from linli.core.models import Account
from linli.duty import services as duty
from linli.duty.terms import OfficerKind, Role
from linli.places import queries as places
from linli.places.bulk_overlays import add_overlays
from linli.places.terms import Kind
from linli.site.demo import facts
from linli.site.demo.load import Settled, Watch

NAMES = ["白春梅", "周国栋", "刘晓燕", "王建军", "高娃", "李志强", "其木格", "赵秀兰", "巴雅尔", "陈静", "孙永平"]
MADE_UP = "（演示）"


@dataclass(frozen=True)
class DemoAccount:
    id: int
    username: str
    name: str
    role: str
    place: str


def draw_grids(settled: Settled, *, at: datetime, watch: Watch) -> dict[int, list[int]]:
    """One layer of grids over the communities: some 320 households each, never cutting a building. A compound that
    lies in one grid belongs to it whole, with what may yet be built there.

    Returns the ids of the grids by index of community.
    """
    ground = settled.ground
    door_building = ground.unit_of[ground.door_of]
    homes = np.bincount(door_building[settled.census.household_door], minlength=len(settled.building_id))
    of_community = np.zeros(len(homes), dtype=np.int64)
    of_community[ground.unit_of] = settled.unit_community
    above = dict(db.rows("SELECT id, parent_id FROM place WHERE id = ANY(%s)", [settled.building_id.tolist()]))
    sizes = Counter(above.values())
    rows: list[tuple[int, str, list[int]]] = []
    owner: list[int] = []
    for index, code in enumerate(settled.communities):
        mine = np.flatnonzero(of_community == index)
        wanted = max(1, round(int(homes[mine].sum()) / facts.HOUSEHOLDS_PER_GRID))
        share = (np.cumsum(homes[mine]) - homes[mine] / 2) / max(1, homes[mine].sum())
        number = np.minimum((share * wanted).astype(np.int64), wanted - 1)
        for order, found in enumerate(np.unique(number).tolist()):
            buildings = settled.building_id[mine[number == found]].tolist()
            here = Counter(above[building] for building in buildings)
            pieces = {above[one] if here[above[one]] == sizes[above[one]] else one for one in buildings}
            rows.append((settled.place_ids[code], f"第{order + 1}网格", sorted(pieces)))
            owner.append(index)
    watch("grids", 0, len(rows))
    grids: dict[int, list[int]] = {index: [] for index in range(len(settled.communities))}
    for index, grid in zip(owner, add_overlays(Kind.GRID, rows, at=at), strict=True):
        grids[index].append(grid)
    return grids


def appoint_all(
    settled: Settled, grids: dict[int, list[int]], *, root_id: int, password: str, at: datetime
) -> list[DemoAccount]:
    """One account a role, under one password; the first two hold the jurisdiction and the district (or city)."""
    index = int(np.bincount(settled.unit_community).argmax())  # the community with the most stairwells
    community = settled.communities[index]
    street = next(row.parent for row in settled.divisions if row.code == community)
    building = _busiest_building(settled, index)
    units = places.list_children(building, at)
    compound = next(place.id for place in places.path_of(building, at) if place.kind == Kind.COMPOUND)
    top = _top(settled)
    wanted = [
        ("admin", Role.COMMAND, root_id),
        ("command", Role.COMMAND, settled.place_ids[top]),
        ("office", Role.OFFICE, settled.place_ids[street]),
        ("community", Role.OFFICE, settled.place_ids[community]),
        ("gridlead", Role.GRID_LEAD, grids[index][0]),
        ("grid", Role.GRID_WORKER, grids[index][0]),
        ("building", Role.BUILDING_LEAD, building),
        ("unit", Role.UNIT_LEAD, units[0].id),
        ("info", Role.INFORMATION_OFFICER, units[-1].id),
        ("cadre", Role.LINKED_CADRE, compound),
        ("supervisor", Role.SUPERVISOR, settled.place_ids[top]),
    ]
    # One hash for all: it is slow on purpose, and eleven of them would be most of a small demo's time.
    hashed = make_password(password)
    made = []
    for (username, role, place_id), name in zip(wanted, NAMES, strict=True):
        account = Account.objects.create(username=username, name=name + MADE_UP, password=hashed, created_at=at)
        kind = OfficerKind.COMMUNITY.value if role == Role.INFORMATION_OFFICER else ""
        detail = duty.Detail(officer_kind=kind)
        duty.appoint(account_id=account.pk, role=role, place_id=place_id, detail=detail, actor=SYSTEM, at=at)
        made.append(DemoAccount(account.pk, username, name, str(role.value), _say_place(place_id, at)))
    return made


def _say_place(place_id: int, at: datetime) -> str:
    """`呼哈路社区居委会 第1网格`: the place, below its community where it has one."""
    place = places.get_place(place_id)
    path = [above.name for above in places.path_of(place_id, at) if above.kind >= Kind.COMMUNITY]
    return " ".join([*path, place.name])


def _top(settled: Settled) -> str:
    """The code of the one district, or of the city when there are several."""
    districts = [row.code for row in settled.divisions if row.level == "district"]
    return districts[0] if len(districts) == 1 else next(row.code for row in settled.divisions if row.level == "city")


def _busiest_building(settled: Settled, community: int) -> int:
    """Of a community: the building of two units or more with the most doors (any, when none has two)."""
    ground = settled.ground
    doors = np.bincount(ground.unit_of[ground.door_of], minlength=len(settled.building_id))
    stairs = np.bincount(ground.unit_of, minlength=len(settled.building_id))
    mine = np.zeros(len(doors), dtype=bool)
    mine[ground.unit_of[settled.unit_community == community]] = True
    score = np.where(mine, doors + np.where(stairs > 1, UNIT_SIZE, 0), -1)
    return int(settled.building_id[int(score.argmax())])
