"""Writes of special situations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.notices import queries
from linli.notices.errors import OutcomeMissing, PlaceBeyond, SettledAlready
from linli.notices.models import Special
from linli.notices.terms import OUTCOME_LENGTH, What
from linli.places import queries as places

REPORT, SETTLE = "places.view", "notices.settle"


def report_special(
    *,
    what: What,
    text: str,
    key: int | None = None,
    place_id: int | None = None,
    person_id: int | None = None,
    client_id: UUID | None = None,
    happened_at: datetime,
    device_at: datetime,
    actor: Actor,
    at: datetime,
) -> int:
    """Report a special situation behind a door (`key`), or at a place; returns its number. Whoever is appointed there
    may, whatever to. `client_id`: by which a phone that has no answer yet speaks of it.

    Raises PlaceUnknown, PlaceBeyond.
    """
    key = places.get_door(key).key if key is not None else _first_key(place_id or 0, actor, at)
    if key not in actor.extent_for(REPORT):
        raise PlaceBeyond
    with db.atomic():
        made = Special.objects.create(
            client_id=client_id,
            key=key,
            place_id=place_id,
            person_id=person_id,
            what=what,
            text=crypto.seal(text),
            account_id=actor.account_id,
            happened_at=min(happened_at, at),
            device_at=device_at,
            received_at=at,
        )
        journal.record(
            actor=actor, at=at, verb="notices.report_special", key=key, permission=REPORT, subject=f"special:{made.pk}",
            what=what.value,
        )  # fmt: skip
    return int(made.pk)


def _first_key(place_id: int, actor: Actor, at: datetime) -> int:
    """A door of the place that is the actor's. Raises PlaceUnknown, PlaceBeyond."""
    common = places.extent_of(places.get_place(place_id).id, at) & actor.extent_for(REPORT)
    if not common:
        raise PlaceBeyond
    return common.spans[0].lo


def settle_special(*, special_id: int, outcome: str, actor: Actor, at: datetime) -> None:
    """Note how it was settled. Raises SpecialNotFound, SettledAlready, OutcomeMissing, Forbidden."""
    outcome = outcome.strip()[:OUTCOME_LENGTH]
    with db.atomic():
        found = queries.get_special(special_id, actor=actor)
        if found.key not in actor.extent_for(SETTLE):
            raise Forbidden(permission=SETTLE)
        if not outcome:
            raise OutcomeMissing
        settled = Special.objects.filter(pk=special_id, settled_at=None).update(
            settled_at=max(at, found.received_at), settled_by=actor.account_id, outcome=outcome
        )
        if not settled:
            raise SettledAlready(name=queries.get_special(special_id, actor=actor).settled_by)
        journal.record(
            actor=actor, at=at, verb="notices.settle_special", key=found.key, permission=SETTLE,
            subject=f"special:{special_id}",
        )  # fmt: skip
