"""What tests stand on: a district that is built again is the one that the services built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.places import queries, services
from tests.builders import places, replay
from tests.builders.places import AT, make_district

pytestmark = pytest.mark.django_db(transaction=True)
LEAVES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY c.relname
"""
LATER = datetime(2022, 10, 2, 5, 6, 7, 89, tzinfo=UTC)


def read_all(first: dict[str, int], at: datetime) -> dict[str, list[Any]]:
    """Every row of every table; ids counted from the first of their table, `at` said by its name."""
    found: dict[str, list[Any]] = {}
    for (name,) in db.rows(LEAVES, [settings.LINLI_SCHEMA]):
        for row in db.dicts(f'SELECT * FROM "{name}"'):
            for column, value in row.items():
                of = replay.TABLES.get(name, {}).get(column)
                if value == at:
                    row[column] = "at"
                elif of and value is not None:
                    row[column] = value - first[of]
                elif column == "subject" and str(value).startswith("place:"):
                    row[column] = int(value.removeprefix("place:")) - first["place"]
            found.setdefault(name, []).append(row)
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def make(at: datetime, **size: Any) -> tuple[dict[str, list[Any]], list[Any]]:
    """What is in all tables, and what the builder answered, in the same words."""
    made = make_district(at=at, **size)
    first = {name: db.scalar(f"SELECT min(id) FROM {name}") for name in ("place", "place_span", "journal_entry")}
    refs = [made.city, made.district, made.street, *made.communities, *made.compounds, *made.buildings, *made.units]
    said = [
        (one.id - first["place"], one.parent_id and one.parent_id - first["place"], one.kind, one.code, one.name,
         one.sort, one.lo, one.hi, one.doors, one.created_at == at, one.ended_at)
        for one in refs
    ]  # fmt: skip
    doors = [(one.key, one.unit_id - first["place"], one.number, one.floor, one.position) for one in made.doors]
    return read_all(first, at), [*said, *doors]


@pytest.fixture
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_recordings", {})


@pytest.mark.usefixtures("_afresh")
@pytest.mark.parametrize(
    "size", [{}, {"communities": 3, "compounds": 1, "floors": 1}, {"city_code": "1502", "name": "别的区", "a_floor": 5}]
)
def test_built_again_it_is_the_same(size: dict[str, Any]) -> None:
    before = {
        name for (name,) in db.rows(LEAVES, [settings.LINLI_SCHEMA]) if db.scalar(f'SELECT count(*) FROM "{name}"')
    }
    by_services, said = make(AT, **size)
    assert set(by_services) - before == set(replay.TABLES)
    empty_all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "_build", None)  # the second time the services are not asked
        again, said_again = make(LATER, **size)
    assert again == by_services
    assert said_again == said


@pytest.mark.usefixtures("_afresh")
def test_what_comes_after_goes_on_from_there() -> None:
    make_district()
    empty_all()
    made = make_district(at=clock.now() - timedelta(days=1))
    beside = make_district(code="150103", name="回民区", compounds=1, at=clock.now())
    assert len(made.doors) == 96
    assert not set(made.keys) & set(beside.keys)
    unit = services.add_unit(building_id=made.buildings[0].id, name="3单元", actor=SYSTEM, at=clock.now())
    assert unit.lo is not None
    assert unit.lo > (made.units[1].lo or 0)
    assert queries.get_place(made.units[0].id) == made.units[0]
    assert queries.list_doors(made.units[0].id) == made.doors[:6]


def empty_all() -> None:
    with connections["owner"].cursor() as cursor:
        for name in reversed(replay.TABLES):
            cursor.execute(f"DELETE FROM {name}")
