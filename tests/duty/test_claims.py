"""Volunteers claim vacant posts near their home; whoever answers for the grid decides. Behind the wall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError

from linli.core import db
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.core.models import Account
from linli.duty import claims, queries, services, staff
from linli.duty import errors as e
from linli.duty.models import Claim, Volunteer
from linli.duty.terms import ClaimState
from linli.places.services import add_overlay
from linli.places.terms import Kind, PlaceRef
from tests.builders.duty import actor_for, as_web, make_account
from tests.builders.places import AT as FOUNDED
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
AT = datetime(2022, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class Town:
    """A district with a grid in each community, their leads, and a volunteer in the first unit."""

    def __init__(self) -> None:
        with db.owner():
            self.home: District = make_district(communities=2, compounds=2, buildings=2)
            self.grids: list[PlaceRef] = [
                add_overlay(
                    kind=Kind.GRID, parent_id=community.id, name="第1网格",
                    place_ids=[one.id for one in self.home.compounds[2 * n : 2 * n + 2]], actor=SYSTEM, at=FOUNDED,
                )
                for n, community in enumerate(self.home.communities)
            ]  # fmt: skip
        self.leads = [make_account(role="grid_lead", place=grid, name=f"格长{n}") for n, grid in enumerate(self.grids)]
        self.volunteer = make_account(username="volunteer", name="志愿者")
        with self.acting() as actor:
            claims.register_volunteer(home=self.home.units[0].code, actor=actor, at=AT)

    @contextmanager
    def acting(self, account: Account | None = None, at: datetime = AT) -> Iterator[Actor]:
        with as_web(actor_for(account or self.volunteer, at)) as actor:
            yield actor

    def claim(self, place: PlaceRef, account: Account | None = None) -> int:
        with self.acting(account) as actor:
            return claims.claim_post(place_id=place.id, actor=actor, at=AT)


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_volunteer_sees_vacant_posts_near_home_first(town: Town) -> None:
    with db.owner():
        services.appoint(
            account_id=make_account().pk, role="unit_lead", place_id=town.home.units[0].id, actor=SYSTEM, at=AT
        )
    with town.acting() as actor:
        home = claims.find_home(actor)
        assert home is not None
        near = claims.list_near(home, AT)
    buildings = [one.lo >> 17 for one in near]
    assert buildings[:2] == [home.lo >> 17] * 2  # type: ignore[operator]
    assert town.home.units[0].id not in {one.place.id for one in near}
    assert len(near) == 11  # of one community, and nothing beside it
    assert {one.role for one in near} == {"building_lead", "unit_lead"}


def test_the_grid_lead_confirms_and_others_are_declined(town: Town) -> None:
    unit = town.home.units[1]
    mine = town.claim(unit)
    rival = make_account(name="另一人")
    with town.acting(rival) as actor:
        claims.register_volunteer(home=town.home.units[2].code, actor=actor, at=AT)
    other = town.claim(unit, rival)
    with town.acting(town.leads[0]) as lead:
        assert claims.count_claims(lead, AT) == 2
        waiting = claims.list_claims(actor=lead, at=AT)
        assert [(one.name, one.asked, one.address) for one in waiting] == [
            ("志愿者", "格长0", "阳光小区 1号楼 2单元"), ("另一人", "格长0", "阳光小区 1号楼 2单元"),
        ]  # fmt: skip
        claims.confirm_claim(claim_id=mine, actor=lead, at=AT)
    with db.owner():
        assert unit.lo is not None
        holders = queries.find_chain(unit.lo, AT).level("unit_lead").holders
        assert [one.name for one in holders] == ["志愿者"]
        assert Claim.objects.get(pk=other).state == ClaimState.DECLINED
    with town.acting(rival) as actor:
        (seen,) = claims.list_own_claims(actor=actor, at=AT)  # and not the claim of the other
        assert (seen.state, bool(seen.reason)) == ("declined", True)
    with town.acting() as actor:
        assert actor.may("rounds.mark", unit.block)


def test_a_claim_is_declined_or_withdrawn_once(town: Town) -> None:
    first, second = town.claim(town.home.units[1]), town.claim(town.home.buildings[0])
    with town.acting(town.leads[0]) as lead:
        claims.decline_claim(claim_id=first, reason="  已有人选 ", actor=lead, at=AT)
        with pytest.raises(e.ClaimDecided), db.atomic():
            claims.confirm_claim(claim_id=first, actor=lead, at=AT)
    with town.acting() as actor:
        claims.withdraw_claim(claim_id=second, actor=actor, at=AT)
        with pytest.raises(e.ClaimDecided), db.atomic():
            claims.withdraw_claim(claim_id=second, actor=actor, at=AT)
        assert {(one.state, one.reason) for one in claims.list_own_claims(actor=actor, at=AT)} == {
            ("declined", "已有人选"), ("withdrawn", ""),
        }  # fmt: skip


def test_whoever_answers_elsewhere_decides_nothing(town: Town) -> None:
    made = town.claim(town.home.units[1])
    with town.acting(town.leads[1]) as stranger:
        assert claims.list_claims(actor=stranger, at=AT) == []
        with pytest.raises(e.ClaimNotFound), db.atomic():
            claims.confirm_claim(claim_id=made, actor=stranger, at=AT)
    with town.acting(make_account()) as nobody:
        assert claims.count_claims(nobody, AT) == 0
        with pytest.raises(e.ClaimNotFound), db.atomic():
            claims.withdraw_claim(claim_id=made, actor=nobody, at=AT)
        assert (Claim.objects.count(), Volunteer.objects.count()) == (0, 0)  # the wall itself


def test_what_cannot_be_claimed(town: Town) -> None:
    with town.acting() as actor:
        for place, problem in (
            (town.home.units[-1], e.PostFarAway), (town.grids[0], e.PostNotClaimable),
            (town.home.compounds[0], e.PostNotClaimable),
        ):  # fmt: skip
            with pytest.raises(problem), db.atomic():
                claims.claim_post(place_id=place.id, actor=actor, at=AT)
        with pytest.raises(e.HomeUnclear), db.atomic():
            claims.register_volunteer(home=town.home.buildings[0].code, actor=actor, at=AT)
        assert claims.find_unit("阳光小区 2# 一单元", AT) == town.home.units[2]
        assert claims.find_unit("第1社区 阳光小区 1 2", AT) == town.home.units[1]
        for unclear in ("", "阳光小区 9号楼 1单元", "第2社区 阳光小区 1 2", "阳光小区"):
            with pytest.raises(e.HomeUnclear):
                claims.find_unit(unclear, AT)
    with db.owner():
        services.appoint(
            account_id=make_account().pk, role="unit_lead", place_id=town.home.units[1].id, actor=SYSTEM, at=AT
        )
    with town.acting() as actor, pytest.raises(e.PostNotVacant), db.atomic():
        claims.claim_post(place_id=town.home.units[1].id, actor=actor, at=AT)
    with town.acting(make_account()) as actor, pytest.raises(e.NoVolunteer), db.atomic():
        claims.claim_post(place_id=town.home.units[2].id, actor=actor, at=AT)


def test_handing_over_the_grid_moves_the_claims(town: Town) -> None:
    made = town.claim(town.home.units[1])
    successor = make_account(name="新格长")
    with db.owner():
        appointment = queries.find_holders(town.grids[0].id, AT)[0].appointment_id
        services.hand_over(appointment_id=appointment, to_account_id=successor.pk, actor=SYSTEM, at=AT + DAY)
        assert Claim.objects.get(pk=made).asked_id == successor.pk
    with town.acting(successor, AT + DAY) as lead:
        assert [one.asked for one in claims.list_claims(actor=lead, at=AT + DAY)] == ["新格长"]
    with town.acting(town.leads[0], AT + DAY) as former:
        assert claims.list_claims(actor=former, at=AT + DAY) == []


def test_joining_makes_an_account_that_sees_nothing(town: Town) -> None:
    given = {"name": "新人", "phone": "15412340001", "password": "a-long-password", "home": town.home.units[0].code}
    account = claims.join(username="new.one", at=AT, **given)
    with town.acting(account) as actor:
        assert (actor.grants, claims.find_home(actor)) == ((), town.home.units[0])
    with db.owner():
        assert staff.list_masked_phones([account.pk]) == {account.pk: "154****0001"}
        assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'duty.join'") == 1
        assert "15412340001" not in str(db.rows("SELECT detail FROM journal_entry"))
    wrongs: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
        ({"username": "new.one"}, e.AccountTaken), ({"username": "b", "phone": "15412340001"}, e.PhoneTaken),
        ({"username": "c", "phone": "12"}, e.PhoneWrong), ({"username": "d", "password": "short"}, e.PasswordWeak),
        ({"username": "f", "phone": "15412340002", "home": town.home.buildings[0].code}, e.HomeUnclear),
    )  # fmt: skip
    for wrong, problem in wrongs:
        with pytest.raises(problem):
            claims.join(**(given | wrong), at=AT)
    with db.owner():
        assert Account.objects.filter(username__in=["b", "c", "d", "f"]).count() == 0


def test_a_phone_is_seen_by_whoever_may_call_there_and_that_is_journalled(town: Town) -> None:
    lead = town.leads[0]
    with db.owner():
        appointment = queries.find_holders(town.grids[0].id, AT)[0].appointment_id
        clerk = make_account(role="unit_lead", place=town.home.units[0])
        far = make_account(role="unit_lead", place=town.home.units[-1])
    with town.acting(lead) as actor:
        with pytest.raises(e.PhoneUnknown):
            staff.reveal_phone(appointment_id=appointment, actor=actor, at=AT)
        staff.set_phone(account_id=lead.pk, phone="154 1234 0009", actor=actor, at=AT)
    with town.acting(clerk) as actor:
        assert staff.reveal_phone(appointment_id=appointment, actor=actor, at=AT) == "15412340009"
    with town.acting(far) as actor, pytest.raises(Forbidden), db.atomic():
        staff.reveal_phone(appointment_id=appointment, actor=actor, at=AT)
    with town.acting(clerk) as actor, pytest.raises(Forbidden), db.atomic():
        staff.set_phone(account_id=lead.pk, phone="15412340008", actor=actor, at=AT)
    with db.owner():
        assert db.scalar("SELECT count(*) FROM journal_entry WHERE verb = 'duty.see_phone'") == 1


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("claim_role", {"role": "office"}),
        ("claim_state", {"state": "maybe", "decided_at": AT}),
        ("claim_decided", {"decided_at": AT}),
        ("claim_appointed", {"state": "confirmed", "decided_at": AT}),
        ("claim_once", {}),
    ],
)
def test_what_the_database_refuses(town: Town, constraint: str, wrong: dict[str, object]) -> None:
    town.claim(town.home.units[1])
    given: dict[str, object] = {
        "account": town.volunteer, "role": "unit_lead", "place_id": town.home.units[1].id, "lo": town.home.units[1].lo,
        "made_at": AT,
    }  # fmt: skip
    with db.owner(), pytest.raises(IntegrityError, match=constraint), db.atomic():
        Claim.objects.create(**(given | wrong))


def test_nobody_writes_a_claim_for_another(town: Town) -> None:
    with town.acting(make_account()), pytest.raises(ProgrammingError), db.atomic():
        Claim.objects.create(
            account=town.volunteer, role="unit_lead", place_id=town.home.units[1].id, lo=town.home.units[1].lo or 0,
            made_at=AT,
        )  # fmt: skip
