"""Writes of the register: each service works, each error has a cause."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from linli.core import db, events
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.residents import errors, queries, services
from linli.residents.events import PeopleChanged
from linli.residents.models import Household, Person
from linli.residents.terms import Need, PersonInput, Presence, Purpose, Secret, Sex
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person, make_phone, people_of

pytestmark = pytest.mark.django_db
AT = datetime(2022, 10, 4, 1, 0, tzinfo=UTC)
TODAY = date(2022, 10, 4)


@pytest.fixture
def town() -> District:
    return make_district(communities=1, compounds=1, buildings=1)


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[PeopleChanged]:
    heard: list[PeopleChanged] = []
    monkeypatch.setitem(events._handlers, PeopleChanged, [heard.append])
    return heard


def clerk(extent: Extent, *permissions: str) -> Actor:
    held = frozenset(permissions or ("residents.view", "residents.register", "residents.edit", "residents.unmask"))
    return Actor(7, "社区干部", (Grant(1, "office", 1, held, extent),))


def journal() -> list[dict[str, Any]]:
    return db.dicts("SELECT verb, key, subject, detail::text AS detail FROM journal_entry ORDER BY id")


def seen(person_id: int) -> datetime:
    return Person.objects.get(pk=person_id).updated_at


def household(id: int) -> Household:
    return Household.objects.get(pk=id)


# --- households ------------------------------------------------------------------------------------


def test_register_household_tells_and_counts(town: District, news: list[PeopleChanged]) -> None:
    key = town.keys[0]
    number, phone = make_id_number(date(1942, 3, 15)), make_phone()
    made = services.register_household(
        key=key,
        people=[
            make_person("张 三", id_number=number, phone=phone, relation="户主", needs=Need.ALONE | Need.MEDICINE),
            make_person("李四"),
        ],
        actor=SYSTEM,
        at=AT,
    )
    view = queries.get_household(made, actor=SYSTEM, at=AT)
    assert [(one.name, one.age, one.sex) for one in view.living] == [
        ("张三", 80, Sex.MALE),
        ("李四", None, Sex.UNKNOWN),
    ]
    assert view.door == "阳光小区 1号楼 1单元 101"
    assert view.living[0].needs == Need.ALONE | Need.MEDICINE | Need.OVER_80
    assert number not in repr(view)
    assert phone not in repr(view)
    assert len(news) == 1
    assert news[0].household_ids == (made,)
    assert len(news[0].person_ids) == 2
    counts = queries.count_residents(town.extent(town.units[0]), actor=SYSTEM)
    assert (counts.doors, counts.households, counts.people, counts.present) == (1, 1, 2, 2)
    assert counts.needs[Need.ALONE] == 1
    entry = journal()[-1]
    assert entry["verb"] == "residents.register_household"
    assert number not in entry["detail"]
    assert "张三" not in entry["detail"]


def test_register_household_twice_by_client_id_is_once(town: District) -> None:
    client = uuid4()
    made = {services.register_household(key=town.keys[0], client_id=client, actor=SYSTEM, at=AT) for _ in range(2)}
    assert len(made) == 1


def test_register_household_refusals(town: District) -> None:
    make_household(town.keys[0])
    with pytest.raises(errors.LabelTaken):
        services.register_household(key=town.keys[0], actor=SYSTEM, at=AT)
    with pytest.raises(errors.DoorUnknown):
        services.register_household(key=999, actor=SYSTEM, at=AT)
    with pytest.raises(Forbidden):
        services.register_household(key=town.keys[1], actor=clerk(town.extent(town.units[1])), at=AT)
    with pytest.raises(errors.FieldWrong):
        services.register_household(key=town.keys[1], people=[make_person(" ")], actor=SYSTEM, at=AT)
    assert not Household.objects.filter(key=town.keys[1]).exists()


def test_edit_household_and_its_conflicts(town: District) -> None:
    made = make_household(town.keys[0])
    when = household(made).updated_at
    services.edit_household(household_id=made, label="张家", note="门铃坏了", seen_at=when, actor=SYSTEM, at=AT)
    assert household(made).label == "张家"
    with pytest.raises(errors.ChangedMeanwhile) as caught:
        services.edit_household(household_id=made, label="李家", seen_at=when, actor=SYSTEM, at=AT)
    assert "张家" in caught.value.detail
    assert "李家" in caught.value.detail
    with pytest.raises(errors.NothingChanged):
        services.edit_household(household_id=made, label="张家", seen_at=AT, actor=SYSTEM, at=AT)
    with pytest.raises(errors.HouseholdUnknown):
        services.edit_household(household_id=0, label="x", seen_at=AT, actor=SYSTEM, at=AT)
    other = make_household(town.keys[0])
    with pytest.raises(errors.LabelTaken):
        services.edit_household(
            household_id=other, label="张家", seen_at=household(other).updated_at, actor=SYSTEM, at=AT
        )


def test_move_household_takes_its_people_along(town: District, news: list[PeopleChanged]) -> None:
    made = make_household(town.keys[0])
    news.clear()
    services.move_household(household_id=made, to_key=town.keys[7], actor=SYSTEM, at=AT)
    assert set(Person.objects.filter(household_id=made).values_list("key", flat=True)) == {town.keys[7]}
    assert set(news[0].person_ids) == set(people_of(made))
    units = [queries.count_residents(town.extent(unit), actor=SYSTEM).people for unit in town.units]
    assert units == [0, 2]
    with pytest.raises(errors.SameHousehold):
        services.move_household(household_id=made, to_key=town.keys[7], actor=SYSTEM, at=AT)
    with pytest.raises(Forbidden):
        services.move_household(household_id=made, to_key=town.keys[0], actor=clerk(town.extent(town.units[1])), at=AT)


def test_move_household_beside_another_gets_a_label(town: District) -> None:
    first, second = make_household(town.keys[0]), make_household(town.keys[1])
    services.move_household(household_id=second, to_key=town.keys[0], actor=SYSTEM, at=AT)
    assert (household(first).label, household(second).label) == ("", "2")


def test_split_household(town: District) -> None:
    made = make_household(town.keys[0], people=3)
    people = people_of(made)
    new = services.split_household(household_id=made, person_ids=people[1:], actor=SYSTEM, at=AT)
    assert people_of(new) == people[1:]
    assert household(new).label == "2"
    for wrong in ([], people, [people[0], people[1]]):
        with pytest.raises(errors.NobodyChosen):
            services.split_household(household_id=made, person_ids=wrong, actor=SYSTEM, at=AT)


# --- people ------------------------------------------------------------------------------------------


def test_add_person(town: District) -> None:
    made = make_household(town.keys[0])
    added = services.add_person(household_id=made, person=make_person("王五"), actor=SYSTEM, at=AT)
    assert added in people_of(made)
    with pytest.raises(errors.HouseholdUnknown):
        services.add_person(household_id=0, person=make_person(), actor=SYSTEM, at=AT)
    services.record_vacant(household_ids=[made], actor=SYSTEM, at=AT)
    with pytest.raises(errors.HouseholdEnded):
        services.add_person(household_id=made, person=make_person(), actor=SYSTEM, at=AT)


def test_nobody_lives_in_two_homes(town: District) -> None:
    number = make_id_number()
    home = make_household(town.keys[0], people=[make_person("张三", id_number=number)])
    other = make_household(town.keys[8])
    with pytest.raises(errors.PersonTwice):
        services.add_person(household_id=home, person=make_person("张三", id_number=number), actor=SYSTEM, at=AT)
    with pytest.raises(errors.PersonKnownAt) as caught:
        services.add_person(household_id=other, person=make_person("张三", id_number=number), actor=SYSTEM, at=AT)
    assert "阳光小区 1号楼 1单元 101" in caught.value.detail
    blind = clerk(town.extent(town.units[1]))
    with pytest.raises(errors.PersonInTwoHomes) as hidden:
        services.add_person(household_id=other, person=make_person("张三", id_number=number), actor=blind, at=AT)
    assert "阳光小区" not in str(hidden.value)


def test_who_moved_out_comes_back_as_the_same_person(town: District) -> None:
    number = make_id_number()
    home = make_household(town.keys[0], people=[make_person("张三", id_number=number)])
    person = people_of(home)[0]
    services.record_moved_out(person_ids=[person], actor=SYSTEM, at=AT)
    new = make_household(town.keys[8], people=[make_person("张三", id_number=number)], at=AT)
    assert people_of(new) == [person]
    assert household(home).ended_at == AT


def test_edit_person(town: District) -> None:
    made = make_household(town.keys[0], people=[make_person("张三", phone="15400000001")])
    person = people_of(made)[0]
    number = make_id_number(date(1990, 1, 2), female=True)
    changed = services.edit_person(
        person_id=person,
        changes={"id_number": number, "phone": "154 0000 0002", "needs": Need.PREGNANT},
        seen_at=seen(person),
        actor=SYSTEM,
        at=AT,
    )
    assert set(changed) == {"id_number", "phone", "needs", "sex", "born_on"}
    view = queries.get_person(person, actor=SYSTEM, at=AT)
    assert (view.born_on, view.sex, view.phone_masked) == (date(1990, 1, 2), Sex.FEMALE, "154****0002")
    assert queries.count_residents(town.extent(town.units[0]), actor=SYSTEM).needs[Need.PREGNANT] == 1
    entry = journal()[-1]
    assert number not in entry["detail"]
    assert "15400000002" not in entry["detail"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "张三3"}, "name"),
        ({"name": "长" * 81}, "name"),
        ({"id_number": "1.1E+17"}, "id_number"),
        ({"id_number": "123"}, "id_number"),
        ({"phone": "12345"}, "phone"),
        ({"born_on": date(2031, 1, 1)}, "born_on"),
        ({"id_number": make_id_number(date(1980, 5, 17)), "born_on": date(1981, 5, 17)}, "born_on"),
        ({"relation": "长" * 21}, "relation"),
        ({"presence": Presence.AWAY}, "presence"),
    ],
)
def test_edit_person_refuses(town: District, changes: dict[str, Any], field: str) -> None:
    person = people_of(make_household(town.keys[0], people=1))[0]
    with pytest.raises(errors.FieldWrong) as caught:
        services.edit_person(person_id=person, changes=changes, seen_at=seen(person), actor=SYSTEM, at=AT)
    assert caught.value.params["field"] == field


def test_edit_person_says_both_values_when_somebody_was_first(town: District) -> None:
    person = people_of(make_household(town.keys[0], people=1))[0]
    before = seen(person)
    services.edit_person(person_id=person, changes={"name": "赵一"}, seen_at=before, actor=SYSTEM, at=AT)
    with pytest.raises(errors.ChangedMeanwhile) as caught:
        services.edit_person(person_id=person, changes={"name": "赵二"}, seen_at=before, actor=SYSTEM, at=AT)
    assert "赵一" in caught.value.detail
    assert "赵二" in caught.value.detail
    with pytest.raises(errors.NothingChanged):
        services.edit_person(person_id=person, changes={"name": "赵一"}, seen_at=before, actor=SYSTEM, at=AT)


def test_edit_person_into_another_ones_number(town: District) -> None:
    number = make_id_number()
    make_household(town.keys[0], people=[make_person("张三", id_number=number)])
    person = people_of(make_household(town.keys[1], people=1))[0]
    with pytest.raises(errors.PersonKnownAt):
        services.edit_person(person_id=person, changes={"id_number": number}, seen_at=seen(person), actor=SYSTEM, at=AT)


def test_move_person(town: District, news: list[PeopleChanged]) -> None:
    made = make_household(town.keys[0])
    first, second = people_of(made)
    news.clear()
    target = services.move_person(person_id=first, to_key=town.keys[7], actor=SYSTEM, at=AT)
    assert news[0].household_ids == tuple(sorted([made, target]))
    assert news[0].person_ids == (first,)
    assert services.move_person(person_id=second, to_household_id=target, actor=SYSTEM, at=AT) == target
    assert household(made).ended_at == AT, "the last one took the household with them"
    with pytest.raises(errors.SameHousehold):
        services.move_person(person_id=second, to_key=town.keys[7], actor=SYSTEM, at=AT)
    with pytest.raises(errors.PersonUnknown):
        services.move_person(person_id=0, to_key=town.keys[7], actor=SYSTEM, at=AT)
    with pytest.raises(errors.DoorUnknown):
        services.move_person(person_id=first, to_key=5, actor=SYSTEM, at=AT)
    with pytest.raises(Forbidden):
        services.move_person(person_id=first, to_key=town.keys[0], actor=clerk(town.extent(town.units[1])), at=AT)


def test_move_person_where_several_households_live(town: District) -> None:
    make_household(town.keys[0])
    make_household(town.keys[0], label="2")
    person = people_of(make_household(town.keys[1], people=1))[0]
    with pytest.raises(errors.HouseholdUnclear):
        services.move_person(person_id=person, to_key=town.keys[0], actor=SYSTEM, at=AT)
    new = services.move_person(person_id=person, to_key=town.keys[0], new_household=True, actor=SYSTEM, at=AT)
    assert household(new).label == "3"


def test_unmask_needs_the_right_and_is_journalled(town: District) -> None:
    number = make_id_number()
    person = people_of(make_household(town.keys[0], people=[make_person("张三", id_number=number)]))[0]
    asked: dict[str, Any] = {"person_id": person, "secret": Secret.ID_NUMBER, "purpose": Purpose.TRANSFER, "at": AT}
    assert services.unmask(actor=clerk(town.extent(town.units[0])), **asked) == number
    entry = journal()[-1]
    assert entry["verb"] == "residents.unmask"
    assert "transfer" in entry["detail"]
    assert number not in entry["detail"]
    with pytest.raises(Forbidden):
        services.unmask(actor=clerk(town.extent(town.units[0]), "residents.view"), **asked)
    with pytest.raises(errors.PersonUnknown):
        services.unmask(actor=clerk(town.extent(town.units[1])), **asked)


# --- presence ------------------------------------------------------------------------------------------


def test_away_and_back(town: District, news: list[PeopleChanged]) -> None:
    person = people_of(make_household(town.keys[0], people=1))[0]
    services.record_presence(
        person_id=person, presence=Presence.AWAY, back_on=TODAY + timedelta(3), actor=SYSTEM, at=AT
    )
    counts = queries.count_residents(town.extent(town.units[0]), actor=SYSTEM)
    assert (counts.people, counts.present) == (1, 0)
    services.record_presence(person_id=person, presence=Presence.PRESENT, actor=SYSTEM, at=AT)
    assert Person.objects.get(pk=person).back_on is None
    with pytest.raises(errors.NothingChanged):
        services.record_presence(person_id=person, presence=Presence.PRESENT, actor=SYSTEM, at=AT)
    with pytest.raises(errors.BackTooEarly):
        services.record_presence(
            person_id=person, presence=Presence.AWAY, back_on=TODAY - timedelta(1), actor=SYSTEM, at=AT
        )
    with pytest.raises(errors.FieldWrong):
        services.record_presence(person_id=person, presence=Presence.MOVED_OUT, back_on=TODAY, actor=SYSTEM, at=AT)


def test_moved_out_can_be_taken_back(town: District) -> None:
    made = make_household(town.keys[0], people=1)
    person = people_of(made)[0]
    services.record_presence(person_id=person, presence=Presence.MOVED_OUT, actor=SYSTEM, at=AT)
    assert household(made).ended_at == AT
    make_household(town.keys[0], people=1, at=AT)
    services.record_presence(person_id=person, presence=Presence.PRESENT, actor=SYSTEM, at=AT)
    assert (household(made).ended_at, household(made).label) == (None, "2")


def test_record_moved_out_takes_a_set(town: District, news: list[PeopleChanged]) -> None:
    homes = [make_household(key) for key in town.keys[:3]]
    people = [person for home in homes for person in people_of(home)]
    news.clear()
    assert services.record_moved_out(person_ids=people, actor=SYSTEM, at=AT) == 6
    assert services.record_moved_out(person_ids=people, actor=SYSTEM, at=AT) == 0
    assert len(news) == 1
    assert set(news[0].person_ids) == set(people)
    assert {household(home).ended_at for home in homes} == {AT}
    assert queries.count_residents(town.extent(town.compounds[0]), actor=SYSTEM).people == 0


def test_record_moved_out_under_another_permission(town: District) -> None:
    person = people_of(make_household(town.keys[0], people=1))[0]
    walker = clerk(town.extent(town.units[0]), "rounds.mark")
    with pytest.raises(Forbidden):
        services.record_moved_out(person_ids=[person], actor=walker, at=AT)
    assert services.record_moved_out(person_ids=[person], actor=walker, at=AT, permission="rounds.mark") == 1


def test_vacant_household_and_door(town: District) -> None:
    made = make_household(town.keys[0], people=2)
    other = make_household(town.keys[0], label="2", people=1)
    assert services.record_vacant(household_ids=[made], actor=SYSTEM, at=AT) == 2
    assert queries.get_door(town.keys[0])["vacant_since"] is None, "another household is left"
    assert services.record_vacant(household_ids=[other], actor=SYSTEM, at=AT) == 1
    assert queries.get_door(town.keys[0])["vacant_since"] == TODAY
    assert services.record_vacant(household_ids=[other], actor=SYSTEM, at=AT) == 0
    make_household(town.keys[0], at=AT)
    assert queries.get_door(town.keys[0])["vacant_since"] is None
    assert services.record_door_vacant(key=town.keys[0], since=date(2022, 9, 1), actor=SYSTEM, at=AT) == 2
    assert queries.get_door(town.keys[0])["vacant_since"] == date(2022, 9, 1)
    with pytest.raises(errors.NothingChanged):
        services.record_door_vacant(key=town.keys[0], actor=SYSTEM, at=AT)
    with pytest.raises(errors.DoorUnknown):
        services.record_door_vacant(key=3, actor=SYSTEM, at=AT)


def test_person_input_is_one_of_a_kind() -> None:
    assert PersonInput(name="a") == PersonInput(name="a")
