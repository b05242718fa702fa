"""Households and people, through the services."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

from linli.core.access import SYSTEM
from linli.core.sheets import id_number_checksum_ok
from linli.residents import services
from linli.residents.terms import NO_NEED, Need, PersonInput, Presence

MOVED_IN = datetime(2022, 10, 2, 1, 0, tzinfo=UTC)
"""When the builders' people were registered: later than the places, earlier than what tests do."""
_numbers = count(200_000)  # below it are the numbers that a test chooses


def make_id_number(born_on: date = date(1980, 5, 17), *, female: bool = False, number: int | None = None) -> str:
    """An ID number of nobody: the area code 999 does not exist, and the check digit is wrong. `number` < 200,000."""
    n = next(_numbers) if number is None else number
    first = f"999{100 + n // 450:03}{born_on:%Y%m%d}{90 + n % 450 * 2 + (0 if female else 1):03}"
    return next(first + check for check in "X123456789" if not id_number_checksum_ok(first + check))


def make_phone(number: int | None = None) -> str:
    """A mobile number of a segment given to nobody."""
    return f"154{(number if number is not None else next(_numbers)):08}"


def make_household(
    key: int,
    *,
    people: int | list[PersonInput] = 2,
    label: str = "",
    needs: Need = NO_NEED,
    at: datetime = MOVED_IN,
) -> int:
    """A household behind the door `key`; returns its id. `people`: how many, or who. `needs` are the first one's."""
    if isinstance(people, int):
        people = [
            PersonInput(
                name=f"居民{'甲乙丙丁戊己庚辛'[index % 8]}",
                id_number=make_id_number(),
                phone=make_phone(),
                relation="户主" if index == 0 else "其他",
                needs=needs if index == 0 else NO_NEED,
            )
            for index in range(people)
        ]
    return services.register_household(key=key, people=people, label=label, actor=SYSTEM, at=at)


def make_person(name: str = "张三", *, presence: Presence = Presence.PRESENT, **more: object) -> PersonInput:
    return PersonInput(name=name, presence=presence, **more)  # type: ignore[arg-type]


def people_of(household_id: int) -> list[int]:
    """Ids of the household's people, in the order in which they were entered."""
    from linli.residents.models import Person

    return list(Person.objects.filter(household_id=household_id).order_by("id").values_list("id", flat=True))
