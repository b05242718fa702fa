"""The world of the access matrix: two districts with people, rounds, staff, and the five places one may name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from linli.core import clock, db
from linli.core.access import SYSTEM, Actor
from linli.core.extents import NOWHERE, Extent
from linli.core.ids import new_id
from linli.core.models import Account, ApiToken, Job
from linli.duty import claims, staff, teams
from linli.duty.terms import Role
from linli.notices import services as specials
from linli.notices.terms import What
from linli.places import queries as places
from linli.places.layouts import Holding
from linli.places.terms import DoorRef, PlaceRef
from linli.rounds import bulk, services
from linli.rounds.terms import CountBy, Mark, MarkCommand, RoundKind
from tests.builders.duplicates import make_duplicate, make_merger
from tests.builders.duty import appoint, make_account
from tests.builders.files import make_file
from tests.builders.ledger import make_home, make_person
from tests.builders.places import District, make_district

RELATIONS = ("own", "child", "parent", "sibling", "foreign")
SEEN_IN_PART = {"own", "child", "parent"}
INSIDE = {"own", "child"}


@dataclass
class Target:
    """A place that is called for, and one thing of each kind inside of it.

    `secret`: the name of a person who lives there and nowhere else.
    """

    relation: str
    place: PlaceRef
    extent: Extent
    compound: PlaceRef
    building: PlaceRef
    unit: PlaceRef
    beside: PlaceRef  # a unit of the sibling
    door: DoorRef
    household_id: int
    person_id: int
    twin_id: int  # somebody else of the household, and
    duplicate_id: int  # the two of them, who may be one
    second_id: int  # another household at the door
    merger_id: int  # something merged, and taken apart again
    secret: str
    round_id: int  # a round over this very place, open
    round_code: str
    draft_id: int  # and one that has not been opened
    draft_code: str
    closed_id: int  # and one that has been closed
    closed_code: str
    redrawing: int  # a change of boundaries of this very place
    account: Account  # somebody appointed to very little here
    appointment_id: int
    claim_id: int  # of that account, to the post of the building's lead
    team_id: int  # a work team of this very place
    special_id: int  # a special situation at the door
    file_id: UUID  # a photo of the person


@dataclass
class World:
    city: PlaceRef
    district: PlaceRef
    far_district: PlaceRef
    round_code: str = ""  # over the whole city
    round_id: int = 0
    house_round_code: str = ""  # the same, per household
    targets: dict[str, Target] = field(default_factory=dict)
    callers: dict[Role, Account] = field(default_factory=dict)
    idle: Account | None = None  # appointed nowhere
    others_job: UUID | None = None  # what somebody else sent, and
    others_token_id: int = 0  # a token of theirs

    def out_of_sight(self, relation: str = "own") -> list[str]:
        """Names that nobody appointed in the own community may ever be shown."""
        return [self.targets["sibling"].secret, self.targets["foreign"].secret]


def build_world() -> World:
    """Run as the owner. Some 200 doors, 5 people, 16 rounds, 16 accounts; about three seconds."""
    now = clock.now()
    at = now - timedelta(hours=3)
    home = make_district(city_code="1501", code="150102", compounds=1, buildings=1, floors=1, at=at)
    far = make_district(city_code="1501", code="150103", name="回民区", compounds=1, buildings=1, floors=1, at=at)
    world = World(home.city, home.district, far.district)
    chosen = {
        "own": (home.communities[0], home, 0),
        "child": (home.units[0], home, 0),
        "parent": (home.street, home, 0),
        "sibling": (home.communities[1], home, 1),
        "foreign": (far.communities[0], far, 0),
    }
    people = {name: _people_of(*where) for name, where in _homes(home, far).items()}
    for relation, (place, tree, index) in chosen.items():
        world.targets[relation] = _target(relation, place, tree, index, people)
    world.round_id, world.round_code = _round(world.city, "open")
    _house_id, world.house_round_code = _round(world.city, "open", CountBy.HOUSEHOLD)
    for _door, _home, person_id, name in people.values():
        command = MarkCommand(new_id(), Mark.ABSENT, now, person_id=person_id, reason=f"{name}的家人说的")
        services.mark(round_id=world.round_id, commands=[command], actor=SYSTEM, at=now)
    for role in Role:
        world.callers[role] = make_account(role=role, place=world.targets["own"].place, username=f"caller-{role.value}")
    world.idle = make_account(username="caller-idle")
    world.others_job, world.others_token_id = _things_of_somebody_else()
    return world


def _homes(home: District, far: District) -> dict[str, tuple[DoorRef, str]]:
    """One household in the own unit, one beside it and one far away."""
    return {
        "own": (_door_in(home, home.communities[0]), "自家人"),
        "sibling": (_door_in(home, home.communities[1]), "隔壁机密"),
        "foreign": (_door_in(far, far.communities[0]), "远方机密"),
    }


def _door_in(tree: District, place: PlaceRef) -> DoorRef:
    extent = tree.extent(place, clock.now())
    return next(door for door in tree.doors if door.key in extent)


def _people_of(door: DoorRef, name: str) -> tuple[DoorRef, int, int, str]:
    home = make_home(door.key)
    return door, home, make_person(home, door.key, name), name


def _target(
    relation: str, place: PlaceRef, tree: District, index: int, people: dict[str, tuple[DoorRef, int, int, str]]
) -> Target:
    door, household_id, person_id, secret = people[relation if relation in people else "own"]
    account = make_account(role="unit_lead", place=place, username=f"staff-{relation}")
    appointment_id = appoint(account, "information_officer", place)
    twin_id = make_person(household_id, door.key, "同名人")
    unit, beside = places.get_place(door.unit_id), places.get_place(people["sibling"][0].unit_id)
    building = places.get_place(unit.parent_id or 0)
    claim_id, team_id = _offered(account, unit, place)
    open_id, open_code = _round(place, "open")
    draft_id, draft_code = _round(place, "draft")
    closed_id, closed_code = _round(place, "closed")
    return Target(
        relation=relation, place=place, extent=tree.extent(place, clock.now()),
        compound=places.get_place(building.parent_id or 0), building=building, unit=unit, beside=beside, door=door,
        household_id=household_id, person_id=person_id, secret=secret, twin_id=twin_id,
        duplicate_id=make_duplicate(person_id, twin_id, door.key), second_id=make_home(door.key, f"二-{relation}"),
        merger_id=make_merger(person_id, door.key),
        round_id=open_id, round_code=open_code,
        draft_id=draft_id, draft_code=draft_code, closed_id=closed_id, closed_code=closed_code, account=account,
        redrawing=_redrawing(place, tree.extent(place, clock.now())), appointment_id=appointment_id,
        claim_id=claim_id, team_id=team_id, special_id=_special(door, f"{secret}家着火", account),
        file_id=make_file(key=door.key, person_id=person_id, account_id=account.pk),
    )  # fmt: skip


def _special(door: DoorRef, text: str, reporter: Account) -> int:
    now, who = clock.now(), Actor(reporter.pk, reporter.name, is_system=True)
    return specials.report_special(
        what=What.FIRE, text=text, key=door.key, happened_at=now, device_at=now, actor=who, at=now
    )


def _things_of_somebody_else() -> tuple[UUID, int]:
    """A roster that was checked, with one rejected row; a token."""
    owner, now = make_account(username="somebody-else"), clock.now()
    job = Job.objects.create(
        id=new_id(), kind="residents.import_roster", state=Job.State.DONE, account_id=owner.pk, created_at=now,
        ended_at=now, params={"name": "roster.csv", "dry": True}, result={"account": {"rejected": 1}},
    )  # fmt: skip
    token = ApiToken.objects.create(
        account=owner, name="t", digest=b"x" * 32, scopes=["rounds.view"], created_at=now,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip
    return job.pk, int(token.pk)


def _offered(account: Account, unit: PlaceRef, place: PlaceRef) -> tuple[int, int]:
    """A claim to the post of the building's lead, and a team of a place; the account has a phone."""
    now = clock.now()
    staff.keep_phone(account, f"1541234{account.pk % 10_000:04}", now)
    who = Actor(account.pk, account.name)
    claims.register_volunteer(home=unit.code, actor=who, at=now)
    claim_id = claims.claim_post(place_id=unit.parent_id or 0, actor=who, at=now)
    return claim_id, teams.form_team(place_id=place.id, name="专班", leader_id=account.pk, actor=SYSTEM, at=now)


