"""Volunteers claim vacant posts near their home; who answers for the grid confirms or declines.

(Datong County, November 2022: 182 retired or home-based members claimed building- and unit-lead posts, above all in old
compounds without a property firm.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from linli.core import access, db, journal
from linli.core.access import Actor
from linli.core.extents import BUILDING_BITS, COMPOUND_BITS, EVERYWHERE, Extent
from linli.core.models import Account
from linli.duty import policies
from linli.duty.chain import find_chain
from linli.duty.coverage import Vacancy, list_vacancies
from linli.duty.errors import (
    AccountTaken,
    ClaimDecided,
    ClaimNotFound,
    HomeUnclear,
    NoVolunteer,
    PostFarAway,
    PostNotClaimable,
    PostNotVacant,
)
from linli.duty.events import PostHandedOver
from linli.duty.models import Appointment, Claim, Volunteer
from linli.duty.posts import appoint
from linli.duty.services import check_password
from linli.duty.staff import keep_phone
from linli.duty.terms import CLAIMABLE, LEAD_OF, Chain, ClaimState, Role
from linli.places import policies as naming
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef

NEAR = 40  # vacant posts shown to a volunteer
REASON_LENGTH = 200


@dataclass(frozen=True)
class ClaimLine:
    """A claim as lists show it. `address`: the place with what it lies in; `asked`: who is to decide, "" anybody."""

    id: int
    account_id: int
    name: str
    role: str
    place_id: int
    place_code: str
    lo: int
    asked_id: int | None
    asked: str
    state: str
    made_at: datetime
    decided_at: datetime | None
    reason: str
    address: str = ""

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)

    @property
    def state_label(self) -> str:
        return str(ClaimState(self.state).label)

    @property
    def is_waiting(self) -> bool:
        return self.state == ClaimState.WAITING


def _in_force(at: datetime) -> Q:
    return Q(since__lte=at) & (Q(until=None) | Q(until__gt=at))


_LINES = """
    SELECT m.id, m.account_id, c.name, m.role, m.place_id, p.code, m.lo, m.asked_id, coalesce(k.name, ''), m.state,
           m.made_at, m.decided_at, m.reason
    FROM claim m JOIN account c ON c.id = m.account_id JOIN place p ON p.id = m.place_id
    LEFT JOIN account k ON k.id = m.asked_id
"""


# --- volunteers ------------------------------------------------------------------------------------------------------


def join(*, username: str, name: str, phone: str, password: str, home: str, at: datetime) -> Account:
    """Make oneself an account and register as a volunteer; it is appointed nowhere and sees nothing of residents.

    `home`: see find_unit. Raises UsernameWrong, NameWrong, AccountTaken, PasswordWeak, PhoneWrong, PhoneTaken,
    HomeUnclear.
    """
    username, name = policies.check_username(username), policies.check_name(name)
    with db.atomic():
        if Account.objects.filter(username=username).exists():
            raise AccountTaken(name=username)
        account = Account(username=username, name=name, created_at=at)
        check_password(account, password)
        account.set_password(password)
        account.save(force_insert=True)
        keep_phone(account, phone, at)
        actor = Actor(account.pk, account.name)
        with access.acting(actor):
            journal.record(actor=actor, at=at, verb="duty.join", subject=f"account:{account.pk}", username=username)
            register_volunteer(home=home, actor=actor, at=at)
    return account


def register_volunteer(*, home: str, actor: Actor, at: datetime) -> PlaceRef:
    """Say in which unit one lives; saying it again moves it. Returns the unit. Raises HomeUnclear."""
    unit = find_unit(home, at)
    lo = unit.block.spans[0].lo
    with db.atomic():
        Volunteer.objects.update_or_create(
            account_id=actor.account_id, defaults={"home_id": unit.id, "home_lo": lo, "registered_at": at}
        )
        journal.record(
            actor=actor, at=at, verb="duty.register_volunteer", key=lo, subject=f"account:{actor.account_id}"
        )
    return unit


def find_unit(text: str, at: datetime) -> PlaceRef:
    """The unit that somebody names: its code, or compound, building and unit with blanks between them, after the name
    of the community where two compounds bear one name. Raises HomeUnclear."""
    words = text.split()
    known = places.find_place(words[0]) if len(words) == 1 else None
    if known is not None and known.kind == Kind.UNIT and known.ended_at is None:
        return known
    if len(words) not in (3, 4):
        raise HomeUnclear(text=text.strip() or "-")
    *within, compound, building, unit = words
    found = places.find_by_name(compound, within=EVERYWHERE, at=at, kinds=(Kind.COMPOUND,))
    for narrow, match in ((building, naming.match_building), (unit, naming.match_unit)):
        children = [child for above in found for child in places.list_children(above.id, at)]
        found = [child for child in children if match(child.name) == match(narrow)]
    if within:
        paths = places.paths_of([one.id for one in found], at)
        found = [one for one in found if any(within[0] in above.name for above in paths[one.id])]
    if len(found) != 1:
        raise HomeUnclear(text=text.strip())
    return found[0]


def find_home(actor: Actor) -> PlaceRef | None:
    """The unit in which a registered volunteer lives."""
    found = Volunteer.objects.filter(account_id=actor.account_id).values_list("home_id", flat=True).first()
    return places.get_place(found) if found else None


def list_near(home: PlaceRef, at: datetime, *, limit: int = NEAR) -> list[Vacancy]:
    """Vacant posts of building and unit leads in the community of one's home, the nearest first."""
    kinds = [kind for kind, role in LEAD_OF.items() if role in CLAIMABLE]
    key = home.lo or 0
    found = list_vacancies(_near(home, at), at, kinds=kinds)
    return sorted(found, key=lambda one: _distance(one, key))[:limit]


