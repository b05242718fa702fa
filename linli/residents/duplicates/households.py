"""Two households behind one door become one, with the people who are in both, and two again. One undo for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linli.core import db, journal
from linli.core.access import Actor
from linli.residents.changes import Change, changing, end_empty_households, require_on
from linli.residents.duplicates import aliases
from linli.residents.duplicates.finding import MERGE
from linli.residents.duplicates.people import (
    decide_pair,
    end_merger,
    lock_merger,
    merge_two,
    split_two,
)
from linli.residents.errors import HouseholdsApart, MergerUnknown, NobodyChosen, NotMergeable
from linli.residents.models import Household, Merger, Person
from linli.residents.services.households import lock_household
from linli.residents.services.presence import revive_household
from linli.residents.terms import LIVING, EntryKind, Verdict


def merge_households(
    *, survivor_id: int, merged_id: int, pairs: Sequence[tuple[int, int]] = (), actor: Actor, at: datetime
) -> int:
    """Everybody of `merged_id` belongs to `survivor_id`, and who is in both becomes one. Returns the merger's number.

    `pairs`: (person who stays, the same person in the merged household), merged with `default_picks`; the others move
    over. Raises HouseholdUnknown, HouseholdEnded, HouseholdsApart, NotMergeable, NobodyChosen (a pair that is not of
    these two), and as `merge_people`.
    """

    def work(change: Change) -> int:
        if survivor_id == merged_id:
            raise NotMergeable()
        found = {pk: lock_household(pk) for pk in sorted((survivor_id, merged_id))}
        survivor, merged = found[survivor_id], found[merged_id]
        if survivor.key != merged.key:
            raise HouseholdsApart()
        require_on(actor, [survivor.key], MERGE)
        _check_pairs(survivor, merged, pairs)
        merger = Merger.objects.create(
            kind=EntryKind.HOUSEHOLD, key=survivor.key, other_key=merged.key, survivor_id=survivor.pk,
            merged_id=merged.pk, at=at, account_id=actor.account_id,
        )  # fmt: skip
        for stays, goes in pairs:
            merge_two(stays, goes, {}, change, actor, merger)
        moved = _move_over(survivor, merged, at)
        Household.objects.filter(pk=merged.pk).update(ended_at=at, updated_at=at)
        merger.before = {"note": survivor.note} if merged.note and not survivor.note else {}
        if merger.before:
            Household.objects.filter(pk=survivor.pk).update(note=merged.note, updated_at=at)
        merger.gone = {"moved": moved}
        merger.save(update_fields=["before", "gone"])
        aliases.join(EntryKind.HOUSEHOLD, merged.pk, survivor.pk)
        decide_pair(EntryKind.HOUSEHOLD, survivor.pk, merged.pk, Verdict.SAME, actor, at)
        change.touch(people=moved, households=[survivor.pk, merged.pk], keys=[survivor.key])
        change.merged_households.update((survivor.pk, merged.pk))
        journal.record(
            actor=actor, at=at, verb="residents.merge_households", permission=MERGE, key=survivor.key,
            subject=f"household:{survivor.pk}", merged=merged.pk, merger=merger.pk, people=len(pairs), moved=len(moved),
        )  # fmt: skip
        return int(merger.pk)

    return changing(at, work)


def _check_pairs(survivor: Household, merged: Household, pairs: Sequence[tuple[int, int]]) -> None:
    stays = set(Person.objects.filter(household=survivor, presence__in=LIVING).values_list("pk", flat=True))
    goes = set(Person.objects.filter(household=merged, presence__in=LIVING).values_list("pk", flat=True))
    firsts, seconds = [one for one, _ in pairs], [other for _, other in pairs]
    if len(set(firsts)) < len(firsts) or len(set(seconds)) < len(seconds):
        raise NobodyChosen()
    if not set(firsts) <= stays or not set(seconds) <= goes:
        raise NobodyChosen()


def _move_over(survivor: Household, merged: Household, at: datetime) -> list[int]:
    rows = db.rows(
        "UPDATE person SET household_id = %s, updated_at = %s"
        " WHERE household_id = %s AND presence IN (1, 2) RETURNING id",
        [survivor.pk, at, merged.pk],
    )
    return sorted(person for (person,) in rows)


def undo_merger(*, merger_id: int, actor: Actor, at: datetime) -> None:
    """Take apart what was merged: marks given to the one or the other count for each again.

    A person merged with their household comes apart with it. Raises MergerUnknown, MergerUndone, UndoLaterFirst,
    DoorUnknown (the door has ended), PersonInTwoHomes, Forbidden.
    """

    def work(change: Change) -> None:
        kind = Merger.objects.filter(pk=merger_id, within=None).values_list("kind", flat=True).first()
        if kind is None:
            raise MergerUnknown(merger=merger_id)
        merger = lock_merger(merger_id, EntryKind(kind))
        if kind == EntryKind.PERSON:
            split_two(merger, change, actor)
        else:
            _split_households(merger, change, actor)
        journal.record(
            actor=actor, at=at, verb="residents.undo_merger", permission=MERGE, key=merger.key,
            subject=f"{EntryKind(kind).name.lower()}:{merger.survivor_id}", merged=merger.merged_id, merger=merger.pk,
        )  # fmt: skip

    changing(at, work)


def _split_households(merger: Merger, change: Change, actor: Actor) -> None:
    found = {pk: lock_household(pk, living=False) for pk in sorted((merger.survivor_id, merger.merged_id))}
    survivor, merged = found[merger.survivor_id], found[merger.merged_id]
    require_on(actor, [survivor.key, merged.key], MERGE)
    # First, so that whoever comes apart with it goes home to it.
    end_merger(merger, actor, change.at)
    aliases.part(EntryKind.HOUSEHOLD, merged.pk)
    for inner in Merger.objects.filter(within=merger, undone_at=None).order_by("-id"):
        split_two(lock_merger(inner.pk, EntryKind.PERSON), change, actor)
    back = [
        person
        for (person,) in db.rows(
            "UPDATE person SET household_id = %s, key = %s, updated_at = %s"
            " WHERE household_id = %s AND id = ANY(%s) RETURNING id",
            [merged.pk, merged.key, change.at, survivor.pk, merger.gone["moved"]],
        )
    ]
    revive_household(merged.pk, change.at)
    if "note" in merger.before and survivor.note == merged.note:
        Household.objects.filter(pk=survivor.pk).update(note=merger.before["note"], updated_at=change.at)
    if merger.gone["moved"]:  # everybody of it has left since: then it is over
        end_empty_households([merged.pk], change.at)
    end_empty_households([survivor.pk], change.at)
    decide_pair(EntryKind.HOUSEHOLD, survivor.pk, merged.pk, Verdict.OPEN, actor, change.at)
    change.touch(people=back, households=[survivor.pk, merged.pk], keys=[survivor.key, merged.key])
    change.merged_households.update((survivor.pk, merged.pk))
