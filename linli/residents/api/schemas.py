"""What goes in and out of the API of residents, and of its commands. Words stand for what tables keep as numbers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from linli.residents.errors import WordUnknown
from linli.residents.policies import need_names, parse_needs
from linli.residents.terms import SAID, Counts, HouseholdView, PersonInput, PersonView, Presence, Sex

NARROWED = "Some doors of the place are out of your sight and not counted."
NEEDS_HELP = "alone, disabled, pregnant, chronic, medicine, no_smartphone, bedridden, hardship"


class PersonOut(Schema):
    id: int
    household_id: int
    key: int = Field(description="Door key.")
    door: str
    name: str
    sex: str
    born_on: date | None
    age: int | None
    relation: str
    id_number: str = Field(description="Masked.")
    phone: str = Field(description="Masked.")
    needs: list[str]
    note: str
    presence: str
    presence_since: date
    back_on: date | None
    updated_at: datetime

    @classmethod
    def of(cls, person: PersonView) -> PersonOut:
        return cls(
            id=person.id,
            household_id=person.household_id,
            key=person.key,
            door=person.door,
            name=person.name,
            sex=person.sex.name.lower(),
            born_on=person.born_on,
            age=person.age,
            relation=person.relation,
            id_number=person.id_masked,
            phone=person.phone_masked,
            needs=need_names(person.needs),
            note=person.note,
            presence=person.presence.name.lower(),
            presence_since=person.presence_since,
            back_on=person.back_on,
            updated_at=person.updated_at,
        )


class HouseholdOut(Schema):
    id: int
    key: int
    door: str
    unit: str = Field(description="Code of the unit.")
    label: str
    note: str
    updated_at: datetime
    ended_at: datetime | None
    people: list[PersonOut]

    @classmethod
    def of(cls, household: HouseholdView) -> HouseholdOut:
        return cls(
            id=household.id,
            key=household.key,
            door=household.door,
            unit=household.unit_code,
            label=household.label,
            note=household.note,
            updated_at=household.updated_at,
            ended_at=household.ended_at,
            people=[PersonOut.of(person) for person in household.people],
        )


class PersonIn(Schema):
    name: str
    id_number: str = ""
    phone: str = ""
    sex: str = Field("unknown", description="male, female, unknown")
    born_on: date | None = None
    relation: str = ""
    needs: list[str] = Field([], description=NEEDS_HELP)
    note: str = ""
    client_id: UUID | None = Field(None, description="Made by the sender: the same again changes nothing.")

    def entered(self) -> PersonInput:
        return PersonInput(
            name=self.name,
            id_number=self.id_number,
            phone=self.phone,
            sex=sex_of(self.sex),
            born_on=self.born_on,
            relation=self.relation,
            needs=parse_needs(self.needs),
            note=self.note,
            client_id=self.client_id,
        )


class HouseholdIn(Schema):
    key: int = Field(description="Door key.")
    people: list[PersonIn] = Field([], max_length=200)
    label: str = ""
    note: str = ""
    client_id: UUID | None = None


class HouseholdPatch(Schema):
    seen_at: datetime = Field(description="`updated_at` of what was changed.")
    label: str | None = None
    note: str | None = None


class PersonPatch(Schema):
    seen_at: datetime = Field(description="`updated_at` of what was changed.")
    name: str | None = None
    id_number: str | None = None
    phone: str | None = None
    sex: str | None = None
    born_on: date | None = None
    relation: str | None = None
    needs: list[str] | None = Field(None, description=NEEDS_HELP)
    note: str | None = None


class MovePersonIn(Schema):
    to_key: int | None = Field(None, description="Door key; or")
    to_household_id: int | None = None
    new_household: bool = False


class SplitIn(Schema):
    person_ids: list[int]
    label: str = ""


class PresenceIn(Schema):
    presence: str = Field(description="present, away, moved_out, deceased")
    since: date | None = None
    back_on: date | None = None


class SearchIn(Schema):
    text: str = Field(min_length=1, max_length=80, description="A whole ID number, phone number or name.")


class FoundOut(Schema):
    by: str
    more: bool
    people: list[PersonOut]


class UnmaskIn(Schema):
    field: str = Field(description="id_number, phone")
    purpose: str = Field(description="contact, verify, transfer, correct")


class ValueOut(Schema):
    value: str


class CountsOut(Schema):
    narrowed: bool = Field(description=NARROWED)
    doors: int
    households: int
    people: int
    present: int
    needs: dict[str, int]

    @classmethod
    def of(cls, counts: Counts, narrowed: bool) -> CountsOut:
        needs = {name: count for need, count in counts.needs.items() for name in need_names(need)}
        return cls(
            narrowed=narrowed, doors=counts.doors, households=counts.households, people=counts.people,
            present=counts.present, needs=needs,
        )  # fmt: skip


class PeopleQuery(Schema):
    place: str = Field(description="Code of a place.")
    needs: list[str] = Field([], description=f"Only people with any of: {NEEDS_HELP}")
    after: str = Field("", description="`next` of the page before.", pattern=r"^(\d+-\d+)?$")
    limit: int = Field(100, ge=1, le=500)


class PeopleOut(Schema):
    narrowed: bool = Field(description=NARROWED)
    people: list[PersonOut]
    next: str | None


def one_of(word: str, words: list[str], field: str) -> str:
    """The word, when it is one of these. Raises WordUnknown."""
    if word not in words:
        raise WordUnknown(word=word[:40], known=", ".join(words), field=field)
    return word


def sex_of(word: str) -> Sex:
    return Sex[one_of(word, [sex.name.lower() for sex in Sex], "sex").upper()]


def presence_of(word: str) -> Presence:
    return Presence[one_of(word, [one.name.lower() for one in SAID], "presence").upper()]
