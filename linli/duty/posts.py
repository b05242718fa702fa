"""Posts: who is appointed to them, who stands in, and how one is handed over.

A post is role x place x seat (docs/adr/0007). A lead has one seat at its own kind of place; of other roles a place has
as many seats as it needs, and whoever is appointed without naming one gets the lowest that is free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, Q, QuerySet

from linli.core import db, events, journal
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent
from linli.core.models import Account
from linli.duty import policies
from linli.duty.authority import find_place_extent
from linli.duty.errors import (
    AccountNotFound,
    AppointedTwice,
    AppointmentEnded,
    AppointmentNotFound,
    BeyondAuthority,
    OfficerKindWrong,
    PeriodPast,
    PeriodWrong,
    PostTaken,
)
from linli.duty.events import PostHandedOver
from linli.duty.models import Appointment, Claim, Organisation
from linli.duty.terms import PERMISSIONS, ClaimState, OfficerKind, Role
from linli.places import queries as places
from linli.places.errors import PlaceEnded
from linli.places.terms import PlaceRef


@dataclass(frozen=True)
class Detail:
    """What an appointment may say besides who, what, where and when. `seat` None: the lowest that is free."""

    is_deputy: bool = False
    seat: int | None = None
    officer_kind: str = ""
    organisation: str = ""
    team_id: int | None = None


PLAIN = Detail()


def appoint(
    *,
    account_id: int,
    role: str,
    place_id: int,
    since: datetime | None = None,
    until: datetime | None = None,
    detail: Detail = PLAIN,
    permission: str = "duty.appoint",
    actor: Actor,
    at: datetime,
) -> int:
    """Appoint an account to a role at a place during [since, until); from now on, and until ended, when not said.

    Returns the appointment's id. Raises RoleUnknown, PlaceUnknown, PlaceEnded, BeyondAuthority, AccountNotFound,
    PeriodPast, PeriodWrong, AppointedTwice, PostTaken, OfficerKindWrong.
    """
    wanted = policies.read_role(role)
    since = since or at
    if since < at and not actor.is_system:
        raise PeriodPast
    if until is not None and until <= since:
        raise PeriodWrong
    if detail.officer_kind and (wanted != Role.INFORMATION_OFFICER or detail.officer_kind not in OfficerKind.values):
        raise OfficerKindWrong(kinds=", ".join(OfficerKind.values))
    with db.atomic():
        account = lock_account(account_id)
        extent = require_appoint(place_id=place_id, role=wanted, actor=actor, at=at, permission=permission)
        if _overlapping(Appointment.objects.filter(account=account, role=wanted, place_id=place_id), since, until):
            raise AppointedTwice
        place = places.get_place(place_id)
        made = Appointment.objects.create(
            account=account,
            role=wanted,
            place_id=place_id,
            seat=_find_seat(wanted, place, since, until, detail),
            is_deputy=detail.is_deputy,
            officer_kind=detail.officer_kind,
            organisation=find_organisation(detail.organisation, at),
            team_id=detail.team_id,
            since=since,
            until=until,
            created_at=at,
            created_by=actor.account_id,
        )
        record_appointment(actor, at, "appoint", made, extent, permission=permission)
    return int(made.pk)


def end_appointment(*, appointment_id: int, until: datetime | None = None, actor: Actor, at: datetime) -> None:
    """End an appointment now, or at `until`; one that has not begun is withdrawn. What was done under it stands.

    Raises AppointmentNotFound, AppointmentEnded, PeriodPast, BeyondAuthority.
    """
    until = until or at
    if until < at:
        raise PeriodPast
    with db.atomic():
        found = _lock_appointment(appointment_id)
        extent = require_appoint(place_id=found.place_id, role=Role(found.role), actor=actor, at=at, new=False)
        if found.until is not None and found.until <= at:
            raise AppointmentEnded
        _end(found, until, actor)
        record_appointment(actor, at, "end_appointment", found, extent)


def hand_over(*, appointment_id: int, to_account_id: int, actor: Actor, at: datetime) -> int:
    """Give a post from its holder (or deputy) to another account, now, for the rest of its time; open work goes along.

    Who receives it and was its deputy so far is that no longer. Returns the new appointment's id. Publishes
    PostHandedOver. Raises AppointmentNotFound, AppointmentEnded, BeyondAuthority, AccountNotFound, AppointedTwice.
    """
    with db.atomic():
        found = _lock_appointment(appointment_id)
        extent = require_appoint(place_id=found.place_id, role=Role(found.role), actor=actor, at=at, new=False)
        if found.since > at or (found.until is not None and found.until <= at):
            raise AppointmentEnded
        if found.account_id == to_account_id:
            raise AppointedTwice
        rest = found.until
        _end(found, at, actor)
        stood_in = Appointment.objects.filter(
            account_id=to_account_id, role=found.role, place_id=found.place_id, seat=found.seat, is_deputy=True
        )
        for deputy in _standing(stood_in, at):
            _end(deputy, at, actor)
        seat = Detail(is_deputy=found.is_deputy, seat=found.seat, officer_kind=found.officer_kind)
        made = appoint(
            account_id=to_account_id,
            role=found.role,
            place_id=found.place_id,
            until=rest,
            detail=replace(seat, team_id=found.team_id),
            actor=actor,
            at=at,
        )
        record_appointment(actor, at, "hand_over", found, extent)
        events.publish(
            PostHandedOver(
                role=found.role,
                place_id=found.place_id,
                seat=found.seat,
                extent=extent,
                from_account=found.account_id,
                to_account=to_account_id,
                from_appointment=found.pk,
                to_appointment=made,
                at=at,
            )
        )
    return made


def count_open_work(*, account_id: int, extent: Extent) -> int:
    """What waits for an account on these doors: claims to be decided."""
    spans = Q()
    for lo, hi in extent:
        spans |= Q(lo__gte=lo, lo__lt=hi)
    return Claim.objects.filter(spans, asked_id=account_id, state=ClaimState.WAITING).count() if extent else 0


def require_appoint(
    *, place_id: int, role: Role, actor: Actor, at: datetime, new: bool = True, permission: str = "duty.appoint"
) -> Extent:
    """The doors that the appointment would cover. Raises BeyondAuthority, PlaceUnknown, PlaceEnded (when `new`).

    An empty extent lies inside every other: a place that holds no door yet is answered for by what it lies in.
    """
    place = places.get_place(place_id)
    if new and place.ended_at is not None and place.ended_at <= at:
        raise PlaceEnded(place=place.name)
    extent = find_place_extent(place_id, at)
    for above in reversed(places.path_of(place_id, at) if not extent else []):
        extent = extent or find_place_extent(above.id, at)
    extent = extent or EVERYWHERE
    missing = [name for name in {permission, *PERMISSIONS[role]} if not actor.may(name, extent)]
    if missing:
        raise BeyondAuthority(role=role.label, place=place.name)
    return extent


def lock_account(account_id: int) -> Account:
    """The account, held so that nobody closes it while it is appointed. Raises AccountNotFound."""
    account = Account.objects.select_for_update().filter(pk=account_id, is_active=True).first()
    if account is None:
        raise AccountNotFound(name=account_id)
    return account


def find_organisation(name: str, at: datetime) -> Organisation | None:
    """The organisation of that name, made when it is new; None for ""."""
    name = policies.check_name(name) if name.strip() else ""
    return Organisation.objects.get_or_create(name=name, defaults={"created_at": at})[0] if name else None


def record_appointment(
    actor: Actor, at: datetime, verb: str, made: Appointment, extent: Extent, *, permission: str = "duty.appoint"
) -> None:
    """The journal's entry `duty.<verb>` of an appointment, at the first door of its place's `extent`."""
    journal.record(
        actor=actor,
        at=at,
        verb=f"duty.{verb}",
        key=extent.spans[0].lo,
        permission=permission,
        subject=f"appointment:{made.pk}",
        account=made.account_id,
        role=made.role,
        place=made.place_id,
        since=made.since,
        until=made.until,
    )


def _find_seat(role: Role, place: PlaceRef, since: datetime, until: datetime | None, detail: Detail) -> int:
    """Raises PostTaken."""
    wanted = 1 if policies.is_sole(role, place.kind) else detail.seat
    others = Appointment.objects.filter(role=role, place_id=place.id, is_deputy=detail.is_deputy)
    taken = {one.seat: one for one in _overlapping(others, since, until).select_related("account")}
    if wanted is None:
        return next(seat for seat in range(1, len(taken) + 2) if seat not in taken)
    if wanted in taken:
        raise PostTaken(name=taken[wanted].account.name)
    return wanted


def _overlapping(appointments: QuerySet[Appointment], since: datetime, until: datetime | None) -> QuerySet[Appointment]:
    """Those of them that hold at some time of [since, until)."""
    found = appointments.filter(Q(until=None) | Q(until__gt=since)).exclude(until=F("since"))
    return found if until is None else found.filter(since__lt=until)


def _standing(appointments: QuerySet[Appointment], at: datetime) -> QuerySet[Appointment]:
    return appointments.filter(Q(until=None) | Q(until__gt=at))


def _lock_appointment(appointment_id: int) -> Appointment:
    found = Appointment.objects.select_for_update().filter(pk=appointment_id).first()
    if found is None:
        raise AppointmentNotFound
    return found


def _end(found: Appointment, until: datetime, actor: Actor) -> None:
    found.until, found.ended_by = max(found.since, until), actor.account_id
    found.save(update_fields=["until", "ended_by"])
