"""Households and people by the million, and the counts of units."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from linli.core import db
from linli.core.access import SYSTEM
from linli.residents import bulk, counts, queries
from linli.residents.bulk import HouseholdRow, PersonRow
from linli.residents.terms import Need, Presence, Sex
from tests.builders.places import make_district
from tests.builders.residents import make_household, make_id_number

pytestmark = pytest.mark.django_db
AT = datetime(2022, 10, 4, 1, 0, tzinfo=UTC)
RULES = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid IN ('household'::regclass, 'person'::regclass) AND contype <> 'n'
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('household', 'person') ORDER BY 1, 2
"""


def load(keys: list[int]) -> tuple[int, int]:
    with bulk.loading():
        household, person = bulk.reserve_ids(households=len(keys), people=len(keys))
        bulk.load_households(
            [(household, keys[0]), *(HouseholdRow(household + n, key, "租\t户") for n, key in enumerate(keys[1:], 1))],
            at=AT,
        )
        bulk.load_people(
            (
                PersonRow(
                    *(person + n, household + n, key, f"居民\\{n}", Sex.FEMALE, date(1940, 1, 1), "户主"),
                    *(make_id_number(number=n), f"154{n:08}", int(Need.ALONE), Presence.PRESENT),
                )
                for n, key in enumerate(keys)
            ),
            at=AT,
        )
    return household, person


def test_loading_seals_counts_and_keeps_every_rule() -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    before = db.rows(RULES)
    _, person = load(town.keys)
    assert db.rows(RULES) == before
    found = queries.search_residents(make_id_number(number=3), actor=SYSTEM, at=AT).people
    assert [one.id for one in found] == [person + 3]
    assert found[0].name == "居民\\3"
    counted = queries.count_residents(town.extent(town.compounds[0]), actor=SYSTEM)
    assert (counted.people, counted.needs[Need.ALONE]) == (12, 12)


def test_loading_beside_people_who_are_there() -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    made = make_household(town.keys[0])
    household, _ = load(town.keys[1:])
    assert household > made
    assert make_household(town.keys[0], label="2") > household, "the sequence goes on after the reserved ids"
    assert queries.count_residents(town.extent(town.compounds[0]), actor=SYSTEM).people == 15


def test_counting_all_again_gives_the_same() -> None:
    town = make_district(communities=1, compounds=1, buildings=1)
    for key in town.keys[::3]:
        make_household(key, needs=Need.CHRONIC)
    before = db.rows("SELECT * FROM unit_count ORDER BY lo")
    db.execute("UPDATE unit_count SET people = people + 5")
    assert counts.recount_all() == len(before)
    assert db.rows("SELECT * FROM unit_count ORDER BY lo") == before
