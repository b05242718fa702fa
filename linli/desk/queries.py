"""Reads of the desk: the journal in people's words, long work as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from linli.core import db, import_files, importers, jobs, journal
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Text
from linli.core.import_words import hear_result, list_notes
from linli.core.models import Account, Job
from linli.desk.facts import Known, Say, list_mentioned, say_facts
from linli.desk.terms import JOB_KINDS, SUBJECTS, VERBS
from linli.places import queries as places

SHOWN_ABOVE = 3  # how many places a place lies in are named with it
SAID_BY_PLACE = {"code", "name"}
SUBJECT_PAGES = {"round": "rounds:board", "household": "residents:household", "person": "residents:person"}
DOOR_SUBJECTS = {"door", "household", "person"}  # things that live at a door: the entry's key is theirs


@dataclass(frozen=True)
class JournalLine:
    """One entry, ready to read. `subject`, `place`: what it was done to, and where; `about`: the subject as it is
    filtered by; `facts`: further details."""

    id: int
    at: datetime
    account: str
    who: Text
    origin: str
    verb: str
    wording: Text
    subject: str
    about: str
    url: str
    place: str
    facts: list[tuple[str, str]]


def list_journal(
    *,
    actor: Actor,
    at: datetime,
    limit: int,
    before_id: int | None = None,
    wanted: journal.Wanted | None = None,
) -> list[JournalLine]:
    """The newest entries the actor may see, newest first, with names for codes."""
    entries = journal.list_entries(actor=actor, limit=limit, before_id=before_id, wanted=wanted)
    names, known = _find_names(entries, at), _find_known(entries)
    return [_read_entry(entry, names.get((entry["subject"], entry["key"])), known) for entry in entries]


def verbs_of(word: str) -> tuple[str, ...]:
    """The verbs a filter means: one of them, or all of a room."""
    return tuple(verb for verb in VERBS if verb == word or verb.startswith(f"{word}.")) if word else ()


def find_sealed() -> tuple[int, datetime] | None:
    """Up to which entry the journal is sealed, and when that was."""
    rows = db.rows("SELECT last, sealed_at FROM seal_block WHERE source = 'journal' ORDER BY number DESC LIMIT 1")
    return rows[0] if rows else None


class Named(NamedTuple):
    """What a subject is called, its page, and where it lies."""

    name: str
    url: str
    place: str = ""


def _find_names(entries: list[dict[str, Any]], at: datetime) -> dict[tuple[str, int], Named]:
    """(subject, key) as they are written -> their names: a handful of statements for a whole page.

    The key belongs to it: a household that moved was somewhere else in its older entries.
    """
    subjects = {(one["subject"], one["key"]): (*_subject(one["subject"]), one["key"]) for one in entries}
    numbers = [(kind, int(number)) for kind, number, _key in subjects.values() if number.isdigit()]
    doors = places.door_labels({key for kind, _number, key in subjects.values() if kind in DOOR_SUBJECTS})
    named = places.get_places(number for kind, number in numbers if kind == "place")
    paths = places.paths_of(named, at)
    accounts = _account_names(number for kind, number in numbers if kind == "account")
    names = {}
    for subject, (kind, number, key) in subjects.items():
        found = named.get(int(number)) if kind == "place" and number.isdigit() else None
        if found is not None:
            above = " ".join(one.name for one in paths.get(found.id, [])[-SHOWN_ABOVE:])
            names[subject] = Named(found.name, reverse("places:place", args=[found.code]), above)
        elif kind == "account":
            names[subject] = Named(accounts.get(number, number), "")
        elif kind in SUBJECTS:
            where = str(doors[key]) if kind in DOOR_SUBJECTS and key in doors else ""
            names[subject] = Named(f"{SUBJECTS[kind]} {number}", _url(kind, number), where)
    return names


def _find_known(entries: list[dict[str, Any]]) -> Known:
    """Names of what the details mention, looked up once for a whole page."""

    def mentioned(say: Say) -> set[Any]:
        return {value for one in entries for value in list_mentioned(one["verb"], one["detail"], say) if value}

    meant = mentioned(Say.PLACE)
    ids = [one for one in meant if isinstance(one, int)]
    codes = [one for one in meant if isinstance(one, str)]
    named: dict[str | int, str] = {}
    if codes:
        named |= {code: one.name for code, one in places.get_places_by_code(codes).items()}
    if ids:
        named |= {place_id: one.name for place_id, one in places.get_places(ids).items()}
    doors = {int(key) for key in mentioned(Say.DOOR) if str(key).isdigit()}
    accounts = {str(number) for number in mentioned(Say.ACCOUNT)}
    return Known(
        places=named,
        accounts=_account_names(number for number in accounts if number.isdigit()) if accounts else {},
        doors={key: str(label) for key, label in places.door_labels(doors).items()} if doors else {},
    )


def _read_entry(entry: dict[str, Any], named: Named | None, known: Known) -> JournalLine:
    is_place = entry["subject"].startswith("place:")
    return JournalLine(
        id=entry["id"],
        at=entry["at"],
        account=entry["account_name"],
        who=_("System") if entry["account_id"] == SYSTEM.account_id else entry["account_name"],
        origin=entry["origin"],
        verb=entry["verb"],
        wording=VERBS.get(entry["verb"], entry["verb"]),
        subject=named.name if named else entry["subject"],  # the name of a file that was imported
        about=entry["subject"],
        url=named.url if named else "",
        place=named.place if named else "",
        facts=say_facts(entry["verb"], entry["detail"], known, SAID_BY_PLACE if is_place else ()),
    )


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


def _account_names(ids: Iterable[int | str]) -> dict[str, str]:
    return {str(pk): name for pk, name in Account.objects.filter(pk__in=list(ids)).values_list("pk", "name")}


@dataclass(frozen=True)
class JobView:
    """A job, ready to read, at `url`. `share`: 0 to 100, None while the end is not known; `account`, `error`: how it
    ended."""

    id: UUID
    url: str
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
    is_check: bool
    is_waiting: bool  # its file can be imported, read in another way, or discarded
    reasons: list[dict[str, Any]]
    columns: dict[str, Any]
    share: int | None

    @property
    def is_over(self) -> bool:
        return self.state in (Job.State.DONE, Job.State.FAILED)

    @property
    def may_import(self) -> bool:
        """Checked, and something of it can be taken."""
        return self.is_check and self.is_waiting and self.state == Job.State.DONE

    @property
    def may_choose(self) -> bool:
        """Its columns can be told in another way."""
        return self.is_waiting and bool(self.columns)


def view_job(job: Job, at: datetime) -> JobView:
    importer = importers.find_importer(job.kind)
    result: dict[str, Any] = hear_result(job.result) or {}
    return JobView(
        id=job.pk,
        url=reverse(jobs.page_of(job) or "desk:job", args=[job.pk]),
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
        notes=list_notes(result),
        error=jobs.problem_of(job) or {},
        has_workbook=job.state == Job.State.DONE and import_files.rejected_path(job.pk).exists(),
        is_silent=jobs.is_silent(job, at),
        is_check=bool(job.params.get("dry")),
        is_waiting=importers.find_waiting(job) is not None,
        reasons=result.get("reasons", []),
        columns=result.get("columns") or {},
        share=jobs.share_of(job),
    )