def _redrawing(place: PlaceRef, extent: Extent) -> int:
    """A change as if the place had got its doors by it. Boundaries are otherwise by now, so it is not taken back."""
    held = Holding(place.id, place.kind, place.code, place.name, place.parent_id, extent)
    layouts = [json.dumps({str(place.id): one.as_json()}) for one in (replace(held, extent=NOWHERE), held)]
    return int(
        db.scalar(
            "INSERT INTO place_regrid (kind, since, made_at, made_by, before, after)"
            " VALUES (%s, %s, %s, 0, %s::jsonb, %s::jsonb) RETURNING id",
            [place.kind, clock.now(), clock.now(), *layouts],
        )
    )


def _round(place: PlaceRef, state: str, count_by: CountBy = CountBy.PERSON) -> tuple[int, str]:
    now = clock.now()
    at = now - timedelta(hours=1)
    made = services.create_round(
        name=f"{place.name} {state}", kind=RoundKind.VISIT, count_by=count_by, starts_at=at,
        ends_at=now + timedelta(hours=12), scope=places.extent_of(place.id, now), actor=SYSTEM, at=at,
    )  # fmt: skip
    if state != "draft":
        bulk.open_round(round_id=made.pk, actor=SYSTEM, at=at)
    if state == "closed":
        bulk.close_round(round_id=made.pk, actor=SYSTEM, at=now)
    return int(made.pk), str(made.code)