def _distance(one: Vacancy, key: int) -> tuple[bool, bool, int, int]:
    """The same building first, then the same compound, then along the streets, as keys are handed out."""
    return (
        one.lo >> BUILDING_BITS != key >> BUILDING_BITS,
        one.lo >> COMPOUND_BITS != key >> COMPOUND_BITS,
        abs(one.lo - key),
        one.place.kind,
    )


def _near(home: PlaceRef, at: datetime) -> Extent:
    """The community of a unit; its compound, when it is in none."""
    path = places.path_of(home.id, at)
    around = next((one for one in path if one.kind == Kind.COMMUNITY), None)
    around = around or next(one for one in path if one.kind == Kind.COMPOUND)
    return places.extent_of(around.id, at)


# --- claims ----------------------------------------------------------------------------------------------------------


def claim_post(*, place_id: int, actor: Actor, at: datetime) -> int:
    """Ask for the vacant post of a building's or unit's lead; returns the claim's id.

    Raises NoVolunteer, PlaceUnknown, PostNotClaimable, PostFarAway, PostNotVacant, core.rule when asked twice.
    """
    place, home = places.get_place(place_id), find_home(actor)
    role = LEAD_OF.get(place.kind)
    if home is None:
        raise NoVolunteer
    if role not in CLAIMABLE or place.lo is None or place.ended_at is not None:
        raise PostNotClaimable
    if place.lo not in _near(home, at):
        raise PostFarAway
    chain = find_chain(place.lo, at)
    if Appointment.objects.filter(_in_force(at), role=role, place_id=place.id, is_deputy=False).exists():
        raise PostNotVacant
    with db.atomic():
        made = Claim.objects.create(
            account_id=actor.account_id, role=role, place_id=place.id, lo=place.lo, asked_id=find_asked(chain),
            made_at=at,
        )  # fmt: skip
        _record(actor, at, "claim_post", made, permission=None)
    return int(made.pk)


def find_asked(chain: Chain) -> int | None:
    """The account that decides a claim under this chain: the grid's lead, else the area's; None: any office there."""
    leads = [chain.level(above).acting for above in (Role.GRID_LEAD, Role.AREA_LEAD)]
    return next((lead.account_id for lead in leads if lead is not None), None)


def withdraw_claim(*, claim_id: int, actor: Actor, at: datetime) -> None:
    """Take back one's own claim. Raises ClaimNotFound, ClaimDecided."""
    with db.atomic():
        found = Claim.objects.select_for_update().filter(pk=claim_id, account_id=actor.account_id).first()
        _decide(found, ClaimState.WITHDRAWN, actor, at)


