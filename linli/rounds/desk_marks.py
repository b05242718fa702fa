"""Marks as a page hands them in: what was pressed at which door, turned into commands for those it means."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from django.http import QueryDict
from django.utils import timezone

from linli.core.access import Actor
from linli.core.extents import Extent
from linli.rounds import services, undo
from linli.rounds.errors import BadMark, FieldWrong, NotInRound, RoundClosed
from linli.rounds.queries import RoundView
from linli.rounds.stairwell import Home, Subject, list_homes
from linli.rounds.terms import MARK_WORDS, Mark, MarkCommand, Outcome

REASON_CHARS = 400


def mark_from_page(*, round_: RoundView, key: int, posted: QueryDict, actor: Actor, at: datetime) -> list[Home]:
    """Carry out what was pressed at a door, and give the homes there as they then stand.

    Posted: `kind`; `subject` (one person or household) or `household` (all of it who are still open: nobody who is
    done or exempt is undone by it); `id`, made with the page, so that a second press changes nothing; `reason`,
    `back`, `until`.
    Raises BadMark, FieldWrong, Forbidden, NotInRound, RoundClosed.
    """
    door = Extent.of([(key, key + 1)])
    actor.require("rounds.mark", door)
    kind = MARK_WORDS.get(posted.get("kind", ""))
    if kind is None:
        raise BadMark(value=posted.get("kind", ""))
    command_id = _uuid(posted.get("id", ""))
    subjects = _meant(list_homes(round_, [key], at), posted)
    if subjects:
        receipts = services.mark(
            round_id=round_.id,
            commands=[
                _command(round_, subject, kind, uuid5(command_id, f"{kind}:{subject.subject_id}"), posted, at)
                for subject in subjects
            ],
            actor=actor,
            at=at,
        )
        outcomes = {receipt.outcome for receipt in receipts}
        if Outcome.ROUND_CLOSED in outcomes:
            raise RoundClosed(round=round_.code)
        if Outcome.NOT_IN_ROUND in outcomes:
            raise NotInRound()
    return list_homes(round_, [key], at)


def take_back_from_page(*, round_: RoundView, key: int, posted: QueryDict, actor: Actor, at: datetime) -> list[Home]:
    """Undo what was pressed at a door a moment ago, and give the homes there as they then stand.

    Posted: `id` and `kind` as they were pressed. What no longer counts, or was pressed by somebody else, stays.
    Raises BadMark, FieldWrong, Forbidden, RoundClosed.
    """
    actor.require("rounds.mark", Extent.of([(key, key + 1)]))
    kind = MARK_WORDS.get(posted.get("kind", ""))
    if kind is None:
        raise BadMark(value=posted.get("kind", ""))
    command_id = _uuid(posted.get("id", ""))
    subjects = [subject.subject_id for home in list_homes(round_, [key], at) for subject in home.subjects]
    undo.take_back(
        round_id=round_.id,
        subject_ids=subjects,
        mark_ids=[uuid5(command_id, f"{kind}:{subject}") for subject in subjects],
        actor=actor,
        at=at,
    )
    return list_homes(round_, [key], at)


def _meant(homes: list[Home], posted: QueryDict) -> list[Subject]:
    if posted.get("subject"):
        found = [one for home in homes for one in home.subjects if str(one.subject_id) == posted["subject"]]
        if not found:
            raise NotInRound()
        return found
    home = next((home for home in homes if str(home.household_id) == posted.get("household", "")), None)
    if home is None:
        raise NotInRound()
    return home.open


def _command(
    round_: RoundView, subject: Subject, kind: Mark, command_id: UUID, posted: QueryDict, at: datetime
) -> MarkCommand:
    reason = posted.get("reason", "").strip()
    if kind == Mark.EXEMPT and not reason:
        raise FieldWrong("reason")
    return MarkCommand(
        id=command_id,
        kind=kind,
        event_at=at,
        person_id=subject.subject_id if round_.per_person else None,
        household_id=None if round_.per_person else subject.subject_id,
        reason=reason[:REASON_CHARS],
        back_at=_back(posted.get("back", ""), at) if kind == Mark.ABSENT else None,
        until_at=_until(posted.get("until", ""), at) if kind == Mark.EXEMPT else None,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FieldWrong("id") from None


def _back(text: str, at: datetime) -> datetime | None:
    """A time of day: the next time the clock shows it."""
    if not text:
        return None
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        raise FieldWrong("back") from None
    here = timezone.localtime(at)
    back = here.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return back if back > here else back + timedelta(days=1)


def _until(text: str, at: datetime) -> datetime | None:
    """A day: to its end."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise FieldWrong("until") from None
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    if end <= at:
        raise FieldWrong("until")
    return end
