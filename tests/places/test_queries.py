"""Search, paths, children, and who may look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden
from linli.core.extents import EVERYWHERE, NOWHERE, Extent
from linli.places import errors, policies, queries, services
from linli.places.terms import Kind
from tests.builders.places import AT, District, make_district

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=1)


@pytest.fixture
def made() -> District:
    return make_district(communities=2, compounds=2, buildings=2, units=1, floors=1)


def viewer(extent: Extent) -> Actor:
    return Actor(7, "viewer", (Grant(1, "unit_lead", 1, frozenset({"places.view"}), extent),))


def names(text: str, actor: Actor = SYSTEM, **options: object) -> list[str]:
    return [place.name for place in queries.search_places(text, actor=actor, at=LATER, **options)]  # type: ignore[arg-type]


def test_search(made: District) -> None:
    assert names("阳光小区") == ["阳光小区"]
    assert names("光小") == ["阳光小区"]
    assert names("小区") == ["阳光小区", "团结小区"]
    assert names("150102001001")[0] == "第1社区"
    assert names("150102001001-001")[:3] == ["阳光小区", "1号楼", "2号楼"]
    assert [place.code[-6:] for place in queries.search_places("阳光 2号楼", actor=SYSTEM, at=LATER)] == ["001-02"]
    assert names("第2社区 1单元 ") == ["1单元"] * 4
    assert names("没有") == []
    assert names("") == names("   ") == []
    assert names("小区", limit=1) == ["阳光小区"]


def test_search_takes_signs_as_they_are(made: District) -> None:
    assert names("%") == names("_") == names("\\") == names("'; --") == []
    services.rename_place(place_id=made.compounds[0].id, name="100%_小区\\", actor=SYSTEM, at=AT)
    assert names("0%_") == ["100%_小区\\"]
    assert names("100%小区\\") == ["100%_小区\\"]  # signs are not looked at


def test_search_shows_only_what_may_be_seen(made: District) -> None:
    mine = viewer(made.units[0].block)
    assert names("小区", mine) == ["阳光小区"]
    assert names("1单元", mine) == ["1单元"]
    assert names("呼和浩特", mine) == ["呼和浩特市"], "what one's own doors lie in may be seen"
    assert names("小区", viewer(NOWHERE)) == []
    assert names("小区", SYSTEM, within=made.extent(made.communities[1])) == ["团结小区"]


def test_alias(made: District) -> None:
    services.add_alias(place_id=made.compounds[1].id, text="老毛纺厂家属院", actor=SYSTEM, at=LATER)
    assert names("毛纺") == ["锦绣花园"]
    found = queries.find_by_name("老毛纺厂家属院", within=EVERYWHERE, at=LATER, kinds=(Kind.COMPOUND,))
    assert [place.name for place in found] == ["锦绣花园"]


def test_sight(made: District) -> None:
    mine = viewer(made.units[0].block)
    for place in (made.city, made.communities[0], made.compounds[0], made.units[0]):
        queries.require_sight(place, mine, LATER)
    for place in (made.communities[1], made.compounds[1], made.units[1]):
        with pytest.raises(Forbidden):
            queries.require_sight(place, mine, LATER)


def test_children_and_lists(made: District) -> None:
    assert [place.name for place in queries.list_roots(AT)] == ["呼和浩特市"]
    assert [place.name for place in queries.list_children(made.communities[0].id, AT)] == ["阳光小区", "锦绣花园"]
    assert [place.name for place in queries.list_children(made.compounds[0].id, AT)] == ["1号楼", "2号楼"]
    units = queries.list_units(made.extent(made.communities[1]), AT)
    assert [(line.compound, line.building, line.unit, line.community) for line in units][:2] == [
        ("团结小区", "1号楼", "1单元", "第2社区"),
        ("团结小区", "2号楼", "1单元", "第2社区"),
    ]
    assert len(queries.list_inside(made.extent(made.city), Kind.BUILDING, AT)) == 8
    assert len(queries.list_inside(made.extent(made.city), Kind.BUILDING, AT, limit=3)) == 3
    streets = queries.list_divisions(made.units[0].block, Kind.STREET, AT)
    assert [place.id for place in streets] == [made.street.id]
    assert len(queries.list_doors_inside(made.extent(made.city))) == 16


def test_unknown(made: District) -> None:
    assert queries.find_place("999") is None
    assert queries.find_door(1) is None
    with pytest.raises(errors.PlaceUnknown):
        queries.get_door(1)
    with pytest.raises(errors.PlaceUnknown):
        queries.door_label(1)
    assert queries.door_labels([1, made.keys[0]]).keys() == {made.keys[0]}
    assert queries.extents_of([0], AT) == {0: NOWHERE}
    assert queries.path_of(0, AT) == []


@pytest.mark.parametrize(
    ("name", "bare"),
    [("3", "3"), ("3#", "3"), ("3号楼", "3"), ("03栋", "3"), ("三号楼", "3"), ("十二幢", "12"),
     ("B座", "B"), ("３＃楼", "3"), ("1-2号楼", "1-2"), ("综合楼", "综合"), ("楼", "楼")],
)  # fmt: skip
def test_building_names(name: str, bare: str) -> None:
    assert policies.match_building(name) == bare


def test_other_names() -> None:
    assert [policies.match_unit(name) for name in ("2", "2单元", "二单元", "02 单元", "东门")] == [
        "2",
        "2",
        "2",
        "2",
        "东",
    ]
    assert [policies.say_building(name) for name in ("3#", "B座", "综合楼")] == ["3号楼", "B座", "综合楼"]
    assert policies.say_unit("二") == "2单元"
    assert [policies.sort_of(name) for name in ("12号楼", "三单元", "B座", "二十一栋")] == [12, 3, 0, 21]
    assert [policies.floor_of(text) for text in ("1203", "302", "302A", "12", "0012", "B101", "12345")] == [
        12, 3, 3, None, None, None, None,
    ]  # fmt: skip
    assert policies.chinese_number("一百零三") == 103
    assert policies.chinese_number("甲") is None


def test_outline_is_drawn() -> None:
    square = [[[110.0, 40.0], [111.0, 40.0], [111.0, 41.0], [110.0, 40.0]]]
    drawn = policies.draw_outline({"type": "Polygon", "coordinates": square}, (110.0, 40.0, 111.0, 41.0))
    assert drawn.path.startswith("M0.0 240.0L")
    assert drawn.path.endswith("Z")
    assert (drawn.width, drawn.height) == (183, 240)