def confirm_claim(*, claim_id: int, actor: Actor, at: datetime) -> int:
    """Appoint the volunteer; others who asked for the same post are declined. Returns the appointment's id.

    Needs `duty.confirm` and every permission of the role there. Raises ClaimNotFound, ClaimDecided, BeyondAuthority,
    PostTaken.
    """
    with db.atomic():
        found = _lock(claim_id, actor)
        if found.state != ClaimState.WAITING:
            raise ClaimDecided
        made = appoint(
            account_id=found.account_id, role=found.role, place_id=found.place_id, permission="duty.confirm",
            actor=actor, at=at,
        )  # fmt: skip
        found.appointment_id = made
        _decide(found, ClaimState.CONFIRMED, actor, at)
        others = Claim.objects.select_for_update().filter(
            role=found.role, place_id=found.place_id, state=ClaimState.WAITING
        )
        for other in others:
            _decide(other, ClaimState.DECLINED, actor, at, reason=_("The post was given to somebody else."))
    return made


def decline_claim(*, claim_id: int, reason: str = "", actor: Actor, at: datetime) -> None:
    """Raises ClaimNotFound, ClaimDecided."""
    with db.atomic():
        _decide(_lock(claim_id, actor), ClaimState.DECLINED, actor, at, reason=reason.strip()[:REASON_LENGTH])


def move_claims(event: PostHandedOver) -> None:
    """What waited for the former holder on these doors waits for the new one."""
    db.execute(
        """
        UPDATE claim m SET asked_id = %s FROM unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi)
        WHERE m.state = 'waiting' AND m.asked_id = %s AND m.lo >= e.lo AND m.lo < e.hi
        """,
        [event.to_account, event.extent.los, event.extent.his, event.from_account],
    )


def list_claims(*, actor: Actor, at: datetime, state: str = ClaimState.WAITING) -> list[ClaimLine]:
    """Claims that the actor may decide, those that wait for them first; `state` "" for all."""
    held = actor.extent_for("duty.confirm")
    sql = f"{_LINES} WHERE {held.where('m.lo')} AND (%s = '' OR m.state = %s) ORDER BY m.asked_id = %s DESC, m.id"
    return _lines(sql, [state, state, actor.account_id], at)


def count_claims(actor: Actor, at: datetime) -> int:
    """How many claims wait for a decision that the actor may make."""
    held = actor.extent_for("duty.confirm")
    return int(db.scalar(f"SELECT count(*) FROM claim m WHERE m.state = 'waiting' AND {held.where('m.lo')}"))


def list_own_claims(*, actor: Actor, at: datetime) -> list[ClaimLine]:
    """Newest first."""
    return _lines(f"{_LINES} WHERE m.account_id = %s ORDER BY m.id DESC", [actor.account_id], at)


def _lines(sql: str, params: list[object], at: datetime) -> list[ClaimLine]:
    found = [ClaimLine(*row) for row in db.rows(sql, params)]
    named = name_places([line.place_id for line in found], at)
    return [ClaimLine(**{**vars(line), "address": named[line.place_id]}) for line in found]


def name_places(place_ids: list[int], at: datetime) -> dict[int, str]:
    """阳光小区 3号楼 2单元: each place below its community."""
    refs, paths = places.get_places(place_ids), places.paths_of(place_ids, at)
    return {
        place_id: " ".join(
            [one.name for one in paths[place_id] if one.kind > Kind.COMMUNITY] + [refs[place_id].name]
        )
        for place_id in refs
    }  # fmt: skip


def _lock(claim_id: int, actor: Actor) -> Claim:
    """A claim that the actor may decide. Raises ClaimNotFound."""
    found = Claim.objects.select_for_update().filter(pk=claim_id).first()
    if found is None or found.lo not in actor.extent_for("duty.confirm"):
        raise ClaimNotFound
    return found


def _decide(found: Claim | None, state: ClaimState, actor: Actor, at: datetime, *, reason: str = "") -> None:
    if found is None:
        raise ClaimNotFound
    if found.state != ClaimState.WAITING:
        raise ClaimDecided
    found.state, found.decided_at, found.decided_by, found.reason = state, at, actor.account_id, reason
    found.save(update_fields=["state", "decided_at", "decided_by", "reason", "appointment"])
    verb = {"confirmed": "confirm_claim", "declined": "decline_claim", "withdrawn": "withdraw_claim"}[state.value]
    _record(actor, at, verb, found, permission=None if state == ClaimState.WITHDRAWN else "duty.confirm")


def _record(actor: Actor, at: datetime, verb: str, claim: Claim, *, permission: str | None) -> None:
    journal.record(
        actor=actor, at=at, verb=f"duty.{verb}", key=claim.lo, permission=permission, subject=f"claim:{claim.pk}",
        account=claim.account_id, role=claim.role, place=claim.place_id,
    )  # fmt: skip
