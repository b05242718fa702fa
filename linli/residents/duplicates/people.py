"""Two entries of one person become one, and two again.

The merged entry stays where it is, as merged: nothing finds it by number or counts it, and rounds that closed while it
was due still name it. Its marks count for the survivor (rounds/sql/rejoin.sql).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from linli.core import crypto, db, journal
from linli.core.access import Actor
from linli.residents import queries
from linli.residents.changes import Change, changing, fill_doors, require_on
from linli.residents.duplicates import aliases
from linli.residents.duplicates.finding import MERGE
from linli.residents.errors import MergerUndone, MergerUnknown, NotMergeable, SurvivorGone, UndoLaterFirst
from linli.residents.models import Duplicate, Merger, Person
from linli.residents.policies import settle_birth
from linli.residents.services.enter import leave, one_home
from linli.residents.services.people import EDITABLE, as_input, lock_person
from linli.residents.services.presence import go_home
from linli.residents.terms import LIVING, EntryKind, PersonInput, Pick, Presence, Sex, Verdict

Picks = Mapping[str, Pick]
_SEALED = {"id_number": "id", "phone": "phone"}


def merge_people(*, survivor_id: int, merged_id: int, picks: Picks | None = None, actor: Actor, at: datetime) -> int:
    """The entry `merged_id` is the same person as `survivor_id`: it is merged into it. Returns the merger's number.

    `picks`: field of EDITABLE → whose value stands; what is not picked goes by `default_picks`. The survivor stays
    where they are and as present as they are. Raises PersonUnknown, EntryMerged, NotMergeable, PersonInTwoHomes,
    Forbidden (either door).
    """

    def work(change: Change) -> int:
        return merge_two(survivor_id, merged_id, picks or {}, change, actor).pk

    return changing(at, work)


def default_picks(survivor: PersonInput, merged: PersonInput) -> dict[str, Pick]:
    """What somebody would choose: the survivor's value where there is one, and everybody's needs together."""
    picks = dict.fromkeys(EDITABLE, Pick.KEEP)
    for name in EDITABLE:
        if not getattr(survivor, name) and getattr(merged, name):
            picks[name] = Pick.TAKE
    if survivor.needs and merged.needs | survivor.needs != survivor.needs:
        picks["needs"] = Pick.BOTH
    return picks


def picked(survivor: PersonInput, merged: PersonInput, picks: Picks) -> PersonInput:
    """The person that comes of it. Date of birth and sex go by the ID number, where one stands.

    Values are not cleaned again: what is on record may be older than a rule, and must not be in the way.
    """
    chosen = default_picks(survivor, merged) | dict(picks)
    values: dict[str, Any] = {name: getattr(merged, name) for name in EDITABLE if chosen[name] == Pick.TAKE}
    if chosen["needs"] == Pick.BOTH:
        values["needs"] = survivor.needs | merged.needs
    wanted = replace(survivor, **values)
    if wanted.id_number:
        birth = settle_birth(wanted.id_number, None, Sex.UNKNOWN)
        wanted = replace(wanted, born_on=birth.born_on, sex=birth.sex)
    return wanted


def lock_two(survivor_id: int, merged_id: int) -> tuple[Person, Person]:
    """Both, locked in the order of ids. Raises NotMergeable, PersonUnknown, EntryMerged."""
    if survivor_id == merged_id:
        raise NotMergeable()
    found = {pk: lock_person(pk) for pk in sorted((survivor_id, merged_id))}
    return found[survivor_id], found[merged_id]


def merge_two(
    survivor_id: int, merged_id: int, picks: Picks, change: Change, actor: Actor, within: Merger | None = None
) -> Merger:
    """`merge_people` inside of a change under way."""
    survivor, merged = lock_two(survivor_id, merged_id)
    require_on(actor, [survivor.key, merged.key], MERGE)
    if survivor.presence not in LIVING and merged.presence in LIVING:
        raise SurvivorGone()
    before, other = as_input(survivor), as_input(merged)
    day = timezone.localdate(change.at)
    wanted = picked(before, other, picks)
    taken = [name for name in EDITABLE if getattr(wanted, name) != getattr(before, name)]
    merger = Merger.objects.create(
        kind=EntryKind.PERSON, key=survivor.key, other_key=merged.key, survivor_id=survivor.pk, merged_id=merged.pk,
        within=within, at=change.at, account_id=actor.account_id,
        taken={name: digest_of(name, wanted) for name in taken},
        before={name: _plain(name, before) for name in taken if name not in _SEALED},
        id_sealed=survivor.id_sealed, phone_sealed=survivor.phone_sealed,
        merged_id_hash=merged.id_hash, merged_phone_hash=merged.phone_hash,
        gone={"presence": int(merged.presence), "since": merged.presence_since.isoformat(),
              "back_on": merged.back_on and merged.back_on.isoformat()},
    )  # fmt: skip
    Person.objects.filter(pk=merged.pk).update(
        presence=Presence.MERGED, presence_since=day, back_on=None, id_hash=None, phone_hash=None, updated_at=change.at
    )
    with one_home():
        Person.objects.filter(pk=survivor.pk).update(**_columns(wanted, taken), updated_at=change.at)
    aliases.join(EntryKind.PERSON, merged.pk, survivor.pk)
    decide_pair(EntryKind.PERSON, survivor.pk, merged.pk, Verdict.SAME, actor, change.at)
    _tell(change, survivor, merged)
    leave([merged.household_id], change)
    journal.record(
        actor=actor, at=change.at, verb="residents.merge_people", permission=MERGE, key=survivor.key,
        subject=f"person:{survivor.pk}", merged=merged.pk, merger=merger.pk, taken=taken,
        digests={name: digest_of(name, wanted) for name in taken},
    )  # fmt: skip
    return merger


def _tell(change: Change, survivor: Person, merged: Person) -> None:
    change.touch(
        people=[survivor.pk, merged.pk],
        households=[survivor.household_id, merged.household_id],
        keys=[survivor.key, merged.key],
    )
    change.merged_people.update((survivor.pk, merged.pk))


def digest_of(name: str, person: PersonInput) -> str:
    return journal.digest(f"{name}={getattr(person, name)!s}")


def _plain(name: str, person: PersonInput) -> Any:
    value = getattr(person, name)
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if name in ("needs", "sex") else value


def _columns(person: PersonInput, names: list[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in names:
        value = getattr(person, name)
        if name in _SEALED:
            columns |= _sealed_columns(name, crypto.seal(value))
        else:
            columns[name] = int(value) if name == "needs" else value
    return columns


def _sealed_columns(name: str, sealed: bytes) -> dict[str, Any]:
    column = _SEALED[name]
    return {f"{column}_sealed": sealed, f"{column}_hash": crypto.lookup_hash(crypto.unseal(sealed))}


def decide_pair(kind: EntryKind, one: int, other: int, verdict: Verdict, actor: Actor, at: datetime) -> None:
    """Write what was decided of a pair, where it is on the list. Open again: it is to be decided anew."""
    is_open = verdict == Verdict.OPEN
    Duplicate.objects.filter(kind=kind, left_id=min(one, other), right_id=max(one, other)).update(
        verdict=verdict, decided_at=None if is_open else at, decided_by=None if is_open else actor.account_id
    )


# --- and two again ---------------------------------------------------------------------------------------


def lock_merger(merger_id: int, kind: EntryKind) -> Merger:
    """A merger that can be undone, locked. Raises MergerUnknown, MergerUndone, UndoLaterFirst."""
    merger = Merger.objects.select_for_update().filter(pk=merger_id, kind=kind).first()
    if merger is None:
        raise MergerUnknown(merger=merger_id)
    if merger.undone_at is not None:
        raise MergerUndone(merger=merger_id)
    later = db.scalar("SELECT linli_later_merger(%s)", [merger.pk])
    if later is not None:
        raise UndoLaterFirst(merger=later)
    return merger


def split_two(merger: Merger, change: Change, actor: Actor) -> None:
    """Undo a merger of people inside of a change under way.

    What was changed in the survivor since stays changed; the rest is as it was. The merged one is as they were, at
    the door where their household is now.
    """
    found = {pk: lock_person(pk, merged=True) for pk in sorted((merger.survivor_id, merger.merged_id))}
    survivor, merged = found[merger.survivor_id], found[merger.merged_id]
    require_on(actor, [survivor.key, merged.key], MERGE)
    now = as_input(survivor)
    values: dict[str, Any] = {}
    for name, digest in merger.taken.items():
        if digest_of(name, now) != digest:
            continue  # corrected since
        if name in _SEALED:
            values |= _sealed_columns(name, bytes(getattr(merger, f"{_SEALED[name]}_sealed")))
        else:
            values[name] = merger.before[name]
    presence = merger.gone["presence"]
    if presence in LIVING:
        queries.get_door(merged.key)
    with one_home():
        Person.objects.filter(pk=survivor.pk).update(**values, updated_at=change.at)
        Person.objects.filter(pk=merged.pk).update(
            presence=presence, presence_since=merger.gone["since"], back_on=merger.gone["back_on"],
            **_sealed_columns("id_number", bytes(merged.id_sealed)),
            **_sealed_columns("phone", bytes(merged.phone_sealed)), updated_at=change.at,
        )  # fmt: skip
    if presence in LIVING:
        go_home(merged, change)
        fill_doors([merged.key])
    end_merger(merger, actor, change.at)
    aliases.part(EntryKind.PERSON, merged.pk)
    decide_pair(EntryKind.PERSON, survivor.pk, merged.pk, Verdict.OPEN, actor, change.at)
    _tell(change, survivor, merged)


def end_merger(merger: Merger, actor: Actor, at: datetime) -> None:
    Merger.objects.filter(pk=merger.pk).update(undone_at=at, undone_by=actor.account_id)
