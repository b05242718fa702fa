"""What phones carry of places, with who answers for each: one is called with one tap."""

from __future__ import annotations

from typing import Any

from linli.core import crypto, db, field
from linli.core.field import PackCall, PackSection, Section, replace_if_other
from linli.duty.queries import find_leads
from linli.duty.terms import Holder
from linli.places import queries as places
from linli.places.field import describe_place, list_around

CALL = "duty.call"


def read_places(call: PackCall) -> Section:
    """Small, so given whole whenever any of it is another. Phones of those whom the caller may call; journalled with
    the pack."""
    around = list_around(call)
    leads = {place_id: level.acting for place_id, level in find_leads([one.id for one in around], call.at).items()}
    accounts = {lead.account_id for lead in leads.values() if lead is not None and lead.has_phone}
    phones = _read_phones(sorted(accounts)) if accounts else {}
    held = places.extents_of([one.id for one in around], call.at)
    callable_at = call.actor.extent_for(CALL)
    put = []
    for one in around:
        row, lead = describe_place(one), leads.get(one.id)
        if lead is not None:
            row["lead"] = _lead(lead, phones if held[one.id] & callable_at else {})
        put.append(row)
    return replace_if_other(put, call.known)


def _lead(lead: Holder, phones: dict[int, str]) -> dict[str, Any]:
    phone = phones.get(lead.account_id)
    return {"name": lead.name, "deputy": lead.is_deputy, **({"phone": phone} if phone else {})}


def _read_phones(account_ids: list[int]) -> dict[int, str]:
    rows = db.rows("SELECT account_id, phone FROM staff WHERE account_id = ANY(%s)", [account_ids])
    return {account: crypto.unseal(sealed) for account, sealed in rows if sealed}


def register() -> None:
    field.register_section(PackSection("places", 10, read_places, ("lead",)))
