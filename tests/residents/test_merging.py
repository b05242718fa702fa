"""Two entries of one person become one and two again: the register and the rounds agree at every step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from linli.core import db
from linli.core.access import SYSTEM, Actor, Grant
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.residents import queries, services
from linli.residents.duplicates import aliases
from linli.residents.duplicates.households import merge_households, undo_merger
from linli.residents.duplicates.people import merge_people
from linli.residents.errors import (
    EntryMerged,
    HouseholdsApart,
    MergerUndone,
    NobodyChosen,
    NotMergeable,
    PersonInTwoHomes,
    SurvivorGone,
    UndoLaterFirst,
)
from linli.residents.models import Duplicate, Household, MergedInto, Merger, Person
from linli.residents.terms import EntryKind, Need, Pick, Presence
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person, make_phone, people_of

pytestmark = pytest.mark.django_db
AT = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)


@pytest.fixture
def district() -> District:
    return make_district(compounds=1, buildings=1)


def two(district: District, **more: Any) -> tuple[int, int]:
    """张伟 with an ID number at one door, 张玮 with a phone at another."""
    one = make_household(district.keys[0], people=[make_person("张伟", id_number=make_id_number(), relation="户主")])
    other = make_household(district.keys[5], people=[make_person("张玮", phone=make_phone(), **more)])
    return people_of(one)[0], people_of(other)[0]


def row(person: int) -> dict[str, Any]:
    found = Person.objects.values().get(pk=person)
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in found.items()}


def test_the_survivor_takes_what_it_lacks_and_the_merged_one_is_found_no_more(district: District) -> None:
    stays, goes = two(district, needs=Need.ALONE)
    phone_hash = row(goes)["phone_hash"]
    merger = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    person = queries.get_person(stays, actor=SYSTEM, at=AT)
    assert (person.name, person.needs & Need.ALONE, row(stays)["phone_hash"]) == ("张伟", Need.ALONE, phone_hash)
    gone = row(goes)
    assert (gone["presence"], gone["phone_hash"], gone["id_hash"]) == (Presence.MERGED, None, None)
    assert not queries.search_residents("张玮", actor=SYSTEM, at=AT).people
    assert aliases.find_survivor(EntryKind.PERSON, goes) == stays
    kept = Merger.objects.get(pk=merger)
    assert set(kept.taken) == {"phone", "needs"}
    assert queries.get_household(row(goes)["household_id"], actor=SYSTEM, at=AT).ended_at == AT


def test_undone_both_are_as_they_were(district: District) -> None:
    stays, goes = two(district, needs=Need.ALONE)
    before = row(stays), row(goes)
    merger = merge_people(
        survivor_id=stays, merged_id=goes, picks={"name": Pick.TAKE, "note": Pick.KEEP}, actor=SYSTEM, at=AT
    )
    assert row(stays)["name"] == "张玮"
    undo_merger(merger_id=merger, actor=SYSTEM, at=AT + timedelta(hours=1))
    for old, new in zip(before, (row(stays), row(goes)), strict=True):
        assert {**old, "updated_at": None} == {**new, "updated_at": None}
    assert not MergedInto.objects.exists()
    assert Household.objects.get(pk=row(goes)["household_id"]).ended_at is None
    with pytest.raises(MergerUndone):
        undo_merger(merger_id=merger, actor=SYSTEM, at=AT)


def test_what_was_corrected_since_stays_when_it_is_undone(district: District) -> None:
    stays, goes = two(district, needs=Need.ALONE)
    merger = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    later = make_phone()
    services.edit_person(person_id=stays, changes={"phone": later}, seen_at=AT, actor=SYSTEM, at=AT)
    undo_merger(merger_id=merger, actor=SYSTEM, at=AT + timedelta(hours=1))
    assert queries.get_person(stays, actor=SYSTEM, at=AT).phone_masked == queries.mask_phone(later)
    assert row(stays)["needs"] == 0


def test_an_id_number_taken_goes_back(district: District) -> None:
    number = make_id_number(date(1980, 5, 17))
    one = make_household(district.keys[0], people=[make_person("张伟", born_on=date(1980, 5, 17))])
    other = make_household(district.keys[5], people=[make_person("张伟", id_number=number)])
    (stays,), (goes,) = people_of(one), people_of(other)
    merger = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    assert [one.id for one in queries.search_residents(number, actor=SYSTEM, at=AT).people] == [stays]
    undo_merger(merger_id=merger, actor=SYSTEM, at=AT)
    assert [one.id for one in queries.search_residents(number, actor=SYSTEM, at=AT).people] == [goes]


def test_undoing_fails_whole_when_somebody_else_bears_the_number_by_now(district: District) -> None:
    stays, goes = two(district)
    number = make_id_number()
    seen = Person.objects.get(pk=goes).updated_at
    services.edit_person(person_id=goes, changes={"id_number": number}, seen_at=seen, actor=SYSTEM, at=AT)
    merger = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    make_household(district.keys[7], people=[make_person("李四", id_number=number)])
    with pytest.raises(PersonInTwoHomes):
        undo_merger(merger_id=merger, actor=SYSTEM, at=AT)
    assert row(goes)["presence"] == Presence.MERGED


def test_chains_come_apart_from_the_end(district: District) -> None:
    stays, goes = two(district)
    third = people_of(make_household(district.keys[7], people=[make_person("张卫")]))[0]
    first = merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    second = merge_people(survivor_id=third, merged_id=stays, actor=SYSTEM, at=AT)
    assert aliases.find_survivor(EntryKind.PERSON, goes) == third
    with pytest.raises(UndoLaterFirst) as refused:
        undo_merger(merger_id=first, actor=SYSTEM, at=AT)
    assert refused.value.params["merger"] == second
    undo_merger(merger_id=second, actor=SYSTEM, at=AT)
    assert aliases.find_survivor(EntryKind.PERSON, goes) == stays
    undo_merger(merger_id=first, actor=SYSTEM, at=AT)
    assert aliases.find_survivor(EntryKind.PERSON, goes) is None


def test_who_is_merged_is_not_changed_and_nobody_lives_on_in_who_has_left(district: District) -> None:
    stays, goes = two(district)
    with pytest.raises(NotMergeable):
        merge_people(survivor_id=stays, merged_id=stays, actor=SYSTEM, at=AT)
    merge_people(survivor_id=stays, merged_id=goes, actor=SYSTEM, at=AT)
    for change in (
        lambda: services.record_presence(person_id=goes, presence=Presence.PRESENT, actor=SYSTEM, at=AT),
        lambda: services.move_person(person_id=goes, to_key=district.keys[1], actor=SYSTEM, at=AT),
        lambda: merge_people(survivor_id=goes, merged_id=stays, actor=SYSTEM, at=AT),
    ):
        with pytest.raises(EntryMerged):
            change()
    third = people_of(make_household(district.keys[7], people=[make_person("张卫")]))[0]
    services.record_presence(person_id=third, presence=Presence.MOVED_OUT, actor=SYSTEM, at=AT)
    with pytest.raises(SurvivorGone):
        merge_people(survivor_id=third, merged_id=stays, actor=SYSTEM, at=AT)


def test_both_doors_have_to_be_the_actors(district: District) -> None:
    stays, goes = two(district)
    near = Extent.of([(district.keys[0], district.keys[0] + 1)])
    office = Actor(1, "x", (Grant(1, "office", 1, frozenset({"residents.merge", "residents.view"}), near),))
    with pytest.raises(Forbidden):
        merge_people(survivor_id=stays, merged_id=goes, actor=office, at=AT)


def test_households_at_one_door_become_one_and_two_again(district: District) -> None:
    key = district.keys[0]
    one = make_household(key, people=[make_person("张伟", relation="户主"), make_person("李娜")])
    other = make_household(key, label="二", people=[make_person("张玮"), make_person("张小宝")])
    people = people_of(one) + people_of(other)
    before = [row(person) for person in people]
    merger = merge_households(survivor_id=one, merged_id=other, pairs=[(people[0], people[2])], actor=SYSTEM, at=AT)
    home = queries.get_household(one, actor=SYSTEM, at=AT)
    assert {person.name for person in home.living} == {"张伟", "李娜", "张小宝"}
    assert Household.objects.get(pk=other).ended_at == AT
    undo_merger(merger_id=merger, actor=SYSTEM, at=AT)
    for old, new in zip(before, map(row, people), strict=True):
        assert {**old, "updated_at": None} == {**new, "updated_at": None}
    assert Household.objects.get(pk=other).ended_at is None


def test_households_that_cannot_be_merged(district: District) -> None:
    one, other = make_household(district.keys[0]), make_household(district.keys[1])
    with pytest.raises(HouseholdsApart):
        merge_households(survivor_id=one, merged_id=other, actor=SYSTEM, at=AT)
    beside = make_household(district.keys[0], label="二")
    first, second = people_of(one)
    for pairs in ([(first, second)], [(first, person) for person in people_of(beside)]):
        with pytest.raises(NobodyChosen):
            merge_households(survivor_id=one, merged_id=beside, pairs=pairs, actor=SYSTEM, at=AT)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("duplicate_of_two", lambda: pair(left_id=2, right_id=1)),
        ("duplicate_kind", lambda: pair(kind=3)),
        ("duplicate_decided", lambda: pair(verdict="different")),
        ("duplicate_once", lambda: twice(pair)),
        ("merger_of_two", lambda: merger(survivor_id=1, merged_id=1)),
        ("merger_kind", lambda: merger(kind=3)),
        ("merger_once", lambda: twice(merger)),
        ("merger_undone", lambda: merger(undone_at=AT)),
        ("merged_into_one", lambda: twice(into, 1, 2)),
        ("merged_into_another", lambda: into(1, 1)),
    ],
)
def test_the_database_keeps(name: str, make: object) -> None:
    with pytest.raises(IntegrityError, match=name), db.atomic():
        make()  # type: ignore[operator]


def twice(make: Callable[..., None], *values: int) -> None:
    for _ in range(2):
        make(*values)


def pair(**more: Any) -> None:
    given = {"kind": 1, "left_id": 1, "right_id": 2, "left_key": 1, "right_key": 1, "certainty": 0.9, "found_at": AT}
    Duplicate.objects.create(**{**given, **more})


def merger(**more: Any) -> None:
    given = {"kind": 1, "key": 1, "other_key": 1, "survivor_id": 1, "merged_id": 2, "at": AT, "account_id": 0}
    Merger.objects.create(**{**given, **more})


def into(one: int, other: int) -> None:
    MergedInto.objects.create(kind=1, merged_id=one, into_id=other)
