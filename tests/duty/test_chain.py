"""Who answers for a door, at each level, at a given time, and who stands in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.duty import queries, services
from linli.duty.posts import Detail
from linli.duty.terms import Role
from linli.places.services import add_overlay, redraw_overlay
from linli.places.terms import Kind, PlaceRef
from tests.builders.duty import make_account
from tests.builders.places import AT as FOUNDED
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db
AT = datetime(2022, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def home() -> District:
    return make_district(communities=1, compounds=2, buildings=2)


def overlay(kind: Kind, parent: PlaceRef, name: str, inside: list[PlaceRef]) -> PlaceRef:
    return add_overlay(
        kind=kind, parent_id=parent.id, name=name, place_ids=[one.id for one in inside], actor=SYSTEM, at=FOUNDED
    )


def appoint(role: str, place: PlaceRef, name: str, *, since: datetime = FOUNDED, **more: object) -> int:
    return services.appoint(
        account_id=make_account(name=name).pk, role=role, place_id=place.id, since=since,
        detail=Detail(**more), actor=SYSTEM, at=since,  # type: ignore[arg-type]
    )  # fmt: skip


def test_five_levels_with_deputies_and_vacancies(home: District) -> None:
    area = overlay(Kind.AREA, home.communities[0], "东片区", home.compounds)
    grid = overlay(Kind.GRID, area, "第1网格", home.compounds[:1])
    appoint("area_lead", area, "甲")
    appoint("grid_lead", grid, "乙")
    appoint("grid_lead", grid, "丙", is_deputy=True)
    appoint("unit_lead", home.units[0], "丁")
    appoint("information_officer", home.units[0], "戊", officer_kind="property", organisation="安居物业")
    appoint("information_officer", home.communities[0], "己", officer_kind="society")
    appoint("office", home.street, "庚")
    chain = queries.find_chain(home.doors[0].key, AT)
    assert [level.role for level in chain.levels] == [
        "area_lead", "grid_lead", "building_lead", "unit_lead", "information_officer",
    ]  # fmt: skip
    named = {level.role: [one.name for one in level.holders] for level in chain.levels}
    assert named == {
        "area_lead": ["甲"], "grid_lead": ["乙"], "building_lead": [], "unit_lead": ["丁"],
        "information_officer": ["戊", "己"],
    }  # fmt: skip
    assert [one.name for one in chain.level("grid_lead").deputies] == ["丙"]
    assert chain.level("building_lead").is_vacant
    assert chain.level("information_officer").holders[0].organisation == "安居物业"
    assert [one.name for one in chain.others] == ["庚"]
    assert chain.nearest is not None
    assert chain.nearest.name == "丁"


def test_without_a_lead_the_deputy_or_the_next_level_is_turned_to(home: District) -> None:
    appoint("unit_lead", home.units[0], "代理", is_deputy=True)
    appoint("building_lead", home.buildings[0], "楼长")
    first, second = home.units[0].lo, home.units[1].lo
    assert first is not None
    assert second is not None
    chains = queries.find_answering([first, second], AT)
    assert chains[first].nearest.name == "代理"  # type: ignore[union-attr]
    assert chains[first].level("unit_lead").is_vacant
    assert chains[second].nearest.name == "楼长"  # type: ignore[union-attr]
    far = home.units[-1].lo
    assert far is not None
    assert queries.find_chain(far, AT).nearest is None
    assert queries.find_chain(far, AT).level("area_lead").place is None


def test_it_is_asked_as_of_a_moment(home: District) -> None:
    """Both the people and the grids are those of the moment."""
    grid = overlay(Kind.GRID, home.communities[0], "第1网格", home.compounds[:1])
    other = overlay(Kind.GRID, home.communities[0], "第2网格", home.compounds[1:])
    first = appoint("grid_lead", grid, "旧人")
    appoint("grid_lead", other, "邻格")
    services.end_appointment(appointment_id=first, actor=SYSTEM, at=AT)
    appoint("grid_lead", grid, "新人", since=AT)
    key = home.doors[0].key

    def lead(at: datetime) -> str:
        acting = queries.find_chain(key, at).level("grid_lead").acting
        return acting.name if acting else ""

    assert (lead(AT - DAY), lead(AT)) == ("旧人", "新人")
    redraw_overlay(place_id=grid.id, place_ids=[home.buildings[1].id], actor=SYSTEM, at=AT + DAY)
    redraw_overlay(
        place_id=other.id, place_ids=[home.buildings[0].id, home.compounds[1].id], actor=SYSTEM, at=AT + 2 * DAY
    )
    assert (lead(AT), lead(AT + DAY), lead(AT + 2 * DAY)) == ("新人", "", "邻格")


def test_the_narrowest_grid_that_somebody_leads(home: District) -> None:
    large = overlay(Kind.GRID_LARGE, home.communities[0], "大网格", home.compounds)
    grid = overlay(Kind.GRID, large, "中网格", home.compounds[:1])
    appoint("grid_lead", large, "大格长")
    key = home.doors[0].key
    assert queries.find_chain(key, AT).level("grid_lead").acting.name == "大格长"  # type: ignore[union-attr]
    appoint("grid_lead", grid, "中格长")
    chain = queries.find_chain(key, AT)
    assert chain.level("grid_lead").acting.name == "中格长"  # type: ignore[union-attr]
    assert [one.name for one in chain.others] == ["大格长"]


def test_who_answers_for_places_of_every_kind(home: District) -> None:
    appoint("office", home.street, "街道")
    appoint("linked_cadre", home.compounds[0], "包联")
    appoint("unit_lead", home.units[0], "丁")
    wanted = [home.street, home.compounds[0], home.compounds[1], home.units[0], home.units[1]]
    found = queries.find_leads([place.id for place in wanted], AT)
    assert [(level.acting.name if (level := found[place.id]).acting else "") for place in wanted] == [
        "街道", "包联", "", "丁", "",
    ]  # fmt: skip
    assert found[home.units[1].id].is_vacant
    assert [one.role for one in queries.find_holders(home.street.id, AT)] == [Role.OFFICE]


def test_one_statement_for_a_whole_page(home: District, monkeypatch: pytest.MonkeyPatch) -> None:
    appoint("unit_lead", home.units[0], "丁")
    sent: list[str] = []

    def heard(send: Callable[..., object], sql: str, params: object, **more: object) -> object:
        sent.append(sql)
        return send(sql, params, **more)

    for name in ("rows", "prepared"):
        monkeypatch.setattr(db, name, partial(heard, getattr(db, name)))
    queries.find_answering(home.keys, AT)
    queries.find_leads([unit.id for unit in home.units], AT)
    assert len(sent) == 2
    assert queries.find_answering([], AT) == {}
