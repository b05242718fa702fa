"""When a grid is dissolved its doors are at once with whoever took over; posts there wait to be moved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from linli.core import access, clock
from linli.core.access import SYSTEM
from linli.core.models import Account
from linli.duty import claims, coverage, dissolved, errors, queries
from linli.duty.models import Claim
from linli.duty.terms import Role
from linli.places import services as places
from linli.places.layouts import Take, Target
from linli.places.terms import Kind, PlaceRef
from tests.builders.duty import appoint, make_account
from tests.builders.places import District, make_district, merge_takes

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> District:
    return make_district(communities=1, at=clock.now() - timedelta(days=2))


@pytest.fixture
def grids(made: District) -> list[PlaceRef]:
    """Each of the two buildings of one compound, and of nothing else."""
    return [
        places.add_overlay(
            kind=Kind.GRID, parent_id=made.communities[0].id, name=f"第{n + 1}网格",
            place_ids=[building.id for building in made.buildings[2 * n : 2 * n + 2]],
            actor=SYSTEM, at=clock.now() - timedelta(days=1),
        )
        for n in range(2)
    ]  # fmt: skip


@pytest.fixture
def lead(grids: list[PlaceRef]) -> Account:
    return make_account(role=Role.GRID_LEAD, place=grids[1], username="lead", name="乌兰")


def merge(grids: list[PlaceRef]) -> int:
    """The second grid goes into the first."""
    now = clock.now()
    takes = merge_takes([one.id for one in grids], grids[0].id)
    return places.regrid(kind=Kind.GRID, takes=takes, since=now, actor=SYSTEM, at=now)


def grid_lead(key: int) -> tuple[str, list[str]]:
    level = queries.find_chain(key, clock.now()).level(Role.GRID_LEAD)
    assert level.place is not None
    return level.place.name, [one.name for one in level.holders]


def test_doors_are_never_lost(made: District, grids: list[PlaceRef], lead: Account) -> None:
    door = made.doors[-1].key
    assert grid_lead(door) == ("第2网格", ["乌兰"])
    number = merge(grids)
    assert grid_lead(door) == ("第1网格", [])
    vacant = coverage.list_vacancies(made.extent(made.district, clock.now()), clock.now(), kinds=[Kind.GRID])
    assert [one.place.name for one in vacant] == ["第1网格"]
    assert not access.actor_of(lead.pk, lead.name, clock.now()).extent_for("rounds.view")
    (post,) = dissolved.list_dissolved(made.extent(made.district, clock.now()), clock.now())
    assert (post.name, post.place.name, [one.name for one in post.heirs]) == ("乌兰", "第2网格", ["第1网格"])
    assert dissolved.list_dissolved(made.units[0].block, clock.now()) == [post]
    places.undo_regrid(number=number, actor=SYSTEM, at=clock.now())
    assert grid_lead(door) == ("第2网格", ["乌兰"])
    assert dissolved.list_dissolved(made.extent(made.district, clock.now()), clock.now()) == []
    assert access.actor_of(lead.pk, lead.name, clock.now()).extent_for("rounds.view")


def test_lists_of_appointments_keep_them(made: District, grids: list[PlaceRef], lead: Account) -> None:
    """Not only for whoever sees the whole city; and only for those who answer for all that took over."""
    street = make_account(role=Role.OFFICE, place=made.street, username="street")
    beside = make_account(role=Role.GRID_LEAD, place=grids[0], username="first", name="高娃")
    merge(grids)
    at = clock.now()

    def seen(account: Account) -> dict[str, bool]:
        actor = access.actor_of(account.pk, account.name, at)
        lines = queries.list_appointments(actor=actor, at=at)
        return {line.name: line.place_ended_at is not None for line in lines if line.role == Role.GRID_LEAD}

    assert seen(street) == {"乌兰": True, "高娃": False}
    assert seen(beside) == {"乌兰": True, "高娃": False}, "who took over sees who was there"
    (line,) = (one for one in queries.list_appointments(actor=SYSTEM, at=at) if one.name == "乌兰")
    actor = access.actor_of(street.pk, street.name, at)
    assert queries.get_appointment(appointment_id=line.id, actor=actor, at=at) == line


def test_post_is_moved_to_those_that_took_over(made: District, grids: list[PlaceRef], lead: Account) -> None:
    """Split between the first grid, which has a lead, and a new one; a deputy stays a deputy."""
    now = clock.now()
    appoint(make_account(username="first", name="高娃"), Role.GRID_LEAD, grids[0])
    takes = [Take((made.buildings[2].id,), Target(grids[0].id)), Take((made.buildings[3].id,), Target(name="第3网格"))]
    places.regrid(
        kind=Kind.GRID,
        takes=takes,
        since=now,
        actor=SYSTEM,
        at=now,
    )
    (post,) = dissolved.list_dissolved(made.extent(made.district, clock.now()), clock.now())
    assert {one.name for one in post.heirs} == {"第1网格", "第3网格"}
    first, third = sorted(post.heirs, key=lambda one: one.name)
    given = {"appointment_id": post.appointment_id, "actor": SYSTEM, "at": clock.now()}
    with pytest.raises(errors.PostTaken):
        dissolved.move_post(to_place_ids=[first.id, third.id], **given)  # type: ignore[arg-type]
    with pytest.raises(errors.NotSuccessor):
        dissolved.move_post(to_place_ids=[made.communities[0].id], **given)  # type: ignore[arg-type]
    with pytest.raises(errors.NotSuccessor):
        dissolved.move_post(to_place_ids=[], **given)  # type: ignore[arg-type]
    (moved,) = dissolved.move_post(to_place_ids=[third.id], **given)  # type: ignore[arg-type]
    assert grid_lead(made.doors[-1].key) == ("第3网格", ["乌兰"])
    assert dissolved.list_dissolved(made.extent(made.district, clock.now()), clock.now()) == []
    given["at"] = clock.now()
    with pytest.raises(errors.AppointmentEnded):
        dissolved.move_post(to_place_ids=[third.id], **given)  # type: ignore[arg-type]
    with pytest.raises(errors.PlaceStands):
        dissolved.move_post(appointment_id=moved, to_place_ids=[third.id], actor=SYSTEM, at=clock.now())


def test_merged_again_leads_on(made: District, grids: list[PlaceRef], lead: Account) -> None:
    merge(grids)
    now = clock.now()
    takes = [Take((grids[0].id,), Target(name="大院网格"))]
    places.regrid(kind=Kind.GRID, takes=takes, since=now, actor=SYSTEM, at=now)
    (post,) = dissolved.list_dissolved(made.extent(made.district, clock.now()), clock.now())
    assert [one.name for one in post.heirs] == ["大院网格"]


def test_claims_wait_for_whoever_leads_now(made: District, grids: list[PlaceRef], lead: Account) -> None:
    other = make_account(role=Role.GRID_LEAD, place=grids[0], username="first", name="高娃")
    unit = made.units[-1]
    claim = Claim.objects.create(
        account=make_account(username="volunteer"), role=Role.UNIT_LEAD, place_id=unit.id, lo=unit.lo or 0,
        asked_id=claims.find_asked(queries.find_chain(unit.lo or 0, clock.now())), made_at=clock.now(),
    )  # fmt: skip
    assert claim.asked_id == lead.pk
    number = merge(grids)
    claim.refresh_from_db()
    assert claim.asked_id == other.pk
    places.undo_regrid(number=number, actor=SYSTEM, at=clock.now())
    claim.refresh_from_db()
    assert claim.asked_id == lead.pk


def test_page_and_api(made: District, grids: list[PlaceRef], lead: Account, client: Client) -> None:
    community = made.communities[0]
    client.force_login(make_account(role=Role.OFFICE, place=community, username="office"))
    assert "没有岗位留在已撤销的地点" in client.get(reverse("duty:dissolved", args=[community.code])).content.decode()
    merge(grids)
    assert "留在已撤销的地点" in client.get(reverse("duty:chain-place", args=[community.code])).content.decode()
    body = client.get(reverse("duty:dissolved", args=[community.code])).content.decode()
    assert "乌兰" in body
    (found,) = client.get("/api/duty/posts/dissolved", {"place": community.code}).json()
    assert (found["place"], found["taken_over_by"]) == (grids[1].code, [grids[0].code])
    url = reverse("duty:move-post", args=[found["appointment_id"]])
    refused = client.post(url, {"back": community.code}, follow=True)
    assert "没有选择" in refused.content.decode()
    done = client.post(url, {"to": grids[0].id, "back": community.code}, follow=True)
    assert "岗位已调整" in done.content.decode()
    assert grid_lead(made.doors[-1].key) == ("第1网格", ["乌兰"])
    again = client.post(
        f"/api/duty/appointments/{found['appointment_id']}/move",
        {"to": [grids[0].code]},
        content_type="application/json",
    )
    assert again.status_code == 409
