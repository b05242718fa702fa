"""Posts at places that were dissolved when boundaries were redrawn: who holds them still, and where they may go.

Such a post reaches no door any more, so whoever holds it sees and may do nothing there; the doors are at once with
whoever answers for the places that took them, or with nobody, which the vacant posts say. The post itself is left as it
is until somebody moves or ends it: taking the change of boundaries back then brings everything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import Extent, unite
from linli.duty import claims, posts
from linli.duty.chain import find_answering
from linli.duty.errors import AppointmentEnded, AppointmentNotFound, NotSuccessor, PlaceStands
from linli.duty.models import Appointment
from linli.duty.posts import Detail
from linli.duty.terms import PlaceName, Role
from linli.places import queries as places
from linli.places.events import Redrawn
from linli.places.terms import PlaceRef

# Successors of successors are followed to those that stand. Where nobody took over, the place above it tells where the
# post was.
_DISSOLVED = """
    WITH RECURSIVE heir AS (
        SELECT a.id AS appointment_id, a.place_id FROM appointment a JOIN place p ON p.id = a.place_id
        WHERE a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s) AND p.ended_at <= %(at)s
        UNION
        SELECT h.appointment_id, s.place_id FROM heir h JOIN place_alias s ON s.former_id = h.place_id
    ), standing AS (
        SELECT h.appointment_id, array_agg(h.place_id ORDER BY p.sort, p.id) AS places
        FROM heir h JOIN place p ON p.id = h.place_id WHERE p.ended_at IS NULL OR p.ended_at > %(at)s GROUP BY 1
    )
    SELECT a.id, a.account_id, c.name, a.role, a.is_deputy, a.since, p.id, p.kind, p.code, p.name, p.ended_at, s.places
    FROM appointment a JOIN account c ON c.id = a.account_id JOIN place p ON p.id = a.place_id
    LEFT JOIN standing s ON s.appointment_id = a.id
    WHERE a.id IN (SELECT appointment_id FROM heir) AND EXISTS (
        SELECT 1 FROM place_span x JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)
            ON x.lo < e.hi AND x.hi > e.lo
        WHERE x.place_id = ANY(coalesce(s.places, ARRAY[p.parent_id])) AND x.since <= %(at)s AND x.until > %(at)s)
    ORDER BY p.kind, p.sort, p.id, a.role, a.seat, a.is_deputy, a.id
"""


@dataclass(frozen=True, slots=True)
class DissolvedPost:
    """An appointment in force at a place that was dissolved at `ended_at`; `heirs`: who took its doors, and stands."""

    appointment_id: int
    account_id: int
    name: str
    role: str
    is_deputy: bool
    since: datetime
    place: PlaceName
    ended_at: datetime
    heirs: tuple[PlaceRef, ...]

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)


def list_dissolved(extent: Extent, at: datetime) -> list[DissolvedPost]:
    """Posts at dissolved places whose doors went to places that hold any of `extent`."""
    rows = db.rows(_DISSOLVED, {"at": at, "los": extent.los, "his": extent.his})
    known = places.get_places({heir for row in rows for heir in row[-1] or ()})
    return [
        DissolvedPost(
            appointment_id, account_id, name, role, is_deputy, since, PlaceName(*place), ended_at,
            tuple(known[heir] for heir in heirs or ()),
        )
        for appointment_id, account_id, name, role, is_deputy, since, *place, ended_at, heirs in rows
    ]  # fmt: skip


def move_post(*, appointment_id: int, to_place_ids: Sequence[int], actor: Actor, at: datetime) -> list[int]:
    """Take a post from its dissolved place to one or several of those that took over, with all that it says.

    Returns the new appointments' ids. Raises AppointmentNotFound, AppointmentEnded, BeyondAuthority, PlaceStands,
    NotSuccessor, AppointedTwice, PostTaken.
    """
    with db.atomic():
        found = Appointment.objects.select_for_update(of=("self",)).select_related("organisation")
        post = found.filter(pk=appointment_id).first()
        if post is None:
            raise AppointmentNotFound
        posts.require_appoint(place_id=post.place_id, role=Role(post.role), actor=actor, at=at, new=False)
        if post.since > at or (post.until is not None and post.until <= at):
            raise AppointmentEnded
        gone = places.get_place(post.place_id)
        if gone.ended_at is None or gone.ended_at > at:
            raise PlaceStands(place=gone.name)
        heirs = {heir.id for heir in _standing_successors(gone.id, at)}
        if not to_place_ids or not set(to_place_ids) <= heirs:
            raise NotSuccessor(place=gone.name)
        posts.end_appointment(appointment_id=post.pk, actor=actor, at=at)
        organisation = post.organisation.name if post.organisation else ""
        detail = Detail(post.is_deputy, None, post.officer_kind, organisation, post.team_id)
        return [
            posts.appoint(
                account_id=post.account_id, role=post.role, place_id=place_id, until=post.until, detail=detail,
                actor=actor, at=at,
            )
            for place_id in dict.fromkeys(to_place_ids)
        ]  # fmt: skip


def _standing_successors(place_id: int, at: datetime) -> list[PlaceRef]:
    found: dict[int, PlaceRef] = {}
    ahead = [place_id]
    while ahead:
        for heir in places.list_successors(ahead.pop()):
            if heir.id not in found:
                found[heir.id] = heir
                ahead.append(heir.id)
    return [heir for heir in found.values() if heir.ended_at is None or heir.ended_at > at]


def follow_redrawn(event: Redrawn) -> None:
    """Claims that wait on doors whose boundaries changed now wait for whoever leads there now.

    A change of a later moment finds the leads of that moment: until then the present ones decide, so nothing is done.
    """
    if event.since > event.at:
        return
    held = unite(places.extents_of(event.place_ids, event.at).values())
    waiting = db.rows(
        "SELECT m.id, m.lo FROM claim m JOIN unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi)"
        " ON m.lo >= e.lo AND m.lo < e.hi WHERE m.state = 'waiting' ORDER BY m.id",
        [held.los, held.his],
    )
    chains = find_answering({lo for _id, lo in waiting}, event.at)
    db.execute(
        "UPDATE claim m SET asked_id = n.asked FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, asked)"
        " WHERE m.id = n.id AND m.asked_id IS DISTINCT FROM n.asked",
        [[id for id, _lo in waiting], [claims.find_asked(chains[lo]) for _id, lo in waiting]],
    )
