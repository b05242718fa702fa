"""What phones carry of places, with who answers for each: one is called with one tap."""

from __future__ import annotations

from typing import Any

from linli.core import crypto, db, field
from linli.core.extents import Extent
from linli.core.field import PackCall, PackSection, Section
from linli.duty.terms import LEAD_OF, Role
from linli.places.field import describe_place, find_around_state, list_around
from linli.places.queries.field import Around

CALL = "duty.call"
# Who is named for a place, the first of these that is held there: its lead, else who answers for it otherwise.
ROLES = [role.value for role in (*LEAD_OF.values(), Role.TEAM_LEADER, Role.LINKED_CADRE, Role.OFFICE, Role.COMMAND)]
_ROLES = f"'{{{','.join(ROLES)}}}'::text[]"
_LEADS = f"""
    SELECT DISTINCT ON (a.place_id) a.place_id, c.name, a.is_deputy, t.phone
    FROM appointment a JOIN account c ON c.id = a.account_id LEFT JOIN staff t ON t.account_id = a.account_id
    WHERE a.place_id = ANY(%(places)s::bigint[]) AND a.role = ANY({_ROLES})
      AND a.since <= %(at)s AND (a.until IS NULL OR a.until > %(at)s)
    ORDER BY a.place_id, array_position({_ROLES}, a.role::text), a.is_deputy, a.seat, a.id
"""


_VERSION = f"SELECT hashtextextended(coalesce(string_agg(l::text, ''), ''), 0) FROM ({_LEADS}) AS l"


def read_places(call: PackCall) -> Section:
    """Small, so given whole whenever any of it is another, read only then. Phones of those whom the caller may call;
    journalled with the pack."""
    state, callable_at = find_around_state(call), call.actor.extent_for(CALL)
    wanted = {"places": state.ids, "at": call.at}
    ((leads_version,),) = db.prepared(_VERSION, wanted)
    version = field.digest(state.version, leads_version, call.extent, callable_at)
    if version == call.known:
        return Section(known=version)
    return Section(_read_put(call, wanted, callable_at), is_all=True, known=version)


def _read_put(call: PackCall, wanted: dict[str, Any], callable_at: Extent) -> list[dict[str, Any]]:
    around = list_around(call)
    leads = {place: rest for place, *rest in db.prepared(_LEADS, wanted)}
    put = []
    for one in around:
        row = describe_place(one)
        if one.id in leads:
            name, is_deputy, phone = leads[one.id]
            row["lead"] = {"name": name, "deputy": is_deputy}
            if phone and _may_call(one, call, callable_at):
                row["lead"]["phone"] = crypto.unseal(phone)
        put.append(row)
    return put


def _may_call(place: Around, call: PackCall, callable_at: Extent) -> bool:
    """On any door of what is built; of what holds doors around, on all of the caller's."""
    if place.lo is None or place.hi is None:
        return call.extent <= callable_at
    return bool(Extent.of([(place.lo, place.hi)]) & callable_at)


def register() -> None:
    field.register_section(PackSection("places", 10, read_places, ("lead",)))
