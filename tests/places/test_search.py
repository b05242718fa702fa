"""Search as one types: pinyin, initials, other names, doors; inside what the actor may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core import db
from linli.core.access import SYSTEM, Actor, Grant
from linli.places import bulk, keys, queries, services
from linli.places.addresses import Address, Asked, read_asked
from linli.places.spelling import KEY_LENGTH, VARIANTS, Form, building_key, fold, search_keys, unit_key
from linli.places.terms import Kind
from tests.builders.places import AT, District, make_district

LATER = AT + timedelta(hours=1)


def written(name: str) -> dict[str, Form]:
    return {key.key: key.form for key in search_keys(name)}


def test_keys_of_a_name() -> None:
    found = written("呼伦路")
    assert found["呼伦路"] == Form.WRITTEN
    assert found["hulunlu"] == Form.PINYIN
    assert found["hll"] == Form.INITIALS
    assert found["lunlu"] == Form.PINYIN
    assert written("回民区")["hmq"] == Form.INITIALS
    assert {"chongqinglu", "zhongqinglu", "cql", "zql"} <= set(written("重庆路"))
    assert {"changleli", "changyueli", "zhangleli"} <= set(written("长乐里"))
    assert {"ＡＢ座", "ab座", "abzuo"} & set(written("ＡＢ座")) == {"ab座", "abzuo"}


def test_keys_of_numbers() -> None:
    assert {building_key(name) for name in ("3", "3#", "3号楼", "三号楼", "03栋")} == {"#b3"}
    assert {unit_key(name) for name in ("2", "2单元", "二单元", "02单元")} == {"#u2"}
    assert building_key("阳光大厦") == unit_key("东门") == ""
    assert written("150102001001-G03") == {"150102001001g03": Form.WRITTEN}


@given(st.text(max_size=120))
def test_keys_of_anything(name: str) -> None:
    found = search_keys(name)
    assert len({key.key for key in found}) == len(found)
    for key in found:
        assert 0 < len(key.key) <= KEY_LENGTH
        assert key.form == Form.NUMBER or key.key == fold(key.key)
    assert len(found) <= 2 + (1 + 2 * VARIANTS) * max(1, len(fold(name)))


ASKED = {
    "3-2-1203": Asked((), Address("3", "2", "1203")),
    "3－2－1203": Asked((), Address("3", "2", "1203")),
    "阳光 3-2-1203": Asked(("阳光",), Address("3", "2", "1203")),
    "阳光小区3-2-1203": Asked(("阳光小区",), Address("3", "2", "1203")),
    "阳光小区3号楼2单元1203室": Asked(("阳光小区",), Address("3", "2", "1203")),
    "阳光 3号楼 2单元 1203": Asked(("阳光",), Address("3", "2", "1203")),
    "银河家园A座1203": Asked(("银河家园",), Address("A", "", "1203")),
    "3-1203": Asked((), Address("3", "", "1203")),
    "3-2": Asked((), Address("3", "2", "")),
    "阳光 1203": Asked(("阳光",), Address("", "", "1203")),
    "hll": Asked(("hll",)),
    "150102001001-003-02-1": Asked(("150102001001-003-02-1",)),
    "": Asked(()),
}


@pytest.mark.parametrize("text", ASKED)
def test_what_was_asked(text: str) -> None:
    assert read_asked(text) == ASKED[text]


@pytest.fixture
def made(db: None) -> District:
    return make_district()


def names(text: str, actor: Actor = SYSTEM, limit: int = 20) -> list[str]:
    return [place.name for place in queries.search_places(text, actor=actor, at=LATER, limit=limit)]


def doors(text: str, actor: Actor = SYSTEM) -> list[str]:
    return [hit.label for hit in queries.search(text, actor=actor, at=LATER).doors]


@pytest.mark.django_db
def test_pinyin_initials_and_parts(made: District) -> None:
    services.rename_place(place_id=made.street.id, name="呼伦路街道", actor=SYSTEM, at=AT)
    assert names("hll") == names("hulun") == names("HuLunLu") == names("伦路") == ["呼伦路街道"]
    assert names("xcq") == ["新城区"]
    assert names("ygxq")[0] == names("yangguang")[0] == "阳光小区"
    assert names("hle") == names("海拉尔") == ["呼伦路街道"]  # by its old name
    assert "团结小区" in names("tuan jie")
    assert names("xcq tj") == ["团结小区"]
    assert names("y")[0] == "阳光小区"


@pytest.mark.django_db
def test_doors(made: District) -> None:
    everywhere = [f"{name} 2号楼 1单元 302" for name in ("阳光小区", "锦绣花园", "团结小区", "丽景佳苑")]
    assert doors("2-1-302") == everywhere
    assert doors("ygxq 2-1-302") == doors("阳光小区2号楼1单元302室") == ["阳光小区 2号楼 1单元 302"]
    assert doors("阳光 2-302") == ["阳光小区 2号楼 1单元 302", "阳光小区 2号楼 2单元 302"]
    assert len(doors("阳光 302")) == 4
    assert doors("302") == doors("2-1-909") == doors("9-1-302") == []
    assert names("阳光 2-2") == ["2单元"]
    assert names("阳光 2号楼") == ["2号楼"]
    assert names("2#") == ["2号楼"] * 4


@pytest.mark.django_db
def test_doors_only_where_one_may_look(made: District) -> None:
    building = made.buildings[1]
    grant = Grant(1, "building_lead", building.id, frozenset({"places.view"}), made.extent(building))
    lead = Actor(1, "楼长", (grant,))
    assert doors("2-1-302", lead) == ["阳光小区 2号楼 1单元 302"]
    assert doors("1-1-302", lead) == doors("锦绣 2-1-302", lead) == []
    assert names("jxhy", lead) == []
    assert names("1单元", lead) == ["1单元"]
    assert queries.search("阳光", actor=Actor(2, "无"), at=LATER) == ([], [])


@pytest.mark.django_db
def test_every_way_in_stores_keys(made: District) -> None:
    community, compound = made.communities[0], made.compounds[0]
    services.add_alias(place_id=compound.id, text="铁路大院", actor=SYSTEM, at=AT)
    services.rename_place(place_id=made.compounds[1].id, name="清泉花园", actor=SYSTEM, at=AT)
    bulk.ensure_compounds([(1, community.id, "和平里")], at=AT)
    services.add_overlay(
        kind=Kind.GRID, parent_id=community.id, name="东片网格", place_ids=[compound.id], actor=SYSTEM, at=AT
    )
    assert names("tldy") == ["阳光小区"]
    assert names("qqhy") == ["清泉花园"]
    assert names("hpl") == ["和平里"]
    assert names("dpwg") == ["东片网格"]
    assert keys.store_missing_keys() == 0
    db.execute("DELETE FROM place_key")
    assert names("hpl") == []
    assert keys.store_missing_keys() > 10
    assert names("hpl") == ["和平里"]


@pytest.mark.django_db
def test_what_ended_is_not_found(made: District) -> None:
    services.end_place(place_id=made.buildings[0].id, actor=SYSTEM, at=AT)
    assert doors("阳光 1-1-101") == []
    assert names("阳光 1号楼") == []
