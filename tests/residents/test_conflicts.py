"""Two people edit one household or person: the second sees both values and chooses. Nothing is overwritten unseen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from linli.core import clock, db
from linli.residents.models import Household, Person
from tests.builders.duty import make_account
from tests.builders.places import make_district
from tests.builders.residents import make_household, make_person, people_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)
POST = {"content_type": "application/json"}


@pytest.fixture
def home(client: Client) -> Iterator[int]:
    with db.owner():
        town = make_district(communities=1, compounds=1, buildings=1)
        made = make_household(town.keys[0], people=[make_person("张三", phone="15400000001")])
    client.force_login(make_account(role="office", place=town.communities[0]))
    with clock.stopped(AT):
        yield made


def person_of(home: int) -> Person:
    with db.owner():
        return Person.objects.get(pk=people_of(home)[0])


def household(home: int) -> Household:
    with db.owner():
        return Household.objects.get(pk=home)


def seen(page: str) -> str:
    return page.split('name="seen_at" value="', 1)[1].split('"', 1)[0]


def test_a_household_that_two_people_edit(client: Client, home: int) -> None:
    address = f"/residents/household/{home}/edit/"
    first = seen(client.get(address).content.decode())
    assert client.post(address, {"label": "", "note": "二楼有狗", "seen_at": first}).status_code == 302
    refused = client.post(address, {"label": "租户", "note": "钥匙在门卫", "seen_at": first})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "二楼有狗" in page
    assert "钥匙在门卫" in page
    assert household(home).note == "二楼有狗"
    again = {"label": "租户", "note": "钥匙在门卫", "seen_at": seen(page), "disputed": ["label", "note"]}
    assert client.post(address, {**again, "choice-label": "mine", "choice-note": "theirs"}).status_code == 302
    assert (household(home).label, household(home).note) == ("租户", "二楼有狗")


def test_without_a_choice_nothing_is_overwritten(client: Client, home: int) -> None:
    address = f"/residents/household/{home}/edit/"
    first = seen(client.get(address).content.decode())
    client.post(address, {"label": "", "note": "二楼有狗", "seen_at": first})
    page = client.post(address, {"label": "", "note": "别的", "seen_at": first}).content.decode()
    sent = {"label": "", "note": "别的", "seen_at": seen(page), "disputed": "note"}
    assert client.post(address, sent).status_code == 302
    assert household(home).note == "二楼有狗"


def test_a_third_who_saves_meanwhile_is_seen_too(client: Client, home: int) -> None:
    address = f"/residents/household/{home}/edit/"
    first = seen(client.get(address).content.decode())
    client.post(address, {"label": "", "note": "一", "seen_at": first})
    page = client.post(address, {"label": "", "note": "二", "seen_at": first}).content.decode()
    with db.owner():
        Household.objects.filter(pk=home).update(note="三", updated_at=datetime(2022, 10, 4, 3, tzinfo=UTC))
    sent = {"label": "", "note": "二", "seen_at": seen(page), "disputed": "note", "choice-note": "mine"}
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "三" in refused.content.decode()
    assert household(home).note == "三"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "in place"])
def test_a_person_that_two_people_edit(client: Client, home: int, headers: dict[str, str]) -> None:
    person = person_of(home)
    address, prefix = f"/residents/person/{person.pk}/edit/", f"p{person.pk}-"
    first = seen(client.get(address, headers=headers).content.decode())
    given = {f"{prefix}name": "张三丰", f"{prefix}sex": "0", "seen_at": first}
    assert client.post(address, given).status_code == 302
    mine = {f"{prefix}name": "张珊", f"{prefix}phone": "15400000002", f"{prefix}sex": "0", "seen_at": first}
    page = client.post(address, mine, headers=headers).content.decode()
    assert "张三丰" in page
    assert "张珊" in page
    assert "154****0001" in page  # numbers are masked, also the one that stands
    assert person_of(home).name == "张三丰"
    chosen = {**mine, "seen_at": seen(page), "disputed": ["name", "phone"], "choice-phone": "mine"}
    saved = client.post(address, {**chosen, "choice-name": "theirs"}, headers=headers)
    assert saved.status_code == (200 if headers else 302)
    assert person_of(home).name == "张三丰"
    assert bytes(person_of(home).phone_hash or b"") != bytes(person.phone_hash or b"")


def test_a_form_shows_the_date_of_birth_so_that_saving_keeps_it(client: Client, home: int) -> None:
    person = person_of(home)
    with db.owner():
        Person.objects.filter(pk=person.pk).update(born_on=date(1980, 5, 17))
    assert 'value="1980-05-17"' in client.get(f"/residents/person/{person.pk}/edit/").content.decode()


def test_the_api_says_both_values_and_what_to_send_to_insist(client: Client, home: int) -> None:
    person = person_of(home)
    address = f"/api/residents/people/{person.pk}"
    body = {"seen_at": person.updated_at.isoformat(), "name": "张三丰"}
    assert client.patch(address, body, **POST).status_code == 200  # type: ignore[arg-type]
    refused = client.patch(address, {**body, "name": "张珊"}, **POST)  # type: ignore[arg-type]
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "residents.changed_meanwhile")
    assert "张三丰" in problem["params"]["theirs"]
    assert "张珊" in problem["params"]["yours"]
    insisting = {"seen_at": problem["params"]["updated_at"], "name": "张珊"}
    assert client.patch(address, insisting, **POST).status_code == 200  # type: ignore[arg-type]
    assert person_of(home).name == "张珊"
