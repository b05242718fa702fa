"""HTTP API of the journal: read by filter, a page at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Query, Router, Schema
from pydantic import Field

from linli.core import journal
from linli.core.api import ApiRequest, Page, PageQuery, cut_page, permission, read_cursor

router = Router(tags=["journal"])


class EntryOut(Schema):
    """One write of one service. `key`: the door, or the first key of the place; 0 for the jurisdiction."""

    id: int
    at: datetime
    account_id: int
    account: str
    appointment_id: int | None
    origin: str = Field(description="web, api, cli or job.")
    verb: str = Field(examples=["rounds.open_round"])
    key: int
    subject: str = Field(examples=["person:12"])
    detail: dict[str, Any]


class EntryQuery(PageQuery):
    account: str = Field("", description="The name of who acted.")
    verb: str = Field("", description="For example rounds.open_round.")
    subject: str = Field("", description="For example person:12.")
    since: datetime | None = None
    until: datetime | None = Field(None, description="Not included.")


@router.get("/entries", response=Page[EntryOut], summary="Entries, newest first")
@permission("journal.view")
def list_entries(request: ApiRequest, asked: Query[EntryQuery]) -> Page[EntryOut]:
    """Of the places for which you may read the journal."""
    after = read_cursor(asked.after, int)
    verbs = (asked.verb,) if asked.verb else ()
    wanted = journal.Wanted(asked.account, verbs, asked.subject, asked.since, asked.until)
    found = journal.list_entries(
        actor=request.actor, limit=asked.limit + 1, before_id=after[0] if after else None, wanted=wanted
    )
    page, cursor = cut_page(found, asked.limit, lambda entry: (entry["id"],))
    return Page(items=[EntryOut(account=entry.pop("account_name"), **entry) for entry in page], next=cursor)
