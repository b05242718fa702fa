"""The constraints of the register, and the wall before it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import Error, IntegrityError

from linli.core import access, db
from linli.core.access import Actor, Grant
from linli.residents import queries, services
from linli.residents.errors import PersonInTwoHomes, PersonKnownAt
from linli.residents.models import Household, Person
from tests.builders.duty import as_web
from tests.builders.places import District, make_district
from tests.builders.residents import MOVED_IN, make_household, make_id_number, make_person, people_of

AT = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("person_named", {"name": ""}),
    ("person_presence", {"presence": 9}),
    ("person_needs", {"needs": 256}),
    ("person_back", {"back_on": date(2022, 10, 9)}),
    ("person_in_household", {"key": 1}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "values"), BROKEN, ids=[name for name, _ in BROKEN])
def test_constraints_of_people(name: str, values: dict[str, Any]) -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    person = people_of(make_household(town.keys[0], people=1))[0]
    with pytest.raises(IntegrityError, match=name), db.atomic():
        Person.objects.filter(pk=person).update(**values)


@pytest.mark.django_db
def test_one_home_only_and_one_label_only() -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    people = people_of(make_household(town.keys[0], people=2))
    known = Person.objects.get(pk=people[0]).id_hash
    with pytest.raises(IntegrityError, match="person_id_once"), db.atomic():
        Person.objects.filter(pk=people[1]).update(id_hash=known)
    with pytest.raises(IntegrityError, match="household_label_once"), db.atomic():
        Household.objects.create(key=town.keys[0], created_at=AT, updated_at=AT)
    with pytest.raises(IntegrityError, match="household_at_door"), db.atomic():
        Household.objects.create(key=3, created_at=AT, updated_at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "change"), [("unit_count_fits", "present = people + 1"), ("unit_count_is_unit", "lo = lo + 1")]
)
def test_constraints_of_counts(name: str, change: str) -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    make_household(town.keys[0])
    with pytest.raises(IntegrityError, match=name), db.atomic():
        db.execute(f"UPDATE unit_count SET {change}")


@pytest.fixture
def town() -> District:
    with db.owner():
        return make_district(communities=2, compounds=1, buildings=1)


def worker(town: District, community: int = 0) -> Actor:
    held = frozenset({"residents.view", "residents.register", "residents.edit"})
    with db.owner():
        return Actor(7, "网格员", (Grant(1, "grid_worker", 1, held, town.extent(town.communities[community])),))


@pytest.mark.web_role
@pytest.mark.django_db(transaction=True)
def test_the_wall_shows_ones_own_people_only(town: District) -> None:
    with db.owner():
        mine, theirs = make_household(town.keys[0]), make_household(town.keys[-1])
    with as_web(worker(town)):
        assert {row[0] for row in db.rows("SELECT id FROM household")} == {mine}
        assert {row[0] for row in db.rows("SELECT DISTINCT household_id FROM person")} == {mine}
        assert db.scalar("SELECT sum(people) FROM unit_count") == 2
        assert db.execute("UPDATE person SET note = 'x' WHERE household_id = %s", [theirs]) == 0
    for statement in (
        f"UPDATE household SET key = {town.keys[-2]} WHERE id = {mine}",
        "INSERT INTO household (key, label, note, created_at, updated_at)"
        f" VALUES ({town.keys[-2]}, '', '', now(), now())",
        f"DELETE FROM person WHERE household_id = {mine}",
    ):
        with pytest.raises(Error), as_web(worker(town)):
            db.execute(statement)


@pytest.mark.web_role
@pytest.mark.django_db(transaction=True)
def test_nothing_is_shown_when_nobody_acts(town: District) -> None:
    with db.owner():
        make_household(town.keys[0])
    with pytest.raises(Error, match="nobody is acting"), db.atomic():
        db.rows("SELECT id FROM person")


@pytest.mark.web_role
@pytest.mark.django_db(transaction=True)
def test_services_work_behind_the_wall(town: District) -> None:
    number = make_id_number()
    with db.owner():
        make_household(town.keys[-1], people=[make_person("张三", id_number=number)])
    actor = worker(town)
    with as_web(actor):
        made = services.register_household(key=town.keys[0], people=[make_person("李四")], actor=actor, at=AT)
        services.move_household(household_id=made, to_key=town.keys[1], actor=actor, at=AT)
        assert queries.count_residents(access.current_actor().extent, actor=actor).people == 1
    with pytest.raises(PersonInTwoHomes) as caught, as_web(actor):
        services.add_person(household_id=made, person=make_person("张三", id_number=number), actor=actor, at=AT)
    assert not isinstance(caught.value, PersonKnownAt), "a door behind the wall is not named"


@pytest.mark.django_db
def test_queries_narrow_without_the_wall(town: District) -> None:
    make_household(town.keys[0])
    make_household(town.keys[-1], people=[make_person("王五")], at=MOVED_IN)
    actor = worker(town)
    assert not queries.search_residents("王五", actor=actor, at=AT).people
    assert not queries.list_households(town.keys[-1], actor=actor, at=AT)
    assert len(queries.list_people(town.extent(town.city), actor=actor, at=AT)) == 2
