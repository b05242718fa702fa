"""Duplicates: found, listed, decided; pages, API and command line, as the web role behind the wall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.core.models import Job, JournalEntry
from linli.residents import services
from linli.residents.duplicates.finding import find_duplicates
from linli.residents.duplicates.model import sounds_of
from linli.residents.models import Duplicate, Merger
from linli.residents.terms import Need, Presence, Verdict
from tests.builders.places import District, make_district
from tests.builders.residents import make_household, make_id_number, make_person, make_phone, people_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)
BORN = date(1980, 5, 17)
SURNAMES, MIDDLES, LASTS = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "建国秀英志强桂兰海", "伟芳娜敏静丽"


def crowd(town: District) -> None:
    """Sixty people who are nobody else."""
    for number, key in enumerate(town.keys[2:22]):
        people = [
            make_person(
                SURNAMES[(number + n * 5) % 16] + MIDDLES[(number * 2 + n) % 9] + LASTS[(number + n) % 6],
                born_on=date(1950 + (number * 7 + n * 11) % 60, 1 + (number + n) % 12, 1 + (number * 3 + n) % 28),
                phone=make_phone(),
            )
            for n in range(3)
        ]
        make_household(key, people=people)


@pytest.fixture
def town() -> Iterator[District]:
    with db.owner():
        made = make_district(communities=2, compounds=1, buildings=1, floors=4, a_floor=3)
    with clock.stopped(AT):
        yield made


@pytest.fixture
def pair(town: District) -> tuple[int, int]:
    """张晓伟 with an ID number, and 张小玮 of the same birthday and phone at the door beside it."""
    phone = make_phone()
    with db.owner():
        crowd(town)
        one = make_household(
            town.keys[0], people=[make_person("张晓伟", id_number=make_id_number(BORN), phone=phone, relation="户主")]
        )
        other = make_household(
            town.keys[1], people=[make_person("张小玮", born_on=BORN, phone=phone, needs=Need.ALONE)]
        )
        return people_of(one)[0], people_of(other)[0]


def search(at: datetime = AT) -> dict[str, int]:
    return find_duplicates(reach=EVERYWHERE, actor=SYSTEM, at=at, watch=lambda *_: None)


def test_names_are_heard_without_tones_and_with_what_is_often_confused_made_one() -> None:
    assert sounds_of("张小伟")[0] == sounds_of("章晓炜")[0] == "zhang xiao wei"
    assert sounds_of("陈英")[1] == sounds_of("岑音")[1]


def test_the_job_finds_the_pair_and_nobody_else(pair: tuple[int, int]) -> None:
    assert search() == {"people": 62, "found": 1, "households": 0}
    with db.owner():
        found = Duplicate.objects.get()
    assert (found.left_id, found.right_id, found.verdict) == (*pair, Verdict.OPEN)
    assert found.certainty > 0.8
    assert found.agreement["name"] == 1  # sounds the same
    assert found.agreement["phone"] == 0


def test_what_was_decided_is_not_asked_again_and_what_is_alike_no_more_leaves_the_list(pair: tuple[int, int]) -> None:
    search()
    with db.owner():
        Duplicate.objects.update(verdict=Verdict.DIFFERENT, decided_at=AT, decided_by=1)
    search(AT + timedelta(days=1))
    with db.owner():
        assert Duplicate.objects.get().verdict == Verdict.DIFFERENT
        Duplicate.objects.update(verdict=Verdict.OPEN, decided_at=None)
        services.edit_person(
            person_id=pair[1], changes={"name": "欧阳建国", "born_on": date(1950, 1, 2), "phone": make_phone()},
            seen_at=seen(pair[1]), actor=SYSTEM, at=AT,
        )  # fmt: skip
    search(AT + timedelta(days=2))
    with db.owner():
        assert not Duplicate.objects.exists()


def seen(person: int) -> datetime:
    from linli.residents.models import Person

    return Person.objects.get(pk=person).updated_at


def test_who_has_left_is_found_with_who_lives_and_never_with_who_has_left(pair: tuple[int, int]) -> None:
    with db.owner():
        services.record_presence(person_id=pair[0], presence=Presence.MOVED_OUT, actor=SYSTEM, at=AT)
    assert search()["found"] == 1
    with db.owner():
        services.record_presence(person_id=pair[1], presence=Presence.MOVED_OUT, actor=SYSTEM, at=AT)
    assert search(AT + timedelta(days=1))["found"] == 0


def test_two_households_of_the_same_people_at_one_door(town: District) -> None:
    with db.owner():
        crowd(town)
        for label, names in (("", ("贺新民", "左春梅")), ("二", ("贺新明", "左春梅"))):
            people = [make_person(name, born_on=BORN + timedelta(days=n)) for n, name in enumerate(names)]
            make_household(town.keys[0], people=people, label=label)
    assert search()["households"] == 1


def test_side_by_side_merged_and_undone(clerk: Client, stranger: Client, pair: tuple[int, int]) -> None:
    search()
    with db.owner():
        number = Duplicate.objects.get().pk
    listed = clerk.get("/residents/duplicates/").content.decode()
    assert "张晓伟" in listed
    assert "张小玮" in listed
    assert "张晓伟" not in stranger.get("/residents/duplicates/").content.decode()
    assert stranger.get(f"/residents/duplicates/{number}/").status_code == 404
    page = clerk.get(f"/residents/duplicates/{number}/").content.decode()
    assert "≠" in page
    assert make_id_number(BORN, number=1)[6:14] not in page  # numbers are masked
    sent = {"stays": "left", "name": "left", "needs": "right"}
    assert clerk.post(f"/residents/duplicates/{number}/", {}).status_code == 422
    assert clerk.post(f"/residents/duplicates/{number}/", sent).status_code == 302
    with db.owner():
        merger = Merger.objects.get()
        assert (merger.survivor_id, merger.merged_id) == pair
        detail = JournalEntry.objects.get(verb="residents.merge_people").detail
    assert "张" not in str(detail)
    assert "张小玮" in clerk.get("/residents/mergers/").content.decode()
    assert (
        clerk.get(f"/residents/person/{pair[1]}/", follow=True).redirect_chain[0][0] == f"/residents/person/{pair[0]}/"
    )
    assert stranger.post(f"/residents/mergers/{merger.pk}/undo/").status_code == 404
    assert clerk.post(f"/residents/mergers/{merger.pk}/undo/").status_code == 302
    assert clerk.post(f"/residents/mergers/{merger.pk}/undo/").status_code == 409
    with db.owner():
        assert Duplicate.objects.get().verdict == Verdict.OPEN


def test_not_the_same_and_later(clerk: Client, pair: tuple[int, int]) -> None:
    search()
    with db.owner():
        number = Duplicate.objects.get().pk
    for verdict in ("later", "different", "open", "different"):
        assert clerk.post(f"/residents/duplicates/{number}/decide/", {"verdict": verdict}).status_code == 302
        with db.owner():
            assert Duplicate.objects.get().verdict == verdict
    assert clerk.post(f"/residents/duplicates/{number}/decide/", {"verdict": "same"}).status_code == 404
    assert "张晓伟" not in clerk.get("/residents/duplicates/").content.decode()
    assert "张晓伟" in clerk.get("/residents/duplicates/?verdict=different").content.decode()


def test_households_side_by_side(clerk: Client, town: District) -> None:
    with db.owner():
        crowd(town)
        for label, names in (("", ("贺新民", "左春梅")), ("二", ("贺新明", "左春梅"))):
            people = [make_person(name, born_on=BORN + timedelta(days=n)) for n, name in enumerate(names)]
            make_household(town.keys[0], people=people, label=label)
    search()
    with db.owner():
        found = Duplicate.objects.get(kind=2)
    page = clerk.get(f"/residents/duplicates/{found.pk}/").content.decode()
    same = [f"{one}-{other}" for one, other in zip(people_of_(found.left_id), people_of_(found.right_id), strict=True)]
    assert all(f'value="{text}"' in page for text in same)
    sent = {"stays": "right", "same": same}
    assert clerk.post(f"/residents/duplicates/{found.pk}/", sent).status_code == 302
    with db.owner():
        merger = Merger.objects.get(kind=2)
        assert merger.survivor_id == found.right_id
        assert Merger.objects.filter(within=merger).count() == 2
    assert clerk.post(f"/residents/mergers/{merger.pk}/undo/").status_code == 302


def people_of_(household: int) -> list[int]:
    with db.owner():
        return people_of(household)


def test_looking_again_is_a_job(clerk: Client, town: District) -> None:
    answer = clerk.post("/residents/duplicates/find/")
    assert answer.status_code == 302
    with db.owner():
        assert Job.objects.get().kind == "residents.find_duplicates"


def test_the_api(clerk: Client, stranger: Client, pair: tuple[int, int]) -> None:
    search()
    (found,) = clerk.get("/api/residents/duplicates").json()["items"]
    assert {found["left"]["id"], found["right"]["id"]} == set(pair)
    assert stranger.get("/api/residents/duplicates").json() == {"items": [], "next": None}
    body = {"survivor_id": pair[0], "merged_id": pair[1], "picks": {"name": "take"}}
    post = {"content_type": "application/json"}
    assert stranger.post("/api/residents/duplicates/people", body, **post).status_code == 404  # type: ignore[arg-type]
    wrong = {**body, "picks": {"key": "take"}}
    assert clerk.post("/api/residents/duplicates/people", wrong, **post).status_code == 422  # type: ignore[arg-type]
    merger = clerk.post("/api/residents/duplicates/people", body, **post).json()["merger"]  # type: ignore[arg-type]
    assert clerk.get(f"/api/residents/people/{pair[0]}").json()["name"] == "张小玮"
    assert clerk.post(f"/api/residents/duplicates/mergers/{merger}/undo", **post).status_code == 200  # type: ignore[arg-type]
