"""Reads of the desk: the journal in people's words, long work as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from linli.core import importers, journal
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Text
from linli.core.models import Account, Job
from linli.desk.terms import FACTS, JOB_KINDS, SUBJECTS, VERBS
from linli.places import queries as places

SHOWN_OF_LIST = 3
SHOWN_ABOVE = 3  # how many places a place lies in are named with it
SAID_BY_PLACE = {"code", "name"}
SUBJECT_PAGES = {"round": "rounds:board", "household": "residents:household", "person": "residents:person"}
DOOR_SUBJECTS = {"door", "household", "person"}  # things that live at a door: the entry's key is theirs


@dataclass(frozen=True)
class JournalLine:
    """One entry, ready to read. `subject`, `place`: what it was done to, and where; `facts`: further details."""

    id: int
    at: datetime
    account: str
    who: Text
    origin: str
    verb: str
    wording: Text
    subject: str
    url: str
    place: str
    facts: list[tuple[str, str]]


def list_journal(
    *,
    actor: Actor,
    at: datetime,
    limit: int,
    before_id: int | None = None,
    verb: str = "",
    account: str = "",
    since: datetime | None = None,
) -> list[JournalLine]:
    """The newest entries the actor may see, newest first, with names for codes."""
    entries = journal.list_entries(
        actor=actor, limit=limit, before_id=before_id, verb=verb, account=account, since=since
    )
    split = [(*_subject(entry["subject"]), entry) for entry in entries]
    doors = places.door_labels({entry["key"] for kind, _number, entry in split if kind in DOOR_SUBJECTS})
    named = places.get_places(int(number) for kind, number, _rest in split if kind == "place" and number.isdigit())
    paths = places.paths_of(named, at)
    accounts = _account_names(number for kind, number, _rest in split if kind == "account")
    lines = []
    for kind, number, entry in split:
        subject, url, place = "", "", ""
        if kind == "place" and number.isdigit() and int(number) in named:
            found = named[int(number)]
            subject, url = found.name, reverse("places:place", args=[found.code])
            place = " ".join(above.name for above in paths.get(found.id, [])[-SHOWN_ABOVE:])
        elif kind == "account":
            subject = accounts.get(number, number)
        elif kind in SUBJECTS:
            subject = f"{SUBJECTS[kind]} {number}"
            url = _url(kind, number)
        else:
            subject = entry["subject"]  # the name of a file that was imported
        if kind in DOOR_SUBJECTS and entry["key"] in doors:
            place = str(doors[entry["key"]])
        lines.append(
            JournalLine(
                id=entry["id"],
                at=entry["at"],
                account=entry["account_name"],
                who=_("System") if entry["account_id"] == SYSTEM.account_id else entry["account_name"],
                origin=entry["origin"],
                verb=entry["verb"],
                wording=VERBS.get(entry["verb"], entry["verb"]),
                subject=subject,
                url=url,
                place=place,
                facts=_facts(entry["detail"], SAID_BY_PLACE if kind == "place" else set()),
            )
        )
    return lines


def _subject(text: str) -> tuple[str, str]:
    kind, _colon, number = text.partition(":")
    return kind, number


def _url(kind: str, number: str) -> str:
    """Where the subject has its page; "" for subjects that have none."""
    page = SUBJECT_PAGES.get(kind, "")
    try:
        return reverse(page, args=[number]) if page else ""
    except NoReverseMatch:  # an old entry whose subject was written another way
        return ""


def _account_names(numbers: Iterable[str]) -> dict[str, str]:
    ids = [int(number) for number in numbers if number.isdigit()]
    return {str(pk): name for pk, name in Account.objects.filter(pk__in=ids).values_list("pk", "name")}


def _facts(detail: dict[str, Any], said: set[str]) -> list[tuple[str, str]]:
    """Details that a reader gains from: nothing empty or `said` already; long lists by their length."""
    return [
        (str(FACTS.get(name, name)), _fact(value))
        for name, value in detail.items()
        if name not in said and value not in (None, "", [], {}) and not isinstance(value, dict)
    ]


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✕"
    if isinstance(value, list):
        return f"{len(value)} ×" if len(value) > SHOWN_OF_LIST else ", ".join(str(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


WORKER_SILENT = timedelta(seconds=20)


@dataclass(frozen=True)
class JobView:
    """A job, ready to read. `share`: 0 to 100, None while the end is not known; `account`, `error`: how it ended."""

    id: UUID
    kind: str
    label: Text
    name: str
    state: str
    step: str
    done: int
    total: int | None
    created_at: datetime
    ended_at: datetime | None
    account: dict[str, int]
    rejections: list[dict[str, Any]]
    rejection_count: int
    facts: list[list[Any]]
    notes: list[str]
    error: dict[str, Any]
    has_workbook: bool
    is_silent: bool

    @property
    def is_over(self) -> bool:
        return self.state in (Job.State.DONE, Job.State.FAILED)

    @property
    def share(self) -> int | None:
        return min(100, self.done * 100 // self.total) if self.total else None


def view_job(job: Job, at: datetime) -> JobView:
    importer = importers.find_importer(job.kind)
    result: dict[str, Any] = job.result or {}
    return JobView(
        id=job.pk,
        kind=job.kind,
        label=importer.label if importer else JOB_KINDS.get(job.kind, job.kind),
        name=str(job.params.get("name", "")),
        state=job.state,
        step=job.step,
        done=job.done,
        total=job.total,
        created_at=job.created_at,
        ended_at=job.ended_at,
        account=result.get("account", {}),
        rejections=result.get("rejections", []),
        rejection_count=result.get("rejection_count", 0),
        facts=result.get("facts", []),
        notes=result.get("notes", []),
        error=job.error or {},
        has_workbook=job.state == Job.State.DONE and importers.rejected_path(job.pk).exists(),
        is_silent=job.state == Job.State.QUEUED and at - job.created_at > WORKER_SILENT,
    )
